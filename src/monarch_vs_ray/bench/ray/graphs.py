"""Task graphs in Ray: an actor for each column; the program hands references from call to call."""

from __future__ import annotations

from functools import cache
from typing import Any

import ray

from monarch_vs_ray.bench import graph
from monarch_vs_ray.bench.measure import Measure
from monarch_vs_ray.bench.ray.calls import TIMEOUT


@ray.remote
class Column:
    def __init__(self, column: int) -> None:
        self._column = column

    def run(self, step: int, rounds: int, *inputs: bytes) -> bytes:
        return graph.kernel(self._column, step, inputs, rounds)


@cache
def columns() -> list[Any]:
    """Return the actors."""
    return [Column.remote(column) for column in range(graph.WIDTH)]


def task_graph(measure: Measure) -> None:
    """Run graphs of the row's pattern, with a kernel of the row's size."""
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

    least = graph.LEAST_STEPS
    measure.valid(run(least) == graph.oracle(pattern, least, rounds), "the graph's last values are wrong")
    measure.batches(run, least=least, most=graph.MOST_STEPS, each=graph.WIDTH)
