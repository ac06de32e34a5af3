"""Single keys and the mouse from a terminal, without waiting, and without taking Ctrl-C away."""

from __future__ import annotations

import codecs
import os
import re
import select
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple, TextIO

__all__ = ["KeyParser", "KeyReader", "Mouse", "decode"]

_LETTERS = {
    "A": "up", "B": "down", "C": "right", "D": "left", "H": "home", "F": "end", "Z": "shift+tab",
    "P": "f1", "Q": "f2", "R": "f3", "S": "f4",
}  # fmt: skip
_NUMBERS = {
    "1": "home", "2": "insert", "3": "delete", "4": "end", "5": "pageup", "6": "pagedown", "7": "home",
    "8": "end", "11": "f1", "12": "f2", "13": "f3", "14": "f4", "15": "f5", "17": "f6", "18": "f7",
    "19": "f8", "20": "f9", "21": "f10", "23": "f11", "24": "f12",
}  # fmt: skip
_SINGLE = {"\r": "enter", "\n": "enter", "\t": "tab", "\x7f": "backspace", "\x08": "backspace", " ": "space"}
_TOKEN = re.compile(
    r"\x1b\[<(?P<mouse>\d+;\d+;\d+)(?P<press>[Mm])"
    r"|\x1b\[M(?P<old>[^\x1b]{3})"
    r"|\x1b\[(?P<csi>[0-?]*)[ -/]*(?P<final>[@-~])"
    r"|\x1bO(?P<ss3>[A-Za-z])"
    r"|\x1b(?P<alt>[^\x1b])"
    r"|(?P<escape>\x1b)"
    r"|(?P<char>.)",
    re.DOTALL,
)
ESCAPE_SECONDS = 0.04
"""How long an Escape waits for what may follow it."""
_PARTIAL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|O|\[M[^\x1b]{0,2})?\Z")
"""What may be the beginning of a sequence whose rest has not arrived."""


class Mouse(NamedTuple):
    """Something the mouse did.

    Args:
        kind: `press`, `wheel up` or `wheel down`.
        x: Column; 0 is the leftmost.
        y: Row; 0 is the topmost.
    """

    kind: str
    x: int
    y: int


class KeyParser:
    """Turns terminal input into keys, whatever pieces it arrives in.

    Escape is also how the sequences of other keys begin: alone, it counts as a key once nothing has followed.
    """

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> list[str | Mouse]:
        """Take input.

        Args:
            text: What was read.

        Returns:
            Characters as they are, other keys by name (`up`, `f5`, `ctrl+l`, `alt+q`), and the mouse;
            unknown sequences are dropped.
        """
        text = self._held + text
        partial = _PARTIAL.search(text)
        self._held = partial.group() if partial is not None and len(partial.group()) < 32 else ""
        return list(_keys(text[: len(text) - len(self._held)]))

    def flush(self) -> list[str | Mouse]:
        """Return the Escape key, if nothing has followed it since the last call of `feed`."""
        held, self._held = self._held, ""
        if held in ("\x1b[", "\x1bO"):
            return [f"alt+{held[1]}"]
        return ["escape"] if held == "\x1b" else []

    @property
    def waiting(self) -> bool:
        """Return True while an Escape may still become another key."""
        return bool(self._held)


def _keys(text: str) -> Iterator[str | Mouse]:
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if kind == "press":
            yield from _mouse(match["mouse"], match["press"])
        elif kind == "old":
            continue  # the mouse in a form that nobody asked for: a program before this one left it on
        elif kind == "final":
            yield from _sequence(match["csi"], match["final"])
        elif kind == "ss3":
            yield from [_LETTERS[match["ss3"]]] if match["ss3"] in _LETTERS else []
        elif kind == "alt":
            yield from (f"alt+{key}" for key in _character(match["alt"]))
        elif kind == "escape":
            yield "escape"
        else:
            yield from _character(match["char"])


def _character(char: str) -> Iterator[str]:
    if char in _SINGLE:
        yield _SINGLE[char]
    elif char.isprintable():
        yield char
    elif 0 < ord(char) < 27:
        yield f"ctrl+{chr(ord(char) + 96)}"


def _sequence(numbers: str, final: str) -> Iterator[str]:
    first, _, rest = numbers.partition(";")
    name = _NUMBERS.get(first) if final == "~" else _LETTERS.get(final)
    if name is None:
        return
    modifiers = int(rest) - 1 if rest.isdigit() else 0
    names = [text for bit, text in ((4, "ctrl"), (2, "alt"), (1, "shift")) if modifiers & bit]
    yield "+".join([*names, name])


def _mouse(numbers: str, final: str) -> Iterator[Mouse]:
    button, x, y = map(int, numbers.split(";"))
    kind = {64: "wheel up", 65: "wheel down", 0: "press" if final == "M" else ""}.get(button, "")
    if kind:
        yield Mouse(kind, x - 1, y - 1)


def decode(text: str) -> list[str]:
    """Split complete terminal input into keys.

    Args:
        text: What was read.

    Returns:
        The keys, without the mouse.
    """
    parser = KeyParser()
    return [key for key in parser.feed(text) + parser.flush() if isinstance(key, str)]


class KeyReader:
    """Keys from a terminal in cbreak mode: no echo and no line buffering, but Ctrl-C and Ctrl-Z still work.

    Args:
        stream: Where to read; None, or no terminal, for no keys.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self._fd: int | None = None
        self._saved: list[object] | None = None
        self._parser = KeyParser()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._last = 0.0

    def start(self) -> None:
        """Switch the terminal to cbreak mode; do nothing in the background, where that would stop us."""
        fd = _terminal(self._stream)
        if fd is None or self._fd is not None:
            return
        import termios
        import tty

        try:
            self._saved = termios.tcgetattr(fd)
            tty.setcbreak(fd, termios.TCSANOW)
        except termios.error:
            return
        self._fd = fd

    def stop(self, restore: bool = True) -> None:
        """Give the terminal its old mode back; safe to call twice.

        Args:
            restore: False where the terminal is somebody else's by now.
        """
        if self._fd is None:
            return
        import termios

        fd, self._fd = self._fd, None
        if restore:
            with suppress(termios.error):  # the terminal may be gone, and its mode with it
                termios.tcsetattr(fd, termios.TCSANOW, self._saved)  # type: ignore[arg-type]

    def fileno(self) -> int | None:
        """Return the descriptor to wait on, or None where there are no keys."""
        return self._fd

    @property
    def waiting(self) -> bool:
        """Return True while an Escape may still become another key."""
        return self._parser.waiting

    def read(self) -> list[str | Mouse]:
        """Return the keys that were pressed since the last call; never waits."""
        if self._fd is None:
            return []
        if not _readable(self._fd):
            return self._parser.flush() if time.monotonic() - self._last > ESCAPE_SECONDS else []
        try:
            data = os.read(self._fd, 4096)
        except OSError:
            data = b""
        if not data:  # hung up: stop looking, or every call would find it readable
            self.stop()
            return []
        self._last = time.monotonic()
        return self._parser.feed(self._decoder.decode(data))


def _terminal(stream: TextIO | None) -> int | None:
    try:
        fd = stream.fileno() if stream is not None else -1
        return fd if os.isatty(fd) and os.tcgetpgrp(fd) == os.getpgrp() else None
    except (AttributeError, OSError, ValueError):
        return None


def _readable(fd: int) -> bool:
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(0))
