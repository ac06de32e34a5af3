"""Count the load of other processes: it is invisible in a time unless it is counted."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterable
from pathlib import Path

from monarch_vs_ray.side.guardian import processes

IDLE_CORES = 0.15
"""Cores that may be busy when a process starts."""
FOREIGN_CORES = 0.25
"""Cores of foreign load that mark a process. Ray's short-lived processes, 0.1 to 0.2 cores, look foreign."""
IDLE_WINDOW = 0.2
FEW, SETTLE_SECONDS = 8, 3.0
"""Seconds to wait at most after more processes than these were started."""
_TICK = os.sysconf("SC_CLK_TCK")


def busy() -> float:
    """Return the processor seconds that this machine has spent since it started, on anything but idling."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    user, nice, system, _idle, _wait, interrupts, soft, stolen = fields
    return (user + nice + system + interrupts + soft + stolen) / _TICK


def own() -> float:
    """Return the processor seconds of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def of_the_ended() -> float:
    """Return the processor seconds of this process's ended children, and of what they have waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Tree:
    """Adds up the processor time of processes while they run.

    The kernel's account of ended children misses those whose parent ignores SIGCHLD: all workers of a raylet.
    So they are read while they live. What one uses between the last reading and its end is not counted.
    """

    def __init__(self) -> None:
        self._used: dict[tuple[int, int], int] = {}

    def look(self, pids: Iterable[int]) -> None:
        """Read the processor time of these processes."""
        for pid in pids:
            fields = processes.read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
            if fields:
                self._used[pid, int(fields[19])] = int(fields[11]) + int(fields[12])

    @property
    def seconds(self) -> float:
        """Return what all of them have used so far."""
        return sum(self._used.values()) / _TICK


def settle(processes: int) -> None:
    """Wait until a machine is idle on which many processes were just started."""
    if processes > FEW:
        wait_until_idle(SETTLE_SECONDS)


def wait_until_idle(patience: float) -> bool:
    """Wait until fewer than ``IDLE_CORES`` are busy.

    Args:
        patience: Seconds to wait at most.

    Returns:
        Whether they were.
    """
    end = time.monotonic() + patience
    while True:
        before = busy() - own()
        time.sleep(IDLE_WINDOW)
        if (busy() - own() - before) / IDLE_WINDOW <= IDLE_CORES:
            return True
        if time.monotonic() > end:
            return False
