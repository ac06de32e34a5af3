"""Draw pictures as SVG: a terminal's lines, with strokes for line art and text for words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from itertools import groupby

from demo_tui import DARK, LIGHT, Theme
from demo_tui.cells import clean, width
from demo_tui.export import FONTS, look
from monarch_vs_ray.core.concept import Concept
from monarch_vs_ray.core.events import ENGINES, AnyEvent, Engine
from monarch_vs_ray.pictures.blocks import Line, shortened
from monarch_vs_ray.pictures.facts import Facts
from monarch_vs_ray.pictures.finding import picture_for

NAMES: dict[Engine, str] = {"monarch": "Monarch", "ray": "Ray"}
COLUMN = 54
"""Cells of a column, one for each engine."""
CELL, ROW, MARGIN = 8.0, 18.0, 16.0
"""Pixels of a cell and of a line, and around the picture."""
SIZE = 13.29
"""Pixels of the font: DejaVu Sans Mono is then one cell wide."""

# Where strokes leave the middle of a cell: left, right, up, down.
_STROKES = {
    "─": "lr", "━": "lr", "═": "lr", "┄": "lr", "╌": "lr", "│": "ud", "┃": "ud", "┊": "ud", "║": "ud",
    "┌": "rd", "╭": "rd", "┐": "ld", "╮": "ld", "└": "ru", "╰": "ru", "┘": "lu", "╯": "lu",
    "├": "udr", "┤": "udl", "┬": "lrd", "┴": "lru", "┼": "lrud",
}  # fmt: skip
_DASHED = frozenset("┄╌┊")
_WIDTHS = {"━": 4.0, "═": 3.0, "┃": 3.0, "║": 3.0}
_HEADS = {"▶": (1, 0), "◀": (-1, 0), "▲": (0, -1), "▼": (0, 1)}
_LEVELS = {char: level for level, char in enumerate("▁▂▃▄▅▆▇█", 1)}
_PATHS = {"✓": "M-3.2 .5L-1 3.5L3.5-3.5", "✗": "M-3-3.5L3 3.5M3-3.5L-3 3.5", "\u2573": "M-4-5L4 5M4-5L-4 5"}

PAINTS = (
    "text",
    "dim",
    "title",
    "border",
    "accent",
    "good",
    "warn",
    "bad",
    "info",
    "key",
    "value",
    "left",
    "right",
)
"""The styles that pictures are drawn in."""
VARIABLE = re.compile("#0000([0-9a-f]{2})")
_WEIGHTS = {name: LIGHT.styles[name].rpartition(" ")[0] for name in PAINTS}
_PAINT = Theme(
    "paint",
    {name: f"{_WEIGHTS[name]} #0000{at:02x}".strip() for at, name in enumerate(PAINTS)},
    foreground="#000000",
)
"""A theme whose colours are the numbers of its styles."""

_DRAWN = "".join([*_STROKES, *_HEADS, *_LEVELS, *_PATHS, "●○■"])


def svg(concept: Concept, events: Iterable[AnyEvent], *, dark: bool = False, title: str = "") -> str:
    """Draw the pictures of a history side by side.

    Args:
        concept: The concept that the history is a run of.
        events: The history's events, or those up to a moment of it.
        dark: Use the dark theme's colours.
        title: Text above; empty for the concept's title.

    Returns:
        A complete SVG document that loads nothing; the same events give the same bytes.
    """
    sides: dict[Engine, Facts] = {}
    for event in events:
        sides.setdefault(event.side, Facts()).apply(event)
    columns = {
        engine: picture_for(concept, engine, sides[engine], COLUMN).lines
        for engine in ENGINES
        if engine in sides
    }
    return drawing(columns, title or concept.title, DARK if dark else LIGHT)


def drawing(columns: Mapping[Engine, list[Line]], title: str, theme: Theme) -> str:
    """Draw lines in columns, one for each engine.

    Args:
        columns: The lines of each engine.
        title: Text above, and what a screen reader says first.
        theme: Gives the colours.

    Returns:
        A complete SVG document.
    """
    rows = max((len(lines) for lines in columns.values()), default=0)
    across = 2 * MARGIN + CELL * (COLUMN * len(columns) + 3 * max(0, len(columns) - 1))
    down = 2 * MARGIN + ROW * (rows + 2.5)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across:g} {down:g}" role="img">',
        f"<title>{escape(clean(title))}</title><desc>{escape(_alternative(columns))}</desc>",
        f"<style>text{{font:{SIZE}px {FONTS};white-space:pre}}</style>",
        f'<rect width="{across:g}" height="{down:g}" rx="8" fill="{theme.background}"/>',
        *_line((((title), "dim"),), MARGIN, MARGIN + ROW / 2, theme),
    ]
    for number, (engine, lines) in enumerate(columns.items()):
        left = MARGIN + number * CELL * (COLUMN + 3)
        side = "left" if engine == "monarch" else "right"
        parts += _line(((NAMES[engine], f"{side}"),), left, MARGIN + 1.75 * ROW, theme)
        for at, line in enumerate(lines):
            parts += _line(line, left, MARGIN + ROW * (at + 3), theme)
    return "\n".join([*parts, "</svg>"]) + "\n"


def fragment(line: Line) -> str:
    """Draw one line for a page that has colours of its own.

    Args:
        line: The line; its middle is at y = 0, and a line is ROW high.

    Returns:
        SVG elements without a document around them. Their colours are the variables of ``variables``.
    """
    return VARIABLE.sub(
        lambda found: f"var(--p-{PAINTS[int(found[1], 16)]})", "".join(_line(line, 0, 0, _PAINT))
    )


def variables(theme: Theme) -> dict[str, str]:
    """Return the colours of a theme by the names of the variables that ``fragment`` uses."""
    styles = ((name, theme.style(name)) for name in PAINTS)
    return {f"--p-{name}": look(style, theme).fill if style else theme.foreground for name, style in styles}


def _alternative(columns: Mapping[Engine, list[Line]]) -> str:
    """Return the lines as text, for a screen reader."""
    texts = {
        engine: "; ".join("".join(text for text, _ in line).strip() for line in columns[engine])
        for engine in columns
    }
    return clean(". ".join(f"{NAMES[engine]}: {text}" for engine, text in texts.items()))


def _line(line: Line, x: float, y: float, theme: Theme) -> Iterator[str]:
    """Yield the shapes and texts of one line, whose middle is at ``y``."""
    for text, style in shortened(line, COLUMN):
        resolved = theme.style(style)
        shown = look(resolved, theme) if resolved else None
        fill, css = (shown.fill, shown.css) if shown else (theme.foreground, "")
        for drawn, run in _runs(text):
            cells = width(run)
            if drawn:
                yield from _shapes(run, x, y, fill)
            elif read := run.strip():
                weight = f' style="{css}"' if css else ""
                start = x + CELL * (width(run) - width(run.lstrip()))
                length = f'textLength="{CELL * width(read):g}" lengthAdjust="spacingAndGlyphs"'
                place = f'x="{start:g}" y="{y + 4.5:g}" {length}'
                yield f'<text {place} fill="{fill}"{weight}>{escape(read)}</text>'
            x += CELL * cells


def _runs(text: str) -> Iterator[tuple[bool, str]]:
    """Yield a text in pieces that are drawn as shapes, and pieces that are read."""
    for piece in re.findall(f"[{_DRAWN}]+|  +|(?:(?!  )[^{_DRAWN}])+", text):
        yield piece[0] in _DRAWN, piece


def _shapes(run: str, x: float, y: float, fill: str) -> Iterator[str]:
    """Yield the shapes of a run; the same stroke through several cells is one."""
    for char, group in groupby(run):
        count = len(list(group))
        if _STROKES.get(char) == "lr":
            path = f"M{x:g} {y:g}H{x + CELL * count:g}"
            yield _stroke(char, path, fill)
        else:
            yield from (_shape(char, x + CELL * at, y, fill) for at in range(count))
        x += CELL * count


def _stroke(char: str, path: str, fill: str) -> str:
    dash = ' stroke-dasharray="2 2"' if char in _DASHED else ""
    return f'<path d="{path}" stroke="{fill}" stroke-width="{_WIDTHS.get(char, 1.3):g}"{dash} fill="none"/>'


def _shape(char: str, x: float, y: float, fill: str) -> str:
    """Return one cell's shape; ``x`` is its left edge, ``y`` its middle."""
    middle = x + CELL / 2
    if char in _STROKES:
        ends = {"l": f"H{x:g}", "r": f"H{x + CELL:g}", "u": f"V{y - ROW / 2:g}", "d": f"V{y + ROW / 2:g}"}
        path = "".join(f"M{middle:g} {y:g}{ends[way]}" for way in _STROKES[char])
        dash = ' stroke-dasharray="2 2"' if char in _DASHED else ""
        return (
            f'<path d="{path}" stroke="{fill}" stroke-width="{_WIDTHS.get(char, 1.3):g}"{dash} fill="none"/>'
        )
    if char in _HEADS:
        across, down = _HEADS[char]
        tip = f"{middle + 4 * across:g} {y + 5 * down:g}"
        base = f"{middle - 3 * across - 4 * down:g} {y - 4 * across - 3 * down:g}"
        other = f"{middle - 3 * across + 4 * down:g} {y + 4 * across - 3 * down:g}"
        return f'<path d="M{tip}L{base}L{other}Z" fill="{fill}"/>'
    if char in _LEVELS:
        high = (ROW - 2) * _LEVELS[char] / 8
        top = y + ROW / 2 - 1 - high
        return f'<rect x="{x:g}" y="{top:g}" width="{CELL:g}" height="{high:g}" fill="{fill}"/>'
    if char in _PATHS:
        place = f'transform="translate({middle:g} {y:g})"'
        return f'<path {place} d="{_PATHS[char]}" stroke="{fill}" stroke-width="1.8" fill="none"/>'
    if char == "■":
        return f'<rect x="{middle - 3.5:g}" y="{y - 3.5:g}" width="7" height="7" fill="{fill}"/>'
    inside = fill if char == "●" else "none"
    return f'<circle cx="{middle:g}" cy="{y:g}" r="3.3" fill="{inside}" stroke="{fill}" stroke-width="1.2"/>'
