"""The terminal that a dashboard draws on, whatever `sys.stdout` is meanwhile."""

from __future__ import annotations

import os
import select
import signal
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Output", "on_terminal"]


def on_terminal(console: Console) -> bool:
    """Find out where a console writes to. FORCE_COLOR forces colours; it does not make a file a terminal.

    Args:
        console: The console.

    Returns:
        True for a terminal that can move its cursor, and for a console in memory that says it is one.
    """
    if not console.is_terminal or console.is_dumb_terminal:
        return False
    fd = _descriptor(console.file)  # type: ignore[arg-type]
    return True if fd is None else os.isatty(fd)


def _descriptor(file: TextIO) -> int | None:
    try:
        return file.fileno()
    except (AttributeError, OSError, ValueError):
        return None


class Output:
    """Writes to the file of a console through a descriptor of its own; never raises.

    Args:
        console: The console whose file is written to.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._file: TextIO = console.file  # type: ignore[assignment]
        self._encoding = getattr(self._file, "encoding", None) or "utf-8"
        fd = _descriptor(self._file)
        self.fd = os.dup(fd) if fd is not None else None
        self.lost = False
        """True once a write failed: the terminal is gone, or the disk is full."""

    def write(self, data: str) -> bool:
        """Write everything.

        Args:
            data: Text and escape sequences.

        Returns:
            False where it could not be written; from then on, nothing is.
        """
        if self.lost or not data:
            return not self.lost
        try:
            if self.fd is None:
                self._file.write(data)
                self._file.flush()
            else:
                self._write_all(data.encode(self._encoding, "replace"))
        except (OSError, ValueError):
            self.lost = True
        return not self.lost

    def _write_all(self, data: bytes) -> None:
        assert self.fd is not None
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self.fd, view[:65536]) :]
            except BlockingIOError:  # somebody made the terminal non-blocking
                select.select([], [self.fd], [], 1.0)

    def foreground(self) -> bool:
        """Return True where this process may use the terminal: no shell waits on it for another job."""
        if self.fd is None or self.lost:
            return True
        try:
            return os.tcgetpgrp(self.fd) == os.getpgrp()
        except OSError:  # not our controlling terminal, so no shell shares it with us; or no terminal
            return True

    def size(self) -> tuple[int, int]:
        """Return width and height in cells. rich asks the standard streams, which may be elsewhere by now."""
        own = (
            getattr(self._console, "_width", None) is None and getattr(self._console, "_height", None) is None
        )
        if own and self.fd is not None and not self.lost:
            try:
                size = os.get_terminal_size(self.fd)
            except OSError:
                return self._console_size()
            if size.columns and size.lines:
                return size.columns, size.lines
        return self._console_size()

    def _console_size(self) -> tuple[int, int]:
        size = self._console.size
        return size.width, size.height

    def close(self) -> None:
        """Let the descriptor go; safe to call twice."""
        fd, self.fd = self.fd, None
        if fd is not None:
            os.close(fd)
            self.lost = True


class unstopped:  # noqa: N801 - reads as a statement
    """A context in which a process in the background may write to its terminal without being stopped."""

    def __enter__(self) -> None:
        self._old = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})

    def __exit__(self, *error: object) -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, self._old)
