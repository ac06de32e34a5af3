"""Brings a terminal from one frame to the next by writing only what changed."""

from __future__ import annotations

from demo_tui.frame import Frame, Row
from demo_tui.strips import Ink

__all__ = ["InlinePainter", "ScreenPainter"]

SYNC_ON, SYNC_OFF = "\x1b[?2026h", "\x1b[?2026l"  # ask the terminal to show the update in one go


class ScreenPainter:
    """For the alternate screen, where every cell has an address."""

    enter = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J"  # other screen, no cursor, no wrapping at the edge, empty
    leave = "\x1b[?7h\x1b[?25h\x1b[?1049l"

    def __init__(self) -> None:
        self._rows: list[list[tuple[int, str]]] = []
        self._size = (0, 0)

    def forget(self) -> None:
        """Draw everything next time, because the screen's content is unknown."""
        self._size = (0, 0)

    def update(self, frame: Frame, ink: Ink) -> str:
        """Compute what to write to get from the last frame to this one.

        Args:
            frame: The frame that is to be shown.
            ink: The terminal's ink.

        Returns:
            Escape sequences and text; empty where nothing changed.
        """
        rows = [[(x, strip.painted(ink, x)) for x, strip in row] for row in frame.rows]
        fresh = (frame.width, frame.height) != self._size
        out = ["\x1b[0m\x1b[2J"] if fresh else []
        for y, row in enumerate(rows):
            old = None if fresh else self._rows[y]
            if row != old:
                out += _changes(y, row, old)
        self._rows, self._size = rows, (frame.width, frame.height)
        return f"{SYNC_ON}{''.join(out)}{SYNC_OFF}" if out else ""


def _changes(y: int, row: list[tuple[int, str]], old: list[tuple[int, str]] | None) -> list[str]:
    """The strips of one row that differ; all of them where the row is divided in another way."""
    comparable = old is not None and [x for x, _ in row] == [x for x, _ in old]
    return [
        f"\x1b[{y + 1};{x + 1}H{text}"
        for index, (x, text) in enumerate(row)
        if not (comparable and old is not None and old[index][1] == text)
    ]


class InlinePainter:
    """For a block of lines in the normal screen, below what was printed before.

    The cursor rests in the line below the block.
    """

    enter = "\x1b[?25l\x1b[?7l"
    leave = "\x1b[?7h\x1b[?25h"

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._width = 0
        self._forgotten = False

    def forget(self) -> None:
        """Start a new block below; the old one stays where it is."""
        self._lines = []

    def redraw(self) -> None:
        """Draw every line of the block again next time, at its place."""
        self._forgotten = True

    def above(self, text: str, width: int) -> str:
        """Take the block away and write text in its place; the next update draws the block below it.

        Args:
            text: Whole lines, each ended by a newline.
            width: The present width of the terminal.

        Returns:
            What to write.
        """
        out = self._back(width) + "\x1b[J"
        self._lines = []
        return out + text.replace("\n", "\r\n")

    def update(self, frame: Frame, ink: Ink) -> str:
        """Compute what to write to get from the last block to this frame.

        Args:
            frame: The frame that is to be shown; its height may differ from the last one.
            ink: The terminal's ink.

        Returns:
            Escape sequences and text; empty where nothing changed.
        """
        lines = [_joined(row, ink) for row in frame.rows]
        old = self._lines
        fresh = self._forgotten or frame.width != self._width or len(lines) != len(old)
        if lines == old and not fresh:
            return ""
        out = [self._back(frame.width)]
        if fresh:
            out.append("\x1b[0m\x1b[J")
        for y, line in enumerate(lines):
            out.append(f"\r{line}\x1b[0m\r\n" if fresh or old[y] != line else "\r\n")
        self._lines, self._width, self._forgotten = lines, frame.width, False
        return f"{SYNC_ON}{''.join(out)}{SYNC_OFF}"

    def _back(self, width: int) -> str:
        """To the block's first line. A terminal that became narrower has broken each line into several."""
        if not self._lines:
            return "\r"
        pieces = -(-self._width // max(1, width)) if width < self._width else 1
        return f"\r\x1b[{len(self._lines) * pieces}A"


def _joined(row: Row, ink: Ink) -> str:
    return "".join(strip.painted(ink, x) for x, strip in row)
