"""Frames as SVG and HTML. Every run of text is placed on the cell grid, so borders always meet."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from rich.style import Style

from demo_tui.cells import char_width, width
from demo_tui.theme import Theme

if TYPE_CHECKING:
    from rich.color import Color

    from demo_tui.frame import Frame

__all__ = ["html", "svg"]

CELL, LINE, SIZE = 8.4, 18.0, 14  # pixels: width and height of a cell, size of the font
PAD, BAR = 12, 34
FONTS = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"

BOX = {
    "─": "lr", "│": "ud", "╭": "rd", "╮": "ld", "╰": "ru", "╯": "lu", "┌": "rd", "┐": "ld", "└": "ru",
    "┘": "lu",
    "├": "udr", "┤": "udl", "┬": "lrd", "┴": "lru", "┼": "lrud",
}  # fmt: skip
HEAVY = {
    "━": "lr", "┃": "ud", "┏": "rd", "┓": "ld", "┗": "ru", "┛": "lu", "┳": "lrd", "┻": "lru", "┣": "udr",
    "┫": "udl",
    "╋": "lrud", "┡": "lru", "╇": "lrud", "┩": "lud", "╸": "l", "╺": "r",
}  # fmt: skip
DRAWN = frozenset(BOX) | frozenset(HEAVY) | frozenset(map(chr, range(0x2801, 0x2900)))


class Run(NamedTuple):
    """Text in one style at one place, in cells."""

    x: int
    y: int
    cells: int
    text: str
    style: Style


class Look(NamedTuple):
    """A style as the colours and the CSS it comes to."""

    fill: str
    back: str | None
    css: str


def runs(frame: Frame) -> Iterator[Run]:
    """Every run of the frame, left to right, top to bottom.

    Wide characters are runs of their own; drawn characters do not share a run with others.
    """
    for y, row in enumerate(frame.rows):
        for start, strip in row:
            x = start
            for text, style, _ in strip.segments:
                for part in [text] if text.isascii() else _split(text):
                    cells = width(part)
                    yield Run(x, y, cells, part, style or Style.null())
                    x += cells


def _split(text: str) -> Iterator[str]:
    """Cut where the kind of character changes, and around each wide one with what combines with it."""
    part, before = "", ""
    for char in text:
        size = char_width(char)
        kind = "wide" if size == 2 else "drawn" if char in DRAWN else "text"
        if part and size and (kind != before or kind == "wide"):
            yield part
            part = ""
        part += char
        before = kind if size else before
    if part:
        yield part


def look(style: Style, theme: Theme) -> Look:
    """Resolve a style against the theme's own foreground and background."""
    fill = _colour(style.color, theme, theme.foreground)
    back = _colour(style.bgcolor, theme, theme.background) if style.bgcolor else None
    if style.reverse:
        fill, back = back or theme.background, fill
    css = "".join(
        text
        for on, text in (
            (style.bold, "font-weight:bold;"),
            (style.italic, "font-style:italic;"),
            (style.underline, "text-decoration:underline;"),
            (style.strike, "text-decoration:line-through;"),
            (style.dim, "opacity:0.6;"),
        )
        if on
    )
    return Look(fill, back, css)


def _colour(colour: Color | None, theme: Theme, default: str) -> str:
    if colour is None or colour.is_default:
        return default
    from rich.terminal_theme import SVG_EXPORT_THEME

    return colour.get_truecolor(SVG_EXPORT_THEME).hex


def svg(frame: Frame, title: str = "") -> str:
    """The frame as a picture of a terminal window, light or dark as its theme is."""
    theme = frame.theme
    wide, high = frame.width * CELL + 2 * PAD, frame.height * LINE + BAR + PAD
    lights = enumerate(("#ff5f57", "#febc2e", "#28c840"))
    size, label = f'width="{wide:g}" height="{high:g}"', escape(title)
    edge = f'fill="{theme.background}" rx="9" stroke="#808080" stroke-opacity="0.35"'
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:g} {high:g}" {size} role="img">',
        f"<title>{label}</title>",
        f'<rect x="0.5" y="0.5" width="{wide - 1:g}" height="{high - 1:g}" {edge}/>',
        *(f'<circle cx="{20 + 20 * index}" cy="18" r="6" fill="{fill}"/>' for index, fill in lights),
        f'<g font-family="{FONTS}" font-size="{SIZE}" xml:space="preserve">',
        f'<text x="{wide / 2:g}" y="23" text-anchor="middle" fill="{theme.foreground}">{label}</text>',
    ]
    backs: list[str] = []
    texts: list[str] = []
    for run in runs(frame):
        shown = look(run.style, theme)
        x, y, cells = PAD + run.x * CELL, BAR + run.y * LINE, run.cells * CELL
        if shown.back:
            place = f'x="{x:g}" y="{y:g}" width="{cells:g}" height="{LINE:g}"'
            backs.append(f'<rect {place} fill="{shown.back}"/>')
        if run.text.strip():
            texts.append(_drawn(run, x, y, shown) if run.text[0] in DRAWN else _text(run, x, y, cells, shown))
    return "\n".join([*out, *backs, *texts, "</g>", "</svg>", ""])


