"""A training run with what the machine does meanwhile: GPUs, cores, memory."""

from __future__ import annotations

from collections.abc import Iterator

from demo_tui import GpuMonitor, SystemMonitor
from monarch_vs_ray.core.events import Engine, LogLine, Metric
from monarch_vs_ray.core.stream import Batch
from monarch_vs_ray.side.launcher import Run

SAMPLE_EVERY = 1.0


class Monitored:
    """A run, with what the machine does meanwhile as events of the same history.

    What is only to be seen from outside a side (GPUs, cores, the memory of its processes) is measured here,
    so that a replay shows it too.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._system, self._gpus = SystemMonitor(), GpuMonitor()
        self._next = 0
        self._said = False

    @property
    def over(self) -> bool:
        """Return whether every side has ended."""
        return self._run.over

    def now(self) -> int:
        """Return nanoseconds since the run began."""
        return self._run.now()

    def wake_for(self, fd: int) -> None:
        """Return from ``poll`` early when this descriptor is readable."""
        self._run.wake_for(fd)

    def stop(self) -> None:
        """End all sides now."""
        self._run.stop()

    def poll(self, timeout: float) -> Batch:
        """Return what has come from the sides, and once a second what the machine does."""
        batch = self._run.poll(timeout)
        now = self.now()
        if now >= self._next and not self.over:
            self._next = now + int(SAMPLE_EVERY * 1e9)
            self._measure(batch, now)
        return batch

    def _measure(self, batch: Batch, now: int) -> None:
        running = [side for side in self._run.sides if not side.over]
        if not running:
            return
        first = running[0].engine
        figures = [(first, *figure) for figure in self._gpu_figures()]
        figures += self._system_figures({side.pid: side.engine for side in running if side.pid}, first)
        for engine, name, value, unit in figures:
            batch.add(Metric(side=engine, at=now, name=name, value=value, unit=unit))
        if self._gpus.reason and not self._said:
            self._said = True
            text = f"No GPU is seen: {self._gpus.reason}"
            batch.add(LogLine(side=first, at=now, origin="demo", text=text))

    def _gpu_figures(self) -> Iterator[tuple[str, float, str]]:
        for gpu in self._gpus.sample():
            used = gpu.memory_used_bytes
            figures = (
                ("busy", gpu.utilization_percent, "%"),
                ("memory", None if used is None else used / 2**30, "GiB"),
                ("power", gpu.power_watts, "W"),
            )
            for what, value, unit in figures:
                if value is not None:
                    yield f"GPU {gpu.index} {what}", value, unit

    def _system_figures(
        self, sides: dict[int, Engine], first: Engine
    ) -> Iterator[tuple[Engine, str, float, str]]:
        """Yield the whole machine's cores and memory, then those of each side's processes."""
        stats = self._system.sample()
        if stats is None:
            return
        yield first, f"CPU, {len(stats.cores_percent)} cores", stats.cpu_percent, "%"
        yield first, "memory in use", stats.memory_used_bytes / 2**30, "GiB"
        top: dict[int, int] = {}  # each process's ancestor right below this one: its side's guardian
        for process in stats.processes:
            top[process.pid] = top.get(process.parent, process.pid) if process.depth > 1 else process.pid
        for pid, engine in sides.items():
            ours = [each for each in stats.processes if top[each.pid] == top.get(pid)]
            name = engine.capitalize()
            yield engine, f"{name}: CPU (100 % is one core)", sum(each.cpu_percent for each in ours), "%"
            yield engine, f"{name}: resident memory", sum(each.memory_bytes for each in ours) / 2**30, "GiB"
