"""A program in a real pseudo-terminal, its screen as a person would see it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence

import pyte


class PseudoTerminal:
    """Runs a command on a terminal of its own; a context manager that ends it."""

    def __init__(
        self, command: Sequence[str], columns: int, rows: int, environment: Mapping[str, str] | None = None
    ) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.written = b""
        self.first_byte: float | None = None
        self._master, slave = pty.openpty()
        self.began = time.monotonic()
        self._size(columns, rows)
        # These would say another size than the terminal's own; pytest-xdist sets one.
        given = {**os.environ, "TERM": "xterm-256color", **(environment or {})}
        kept = {key: value for key, value in given.items() if key not in ("COLUMNS", "LINES")}
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=kept,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)

    def __enter__(self) -> PseudoTerminal:
        return self

    def __exit__(self, *error: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._master)

    def _size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, columns: int, rows: int) -> None:
        """Make the window another size, as a person would while the program runs."""
        self.screen.resize(rows, columns)
        self._size(columns, rows)
        os.killpg(self.process.pid, signal.SIGWINCH)

    def type(self, keys: str) -> None:
        """Press keys; ``\\x03`` is Ctrl-C."""
        os.write(self._master, keys.encode())

    def hang_up(self) -> None:
        """Close the terminal under the program, as a person does who closes the window."""
        os.close(self._master)
        self._master = os.open(os.devnull, os.O_RDONLY)

    @property
    def text(self) -> str:
        """What the screen shows."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def read(self, seconds: float = 0.05) -> bool:
        """Take what the program writes within a time; false when its terminal is closed."""
        if not select.select([self._master], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self._master, 1 << 16)
        except OSError:
            return False
        if data and self.first_byte is None:
            self.first_byte = time.monotonic() - self.began
        self.written += data
        self._stream.feed(data)
        return bool(data)

    def until(self, happened: Callable[[str], bool], what: str, seconds: float = 60.0) -> str:
        """Read until the screen shows something; fails with the screen when it does not in time."""
        end = time.monotonic() + seconds
        while not happened(self.text):
            assert time.monotonic() < end, f"waited {seconds} s for {what}; the screen:\n{self.text}"
            assert self.read(), f"the program ended before {what}; the screen:\n{self.text}"
        return self.text

    def wait(self, seconds: float = 30.0) -> int:
        """Read to the end; gives the exit code."""
        end = time.monotonic() + seconds
        while self.read():
            assert time.monotonic() < end, f"waited {seconds} s for the end; the screen:\n{self.text}"
        return self.process.wait(timeout=5)
