"""Task graphs in Ray, in two forms: the program calls each task, or actors send to each other."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import Any

import ray

from monarch_vs_ray.bench import graph
from monarch_vs_ray.bench.measure import Measure
from monarch_vs_ray.bench.ray.calls import TIMEOUT


@ray.remote
class Column:
    """Runs a task when it is called."""

    def __init__(self, column: int) -> None:
        self._column = column

    def run(self, step: int, rounds: int, *inputs: bytes) -> bytes:
        return graph.kernel(self._column, step, inputs, rounds)


@ray.remote
class Peer:
    """Runs all tasks of its column, and sends their values to those that need them."""

    def __init__(self, column: int) -> None:
        self._column = column
        self._values: asyncio.Queue[tuple[int, int, bytes]] = asyncio.Queue()

    async def meet(self, peers: list[Any]) -> None:
        self._peers = peers

    @ray.method(num_returns=0)
    async def take(self, sender: int, step: int, value: bytes) -> None:
        self._values.put_nowait((sender, step, value))

    async def run(self, pattern: str, steps: int, rounds: int) -> bytes:
        """Run this column's tasks; a value that comes early waits for its step."""
        column, value = self._column, b""
        early: dict[tuple[int, int], bytes] = {}
        for step in range(steps):
            wanted = graph.needs(pattern, column, step)
            while any((each, step) not in early for each in wanted):
                sender, at, sent = await self._values.get()
                early[sender, at] = sent
            value = graph.kernel(column, step, [early.pop((each, step)) for each in wanted], rounds)
            if step + 1 < steps:
                for other in graph.needed_by(pattern, column, step):
                    self._peers[other].take.remote(column, step + 1, value)
        return value


@cache
def columns() -> list[Any]:
    """Return the actors that are called for each task."""
    return [Column.remote(column) for column in range(graph.WIDTH)]


@cache
def peers() -> list[Any]:
    """Return the actors that send to each other."""
    made = [Peer.remote(column) for column in range(graph.WIDTH)]
    ray.get([each.meet.remote(made) for each in made], timeout=TIMEOUT)
    return made


def task_graph(measure: Measure) -> None:
    """Call each task of graphs of the row's pattern, with a kernel of the row's size."""
    pattern, rounds = graph.pattern_of(measure.row.workload), measure.row.size
    actors = columns()

    def run(steps: int) -> list[bytes]:
        values: list[Any] = []
        for step in range(steps):
            values = [
                actor.run.remote(step, rounds, *(values[each] for each in graph.needs(pattern, column, step)))
                for column, actor in enumerate(actors)
            ]
        return list(ray.get(values, timeout=TIMEOUT))

    _time(measure, run, pattern, rounds)


def actor_graph(measure: Measure) -> None:
    """Let actors run graphs of the row's pattern among themselves, with a kernel of the row's size."""
    pattern, rounds = graph.pattern_of(measure.row.workload), measure.row.size
    actors = peers()

    def run(steps: int) -> list[bytes]:
        return list(ray.get([each.run.remote(pattern, steps, rounds) for each in actors], timeout=TIMEOUT))

    _time(measure, run, pattern, rounds)


def _time(measure: Measure, run: Any, pattern: str, rounds: int) -> None:
    least = graph.LEAST_STEPS
    measure.valid(run(least) == graph.oracle(pattern, least, rounds), "the graph's last values are wrong")
    measure.batches(run, least=least, most=graph.MOST_STEPS, each=graph.WIDTH)
