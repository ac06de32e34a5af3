"""Asks for values in a thread of its own, as long as somebody looks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["Sampler"]

T = TypeVar("T")


class Sampler(Generic[T]):
    """Calls a function every few seconds; a call that hangs, as a lost GPU may, holds nobody up.

    The thread ends by itself when `latest` was not called for a while, and begins again with the next call.

    Args:
        sample: The function; what it raises ends nothing.
        seconds: The time between calls.
        changed: Called after each sample, from the thread.
    """

    def __init__(self, sample: Callable[[], T], seconds: float, changed: Callable[[], object]) -> None:
        self._sample, self._seconds, self._changed = sample, seconds, changed
        self._asked = 0.0
        self._value: T | None = None
        self._thread: threading.Thread | None = None
        self._pause = threading.Event()
        self.error = ""

    def latest(self) -> T | None:
        """Return the newest value, or None where there is none yet; never waits."""
        self._asked = time.monotonic()
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="demo_tui sampler", daemon=True)
            self._thread.start()
        return self._value

    def take(self) -> T | None:
        """Call the function now, in this thread.

        Returns:
            The value; None where it raised.
        """
        try:
            self._value, self.error = self._sample(), ""
        except Exception as error:
            self.error = f"{type(error).__name__}: {error}"
            return None
        return self._value

    def _run(self) -> None:
        while time.monotonic() - self._asked < 5 * self._seconds + 1:
            self.take()
            self._changed()
            self._pause.wait(self._seconds)
