"""Calls, messages and fan-out in Ray."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import ray

from monarch_vs_ray.bench.measure import Measure
from monarch_vs_ray.bench.ray.actors import AsyncEcho, Counter, Echo, Relay

TIMEOUT = 60


@cache
def echo() -> Any:
    """Return one actor in a process of its own."""
    actor = Echo.remote()
    ray.get(actor.echo.remote(), timeout=TIMEOUT)
    return actor


def call_round_trip(measure: Measure) -> None:
    """Call one actor, wait, call again."""
    call = echo().echo.remote
    measure.valid(ray.get(call(7), timeout=TIMEOUT) == 7, "another number came back")
    measure.latency(lambda: ray.get(call(), timeout=TIMEOUT))


def call_async_method(measure: Measure) -> None:
    """Call an actor whose method is async, wait, call again."""
    call = AsyncEcho.remote().echo.remote
    measure.valid(ray.get(call(7), timeout=TIMEOUT) == 7, "another number came back")
    measure.latency(lambda: ray.get(call(), timeout=TIMEOUT))


def calls_pipelined(measure: Measure) -> None:
    """Make a batch of calls of one actor, then wait for all of them."""
    call = echo().echo.remote

    def batch(count: int) -> None:
        ray.get([call() for _ in range(count)], timeout=TIMEOUT)

    batch(10)
    measure.batches(batch, least=10, most=1_000)


def actor_to_actor(measure: Measure) -> None:
    """Let one actor call another, one call after another."""
    relay = Relay.remote(echo())
    ray.get(relay.call.remote(1), timeout=TIMEOUT)
    measure.batches(lambda count: ray.get(relay.call.remote(count), timeout=TIMEOUT), least=10, most=10_000)


def argument(measure: Measure) -> None:
    """Call one actor with bytes of the row's size, which answers with their number."""
    load = bytes(measure.row.size)
    call = echo().length.remote
    measure.valid(ray.get(call(load), timeout=TIMEOUT) == len(load), "not all bytes arrived")
    measure.latency(lambda: ray.get(call(load), timeout=TIMEOUT))


def result(measure: Measure) -> None:
    """Call one actor, which answers with bytes of the row's size."""
    size = measure.row.size
    call = echo().make.remote
    measure.valid(len(ray.get(call(size), timeout=TIMEOUT)) == size, "not all bytes came back")
    measure.latency(lambda: ray.get(call(size), timeout=TIMEOUT))


def fire_and_forget(measure: Measure) -> None:
    """Send messages that nobody answers, then ask once how many have arrived."""
    counter = Counter.remote()
    sent = 0

    def batch(count: int) -> None:
        nonlocal sent
        for _ in range(count):
            counter.add.remote()
        sent += count
        measure.valid(ray.get(counter.count.remote(), timeout=TIMEOUT) == sent, "messages are missing")

    batch(10)
    measure.batches(batch, least=100, most=10_000)


@contextmanager
def actors(size: int) -> Iterator[list[Any]]:
    """Create so many actors, each in a process of its own, for the block."""
    made = [Echo.remote() for _ in range(size)]
    ray.get([actor.echo.remote() for actor in made], timeout=TIMEOUT)
    yield made
    for actor in made:
        ray.kill(actor)


def fan_out(measure: Measure) -> None:
    """Call each actor of a list and gather their answers."""
    with actors(measure.row.size) as handles:
        answers = ray.get([actor.echo.remote(7) for actor in handles], timeout=TIMEOUT)
        measure.valid(answers == [7] * measure.row.size, "wrong answers")
        measure.latency(lambda: ray.get([actor.echo.remote() for actor in handles], timeout=TIMEOUT))


def spawn(measure: Measure) -> None:
    """Start a process with an actor in it, and wait for its first answer."""

    def one() -> None:
        actor = Echo.remote()
        ray.get(actor.echo.remote(), timeout=TIMEOUT)
        ray.kill(actor)

    measure.latency(one)
