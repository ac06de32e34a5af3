"""What the machine does besides: other people's load is invisible in a time unless it is counted."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path

IDLE_CORES = 0.15
"""Cores that may be busy when a process starts, and that others may use while it runs."""
IDLE_WINDOW = 0.2
_TICK = os.sysconf("SC_CLK_TCK")


def busy() -> float:
    """Return the processor seconds that this machine has spent since it started, on anything but idling."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    user, nice, system, _idle, _wait, interrupts, soft, stolen = fields
    return (user + nice + system + interrupts + soft + stolen) / _TICK


def of_children() -> float:
    """Return the processor seconds of this process and of its ended children, with theirs."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def wait_until_idle(patience: float) -> bool:
    """Wait until fewer than ``IDLE_CORES`` are busy.

    Args:
        patience: Seconds to wait at most.

    Returns:
        Whether they were.
    """
    end = time.monotonic() + patience
    while True:
        before = busy() - of_children()
        time.sleep(IDLE_WINDOW)
        if (busy() - of_children() - before) / IDLE_WINDOW <= IDLE_CORES:
            return True
        if time.monotonic() > end:
            return False