def _text(run: Run, x: float, y: float, cells: float, shown: Look) -> str:
    css = f' style="{shown.css}"' if shown.css else ""
    size = f'textLength="{cells:g}" lengthAdjust="spacingAndGlyphs"'
    text = escape(run.text).replace(" ", "&#160;")
    return f'<text x="{x:g}" y="{y + 13.5:g}" {size} fill="{shown.fill}"{css}>{text}</text>'


def _drawn(run: Run, x: float, y: float, shown: Look) -> str:
    """Borders and graphs as shapes: fonts rarely agree with each other about these characters."""
    thin: list[str] = []
    thick: list[str] = []
    dots: list[str] = []
    left = x
    for char, group in groupby(run.text):
        count = len(list(group))
        if char in BOX or char in HEAVY:
            (thin if char in BOX else thick).append(_strokes(BOX.get(char) or HEAVY[char], left, y, count))
        else:
            bits = ord(char) - 0x2800
            dots += [_dot(b, left + i * CELL, y) for i in range(count) for b in range(8) if bits >> b & 1]
        left += count * CELL
    stroke = f'fill="none" stroke="{shown.fill}"'
    kinds = ((thin, stroke), (thick, f'{stroke} stroke-width="2.2"'), (dots, f'fill="{shown.fill}"'))
    return "".join(f'<path d="{"".join(parts)}" {paint}/>' for parts, paint in kinds if parts)


def _strokes(sides: str, x: float, y: float, count: int) -> str:
    """Lines from the middle of a cell to its sides (l, r, u, d), for `count` equal characters."""
    if sides == "lr":
        return f"M{x:g} {y + LINE / 2:g}h{count * CELL:g}"
    across, down = x + CELL / 2, y + LINE / 2
    ends = {"l": f"H{x:g}", "r": f"H{x + CELL:g}", "u": f"V{y:g}", "d": f"V{y + LINE:g}"}
    once = "".join(f"M{across:g} {down:g}{ends[side]}" for side in sides)
    return once + (_strokes(sides, x + CELL, y, count - 1) if count > 1 else "")


def _dot(bit: int, x: float, y: float) -> str:
    column, row = (bit // 3, bit % 3) if bit < 6 else (bit - 6, 3)
    return f"M{x + CELL * (0.1 + 0.5 * column):g} {y + LINE * (0.04 + 0.25 * row):g}h3.2v3.4h-3.2z"


def html(frame: Frame, title: str = "") -> str:
    """The frame as a page with one `pre`; wide characters are held to two cells."""
    theme = frame.theme
    lines: list[list[str]] = [[] for _ in range(frame.height)]
    for run in runs(frame):
        lines[run.y].append(_span(run, theme))
    body = "\n".join("".join(line) for line in lines)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>\n'
        f"<style>body{{margin:0;background:{theme.background}}}pre{{color:{theme.foreground};padding:1em;"
        f"font:14px/1.25 {FONTS}}}pre span.w{{display:inline-block;width:2ch}}</style></head>\n"
        f"<body><pre>{body}</pre></body></html>\n"
    )


def _span(run: Run, theme: Theme) -> str:
    text = escape(run.text)
    shown = look(run.style, theme)
    css = shown.css + (f"color:{shown.fill};" if shown.fill != theme.foreground else "")
    css += f"background:{shown.back};" if shown.back else ""
    wide = ' class="w"' if run.cells == 2 and len(run.text) == 1 else ""
    return f'<span{wide} style="{css}">{text}</span>' if css or wide else text
