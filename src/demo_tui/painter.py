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
        """The screen's content is unknown: draw everything next time."""
        self._size = (0, 0)

    def update(self, frame: Frame, ink: Ink) -> str:
        """What to write to get from the last frame to this one; empty where nothing changed."""
        rows = [[(x, strip.painted(ink)) for x, strip in row] for row in frame.rows]
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
    """For a block of lines in the normal screen, below what was printed before."""

    enter = "\x1b[?25l\x1b[?7l"
    leave = "\x1b[?7h\x1b[?25h"

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._size = (0, 0)

    def forget(self) -> None:
        """Start a new block below."""
        self._lines, self._size = [], (0, 0)

    def update(self, frame: Frame, ink: Ink) -> str:
        """What to write, with the cursor in the line below the block before and after."""
        lines = [_joined(row, ink) for row in frame.rows]
        old, same_size = self._lines, (frame.width, frame.height) == self._size
        if lines == old and same_size:
            return ""
        out = [f"\x1b[{len(old)}A"] if old else []
        if not same_size:
            out.append("\r\x1b[J")
        for y, line in enumerate(lines):
            changed = not same_size or old[y] != line
            out.append(f"\r{line}\x1b[0m\r\n" if changed else "\r\n")
        self._lines, self._size = lines, (frame.width, frame.height)
        return f"{SYNC_ON}{''.join(out)}{SYNC_OFF}"


def _joined(row: Row, ink: Ink) -> str:
    return "".join(strip.painted(ink) for _, strip in row)
