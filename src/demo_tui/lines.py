"""Lines out of a stream of text, with the line that is not complete yet."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable

__all__ = ["LineBuffer"]

LONGEST = 65_536
"""Characters of a line; what is longer is logged in parts."""
_buffers: weakref.WeakSet[LineBuffer] = weakref.WeakSet()


class LineBuffer:
    """Logs whole lines; a carriage return begins the unfinished line again, as on a terminal.

    Feeding costs time in proportion to what is fed, however short the pieces are.

    Args:
        log: Called with each complete line.
    """

    def __init__(self, log: Callable[[str], object]) -> None:
        self.log = log
        self._parts: list[str] = []
        self._size = 0
        self._lock = threading.Lock()
        _buffers.add(self)

    def feed(self, text: str) -> None:
        """Take text.

        Args:
            text: Any piece of the stream.
        """
        if not text:
            return
        with self._lock:
            *lines, rest = text.split("\n") if "\n" in text else (text,)
            if lines:
                lines[0] = "".join([*self._parts, lines[0]])
                self._parts, self._size = [], 0
            if rest:
                self._hold(rest)
                if self._size > LONGEST:
                    lines.append(self._take())
        for line in lines:
            self.log(line)

    def _hold(self, text: str) -> None:
        start = text.rfind("\r", 0, len(text) - 1)  # one at the end rewrites nothing yet
        if start >= 0 or (self._parts and self._parts[-1].endswith("\r")):
            self._parts, self._size = [], 0
        self._parts.append(text[start + 1 :])
        self._size += len(text) - start - 1

    def _take(self) -> str:
        text = "".join(self._parts)
        self._parts, self._size = [], 0
        return text

    def unfinished(self) -> str:
        """Return the line that is not complete yet."""
        if not self._parts:
            return ""
        with self._lock:
            text = "".join(self._parts)
            self._parts = [text] if text else []
        return text.rstrip("\r")

    def finish(self) -> None:
        """Log the line that is not complete yet."""
        with self._lock:
            text = self._take().rstrip("\r")
        if text:
            self.log(text)


def _unlock_after_fork() -> None:
    for buffer in list(_buffers):
        buffer._lock = threading.Lock()  # another thread of the parent may have held it
        buffer._parts, buffer._size = [], 0  # the parent logs them


os.register_at_fork(after_in_child=_unlock_after_fork)
