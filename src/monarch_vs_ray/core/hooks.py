"""What a program may say of itself when it is run by ``mvr run``; anywhere else these do nothing.

::

    from monarch_vs_ray import observe, result, step

    with step("train"):
        observe("loss", loss)
    result(accuracy)

Only the standard library is imported, and that when there is something to send. Workers and forked children
say nothing: the pipe is the main process's.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType, TracebackType

PIPE = "MVR_HOOKS"
"""``SIDE:DESCRIPTOR:INODE:ORIGIN``; with the inode no other file that has the number is written to."""
RESULT = "result"


class _Pipe:
    """The way to the harness, opened at the first word."""

    def __init__(self) -> None:
        self.seq = 0
        self.steps = 0
        self.pid = 0
        self.fd = -1
        self.side = ""
        self.origin = 0
        self.lock: object = None

    def send(self, kind: str, **fields: object) -> None:
        if PIPE not in os.environ:
            return
        if self.pid == 0:
            self._open()
        if self.fd < 0 or self.pid != os.getpid():
            return
        import json
        import time

        with self.lock:  # type: ignore[attr-defined] # made by _open
            at = time.monotonic_ns() - self.origin
            event = {"type": kind, "side": self.side, "at": at, "seq": self.seq, **fields}
            data = json.dumps(event).encode() + b"\n"
            self.seq += 1
            try:
                while data:
                    data = data[os.write(self.fd, data) :]
            except OSError:
                self.fd = -1

    def _open(self) -> None:
        import threading

        self.pid, self.lock = os.getpid(), threading.Lock()
        try:
            side, fd, inode, origin = os.environ[PIPE].split(":")
            if os.getsid(0) == self.pid and os.fstat(int(fd)).st_ino == int(inode):
                self.side, self.fd, self.origin = side, int(fd), int(origin)
                os.set_inheritable(self.fd, False)
        except (OSError, ValueError):
            self.fd = -1


_pipe = _Pipe()


class step:  # noqa: N801 - reads as a statement: `with step("...")`
    """A step of the program, shown while it runs. An exception passes through.

    Args:
        title: What the step does.
    """

    def __init__(self, title: str) -> None:
        self.title = str(title)

    def __enter__(self) -> None:
        _pipe.steps += 1
        self._number = _pipe.steps
        file, line = _place(sys._getframe(1))
        _pipe.send("step_begun", step=self._number, title=self.title, file=file, line=line, end_line=line)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _pipe.send("step_ended", step=self._number, error=f"{kind.__name__}: {error}" if kind else "")


def observe(key: str, value: object, unit: str = "") -> None:
    """Record a value: a str, number, bool, None, or lists and dicts of these.

    Args:
        key: Its name; the two programs' values of one name are shown side by side.
        value: The value; what JSON has no form for is recorded as its ``repr``.
        unit: For the reader.
    """
    _pipe.send("observation", key=str(key), value=_plain(value), unit=str(unit))


def result(value: object) -> None:
    """Record what the program came to; the two programs' results are compared.

    Args:
        value: As for ``observe``.
    """
    observe(RESULT, value)


def _plain(value: object) -> object:
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else repr(value)
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return repr(value)


def _place(frame: FrameType) -> tuple[str, int]:
    return os.path.basename(frame.f_code.co_filename), frame.f_lineno
