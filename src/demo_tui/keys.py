"""Single keys from a terminal, without waiting, and without taking Ctrl-C away."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TextIO

__all__ = ["KeyReader", "decode"]

_NAMES = {
    "\x1b[A": "up", "\x1b[B": "down", "\x1b[C": "right", "\x1b[D": "left", "\x1b[H": "home", "\x1b[F": "end",
    "\x1bOA": "up", "\x1bOB": "down", "\x1bOC": "right", "\x1bOD": "left", "\x1b[5~": "pageup",
    "\x1b[6~": "pagedown", "\x1b": "escape", "\r": "enter", "\n": "enter", "\t": "tab", "\x7f": "backspace",
    " ": "space",
}  # fmt: skip
_TOKEN = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1bO[A-Z]|\x1b|.", re.DOTALL)


def decode(text: str) -> list[str]:
    """Split terminal input into keys: characters as they are, special keys by name, unknown ones dropped."""
    keys = [_NAMES.get(token, token) for token in _TOKEN.findall(text)]
    return [key for key in keys if not key.startswith("\x1b") and (len(key) > 1 or key.isprintable())]


class KeyReader:
    """Keys from a terminal in cbreak mode: no echo and no line buffering, but Ctrl-C and Ctrl-Z still work.

    `start` does nothing, and `fileno` stays None, where the stream is no terminal or where this process is
    in the background (changing a terminal from there would stop it).
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self._fd: int | None = None
        self._saved: list[object] | None = None

    def start(self) -> None:
        """Switch the terminal to cbreak mode."""
        fd = _terminal(self._stream)
        if fd is None:
            return
        import termios
        import tty

        try:
            self._saved = termios.tcgetattr(fd)
            tty.setcbreak(fd, termios.TCSANOW)
        except termios.error:
            return
        self._fd = fd

    def stop(self) -> None:
        """Give the terminal its old mode back; safe to call twice."""
        if self._fd is None:
            return
        import termios

        fd, self._fd = self._fd, None
        with suppress(termios.error):  # the terminal may be gone, and its mode with it
            termios.tcsetattr(fd, termios.TCSANOW, self._saved)  # type: ignore[arg-type]

    def fileno(self) -> int | None:
        """The descriptor to wait on, or None where there are no keys."""
        return self._fd

    def read(self) -> list[str]:
        """The keys that were pressed since the last call; never waits."""
        if self._fd is None or not _readable(self._fd):
            return []
        try:
            data = os.read(self._fd, 1024)
        except OSError:
            data = b""
        if not data:  # hung up: stop looking, or every call would find it readable
            self.stop()
            return []
        return decode(data.decode("utf-8", "ignore"))


def _terminal(stream: TextIO | None) -> int | None:
    try:
        fd = stream.fileno() if stream is not None else -1
        return fd if os.isatty(fd) and os.tcgetpgrp(fd) == os.getpgrp() else None
    except (AttributeError, OSError, ValueError):
        return None


def _readable(fd: int) -> bool:
    import select

    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(0))
