"""One line of one panel: a `Strip` of styled text, written with a `Pen` that cannot leave its width."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style

from demo_tui.cells import clean, crop, fit, is_plain, width

if TYPE_CHECKING:
    from rich.text import Text

    from demo_tui.theme import Theme

__all__ = ["Ink", "Pen", "Strip", "blank", "from_segments", "from_text"]

StyleLike = str | Style | None


class Ink:
    """Turns styled text into the escape sequences of one terminal: its colours, or none (`NO_COLOR`).

    Args:
        console: The rich console whose colour system is used.
    """

    def __init__(self, console: object) -> None:
        self._system = getattr(console, "_color_system", None)
        self._no_color = bool(getattr(console, "no_color", False))
        self._wrappers: dict[Style, tuple[str, str]] = {}

    def paint(self, segments: Sequence[Segment]) -> str:
        """Return the segments as one string with escape sequences.

        Args:
            segments: Text that was cleaned, with its styles.

        Returns:
            What to write to the terminal.
        """
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
        if style.link is not None and not (style.link.isascii() and style.link.isprintable()):
            style = style.update_link(None)  # a link must not bring escape sequences along
        before, _, after = style.render("\0", color_system=self._system).partition("\0")
        return before, after


class Strip:
    """An immutable styled line. Its width in cells is known to its maker; see `Pen`.

    Args:
        segments: Cleaned text with its styles.
    """

    __slots__ = ("_ink", "_painted", "_plain", "_x", "segments")

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.segments = segments
        self._ink: Ink | None = None
        self._x = 0
        self._plain: bool | None = None
        self._painted = ""

    @property
    def text(self) -> str:
        """Return the line without its styles."""
        return "".join(segment.text for segment in self.segments)

    @property
    def cells(self) -> int:
        """Return the width of the line in cells."""
        return sum(width(segment.text) for segment in self.segments)

    def painted(self, ink: Ink, x: int = 0) -> str:
        """Return the line with escape sequences; computed once, since most lines outlive many frames.

        Args:
            ink: The terminal's ink.
            x: The column at which the line begins. It matters only for text whose width terminals
                disagree about: there, each segment says at which column it begins, so that no border moves.

        Returns:
            What to write with the cursor in column `x`.
        """
        if self._ink is not ink or (self._x != x and not self._plain):
            if self._plain is None:
                self._plain = all(is_plain(segment.text) for segment in self.segments)
            self._painted = ink.paint(self.segments) if self._plain else self._positioned(ink, x)
            self._ink, self._x = ink, x
        return self._painted

    def _positioned(self, ink: Ink, x: int) -> str:
        out = [" " * self.cells]  # nothing old shows where a terminal draws narrower than was counted
        for segment in self.segments:
            out += (f"\x1b[{x + 1}G", ink.paint([segment]))
            x += width(segment.text)
        return "".join(out)


class Pen:
    """Writes one line of exactly `cells` cells: what does not fit is cut, what is missing is spaces.

    Args:
        cells: The width of the line.
        theme: Resolves styles and says whether only ASCII is allowed.
    """

    __slots__ = ("_segments", "_theme", "room")

    def __init__(self, cells: int, theme: Theme) -> None:
        self.room = cells
        self._theme = theme
        self._segments: list[Segment] = []

    def put(self, text: object, style: StyleLike = None) -> Pen:
        """Write as much of a text as there is room for.

        Args:
            text: A string, or anything that `describe` makes one of.
            style: A theme name, a rich style, or None.

        Returns:
            This pen.
        """
        if self.room > 0:
            text = clean(text, self._theme.ascii)
            size = width(text)
            if size > self.room:
                text = crop(text, self.room)
                size = width(text)
            if text:
                self._segments.append(Segment(text, self._theme.style(style)))
                self.room -= size
        return self

    def cell(self, text: object, cells: int, style: StyleLike = None, align: str = "left") -> Pen:
        """Write a text into a column, with an ellipsis where it is too long.

        Args:
            text: A string, or anything that `describe` makes one of.
            cells: The width of the column.
            style: A theme name, a rich style, or None.
            align: `left`, `right` or `center`.

        Returns:
            This pen.
        """
        cells = min(cells, self.room)
        if cells > 0:
            theme = self._theme
            self.put(fit(clean(text, theme.ascii), cells, align, theme.glyphs.ellipsis), style)
        return self

    def fill(self, char: str, cells: int, style: StyleLike = None) -> Pen:
        """Repeat a one-cell character.

        Args:
            char: The character.
            cells: How often; no more than there is room for.
            style: A theme name, a rich style, or None.

        Returns:
            This pen.
        """
        return self.put(char * max(0, min(cells, self.room)), style)

    def strip(self, style: StyleLike = None) -> Strip:
        """Finish the line.

        Args:
            style: The style of the spaces that fill it up.

        Returns:
            The line.
        """
        if self.room > 0:
            self._segments.append(Segment(" " * self.room, self._theme.style(style)))
            self.room = 0
        return Strip(self._segments)


def blank(cells: int) -> Strip:
    """Return a line of spaces.

    Args:
        cells: How many.

    Returns:
        The line.
    """
    return Strip([Segment(" " * max(0, cells))])


def from_segments(segments: Sequence[Segment], cells: int, theme: Theme) -> Strip:
    """Return any rich segments as one line; control segments are dropped.

    Args:
        segments: What a rich renderable became.
        cells: The width of the line.
        theme: Says whether only ASCII is allowed.

    Returns:
        A line of exactly `cells` cells.
    """
    pen = Pen(cells, theme)
    for text, style, control in segments:
        if not control:
            pen.put(text, style)
    return pen.strip()


def from_text(line: object, cells: int, theme: Theme) -> Strip:
    """Return whatever a panel's `body` may yield as one line.

    Args:
        line: A string, a rich `Text`, a `Strip`, or anything that `describe` makes a string of.
        cells: The width of the line.
        theme: Says whether only ASCII is allowed.

    Returns:
        A line of exactly `cells` cells.
    """
    if isinstance(line, Strip):
        return line
    if not hasattr(line, "spans"):
        return Pen(cells, theme).put(line).strip()
    return from_segments(text_segments(line), cells, theme)  # type: ignore[arg-type]


def text_segments(text: Text) -> list[Segment]:
    """Return a rich `Text` as segments, its styles resolved without a console.

    Args:
        text: The text.

    Returns:
        Text that still has to be cleaned, with its styles.
    """
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
