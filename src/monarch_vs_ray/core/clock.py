"""Time, injected, so that everything but the live tests runs without waiting for it."""

from __future__ import annotations

import select
import time
from typing import Protocol


class Clock(Protocol):
    """Says how much time has passed, and waits."""

    def now(self) -> int:
        """Nanoseconds since some fixed moment; never goes back."""
        ...

    def wait(self, seconds: float, fd: int | None = None) -> None:
        """Return after that many seconds, or as soon as the descriptor is readable."""
        ...


class MonotonicClock:
    """The machine's monotonic clock, which all processes of the machine share."""

    def now(self) -> int:
        """Nanoseconds of ``CLOCK_MONOTONIC``."""
        return time.monotonic_ns()

    def wait(self, seconds: float, fd: int | None = None) -> None:
        """Give the processor away for that long, or until the descriptor is readable."""
        select.select([] if fd is None else [fd], [], [], max(0.0, seconds))
