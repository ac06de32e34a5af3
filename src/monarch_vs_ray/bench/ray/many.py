"""Streams, many actors, and compiled graphs, in Ray."""

from __future__ import annotations

import ray
from ray.dag import InputNode, MultiOutputNode

from monarch_vs_ray.bench.measure import Measure
from monarch_vs_ray.bench.ray.actors import Caller, Echo, Stream
from monarch_vs_ray.bench.ray.calls import BATCH, TIMEOUT, actors, end


def streamed_items(measure: Measure) -> None:
    """Get what a generator method yields."""
    actor = Stream.remote()

    def stream(count: int) -> None:
        total = sum(ray.get(reference, timeout=TIMEOUT) for reference in actor.items.remote(count))
        measure.valid(total == count * (count - 1) // 2, "items are missing")

    stream(10)
    measure.batches(stream, least=BATCH, most=BATCH)
    end(actor)


def n_to_n(measure: Measure) -> None:
    """Let each of some actors call all of some others, many calls in flight."""
    count = measure.row.size
    with actors(count) as echoes:
        callers = [Caller.remote(echoes) for _ in range(count)]

        def call(each: int) -> None:
            ray.get([caller.call_others.remote(each) for caller in callers], timeout=TIMEOUT)

        call(10)
        measure.batches(call, least=10, most=500, each=count)
        end(*callers)


def compiled_fan_out(measure: Measure) -> None:
    """Call all actors of a compiled graph at once, and gather."""
    echoes = [Echo.remote() for _ in range(measure.row.size)]
    with InputNode() as value:
        graph = MultiOutputNode([echo.echo.bind(value) for echo in echoes]).experimental_compile()

    def call(word: int = 0) -> list[int]:
        return list(ray.get(graph.execute(word), timeout=TIMEOUT))

    try:
        measure.valid(call(7) == [7] * len(echoes), "wrong answers")
        measure.latency(call)
    finally:
        graph.teardown()
        end(*echoes)


def fan_out_caller(measure: Measure) -> None:
    """Call each actor of a list, and look at this process's processor time only."""
    with actors(measure.row.size) as handles:

        def call(count: int) -> None:
            for _ in range(count):
                ray.get([actor.echo.remote() for actor in handles], timeout=TIMEOUT)

        answers = ray.get([actor.echo.remote(7) for actor in handles], timeout=TIMEOUT)
        measure.valid(answers == [7] * measure.row.size, "wrong answers")
        call(10)
        measure.processor_time(call, 20)
