"""Look at and disturb a process from inside: its memory, its processor time, the interpreter's lock."""

from __future__ import annotations

import ctypes
import os
import select
import struct
import threading
import time
from pathlib import Path

from monarch_vs_ray.instruments.flags import Flag, new_path
from monarch_vs_ray.instruments.wait import PATIENCE

TICKS = 5
"""How often another thread may run between the flag and the C call, and after it."""


def where_it_lies(address: int) -> str:
    """Return whether memory at an address of this process is ``private memory`` or ``shared memory``."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, permissions = line.split()[:2]
        low, high = (int(end, 16) for end in span.split("-"))
        if low <= address < high:
            return "shared memory" if permissions.endswith("s") else "private memory"
    raise ValueError(f"no memory at {address:#x}")


def cpu_milliseconds(pid: int) -> int:
    """Return the processor time of a process and its threads; the kernel counts in steps of about 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 // os.sysconf("SC_CLK_TCK")


def keep_the_gil(fifo: str, inside: Flag) -> None:
    """Sit in one C call that keeps the interpreter's lock, until ``release``, or PATIENCE seconds.

    Raises:
        RuntimeError: If another thread of this process ran Python meanwhile.
    """
    file = os.open(fifo, os.O_RDWR)
    readable = ctypes.create_string_buffer(struct.pack("ihh", file, select.POLLIN, 0))
    ticks: list[None] = []
    over = threading.Event()
    ticking = threading.Thread(target=_tick, args=(ticks, over))
    ticking.start()
    inside.put_up()
    before = len(ticks)
    ctypes.PyDLL(None).poll(readable, 1, int(PATIENCE * 1000))  # PyDLL is what keeps the lock
    ran = len(ticks) - before
    over.set()
    ticking.join()
    os.close(file)
    if ran > TICKS:
        raise RuntimeError(f"the lock was not kept: another thread ran {ran} times meanwhile")


def _tick(ticks: list[None], over: threading.Event) -> None:
    while not over.is_set():
        ticks.append(None)
        time.sleep(0.001)


def new_fifo() -> str:
    """Return a FIFO that nobody has written to."""
    fifo = str(new_path("fifo"))
    os.mkfifo(fifo)
    return fifo


def release(fifo: str) -> None:
    """Let whoever sits at the FIFO go on."""
    file = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
    os.write(file, b".")
    os.close(file)
