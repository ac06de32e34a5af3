"""Taking a terminal and giving it back: signals, captured output, and the thread that draws."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from demo_tui.live import Live

__all__ = ["Drawer", "LineCatcher", "Terminal"]

Log = Callable[[str], None]


class Terminal:
    """Calls `enter` and `leave` in pairs, whatever happens in between.

    SIGTERM, where nobody handles it, becomes SystemExit(143), so that contexts unwind; Ctrl-Z gives the
    terminal back while the program sleeps. Both only from the main thread. With `capture`, what is
    printed meanwhile is logged line by line.
    """

    def __init__(self, enter: Callable[[], None], leave: Callable[[], None], capture: bool) -> None:
        self._enter, self._leave, self._capture = enter, leave, capture
        self._handlers: dict[int, object] = {}
        self._streams: tuple[TextIO, TextIO] | None = None
        self._open = False

    def open(self, log: Log) -> None:
        """Take the terminal."""
        self._take_signals()
        self._enter()
        self._open = True
        if self._capture:
            self._streams = (sys.stdout, sys.stderr)
            sys.stdout, sys.stderr = LineCatcher(log, sys.stdout), LineCatcher(log, sys.stderr)

    def close(self) -> None:
        """Give it back; safe to call twice."""
        if not self._open:
            return
        self._open = False
        if self._streams is not None:
            for stream in (sys.stdout, sys.stderr):
                if isinstance(stream, LineCatcher):
                    stream.finish()
            sys.stdout, sys.stderr = self._streams
            self._streams = None
        try:
            self._leave()
        finally:
            for number, handler in self._handlers.items():
                signal.signal(number, handler)  # type: ignore[arg-type]
            self._handlers = {}

    def _take_signals(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        for number, action in ((signal.SIGTERM, _terminate), (signal.SIGTSTP, self._suspend)):
            if signal.getsignal(number) is signal.SIG_DFL:
                self._handlers[number] = signal.signal(number, action)

    def _suspend(self, number: int, frame: FrameType | None) -> None:
        self._leave()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)  # sleeps here until SIGCONT
        signal.signal(number, self._suspend)
        self._enter()


def _terminate(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


class LineCatcher(io.TextIOBase):
    """A text stream that logs whole lines; what has no newline yet waits for it."""

    def __init__(self, log: Log, original: TextIO) -> None:
        self._log, self._original = log, original
        self._rest = ""
        self._lock = threading.Lock()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """That of the stream it stands for."""
        return self._original.encoding

    @property
    def rich_proxied_file(self) -> TextIO:
        """Tells rich consoles which stream is behind this one."""
        return self._original

    def writable(self) -> bool:
        """It is."""
        return True

    def fileno(self) -> int:
        """That of the stream it stands for, for child processes."""
        return self._original.fileno()

    def write(self, text: str) -> int:
        """Log the lines that `text` completes."""
        with self._lock:
            *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._log(line)
        return len(text)

    def finish(self) -> None:
        """Log an unfinished line."""
        with self._lock:
            rest, self._rest = self._rest, ""
        if rest:
            self._log(rest)


class Drawer(threading.Thread):
    """Ticks a `Live` until stopped; `q` interrupts the main thread as Ctrl-C would."""

    def __init__(self, live: Live) -> None:
        super().__init__(name="demo_tui", daemon=True)
        self._live = live
        self._stop_event = threading.Event()
        self._owner = threading.current_thread()

    def run(self) -> None:
        """Draw, wait, and look for keys, about 20 times a second or as often as frames are due."""
        while not self._stop_event.wait(min(0.05, max(0.005, self._live.seconds_until_frame()))):
            try:
                self._live.tick()
            except Exception as error:  # a drawing error must not end the program's work
                self._live.notify(f"drawing failed: {type(error).__name__}: {error}", 5.0)
            if self._live.quit_requested:
                self._interrupt()
                return

    def _interrupt(self) -> None:
        if self._owner is threading.main_thread() and not self._stop_event.is_set():
            # Directed at the thread, so that it also ends a blocking call such as time.sleep.
            signal.pthread_kill(self._owner.ident or 0, signal.SIGINT)

    def stop(self) -> None:
        """Draw no more; returns when the thread has ended."""
        self._stop_event.set()
        self.join()
