"""Time, injected, so that everything but the live tests runs without waiting for it."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Says how much time has passed, and waits."""

    def now(self) -> int:
        """Nanoseconds since some fixed moment; never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return after that many seconds."""
        ...


class MonotonicClock:
    """The machine's monotonic clock, which all processes of the machine share."""

    def now(self) -> int:
        """Nanoseconds of ``CLOCK_MONOTONIC``."""
        return time.monotonic_ns()

    def sleep(self, seconds: float) -> None:
        """Give the processor away for that many seconds."""
        time.sleep(seconds)
