"""Calls, messages and fan-out in Ray."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

import psutil
import ray

from monarch_vs_ray.bench import load
from monarch_vs_ray.bench.measure import Measure
from monarch_vs_ray.bench.payload import checksum, payload
from monarch_vs_ray.bench.ray.actors import AsyncEcho, Counter, Echo, Relay

TIMEOUT = None
"""The process has a deadline; Monarch's calls have no timeout of their own either."""
BATCH = 1_000
"""Messages, or items of a stream, in one batch."""
END_SECONDS = 60.0


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
    actor = AsyncEcho.remote()
    call = actor.echo.remote
    measure.valid(ray.get(call(7), timeout=TIMEOUT) == 7, "another number came back")
    measure.latency(lambda: ray.get(call(), timeout=TIMEOUT))
    end(actor)


def calls_pipelined(measure: Measure) -> None:
    """Make as many calls of one actor as the row says, then wait for all of them."""
    call, size = echo().echo.remote, measure.row.size

    answers = ray.get([call(number) for number in range(size)], timeout=TIMEOUT)
    measure.valid(answers == list(range(size)), "other numbers came back")

    def batch(count: int) -> None:
        ray.get([call() for _ in range(count)], timeout=TIMEOUT)

    measure.batches(batch, least=size, most=size)


def actor_to_actor(measure: Measure) -> None:
    """Let one actor call another, one call after another."""
    relay = Relay.remote(echo())
    ray.get(relay.call.remote(10), timeout=TIMEOUT)
    measure.batches(
        lambda count: ray.get(relay.call.remote(count), timeout=TIMEOUT),
        least=10,
        most=10_000,
        elsewhere=True,
    )
    end(relay)


def argument(measure: Measure) -> None:
    """Call one actor with bytes of the row's size, which answers with their number."""
    data = bytes(payload(measure.row.size))
    call = echo().length.remote
    arrived = ray.get(echo().checksum.remote(data), timeout=TIMEOUT)
    measure.valid(arrived == checksum(data), "other bytes arrived")
    measure.latency(lambda: ray.get(call(data), timeout=TIMEOUT))


def result(measure: Measure) -> None:
    """Call one actor, which answers with bytes of the row's size."""
    size = measure.row.size
    ray.get(echo().prepare.remote(size), timeout=TIMEOUT)
    call = echo().data.remote
    arrived = checksum(ray.get(call(), timeout=TIMEOUT))
    measure.valid(arrived == checksum(payload(size)), "other bytes came back")
    measure.latency(lambda: ray.get(call(), timeout=TIMEOUT))


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
    measure.batches(batch, least=BATCH, most=BATCH)
    end(counter)


@contextmanager
def actors(size: int) -> Iterator[list[Any]]:
    """Create so many actors, each in a process of its own, for the block."""
    made = [Echo.remote() for _ in range(size)]
    ray.get([actor.echo.remote() for actor in made], timeout=TIMEOUT)
    load.settle(size)
    yield made
    end(*made)


def end(*actors: Any) -> None:
    """Kill actors and wait until their processes are gone: Monarch's `stop` waits for them, too."""
    pids = ray.get([each.pid.remote() for each in actors], timeout=TIMEOUT)
    for each in actors:
        ray.kill(each)
    end_of_all = time.monotonic() + END_SECONDS
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            psutil.Process(pid).wait(max(0.0, end_of_all - time.monotonic()))


def fan_out(measure: Measure) -> None:
    """Call each actor of a list and gather their answers."""
    with actors(measure.row.size) as handles:
        answers = ray.get([actor.echo.remote(7) for actor in handles], timeout=TIMEOUT)
        measure.valid(answers == [7] * measure.row.size, "wrong answers")
        measure.latency(lambda: ray.get([actor.echo.remote() for actor in handles], timeout=TIMEOUT))


def spawn(measure: Measure) -> None:
    """Start a process with an actor in it, and wait for its first answer."""

    def one() -> Any:
        actor = Echo.remote()
        measure.valid(ray.get(actor.echo.remote(7), timeout=TIMEOUT) == 7, "another number came back")
        return actor

    measure.latency(one, after=end)
