"""Follow an experiment line by line, so that the screen can light the one that runs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

from monarch_vs_ray.core.events import LineReached
from monarch_vs_ray.side.narration import emit, file_of_code

EVERY_LINE = 100
"""So many lines of an experiment are all reported; a loop that runs longer, less often."""
SECONDS_BETWEEN = 0.02

Trace = Callable[[FrameType, str, Any], Any]


@contextmanager
def following_lines() -> Iterator[None]:
    """Report the lines of native files that this thread comes to within the block.

    Only calls in this thread are followed. The price: each Python call of this thread costs some 0.1 us more,
    so a demo's times are indicative; claims are verified without it.
    """
    before = sys.gettrace()
    sys.settrace(_Lines().enter)
    try:
        yield
    finally:
        sys.settrace(before)


class _Lines:
    def __init__(self) -> None:
        self._reported = 0
        self._latest = 0.0
        self._names: dict[CodeType, str] = {}

    def enter(self, frame: FrameType, event: str, argument: Any) -> Trace | None:
        """Follow the frame of a native file; leave all others alone."""
        code = frame.f_code
        name = self._names.get(code)
        if name is None:
            name = self._names[code] = file_of_code(code)
        return self._line if name else None

    def _line(self, frame: FrameType, event: str, argument: Any) -> Trace:
        if event == "line":
            now = time.monotonic()
            if self._reported < EVERY_LINE or now - self._latest >= SECONDS_BETWEEN:
                self._reported, self._latest = self._reported + 1, now
                emit(LineReached, file=self._names[frame.f_code], line=frame.f_lineno)
        return self._line
