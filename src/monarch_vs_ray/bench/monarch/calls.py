"""Calls, messages and fan-out in Monarch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from monarch.actor import this_host

from monarch_vs_ray.bench import load
from monarch_vs_ray.bench.measure import Measure
from monarch_vs_ray.bench.monarch.actors import AsyncEcho, Counter, Echo, Relay
from monarch_vs_ray.bench.payload import checksum, payload

TIMEOUT = None
"""The process has a deadline; with a timeout of its own, `get` would wake a second thread."""
BATCH = 1_000
"""Messages, or items of a stream, in one batch."""


@cache
def echo() -> Any:
    """Return one actor in a process of its own."""
    actor = this_host().spawn_procs().spawn("echo", Echo)
    actor.echo.call_one().get(TIMEOUT)
    return actor


def call_round_trip(measure: Measure) -> None:
    """Call one actor, wait, call again."""
    call = echo().echo.call_one
    measure.valid(call(7).get(TIMEOUT) == 7, "another number came back")
    measure.latency(lambda: call().get(TIMEOUT))


def call_async_method(measure: Measure) -> None:
    """Call an actor whose endpoint is async, wait, call again."""
    procs = this_host().spawn_procs()
    call = procs.spawn("async_echo", AsyncEcho).echo.call_one
    measure.valid(call(7).get(TIMEOUT) == 7, "another number came back")
    measure.latency(lambda: call().get(TIMEOUT))
    procs.stop().get(TIMEOUT)


def calls_pipelined(measure: Measure) -> None:
    """Make as many calls of one actor as the row says, then wait for all of them."""
    call, size = echo().echo.call_one, measure.row.size

    answers = [future.get(TIMEOUT) for future in [call(number) for number in range(size)]]
    measure.valid(answers == list(range(size)), "other numbers came back")

    def batch(count: int) -> None:
        for future in [call() for _ in range(count)]:
            future.get(TIMEOUT)

    measure.batches(batch, least=size, most=size)


def actor_to_actor(measure: Measure) -> None:
    """Let one actor call another, one call after another."""
    procs = this_host().spawn_procs()
    relay = procs.spawn("relay", Relay, echo())
    relay.call.call_one(10).get(TIMEOUT)
    measure.batches(
        lambda count: relay.call.call_one(count).get(TIMEOUT), least=10, most=10_000, elsewhere=True
    )
    procs.stop().get(TIMEOUT)


def argument(measure: Measure) -> None:
    """Call one actor with bytes of the row's size, which answers with their number."""
    data = bytes(payload(measure.row.size))
    call = echo().length.call_one
    arrived = echo().checksum.call_one(data).get(TIMEOUT)
    measure.valid(arrived == checksum(data), "other bytes arrived")
    measure.latency(lambda: call(data).get(TIMEOUT))


def result(measure: Measure) -> None:
    """Call one actor, which answers with bytes of the row's size."""
    size = measure.row.size
    echo().prepare.call_one(size).get(TIMEOUT)
    call = echo().data.call_one
    measure.valid(checksum(call().get(TIMEOUT)) == checksum(payload(size)), "other bytes came back")
    measure.latency(lambda: call().get(TIMEOUT))


def fire_and_forget(measure: Measure) -> None:
    """Send messages that nobody answers, then ask once how many have arrived."""
    procs = this_host().spawn_procs()
    counter = procs.spawn("counter", Counter)
    sent = 0

    def batch(count: int) -> None:
        nonlocal sent
        for _ in range(count):
            counter.add.broadcast()
        sent += count
        measure.valid(counter.count.call_one().get(TIMEOUT) == sent, "messages are missing")

    batch(10)
    measure.batches(batch, least=BATCH, most=BATCH)
    procs.stop().get(TIMEOUT)


@contextmanager
def mesh(size: int) -> Iterator[Any]:
    """Spawn a mesh of so many actors, each in a process of its own, for the block."""
    procs = this_host().spawn_procs(per_host={"procs": size})
    actors = procs.spawn("echoes", Echo)
    actors.echo.call().get(TIMEOUT)
    load.settle(size)
    yield actors
    procs.stop().get(TIMEOUT)


def fan_out(measure: Measure) -> None:
    """Call all actors of a mesh and gather their answers."""
    size = measure.row.size
    with mesh(size) as actors:
        measure.valid(list(actors.echo.call(7).get(TIMEOUT).values()) == [7] * size, "wrong answers")
        measure.latency(lambda: actors.echo.call().get(TIMEOUT))


def spawn(measure: Measure) -> None:
    """Start a process with an actor in it, and wait for its first answer."""

    def one() -> Any:
        procs = this_host().spawn_procs()
        answer = procs.spawn("spawned", Echo).echo.call_one(7).get(TIMEOUT)
        measure.valid(answer == 7, "another number came back")
        return procs

    measure.latency(one, after=lambda procs: procs.stop().get(TIMEOUT))
