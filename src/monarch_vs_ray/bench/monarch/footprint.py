"""Actors to look at from outside, in Monarch."""

from __future__ import annotations

import time
from typing import Any

from monarch.actor import this_host

from monarch_vs_ray.bench.footprint import SETTLE, memory
from monarch_vs_ray.bench.measure import Measure
from monarch_vs_ray.bench.monarch.actors import Echo
from monarch_vs_ray.bench.monarch.calls import TIMEOUT

MORE = 100


def spawn(count: int) -> list[Any]:
    """Return process meshes of one process each, with an actor that answers."""
    procs = [this_host().spawn_procs() for _ in range(count)]
    for future in [each.spawn("echo", Echo).echo.call_one() for each in procs]:
        future.get(TIMEOUT)
    return procs


def end(actors: list[Any]) -> None:
    """End the processes."""
    for future in [procs.stop() for procs in actors]:
        future.get(TIMEOUT)


def memory_of_an_actor(measure: Measure) -> None:
    """Spawn many actors in a process that has one."""
    (procs,) = spawn(1)
    time.sleep(SETTLE)
    before = memory()
    actors = [procs.spawn(f"more{number}", Echo) for number in range(MORE)]
    for future in [actor.echo.call_one() for actor in actors]:
        future.get(TIMEOUT)
    time.sleep(SETTLE)
    measure.amounts((memory() - before) / MORE)
    end([procs])
