"""The signals of a program that shows something in a terminal."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType

__all__ = ["Signals"]


class Signals:
    """Handles SIGTERM, Ctrl-Z and waking up, as far as nobody else does and only in the main thread.

    SIGTERM and SIGHUP become SystemExit (143 and 129), so that contexts unwind. Ctrl-Z calls `leave`, sleeps,
    and calls `resume` after waking; a process that was stopped in another way (`kill -STOP`) calls `resume`,
    too. A signal that is ignored stays ignored, SIGHUP among them.

    Args:
        leave: Gives the terminal back.
        resume: Takes it again, where this process is in the foreground.
    """

    def __init__(self, leave: Callable[[], None], resume: Callable[[], None]) -> None:
        self._leave, self._resume = leave, resume
        self._handlers: dict[int, object] = {}

    def take(self) -> None:
        """Install the handlers."""
        if threading.current_thread() is not threading.main_thread():
            return
        actions = (
            (signal.SIGTERM, _terminate),
            (signal.SIGHUP, _terminate),
            (signal.SIGTSTP, self._suspend),
            (signal.SIGCONT, self._woken),
        )
        for number, action in actions:
            if signal.getsignal(number) is signal.SIG_DFL:
                self._handlers[number] = signal.signal(number, action)

    def restore(self) -> None:
        """Install what was there before; safe to call twice."""
        handlers, self._handlers = self._handlers, {}
        for number, handler in handlers.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _suspend(self, number: int, frame: FrameType | None) -> None:
        self._leave()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)  # sleeps here until SIGCONT
        signal.signal(number, self._suspend)
        self._resume()

    def _woken(self, number: int, frame: FrameType | None) -> None:
        self._resume()


def _terminate(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
