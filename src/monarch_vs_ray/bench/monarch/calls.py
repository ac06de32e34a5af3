"""Calls, messages and fan-out in Monarch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from monarch.actor import this_host

from monarch_vs_ray.bench.measure import Measure
from monarch_vs_ray.bench.monarch.actors import AsyncEcho, Counter, Echo, Relay

TIMEOUT = 60


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
    call = this_host().spawn_procs().spawn("async_echo", AsyncEcho).echo.call_one
    measure.valid(call(7).get(TIMEOUT) == 7, "another number came back")
    measure.latency(lambda: call().get(TIMEOUT))


def calls_pipelined(measure: Measure) -> None:
    """Make a batch of calls of one actor, then wait for all of them."""
    call = echo().echo.call_one

    def batch(count: int) -> None:
        for future in [call() for _ in range(count)]:
            future.get(TIMEOUT)

    batch(10)
    measure.batches(batch, least=10, most=1_000)


def actor_to_actor(measure: Measure) -> None:
    """Let one actor call another, one call after another."""
    relay = this_host().spawn_procs().spawn("relay", Relay, echo())
    relay.call.call_one(1).get(TIMEOUT)
    measure.batches(lambda count: relay.call.call_one(count).get(TIMEOUT), least=10, most=10_000)


def argument(measure: Measure) -> None:
    """Call one actor with bytes of the row's size, which answers with their number."""
    load = bytes(measure.row.size)
    call = echo().length.call_one
    measure.valid(call(load).get(TIMEOUT) == len(load), "not all bytes arrived")
    measure.latency(lambda: call(load).get(TIMEOUT))


def result(measure: Measure) -> None:
    """Call one actor, which answers with bytes of the row's size."""
    size = measure.row.size
    call = echo().make.call_one
    measure.valid(len(call(size).get(TIMEOUT)) == size, "not all bytes came back")
    measure.latency(lambda: call(size).get(TIMEOUT))


def fire_and_forget(measure: Measure) -> None:
    """Send messages that nobody answers, then ask once how many have arrived."""
    counter = this_host().spawn_procs().spawn("counter", Counter)
    sent = 0

    def batch(count: int) -> None:
        nonlocal sent
        for _ in range(count):
            counter.add.broadcast()
        sent += count
        measure.valid(counter.count.call_one().get(TIMEOUT) == sent, "messages are missing")

    batch(10)
    measure.batches(batch, least=100, most=10_000)


@contextmanager
def mesh(size: int) -> Iterator[Any]:
    """Spawn a mesh of so many actors, each in a process of its own, for the block."""
    procs = this_host().spawn_procs(per_host={"procs": size})
    actors = procs.spawn("echoes", Echo)
    actors.echo.call().get(TIMEOUT)
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

    def one() -> None:
        procs = this_host().spawn_procs()
        procs.spawn("spawned", Echo).echo.call_one().get(TIMEOUT)
        procs.stop().get(TIMEOUT)

    measure.latency(one)
