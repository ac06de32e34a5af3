"""Streams, and many actors, in Monarch."""

from __future__ import annotations

from monarch.actor import Channel, this_host

from monarch_vs_ray.bench.measure import Measure
from monarch_vs_ray.bench.monarch.actors import Caller, Echo, Stream
from monarch_vs_ray.bench.monarch.calls import BATCH, TIMEOUT, mesh


def streamed_items(measure: Measure) -> None:
    """Pass a port to an actor, which sends numbers through it."""
    procs = this_host().spawn_procs()
    actor = procs.spawn("stream", Stream)

    def stream(count: int) -> None:
        port, receiver = Channel.open()
        done = actor.items.call_one(port, count)
        total = sum(receiver.recv().get(TIMEOUT) for _ in range(count))
        done.get(TIMEOUT)
        measure.valid(total == count * (count - 1) // 2, "items are missing")

    stream(10)
    measure.batches(stream, least=BATCH, most=BATCH)
    procs.stop().get(TIMEOUT)


def n_to_n(measure: Measure) -> None:
    """Let each actor of one mesh call all actors of another, many calls in flight."""
    count = measure.row.size
    with mesh(count) as echoes:
        procs = this_host().spawn_procs(per_host={"procs": count})
        callers = procs.spawn("callers", Caller, [echoes.slice(procs=rank) for rank in range(count)])

        def call(each: int) -> None:
            callers.call_others.call(each).get(TIMEOUT)

        call(10)
        measure.batches(call, least=10, most=500, each=count)
        procs.stop().get(TIMEOUT)


def fan_out_in_one_process(measure: Measure) -> None:
    """Spawn many actors in one process, call each, and gather."""
    procs = this_host().spawn_procs()
    actors = [procs.spawn(f"echo{number}", Echo) for number in range(measure.row.size)]

    def call_all() -> list[object]:
        return [future.get(TIMEOUT) for future in [actor.echo.call_one(7) for actor in actors]]

    measure.valid(call_all() == [7] * len(actors), "wrong answers")
    measure.latency(call_all)
    procs.stop().get(TIMEOUT)


def fan_out_caller(measure: Measure) -> None:
    """Call all actors of a mesh, and look at this process's processor time only."""
    with mesh(measure.row.size) as actors:

        def call(count: int) -> None:
            for _ in range(count):
                actors.echo.call().get(TIMEOUT)

        answers = list(actors.echo.call(7).get(TIMEOUT).values())
        measure.valid(answers == [7] * measure.row.size, "wrong answers")
        call(10)
        measure.processor_time(call, 20)
