"""Run task graphs in bare processes with a pipe for each pair: the limit for an engine's task graphs."""

from __future__ import annotations

import os
import struct
from contextlib import ExitStack

from monarch_vs_ray.bench import graph
from monarch_vs_ray.bench.forked import forked
from monarch_vs_ray.bench.measure import Measure

VALUE = 8
ORDER = struct.Struct("ii")
"""Steps and rounds."""


class Crew:
    """A process for each column; they wait for orders on pipes."""

    def __init__(self, pattern: str, stack: ExitStack) -> None:
        columns = range(graph.WIDTH)
        pipe = {(a, b): self._pipe(stack) for a in columns for b in columns}
        self._orders = [self._pipe(stack) for _ in columns]
        self._answers = [self._pipe(stack) for _ in columns]
        for column in columns:

            def work(column: int = column) -> None:
                while order := os.read(self._orders[column][0], ORDER.size):
                    value, (steps, rounds) = b"", ORDER.unpack(order)
                    for step in range(steps):
                        inputs = [
                            os.read(pipe[each, column][0], VALUE)
                            for each in graph.needs(pattern, column, step)
                        ]
                        value = graph.kernel(column, step, inputs, rounds)
                        if step + 1 < steps:
                            for other in graph.needed_by(pattern, column, step):
                                os.write(pipe[column, other][1], value)
                    os.write(self._answers[column][1], value)

            stack.enter_context(forked(work))

    def _pipe(self, stack: ExitStack) -> tuple[int, int]:
        ends = os.pipe()
        for end in ends:
            stack.callback(os.close, end)
        return ends

    def run(self, steps: int, rounds: int) -> list[bytes]:
        """Run a graph and return its last values."""
        for _, there in self._orders:
            os.write(there, ORDER.pack(steps, rounds))
        return [os.read(here, VALUE) for here, _ in self._answers]


def bare_graph(measure: Measure) -> None:
    """Run graphs of the row's pattern, with a kernel of the row's size."""
    pattern, rounds = graph.pattern_of(measure.row.workload), measure.row.size
    with ExitStack() as stack:
        crew = Crew(pattern, stack)
        steps = graph.LEAST_STEPS
        right = graph.oracle(pattern, steps, rounds)
        measure.valid(crew.run(steps, rounds) == right, "the graph's last values are wrong")
        measure.batches(
            lambda count: crew.run(count, rounds),
            least=graph.LEAST_STEPS,
            most=graph.MOST_STEPS,
            each=graph.WIDTH,
        )
