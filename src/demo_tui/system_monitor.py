"""CPU, memory, network and a process tree, through psutil."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

__all__ = ["ProcessStats", "SystemMonitor", "SystemStats"]


@dataclass(frozen=True)
class ProcessStats:
    """A process.

    Args:
        pid: Its process id.
        parent: That of its parent.
        name: Its name.
        cpu_percent: Processor time since the last sample, of one core.
        memory_bytes: Resident memory.
        depth: 0 for the root, 1 for its children, and so on.
    """

    pid: int
    parent: int
    name: str
    cpu_percent: float
    memory_bytes: int
    depth: int


@dataclass(frozen=True)
class SystemStats:
    """The machine at one moment.

    Args:
        cpu_percent: Mean of all cores since the last sample.
        cores_percent: The same for each core.
        memory_used_bytes: Memory that is not available to others.
        memory_total_bytes: Memory of the machine.
        sent_per_second: Bytes sent over the network since the last sample; None in the first.
        received_per_second: Bytes received; None in the first sample.
        processes: The root process and those below it, parents before children.
    """

    cpu_percent: float
    cores_percent: tuple[float, ...]
    memory_used_bytes: int
    memory_total_bytes: int
    sent_per_second: float | None
    received_per_second: float | None
    processes: tuple[ProcessStats, ...]


class SystemMonitor:
    """Samples the machine and the processes below one. `sample` never raises.

    Processes that end meanwhile are left out.

    Args:
        pid: The root process; None for this one.
        clock: Returns seconds; for tests.
        load: Returns the psutil module; for tests.
    """

    def __init__(
        self,
        pid: int | None = None,
        clock: Callable[[], float] = time.monotonic,
        load: Callable[[], Any] | None = None,
    ) -> None:
        self.pid = os.getpid() if pid is None else pid
        self.reason = ""
        self._clock = clock
        self._load = load or (lambda: import_module("psutil"))
        self._known: dict[int, Any] = {}
        self._network: tuple[float, int, int] | None = None

    def sample(self) -> SystemStats | None:
        """Read the present state; the first CPU figures are 0, because they need two samples.

        Returns:
            The state; None, with a `reason`, where psutil is missing or may not read.
        """
        try:
            psutil = self._load()
        except ImportError:
            self.reason = "psutil is not installed; install it with: pip install psutil"
            return None
        try:
            stats = self._sample(psutil)
        except Exception as error:  # a locked-down /proc, or a psutil without support for this system
            self.reason = f"psutil cannot read this machine: {type(error).__name__}: {error}"
            return None
        self.reason = ""
        return stats

    def _sample(self, psutil: Any) -> SystemStats:
        cores = tuple(psutil.cpu_percent(percpu=True))
        memory = psutil.virtual_memory()
        sent, received = self._rates(psutil)
        return SystemStats(
            cpu_percent=sum(cores) / len(cores) if cores else 0.0,
            cores_percent=cores,
            memory_used_bytes=int(memory.total - memory.available),
            memory_total_bytes=int(memory.total),
            sent_per_second=sent,
            received_per_second=received,
            processes=tuple(self._tree(psutil)),
        )

    def _rates(self, psutil: Any) -> tuple[float | None, float | None]:
        counters = psutil.net_io_counters()
        if counters is None:  # no network interface at all
            return None, None
        now, old = self._clock(), self._network
        self._network = (now, counters.bytes_sent, counters.bytes_recv)
        if old is None or now <= old[0]:
            return None, None
        seconds = now - old[0]
        return (counters.bytes_sent - old[1]) / seconds, (counters.bytes_recv - old[2]) / seconds

    def _tree(self, psutil: Any) -> list[ProcessStats]:
        """The process and its descendants, parents before children."""
        try:
            root = psutil.Process(self.pid)
            members = [root, *root.children(recursive=True)]
        except psutil.Error:
            return []
        # The same object has to be asked each time: psutil measures CPU between calls on one object.
        self._known = {process.pid: self._same(process) for process in members}
        depths: dict[int, int] = {}
        found = []
        for process in self._known.values():
            stats = _read(psutil, process, depths)
            if stats is not None:
                found.append(stats)
        return found

    def _same(self, process: Any) -> Any:
        known = self._known.get(process.pid)
        return known if known == process else process  # equal only if it also started at the same time


def _read(psutil: Any, process: Any, depths: dict[int, int]) -> ProcessStats | None:
    try:
        with process.oneshot():
            parent = process.ppid()
            depths[process.pid] = depth = depths.get(parent, -1) + 1
            memory = process.memory_info().rss
            return ProcessStats(process.pid, parent, process.name(), process.cpu_percent(), memory, depth)
    except psutil.Error:
        return None
