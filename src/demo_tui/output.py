"""The terminal that a dashboard draws on, whatever `sys.stdout` is meanwhile."""

from __future__ import annotations

import os
import select
import signal
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Output", "on_terminal"]

PATIENCE = 2.0
"""Seconds that a terminal may take nothing before writing goes on without it."""


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
    """The file's descriptor; None for a file in memory, and for a stream that was closed."""
    try:
        fd = file.fileno()
        os.fstat(fd)
    except (AttributeError, OSError, ValueError, OverflowError):
        return None
    return fd


def _own_descriptor(file: TextIO) -> int | None:
    """A descriptor of the same terminal that does not block, without making that of the shell so."""
    fd = _descriptor(file)
    if fd is None:
        return None
    try:
        return os.open(os.ttyname(fd), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:  # no terminal, or one of another namespace
        return os.dup(fd)


class Output:
    """Writes to the file of a console through a descriptor of its own; never raises.

    Args:
        console: The console whose file is written to.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._file: TextIO = console.file  # type: ignore[assignment]
        self._encoding = getattr(self._file, "encoding", None) or "utf-8"
        self.fd = _own_descriptor(self._file)
        self.lost = False
        """True once a write failed: the terminal is gone, or the disk is full."""
        self.stalled = False
        """True while the terminal takes nothing, as after Ctrl-S or on a broken line."""

    def write(self, data: str) -> bool:
        """Write everything.

        Args:
            data: Text and escape sequences.

        Returns:
            False where not all of it could be written.
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
        return not self.lost and not self.stalled

    def _write_all(self, data: bytes) -> None:
        """Wait for a slow terminal, but not for ever: the work must not hang on it."""
        assert self.fd is not None
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self.fd, view[:65536]) :]
                self.stalled = False
            except BlockingIOError:
                patience = 0.0 if self.stalled else PATIENCE
                if not select.select([], [self.fd], [], patience)[1]:
                    self.stalled = True
                    return

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
