"""Frames as SVG, through rich's own export, and as HTML."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from rich.segment import Segment
from rich.style import Style

from demo_tui.cells import clean, clusters, is_plain, width
from demo_tui.strips import Strip
from demo_tui.theme import Theme

if TYPE_CHECKING:
    from rich.color import Color
    from rich.terminal_theme import TerminalTheme

__all__ = ["html", "html_block", "svg"]

Rows = Sequence[Sequence[tuple[int, Strip]]]
FONTS = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"
# rich's own template loads a font from a server; this one uses what the reader's machine has. Its font is a
# little larger than rich's line is high, so that the pieces of a border meet.
_SVG = (
    """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: """
    + FONTS
    + """; font-size: 21px; line-height: {line_height}px; white-space: pre; }}
.{unique_id}-title {{ font-family: """
    + FONTS
    + """; font-size: 16px; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
)
_ASPECT = 0.602  # width to height of DejaVu Sans Mono, and nearly of the other fonts


class Look(NamedTuple):
    """A style as the colours and the CSS it comes to."""

    fill: str
    back: str | None
    css: str


def svg(rows: Rows, size: tuple[int, int], theme: Theme, title: str = "") -> str:
    """Return rows of strips as a picture of a terminal window.

    Args:
        rows: For each row, strips with the column at which they begin.
        size: Width and height in cells.
        theme: Gives the foreground and the background.
        title: What the window's title bar says.

    Returns:
        A complete SVG document that loads nothing.
    """
    from rich.console import Console

    console = Console(
        file=io.StringIO(), width=size[0], height=size[1], record=True, force_terminal=True,
        color_system="truecolor", legacy_windows=False, _environ={},
    )  # fmt: skip
    for row in rows:
        segments = [part for _, strip in row for segment in strip.segments for part in _parts(segment)]
        console._record_buffer += [*segments, Segment.line()]
    picture = console.export_svg(
        title=clean(title), theme=_terminal_theme(theme), code_format=_SVG, font_aspect_ratio=_ASPECT,
        unique_id="frame",
    )  # fmt: skip
    return "\n".join(line.rstrip() for line in picture.splitlines() if line.strip()) + "\n"


def _parts(segment: Segment) -> Iterator[Segment]:
    """Set each wide or joined cluster apart: rich measures the others by their number of characters."""
    text, style = segment.text, segment.style
    if text.isascii() or (is_plain(text) and width(text) == len(text)):
        yield Segment(text, style)
        return
    plain = ""
    for part, cells in clusters(text):
        if len(part) == cells == 1:
            plain += part
            continue
        if plain:
            yield Segment(plain, style)
            plain = ""
        yield Segment(part, style)
    if plain:
        yield Segment(plain, style)


def _terminal_theme(theme: Theme) -> TerminalTheme:
    from rich.color import Color
    from rich.terminal_theme import DIMMED_MONOKAI, TerminalTheme

    back, front = (Color.parse(text).get_truecolor() for text in (theme.background, theme.foreground))
    colours = [DIMMED_MONOKAI.ansi_colors[index] for index in range(16)]
    return TerminalTheme(tuple(back), tuple(front), colours[:8], colours[8:])  # type: ignore[arg-type]


def look(style: Style, theme: Theme) -> Look:
    """Resolve a style against the theme's own foreground and background.

    Args:
        style: The style.
        theme: Gives the default colours.

    Returns:
        Colours, and the CSS of the attributes.
    """
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
    return colour.get_truecolor(_terminal_theme(theme)).hex


def html(rows: Rows, theme: Theme, title: str = "") -> str:
    """Return rows of strips as a complete HTML page.

    Args:
        rows: For each row, strips with the column at which they begin.
        theme: Gives the foreground and the background.
        title: The title of the page.

    Returns:
        The page; it loads nothing.
    """
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f"<title>{escape(clean(title))}</title>\n"
        f"<style>body{{margin:0;background:{theme.background}}}</style></head>\n"
        f"<body>{html_block(rows, theme)}</body></html>\n"
    )


def html_block(rows: Rows, theme: Theme) -> str:
    """Return rows of strips as one `pre` element, for a page or a notebook.

    Args:
        rows: For each row, strips with the column at which they begin.
        theme: Gives the foreground and the background.

    Returns:
        The element, with its styles inline.
    """
    body = "\n".join("".join(_spans(row, theme)) for row in rows)
    css = f"color:{theme.foreground};background:{theme.background};margin:0;padding:1em;overflow:auto;"
    return f'<pre style="{css}font:14px/1.25 {FONTS}">{body}</pre>'.replace("'", "&#39;")


def _spans(row: Iterable[tuple[int, Strip]], theme: Theme) -> Iterator[str]:
    for _, strip in row:
        for segment in strip.segments:
            for part in _parts(segment):
                yield _span(part.text, part.style or Style.null(), theme)


def _span(text: str, style: Style, theme: Theme) -> str:
    shown = look(style, theme)
    css = shown.css + (f"color:{shown.fill};" if shown.fill != theme.foreground else "")
    css += f"background:{shown.back};" if shown.back else ""
    if width(text) == 2 and len(clusters(text)) == 1:  # holds the grid, whatever the font
        css += "display:inline-block;width:2ch;"
    out = f'<span style="{css}">{escape(text)}</span>' if css else escape(text)
    link = style.link or ""
    if link.startswith(("http://", "https://")):
        out = f'<a href="{escape(link)}" style="color:inherit">{out}</a>'
    return out
