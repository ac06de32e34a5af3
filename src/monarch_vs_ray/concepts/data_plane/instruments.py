"""What watches and disturbs the processes of a run: flags, stopped processes, memory maps, CPU time."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import select
import struct
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from monarch_vs_ray.engines import stopping

PATIENCE = 30.0
"""Seconds to wait for what must come: when it has come, nobody waits any longer."""


@dataclass(frozen=True)
class Flag:
    """What one process tells another on this machine, however busy that is: a file that is there or not."""

    path: Path

    @classmethod
    def new(cls) -> Flag:
        """A flag that is not up."""
        return cls(Path(tempfile.mkdtemp(), "flag"))

    def put_up(self) -> None:
        """Tell it."""
        self.path.touch()

    def take_down(self) -> None:
        """Make it tell the next time."""
        self.path.unlink(missing_ok=True)

    def is_up(self) -> bool:
        """Whether it has been told."""
        return self.path.exists()

    def wait(self) -> None:
        """Return once it has been told. Raises TimeoutError after PATIENCE."""
        until(self.is_up, "another process to put up its flag")


def until(condition: Callable[[], bool], what: str, seconds: float = PATIENCE) -> float:
    """Poll until it is so, and say how many seconds it took. Raises TimeoutError, naming ``what``."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() > began + seconds:
            raise TimeoutError(f"waited {seconds:g} s for {what}")
        time.sleep(0.005)
    return time.monotonic() - began


def moments(seconds: float) -> Iterator[None]:
    """Come round again and again for so many seconds, at least twice."""
    began = time.monotonic()
    yield
    while time.monotonic() < began + seconds:
        time.sleep(0.1)
        yield


def keep_the_gil(fifo: str, inside: Flag) -> None:
    """Sit in one C call that keeps the interpreter's lock, until somebody writes to the FIFO, or PATIENCE."""
    file = os.open(fifo, os.O_RDWR)
    readable = ctypes.create_string_buffer(struct.pack("ihh", file, select.POLLIN, 0))
    inside.put_up()
    ctypes.PyDLL(None).poll(readable, 1, int(PATIENCE * 1000))  # PyDLL is what keeps the lock
    os.close(file)


def new_fifo() -> str:
    """A FIFO that nobody has written to."""
    fifo = str(Path(tempfile.mkdtemp(), "fifo"))
    os.mkfifo(fifo)
    return fifo


def release(fifo: str) -> None:
    """Let go whoever sits at the FIFO."""
    file = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
    os.write(file, b".")
    os.close(file)


frozen = stopping.stopped
"""A process that does not run within the block."""


def cpu_milliseconds(pid: int) -> int:
    """What the process and all its threads have used so far; the kernel counts in steps of about 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 // os.sysconf("SC_CLK_TCK")


def where_it_lies(address: int) -> str:
    """Whether the memory at an address of this process is its own or shared with others."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, permissions = line.split()[:2]
        low, high = (int(end, 16) for end in span.split("-"))
        if low <= address < high:
            return "shared memory" if permissions.endswith("s") else "private memory"
    raise ValueError(f"no memory at {address:#x}")


def attempt(call: Callable[[], object]) -> str:
    """How it went: finished, or the error's type and, if it is short, what it says last."""
    try:
        call()
    except Exception as error:
        said = str(error).strip().splitlines() or [""]
        return f"{type(error).__name__}: {said[-1]}" if len(said[-1]) < 60 else type(error).__name__
    return "finished"


def refusal(call: Callable[[], object]) -> str:
    """Whether a call was accepted, or refused, and how."""
    try:
        call()
    except Exception as error:
        return f"refused: {type(error).__name__}"
    return "accepted"


def has(module: str) -> bool:
    """Whether it is installed; it is not imported."""
    return importlib.util.find_spec(module) is not None
