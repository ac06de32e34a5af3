"""Memory, processor time, wake-ups and descriptors of this process and all below it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import psutil

from monarch_vs_ray.bench.measure import Measure
from monarch_vs_ray.engines.family import members

ACTORS = 4
WARM_LOOPS = 10
SETTLE = 1.0
"""Seconds in which what was started, or ended, comes to rest."""


class Engine(Protocol):
    """The functions of an engine that a footprint calls."""

    def spawn(self, count: int) -> list[Any]:
        """Return actors that answer, each in a process of its own."""
        ...

    def end(self, actors: list[Any]) -> None:
        """End them, and their processes."""
        ...


def family() -> list[psutil.Process]:
    """Return this process and all below it."""
    return [psutil.Process(), *members()]


def _sum(of: Callable[[psutil.Process], float]) -> float:
    total = 0.0
    for process in family():
        with suppress(psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
            total += of(process)
    return total


def memory() -> float:
    """Return proportional set size in bytes: a page that n processes share counts 1/n in each."""
    return _sum(lambda process: process.memory_full_info().pss)


def descriptors() -> float:
    """Return how many descriptors are open."""
    return _sum(lambda process: process.num_fds())


def processor_seconds() -> float:
    """Return user and system time so far, of processes that still run."""
    return _sum(lambda process: sum(process.cpu_times()[:2]))


def wake_ups() -> float:
    """Return the voluntary context switches of all threads so far."""
    return _sum(_switches)


def _switches(process: psutil.Process) -> float:
    total = 0
    for task in Path(f"/proc/{process.pid}/task").iterdir():
        for line in (task / "status").read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches"):
                total += int(line.split()[1])
    return float(total)


def rows(engine: Engine) -> dict[str, Callable[[Measure], None]]:
    """Return the workloads that look at an engine's processes."""

    def memory_of_a_process(measure: Measure) -> None:
        idle = engine.spawn(len(os.sched_getaffinity(0)) + 1)  # those that Ray has started ahead
        time.sleep(SETTLE)
        before = memory()
        actors = engine.spawn(ACTORS)
        time.sleep(SETTLE)
        measure.amounts((memory() - before) / ACTORS)
        engine.end([*idle, *actors])

    @cache
    def idle(seconds: int) -> tuple[float, float]:
        actors = engine.spawn(ACTORS)
        time.sleep(SETTLE)
        began, used, woken = time.monotonic(), processor_seconds(), wake_ups()
        time.sleep(seconds)
        took = time.monotonic() - began
        rates = (processor_seconds() - used) / took * 1e3, (wake_ups() - woken) / took
        engine.end(actors)
        return rates

    @cache
    def churn(loops: int) -> tuple[float, float]:
        for _ in range(WARM_LOOPS):
            engine.end(engine.spawn(1))
        time.sleep(SETTLE)
        before = memory(), descriptors()
        for _ in range(loops):
            engine.end(engine.spawn(1))
        time.sleep(SETTLE)
        return (memory() - before[0]) / loops, (descriptors() - before[1]) / loops

    return {
        "memory_of_a_process": memory_of_a_process,
        "idle_processor": lambda measure: measure.amounts(idle(measure.row.size)[0]),
        "idle_wake_ups": lambda measure: measure.amounts(idle(measure.row.size)[1]),
        "churn_memory": lambda measure: measure.amounts(churn(measure.row.size)[0]),
        "churn_descriptors": lambda measure: measure.amounts(churn(measure.row.size)[1]),
    }
