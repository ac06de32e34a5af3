"""Colours and characters: a dark and a light theme, and ASCII characters for terminals without Unicode."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from rich.errors import StyleSyntaxError
from rich.style import Style

__all__ = ["ASCII", "DARK", "LIGHT", "UNICODE", "Glyphs", "Theme", "detect_theme"]


class Glyphs(NamedTuple):
    """The characters that are not text. Each is one cell wide, except `ellipsis` and the tree guides."""

    box: str = "╭╮╰╯─│"
    ellipsis: str = "…"
    full: str = "━"
    part: str = "╸"
    empty: str = "─"
    spinner: str = "dots"
    running: str = "▶"
    done: str = "✓"
    failed: str = "✗"
    waiting: str = "○"
    dot: str = "●"
    same: str = "="
    differs: str = "≠"
    rule: str = "─"
    bar: str = "│"
    branch: str = "├─ "
    last: str = "└─ "
    pipe: str = "│  "
    braille: bool = True


UNICODE = Glyphs()
ASCII = Glyphs(
    box="++++-|", ellipsis="~", full="=", part=">", empty=".", spinner="line", running=">", done="v",
    failed="x", waiting="o", dot="*", same="=", differs="!", rule="-", bar="|", branch="|- ", last="`- ",
    pipe="|  ", braille=False,
)  # fmt: skip


class Theme:
    """Named styles and a set of glyphs. Make your own with `with_styles`; a theme never changes.

    Wherever this library takes a style, it takes a name of the theme, a rich style string such as
    `bold red`, or a rich `Style`.

    Args:
        name: What `repr` shows.
        styles: Rich style strings by name.
        glyphs: The characters that are not text.
        background: The background of exported pictures; a terminal keeps its own.
        foreground: Their text colour.
    """

    def __init__(
        self,
        name: str,
        styles: Mapping[str, str],
        glyphs: Glyphs = UNICODE,
        background: str = "#16181d",
        foreground: str = "#d7dae0",
    ) -> None:
        self.name = name
        self.styles = styles
        self.glyphs = glyphs
        self.background, self.foreground = background, foreground
        self._parsed: dict[str, Style] = {}

    def __repr__(self) -> str:
        return f"<Theme {self.name}{' in ASCII' if self.ascii else ''}>"

    @property
    def ascii(self) -> bool:
        """Return True where only ASCII characters may be written."""
        return not self.glyphs.braille

    def style(self, style: str | Style | None) -> Style | None:
        """Resolve a style. What rich cannot parse is no style, whatever its type.

        Args:
            style: A name of this theme, a rich style string, a rich `Style`, or None.

        Returns:
            A rich `Style`, or None for None.
        """
        if style is None or isinstance(style, Style):
            return style
        if not isinstance(style, str):
            return None
        parsed = self._parsed.get(style)
        if parsed is None:
            parsed = self._parsed[style] = self._parse(style)
        return parsed

    def _parse(self, style: str) -> Style:
        try:
            return Style.parse(self.styles.get(style, style))
        except StyleSyntaxError:
            return Style.null()

    def with_styles(self, **styles: str) -> Theme:
        """Return a copy with some styles replaced.

        Args:
            styles: Rich style strings by name; write a dot in a name as an underscore (`code_keyword`).

        Returns:
            The new theme.
        """
        renamed = {name.replace("_", "."): value for name, value in styles.items()}
        merged = {**self.styles, **renamed}
        return Theme(self.name, merged, self.glyphs, self.background, self.foreground)

    def in_ascii(self) -> Theme:
        """Return a copy that writes ASCII characters only."""
        return self if self.ascii else Theme(self.name, self.styles, ASCII, self.background, self.foreground)


DARK = Theme(
    "dark",
    {
        "text": "", "dim": "#7d8590", "title": "bold #e6edf3", "border": "#3d444d", "accent": "#58a6ff",
        "good": "#56d364", "warn": "#e3b341", "bad": "bold #ff7b72", "info": "#58a6ff",
        "muted": "#7d8590", "key": "#8b949e", "value": "#e6edf3", "left": "#79c0ff", "right": "#ffa657",
        "header": "bold #e6edf3", "bar.full": "#58a6ff", "bar.done": "#56d364", "bar.failed": "#ff7b72",
        "bar.empty": "#30363d", "series": "#58a6ff", "running": "#58a6ff", "done": "#56d364",
        "failed": "#ff7b72", "waiting": "#7d8590", "lit.line": "on #2b3a20", "done.line": "",
        "failed.line": "on #45191c", "line.number": "#545d68", "code": "#d7dae0",
        "code.comment": "italic #8b949e", "code.keyword": "#ff7b72", "code.name": "#d2a8ff",
        "code.string": "#a5d6ff", "code.number": "#79c0ff", "code.builtin": "#ffa657",
        "code.decorator": "#d2a8ff", "toast": "bold #16181d on #e3b341",
        "match": "bold #16181d on #e3b341", "focus": "#58a6ff", "link": "underline #58a6ff",
        "series.1": "#58a6ff", "series.2": "#ffa657", "series.3": "#56d364", "series.4": "#d2a8ff",
        "series.5": "#e3b341", "series.6": "#ff7b72",
    },
)  # fmt: skip

LIGHT = Theme(
    "light",
    {
        "text": "", "dim": "#6e7781", "title": "bold #1f2328", "border": "#afb8c1", "accent": "#0969da",
        "good": "#1a7f37", "warn": "#9a6700", "bad": "bold #cf222e", "info": "#0969da",
        "muted": "#6e7781", "key": "#57606a", "value": "#1f2328", "left": "#0550ae", "right": "#953800",
        "header": "bold #1f2328", "bar.full": "#0969da", "bar.done": "#1a7f37", "bar.failed": "#cf222e",
        "bar.empty": "#d0d7de", "series": "#0969da", "running": "#0969da", "done": "#1a7f37",
        "failed": "#cf222e", "waiting": "#6e7781", "lit.line": "on #dafbe1", "done.line": "",
        "failed.line": "on #ffd8d3", "line.number": "#8c959f", "code": "#1f2328",
        "code.comment": "italic #6e7781", "code.keyword": "#cf222e", "code.name": "#8250df",
        "code.string": "#0a3069", "code.number": "#0550ae", "code.builtin": "#953800",
        "code.decorator": "#8250df", "toast": "bold #ffffff on #9a6700",
        "match": "bold #ffffff on #9a6700", "focus": "#0969da", "link": "underline #0969da",
        "series.1": "#0969da", "series.2": "#953800", "series.3": "#1a7f37", "series.4": "#8250df",
        "series.5": "#9a6700", "series.6": "#cf222e",
    },
    background="#ffffff",
    foreground="#1f2328",
)  # fmt: skip

_LIGHT_BACKGROUNDS = {"7", "9", "10", "11", "12", "13", "14", "15"}


def detect_theme(environ: Mapping[str, str] | None = None) -> Theme:
    """Choose `LIGHT` or `DARK`: by DEMO_TUI_THEME, else by COLORFGBG as many terminals set it, else dark.

    Args:
        environ: The environment to look at; None for that of the process.

    Returns:
        The theme.
    """
    environ = os.environ if environ is None else environ
    wanted = environ.get("DEMO_TUI_THEME", "").lower()
    if wanted in ("light", "dark"):
        return LIGHT if wanted == "light" else DARK
    background = environ.get("COLORFGBG", "").rpartition(";")[2]
    return LIGHT if background in _LIGHT_BACKGROUNDS else DARK
