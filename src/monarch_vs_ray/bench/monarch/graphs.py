"""Task graphs in Monarch: an actor for each column; they send their values to each other's ports."""

from __future__ import annotations

from functools import cache
from typing import Any

from monarch.actor import Actor, Channel, current_rank, endpoint, this_host

from monarch_vs_ray.bench import graph
from monarch_vs_ray.bench.measure import Measure
from monarch_vs_ray.bench.monarch.calls import TIMEOUT


class Column(Actor):
    def __init__(self) -> None:
        self._column = current_rank().rank
        self._port, self._values = Channel.open()

    @endpoint
    async def port(self) -> Any:
        return self._port

    @endpoint
    async def meet(self, ports: list[Any]) -> None:
        self._ports = ports

    @endpoint
    async def run(self, pattern: str, steps: int, rounds: int) -> bytes:
        """Run this column's tasks; a value that comes early waits for its step."""
        column, value = self._column, b""
        early: dict[tuple[int, int], bytes] = {}
        for step in range(steps):
            wanted = graph.needs(pattern, column, step)
            while any((each, step) not in early for each in wanted):
                sender, at, sent = await self._values.recv()
                early[sender, at] = sent
            value = graph.kernel(column, step, [early.pop((each, step)) for each in wanted], rounds)
            if step + 1 < steps:
                for other in graph.needed_by(pattern, column, step):
                    self._ports[other].send((column, step + 1, value))
        return value


@cache
def columns() -> Any:
    """Return the actors, which know each other's ports."""
    mesh = this_host().spawn_procs(per_host={"procs": graph.WIDTH}).spawn("columns", Column)
    ports = list(mesh.port.call().get(TIMEOUT).values())
    mesh.meet.call(ports).get(TIMEOUT)
    return mesh


def actor_graph(measure: Measure) -> None:
    """Run graphs of the row's pattern, with a kernel of the row's size."""
    pattern, rounds = graph.pattern_of(measure.row.workload), measure.row.size
    mesh = columns()

    def run(steps: int) -> list[bytes]:
        return list(mesh.run.call(pattern, steps, rounds).get(TIMEOUT).values())

    least = graph.LEAST_STEPS
    measure.valid(run(least) == graph.oracle(pattern, least, rounds), "the graph's last values are wrong")
    measure.batches(run, least=least, most=graph.MOST_STEPS, each=graph.WIDTH)
