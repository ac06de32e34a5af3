"""Wait for what must come, and watch that something does not come: both with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 60.0
"""Seconds to wait for what must come; when it has come, nobody waits any longer."""
POLL = 0.005


def wait_for(condition: Callable[[], object], what: str, within: float = PATIENCE) -> float:
    """Poll until a condition is true.

    Args:
        condition: Looked at every few milliseconds.
        what: What is waited for, for the message.
        within: Seconds after which to give up.

    Returns:
        The seconds it took.

    Raises:
        TimeoutError: If it did not become true in time; names what was waited for.
    """
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > within:
            raise TimeoutError(f"waited {within:g} s for {what}")
        time.sleep(POLL)
    return time.monotonic() - began


def happens(condition: Callable[[], object], window: float) -> bool:
    """Watch for ``window`` seconds whether a condition becomes true; return early when it does."""
    try:
        wait_for(condition, "", window)
    except TimeoutError:
        return False
    return True


def settled(count: Callable[[], int], expected: int, window: float, within: float = PATIENCE) -> int:
    """Return where a growing count stops.

    It gets ``within`` seconds to reach what is expected, and then ``window`` seconds to exceed it.
    """
    happens(lambda: count() >= expected, within)
    happens(lambda: count() > expected, window)
    return count()
