"""What every panel is: a box with a title, a body, and a version that says when it must be drawn again."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count, islice
from typing import TYPE_CHECKING

from rich.segment import Segment

from demo_tui.cells import clean, crop, describe, width, wrap
from demo_tui.strips import Pen, Strip, blank, from_text
from demo_tui.theme import DARK, Theme, detect_theme

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions
    from rich.text import Text

    BodyLine = str | Text | Strip

__all__ = ["Panel", "PanelConfig", "fresh_version"]

_tickets = count(1)


def fresh_version() -> int:
    """Return a number that was never returned before; safe from any thread, and without a lock."""
    return next(_tickets)


@dataclass
class PanelConfig:
    """How a panel looks.

    Args:
        title: Shown in the top border.
        border_style: A theme name or a rich style; empty for the theme's own border.
        max_lines: How many lines of content are kept by panels that collect lines.

    Raises:
        ValueError: Where `max_lines` is below 1.
    """

    title: str = ""
    border_style: str = ""
    max_lines: int = 1000

    def __post_init__(self) -> None:
        if self.max_lines < 1:
            raise ValueError(f"max_lines is {self.max_lines}; a panel keeps at least 1 line")


class Panel:
    """Base of all panels. To write your own, subclass it and define `body`; call `touch` after each change.

    Changes may come from any thread: write the data first, then call `touch`. The drawing side reads the
    version first and the data after it, so no change is ever missed, and no lock is held.

    Args:
        config: A title, or a `PanelConfig`.
    """

    bordered = True
    min_width = 16
    min_height = 4
    sticky = 0
    """How many lines at the top stay where they are when the panel is scrolled."""

    def __init__(self, config: PanelConfig | str | None = None) -> None:
        self.config = config if isinstance(config, PanelConfig) else PanelConfig(config or "")
        self.clock: Callable[[], float] = time.monotonic
        self.version: Hashable = fresh_version()
        self.focused = False
        self._offset = 0
        self._page = 10
        self._box_key: Hashable = None
        self._box: list[Strip] = []

    def touch(self) -> None:
        """Report that the content changed, so that the next frame draws it."""
        self.version = fresh_version()

    def content_key(self) -> Hashable:
        """Return a key; equal keys mean equal pictures. Override it where time changes the picture, too."""
        return self.version

    def body(self, width: int, height: int, theme: Theme) -> Iterable[BodyLine]:
        """Return the content.

        Args:
            width: Cells of a line.
            height: How many lines are wanted; more are cut.
            theme: Resolves styles and has the glyphs.

        Returns:
            Strings, rich `Text` or strips.

        Raises:
            NotImplementedError: Where a subclass does not define it.
        """
        raise NotImplementedError(f"{type(self).__name__} has no body(width, height, theme)")

    def right_title(self) -> str:
        """Return a short text for the right end of the top border, such as a count."""
        return ""

    def natural_height(self) -> int:
        """Return how many lines, border included, show everything; used by dashboards below a prompt."""
        return self.min_height

    def plain_lines(self) -> Iterable[str]:
        """Return what is new since the last call, as lines for a log file; used without a terminal."""
        return ()

    def summary_lines(self) -> Iterable[str]:
        """Return the present state as lines for a log file; used now and then without a terminal."""
        return ()

    # -- scrolling and the mouse -----------------------------------------------------------------

    def scroll(self, lines: int) -> None:
        """Move the view. What is added to the panel meanwhile does not move it.

        Args:
            lines: How far towards the beginning; negative towards the end. Any number is allowed.
        """
        self._offset = max(0, self._offset - lines)
        self.touch()

    def scroll_page(self, pages: int) -> None:
        """Move the view by what fits into the panel.

        Args:
            pages: How many pages towards the beginning; negative towards the end.
        """
        self.scroll(pages * max(1, self._page - 1))

    def scroll_home(self) -> None:
        """Show the beginning."""
        self.scroll(10**9)

    def scroll_end(self) -> None:
        """Show the end."""
        self.scroll(-(10**9))

    def click(self, x: int, y: int) -> bool:
        """React to a click of the mouse.

        Args:
            x: Column in the box; 0 is the left border.
            y: Line in the box; 0 is the top border.

        Returns:
            True where the panel did something.
        """
        return False

    # -- drawing ---------------------------------------------------------------------------------

    def render_box(self, width: int, height: int, theme: Theme | None = None) -> list[Strip]:
        """Draw the panel; raises what `body` raises.

        Args:
            width: Cells of a line.
            height: Number of lines.
            theme: The theme; None for the dark one.

        Returns:
            Exactly `height` lines of exactly `width` cells.
        """
        theme = theme or DARK
        if width <= 0 or height <= 0:
            return []
        if not self.bordered or width < 4 or height < 3:
            return self._fill(width, height, theme)
        border = "focus" if self.focused else self.config.border_style or "border"
        inner = self._fill(width - 4, height - 2, theme)
        right = clean(self.right_title(), theme.ascii)
        if self._offset:
            right = clean(f"↑{self._offset} {right}".rstrip(), theme.ascii)
        return frame_lines(inner, width, theme, border, self.config.title, right)

    def _fill(self, width: int, height: int, theme: Theme) -> list[Strip]:
        self._page = height
        lines = self._lines(width, height, height + self._offset, theme)
        if self._offset:
            fitting = max(0, len(lines) - height)
            if fitting < self._offset:
                self._offset = fitting
                lines = self._lines(width, height, height + fitting, theme)
            del lines[self.sticky : self.sticky + self._offset]
        lines += [blank(width)] * (height - len(lines))
        return lines

    def _lines(self, width: int, height: int, wanted: int, theme: Theme) -> list[Strip]:
        wanted = min(wanted, height + 100_000)
        return [from_text(line, width, theme) for line in islice(self.body(width, wanted, theme), wanted)]

    def safe_box(self, width: int, height: int, theme: Theme) -> list[Strip]:
        """Draw the panel with `render_box`, and keep the result until something changes.

        Args:
            width: Cells of a line.
            height: Number of lines.
            theme: The theme.

        Returns:
            The lines; where drawing raises, a box that shows the error.
        """
        try:
            key = (self.content_key(), width, height, theme, self.focused)
            if key != self._box_key:
                self._box = self.render_box(width, height, theme)
                self._box_key = key
            return self._box
        except Exception as error:
            self._box_key = None
            return error_box(error, self.config.title, width, height, theme)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        """Let any rich program print a panel: `console.print(panel)`."""
        height = options.height or max(self.min_height, min(12, console.height))
        theme = detect_theme()
        if not options.encoding.startswith("utf"):
            theme = theme.in_ascii()
        for strip in self.safe_box(options.max_width, height, theme):
            yield from strip.segments
            yield Segment.line()

    def _repr_html_(self) -> str:
        from demo_tui.export import html_block

        height = max(self.min_height, min(40, self.natural_height()))
        theme = detect_theme()
        return html_block([[(0, strip)] for strip in self.safe_box(100, height, theme)], theme)


def frame_lines(
    inner: list[Strip], width: int, theme: Theme, border: str, title: object = "", right: str = ""
) -> list[Strip]:
    """Put a border and a title around lines.

    Args:
        inner: Lines of `width - 4` cells.
        width: The outer width.
        theme: Resolves styles and has the glyphs.
        border: The style of the border.
        title: Shown at the left of the top border.
        right: Shown at its right; cleaned.

    Returns:
        Two more lines than `inner` has.
    """
    box = theme.glyphs.box
    top = Pen(width, theme).put(box[0] + box[4], border)
    if shown := clean(title, theme.ascii):
        _title(top, shown, width - 6 - (_cells(right) + 3 if right else 0), theme)
    if right:
        top.fill(box[4], top.room - _cells(right) - 4, border)
        top.put(" ").put(right, "dim").put(" ")
    top.fill(box[4], top.room - 1, border).put(box[1], border)
    bottom = Pen(width, theme).put(box[2], border).fill(box[4], width - 2, border).put(box[3], border)
    side_style = theme.style(border)
    lines = [top.strip()]
    for strip in inner:
        lines.append(_sided(strip, box[5], side_style))
    lines.append(bottom.strip())
    return lines


_cells = width  # the parameter of the functions above has the same name


def _title(top: Pen, shown: str, room: int, theme: Theme) -> None:
    if width(shown) > room:
        shown = crop(shown, max(0, room - 1)) + theme.glyphs.ellipsis
    if room > 1:
        top.put(" ").put(shown, "title").put(" ")


def _sided(strip: Strip, side: str, style: object) -> Strip:
    return Strip([Segment(side + " ", style), *strip.segments, Segment(" " + side, style)])  # type: ignore[arg-type]


def error_box(error: BaseException, title: object, width: int, height: int, theme: Theme) -> list[Strip]:
    """Draw a box that shows an error in place of a panel that could not be drawn; never raises.

    Args:
        error: What was raised.
        title: The panel's title.
        width: Cells of a line.
        height: Number of lines.
        theme: The theme.

    Returns:
        Exactly `height` lines of exactly `width` cells.
    """
    text = clean(f"{type(error).__name__}: {describe(error)}", theme.ascii)[:2000]
    room = max(1, width - 4)
    lines = [Pen(room, theme).put(text[start:end], "bad").strip() for start, end in wrap(text, room)]
    if width < 4 or height < 3:
        return [Pen(width, theme).put(text, "bad").strip()][:height] + [blank(width)] * (height - 1)
    lines = (lines + [blank(room)] * height)[: height - 2]
    return frame_lines(lines, width, theme, "bad", describe(title) or "error")
