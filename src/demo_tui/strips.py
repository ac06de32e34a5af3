"""One line of one panel: a `Strip` of styled text, written with a `Pen` that cannot leave its width."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style

from demo_tui.cells import clean, crop, fit, width

if TYPE_CHECKING:
    from rich.text import Text

    from demo_tui.theme import Theme

__all__ = ["Ink", "Pen", "Strip", "blank", "from_segments", "from_text"]

StyleLike = str | Style | None


class Ink:
    """Turns styled text into the bytes for one terminal: its colours, or none (`NO_COLOR`)."""

    def __init__(self, console: object) -> None:
        self._system = getattr(console, "_color_system", None)
        self._no_color = bool(getattr(console, "no_color", False))
        self._wrappers: dict[Style, tuple[str, str]] = {}

    def paint(self, segments: Sequence[Segment]) -> str:
        """The segments as one string with escape sequences."""
        out: list[str] = []
        wrappers = self._wrappers
        for text, style, _ in segments:
            if style is None:
                out.append(text)
                continue
            pair = wrappers.get(style)
            if pair is None:
                pair = wrappers[style] = self._wrapper(style)
            out += (pair[0], text, pair[1])
        return "".join(out)

    def _wrapper(self, style: Style) -> tuple[str, str]:
        if self._no_color:
            style = style.without_color
        before, _, after = style.render("\0", color_system=self._system).partition("\0")
        return before, after


class Strip:
    """An immutable styled line. Its width in cells is known to whoever made it; see `Pen`."""

    __slots__ = ("_ink", "_painted", "segments")

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.segments = segments
        self._ink: Ink | None = None
        self._painted = ""

    @property
    def text(self) -> str:
        """The line without its styles."""
        return "".join(segment.text for segment in self.segments)

    def painted(self, ink: Ink) -> str:
        """The line with escape sequences for `ink`; computed once, since most lines outlive many frames."""
        if self._ink is not ink:
            self._painted = ink.paint(self.segments)
            self._ink = ink
        return self._painted


class Pen:
    """Writes one line of exactly `cells` cells: what does not fit is cut, what is missing is spaces."""

    __slots__ = ("_segments", "_theme", "room")

    def __init__(self, cells: int, theme: Theme) -> None:
        self.room = cells
        self._theme = theme
        self._segments: list[Segment] = []

    def put(self, text: str, style: StyleLike = None) -> Pen:
        """Write as much of `text` as there is room for."""
        if self.room > 0 and text:
            text = clean(text, self._theme.ascii)
            size = width(text)
            if size > self.room:
                text = crop(text, self.room)
                size = width(text)
            if text:
                self._segments.append(Segment(text, self._theme.style(style)))
                self.room -= size
        return self

    def cell(self, text: str, cells: int, style: StyleLike = None, align: str = "left") -> Pen:
        """Write `text` into a column of exactly `cells` cells, with an ellipsis where it is too long."""
        cells = min(cells, self.room)
        if cells > 0:
            theme = self._theme
            self.put(fit(clean(text, theme.ascii), cells, align, theme.glyphs.ellipsis), style)
        return self

    def fill(self, char: str, cells: int, style: StyleLike = None) -> Pen:
        """Repeat a one-cell character."""
        return self.put(char * max(0, min(cells, self.room)), style)

    def strip(self, style: StyleLike = None) -> Strip:
        """The finished line, filled up with spaces in `style`."""
        if self.room > 0:
            self._segments.append(Segment(" " * self.room, self._theme.style(style)))
            self.room = 0
        return Strip(self._segments)


def blank(cells: int) -> Strip:
    """A line of spaces."""
    return Strip([Segment(" " * max(0, cells))])


def from_segments(segments: Sequence[Segment], cells: int, theme: Theme) -> Strip:
    """Any rich segments as one line of exactly `cells` cells; control segments are dropped."""
    pen = Pen(cells, theme)
    for text, style, control in segments:
        if not control:
            pen.put(text, style)
    return pen.strip()


def from_text(line: str | Text | Strip, cells: int, theme: Theme) -> Strip:
    """Whatever a panel's `body` may yield as one line of exactly `cells` cells."""
    if isinstance(line, Strip):
        return line
    if isinstance(line, str):
        return Pen(cells, theme).put(line).strip()
    return from_segments(text_segments(line), cells, theme)


def text_segments(text: Text) -> list[Segment]:
    """A rich `Text` as segments, its styles resolved without a console."""
    plain, base = text.plain, _parse(text.style)
    edges = sorted(
        {0, len(plain), *(min(len(plain), max(0, at)) for s in text.spans for at in (s.start, s.end))}
    )
    segments = []
    for start, end in pairwise(edges):
        styles = [
            base,
            *(_parse(span.style) for span in text.spans if span.start <= start and span.end >= end),
        ]
        segments.append(Segment(plain[start:end], Style.combine(styles)))
    return segments


def _parse(style: str | Style) -> Style:
    if isinstance(style, Style):
        return style
    try:
        return Style.parse(style)
    except Exception:  # a theme name that only a console would know
        return Style.null()
