"""The process of one side in one round: limits first, then the engine's start, its rows, and its end.

A round of one engine is one process, since processes differ by more than calls do; so the start of the
engine is measured once in each.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Protocol, cast

from monarch_vs_ray.bench.catalogue import Row
from monarch_vs_ray.bench.limits import LIMITS
from monarch_vs_ray.bench.measure import Measure
from monarch_vs_ray.bench.request import from_environment
from monarch_vs_ray.side.narration import observe

TROUBLE = "trouble"
"""The key of observations that say why a row was not measured."""
LONGEST_WHY = 300
Work = Callable[[Measure], None]


class Engine(Protocol):
    """The native module of an engine: its start in phases, its workloads, its end."""

    WORKLOADS: Mapping[str, Work]

    def start(self) -> None:
        """Bring the engine's runtime up."""
        ...

    def first_actor(self) -> Any:
        """Create an actor in a process of its own."""
        ...

    def first_call(self, actor: Any) -> None:
        """Call it and wait for the answer."""
        ...

    def stop(self) -> None:
        """End the engine and wait until nothing of it runs."""
        ...


def run(imports: str, engine_module: str) -> None:
    """Measure what this process was asked for.

    Args:
        imports: The module whose import loads the engine.
        engine_module: The native module; see ``Engine``.
    """
    request = from_environment()
    for row in request.limits:
        _measure(row, request.seconds, LIMITS[row.workload])
    phases = [_phase("cold_start_import", lambda: import_module(imports))]
    engine = cast("Engine", import_module(engine_module))
    phases.append(_phase("cold_start_runtime", engine.start))
    try:
        actors: list[Any] = []
        phases.append(_phase("cold_start_first_actor", lambda: actors.append(engine.first_actor())))
        phases.append(_phase("cold_start_first_call", lambda: engine.first_call(*actors)))
        Measure(Row("cold_start"), 0.0).once(sum(phases))
        for row in request.rows:
            if row.workload in engine.WORKLOADS:
                _measure(row, request.seconds, engine.WORKLOADS[row.workload], request.slow_down)
    finally:
        _phase("shut_down", engine.stop)


def _measure(row: Row, seconds: float, work: Work, slow_down: float = 0.0) -> None:
    try:
        work(Measure(row, seconds, slow_down))
    except Exception as error:
        lines = str(error).strip().splitlines() or [""]
        last = lines[-1] if len(lines) > 1 else lines[0]  # of a remote traceback, the last line has the cause
        why = f"{type(error).__name__}: {last}"[:LONGEST_WHY]
        observe(TROUBLE, {"workload": row.workload, "size": row.size, "why": why})


def _phase(name: str, do: Callable[[], object]) -> float:
    """Do it, and keep how long it took; return the seconds."""
    began = time.perf_counter()
    do()
    took = time.perf_counter() - began
    Measure(Row(name), 0.0).once(took)
    return took
