"""What every panel is: a box with a title, a body, and a version that says when it must be drawn again."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from demo_tui.strips import Pen, Strip, blank, from_text
from demo_tui.theme import DARK, Theme, detect_theme

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions
    from rich.segment import Segment
    from rich.text import Text

    BodyLine = str | Text | Strip

__all__ = ["Panel", "PanelConfig", "fresh_version"]

_tickets = count(1)


def fresh_version() -> int:
    """A number that was never given out before; safe from any thread, and needs no lock."""
    return next(_tickets)


@dataclass
class PanelConfig:
    """How a panel looks: its title, the style of its border, and how many lines of content it keeps.

    `border_style` is a theme name or a rich style; empty means the theme's own border. `max_lines` bounds
    the memory of panels that collect lines. Raises ValueError where it is below 1.
    """

    title: str = ""
    border_style: str = ""
    max_lines: int = 1000

    def __post_init__(self) -> None:
        if self.max_lines < 1:
            raise ValueError(f"max_lines is {self.max_lines}; a panel keeps at least 1 line")


class Panel:
    """Base of all panels. To write your own, subclass it and give `body`; call `touch` after each change.

    Changes may come from any thread: write the data first, then call `touch`. The drawing side reads the
    version first and the data after it, so no change is ever missed, and no lock is held.
    """

    bordered = True
    min_width = 16
    min_height = 4

    def __init__(self, config: PanelConfig | str | None = None) -> None:
        self.config = config if isinstance(config, PanelConfig) else PanelConfig(config or "")
        self.clock: Callable[[], float] = time.monotonic
        self.version: Hashable = fresh_version()
        self._box_key: Hashable = None
        self._box: list[Strip] = []

    def touch(self) -> None:
        """Say that the content changed, so that the next frame draws it."""
        self.version = fresh_version()

    def content_key(self) -> Hashable:
        """Equal keys mean equal pictures; override it where the picture depends on the time, too."""
        return self.version

    def body(self, width: int, height: int, theme: Theme) -> Iterable[BodyLine]:
        """The content for `width` x `height` cells: strings, rich `Text` or strips; extra lines are cut."""
        raise NotImplementedError(f"{type(self).__name__} has no body(width, height, theme)")

    def right_title(self) -> str:
        """A short text for the right end of the top border, such as a count."""
        return ""

    def plain_lines(self) -> Iterable[str]:
        """What is new since the last call, as lines for a log file; used where there is no terminal."""
        return ()

    def summary_lines(self) -> Iterable[str]:
        """The present state as lines for a log file; used now and then where there is no terminal."""
        return ()

    # -- drawing ---------------------------------------------------------------------------------

    def render_box(self, width: int, height: int, theme: Theme | None = None) -> list[Strip]:
        """Exactly `height` lines of exactly `width` cells. A pure function; raises what `body` raises."""
        theme = theme or DARK
        if width <= 0 or height <= 0:
            return []
        if not self.bordered or width < 4 or height < 3:
            return self._fill(width, height, theme)
        border = self.config.border_style or "border"
        inner = self._fill(width - 4, height - 2, theme)
        return frame_lines(inner, width, theme, border, self.config.title, self.right_title())

    def _fill(self, width: int, height: int, theme: Theme) -> list[Strip]:
        lines: list[Strip] = []
        for line in self.body(width, height, theme):
            if len(lines) == height:
                break
            lines.append(from_text(line, width, theme))
        lines += [blank(width)] * (height - len(lines))
        return lines

    def safe_box(self, width: int, height: int, theme: Theme) -> list[Strip]:
        """`render_box`, kept until content, size or theme change; an error becomes a box that shows it."""
        try:
            key = (self.content_key(), width, height, theme)
            if key != self._box_key:
                self._box = self.render_box(width, height, theme)
                self._box_key = key
            return self._box
        except Exception as error:
            self._box_key = None
            return error_box(error, self.config.title, width, height, theme)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        """Let any rich program print a panel: `console.print(panel)`."""
        from rich.segment import Segment

        height = options.height or max(self.min_height, min(12, console.height))
        theme = detect_theme()
        if not options.encoding.startswith("utf"):
            theme = theme.in_ascii()
        for strip in self.safe_box(options.max_width, height, theme):
            yield from strip.segments
            yield Segment.line()


def frame_lines(
    inner: list[Strip], width: int, theme: Theme, border: str, title: str = "", right: str = ""
) -> list[Strip]:
    """Put a border and a title around lines of `width - 4` cells."""
    box = theme.glyphs.box
    top = Pen(width, theme).put(box[0] + box[4], border)
    if title:
        room = width - 6 - (len(right) + 3 if right else 0)
        _title(top, title, room, theme)
    if right:
        top.fill(box[4], top.room - len(right) - 4, border)
        top.put(" ").put(right, "dim").put(" ")
    top.fill(box[4], top.room - 1, border).put(box[1], border)
    bottom = Pen(width, theme).put(box[2], border).fill(box[4], width - 2, border).put(box[3], border)
    side_style = theme.style(border)
    lines = [top.strip()]
    for strip in inner:
        lines.append(_sided(strip, box[5], side_style))
    lines.append(bottom.strip())
    return lines


def _title(top: Pen, title: str, room: int, theme: Theme) -> None:
    from demo_tui.cells import clean, crop, width

    shown = clean(title, theme.ascii)
    if width(shown) > room:
        shown = crop(shown, max(0, room - 1)) + theme.glyphs.ellipsis
    if room > 1:
        top.put(" ").put(shown, "title").put(" ")


def _sided(strip: Strip, side: str, style: object) -> Strip:
    from rich.segment import Segment

    return Strip([Segment(side + " ", style), *strip.segments, Segment(" " + side, style)])  # type: ignore[arg-type]


def error_box(error: BaseException, title: str, width: int, height: int, theme: Theme) -> list[Strip]:
    """A box that shows an error in place of a panel that could not be drawn; never raises."""
    from demo_tui.cells import clean, wrap

    text = clean(f"{type(error).__name__}: {_describe(error)}", theme.ascii)[:2000]
    room = max(1, width - 4)
    lines = [Pen(room, theme).put(text[start:end], "bad").strip() for start, end in wrap(text, room)]
    if width < 4 or height < 3:
        return [Pen(width, theme).put(text, "bad").strip()][:height] + [blank(width)] * (height - 1)
    lines = (lines + [blank(room)] * height)[: height - 2]
    return frame_lines(lines, width, theme, "bad", title or "error")


def _describe(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return "(its message cannot be shown)"
