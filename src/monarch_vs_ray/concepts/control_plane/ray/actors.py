"""The actors that are called, streamed from, given up and stopped, in Ray."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import ray
from ray.util.queue import Queue

from monarch_vs_ray.concepts.control_plane import inputs
from monarch_vs_ray.instruments.flags import Flag, Tally
from monarch_vs_ray.instruments.wait import PATIENCE


@ray.remote(num_cpus=0)
class Counter:
    """Counts; a plain actor, as a compiled graph wants it."""

    def __init__(self) -> None:
        self.count = 0

    def add(self, number: int) -> None:
        self.count += number

    def added(self) -> int:
        return self.count


@ray.remote(num_cpus=0)
class Echo:
    """Answers, and does something again and again; all its methods are async, so it serves many at once."""

    def __init__(self, rank: int) -> None:
        self.rank = rank
        self.let_on = asyncio.Event()
        self.count = 0
        self.going = False
        self.begun = asyncio.Event()

    async def echo(self, word: Any) -> Any:
        return word

    async def rank_once_let(self) -> int:
        if self.rank == inputs.HELD:
            await self.let_on.wait()
        return self.rank

    async def hold(self) -> None:
        self.let_on.clear()

    async def let(self) -> None:
        self.let_on.set()

    async def add(self) -> None:
        self.count += 1

    async def added(self) -> int:
        return self.count

    async def stumble(self, raised: Tally) -> None:
        try:
            raise ValueError("nobody waits for this")
        except ValueError:
            raised.add()
            raise

    async def write(self, mailbox: Queue) -> None:
        await mailbox.put_async(self.rank)

    async def read(self, mailbox: Queue) -> int:
        return await mailbox.get_async(timeout=PATIENCE)

    async def pid(self) -> int:
        return os.getpid()

    async def chat(self, other: Any, size: int) -> list[float]:
        return await self.repeat(lambda: other.echo.remote(bytes(size)))

    async def make_actors(self) -> list[float]:
        async def make() -> None:
            child = Echo.remote(0)  # when its handle is dropped, it ends
            await child.pid.remote()

        return await self.repeat(make)

    async def seek(self, name: str) -> list[float]:
        async def look() -> None:
            ray.get_actor(name)
            await asyncio.sleep(0)

        return await self.repeat(look)

    async def repeat(self, act: Callable[[], Awaitable[object]]) -> list[float]:
        """Do it until ``hush``, and return the moments at which it was done."""
        moments: list[float] = []
        self.going = True
        while self.going and len(moments) < inputs.MOST_ROUNDS:
            await act()
            moments.append(time.monotonic())
            self.begun.set()
        self.begun.clear()
        return moments

    async def under_way(self) -> None:
        await self.begun.wait()

    async def hush(self) -> None:
        self.going = False


@ray.remote(num_cpus=0, concurrency_groups={"desk": 1, "crowd": inputs.CROWD})
class Desk:
    """Does one piece of work at a time, until a flag is up, and writes down what becomes of each."""

    @ray.method(concurrency_group="desk")
    async def work(self, name: str, journal: Tally, let_on: Flag) -> str:
        journal.add(f"{name} began")
        while not let_on.is_up():
            await asyncio.sleep(0.01)
        journal.add(f"{name} ended")
        return name

    async def enter(self, journal: Tally, let_on: Flag) -> None:
        journal.add("entered")
        while not let_on.is_up():
            await asyncio.sleep(0.01)


@ray.remote(num_cpus=0, concurrency_groups={"desk": 1, "tap": 1, "window": 1})
class ThreadedDesk:
    """Works on threads; its work may ask whether it has been cancelled. It also pours out values."""

    @ray.method(concurrency_group="desk")
    def work(self, name: str, journal: Tally, let_on: Flag) -> str:
        journal.add(f"{name} began")
        let_on.wait()
        if ray.get_runtime_context().is_canceled():
            journal.add(f"{name} was cancelled")
        journal.add(f"{name} ended")
        return name

    @ray.method(concurrency_group="tap")
    def pour(self, journal: Tally, let_on: Flag, until_let: int = inputs.VALUES) -> Iterator[int]:
        for value in range(inputs.VALUES):
            if value == until_let:
                let_on.wait()
            journal.add(value)
            yield value

    @ray.method(concurrency_group="window")
    def ping(self) -> None:
        pass


@ray.remote(num_cpus=0)
class PlainDesk:
    """Works as an actor without options does: one call after the other, on its main thread."""

    def work(self, name: str, journal: Tally, let_on: Flag) -> str:
        journal.add(f"{name} began")
        let_on.wait()
        return name


@ray.remote(num_cpus=0)
class Holder:
    """Makes an object, and hands on one that somebody else has made."""

    def pid(self) -> int:
        return os.getpid()

    def give(self, theirs: list[Any]) -> list[Any]:
        return [ray.put(bytes(inputs.LARGE)), *theirs]
