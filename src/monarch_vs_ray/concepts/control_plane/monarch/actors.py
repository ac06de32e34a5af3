"""The actors that are called, streamed from, given up and stopped, in Monarch."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from monarch.actor import (
    Actor,
    Channel,
    HostMesh,
    Port,
    PortReceiver,
    concurrent_endpoint,
    current_rank,
    endpoint,
    get_or_spawn_controller,
    this_proc,
)

from monarch_vs_ray.concepts.control_plane import inputs
from monarch_vs_ray.instruments.flags import Tally
from monarch_vs_ray.instruments.wait import PATIENCE


class Echo(Actor):
    """Answers; one of them only once it is let on."""

    def __init__(self) -> None:
        self.rank = current_rank().rank
        self.let_on = asyncio.Event()
        self.count = 0

    @endpoint
    async def echo(self, word: Any) -> Any:
        return word

    @concurrent_endpoint  # others are served while this one waits
    async def rank_once_let(self) -> int:
        if self.rank == inputs.HELD:
            await self.let_on.wait()
        return self.rank

    @endpoint
    async def let(self) -> None:
        self.let_on.set()

    @endpoint
    async def add(self) -> None:
        self.count += 1

    @endpoint
    async def added(self) -> int:
        return self.count

    @endpoint
    async def stumble(self, raised: Tally) -> None:
        try:
            raise ValueError("nobody waits for this")
        except ValueError:
            raised.add()
            raise

    @endpoint
    async def write(self, mailbox: Port[Any], value: object = None) -> None:
        mailbox.send(self.rank if value is None else value)

    @endpoint
    async def read(self, mailbox: PortReceiver[int]) -> int:
        return await mailbox.recv()

    @endpoint
    async def read_actor(self, mailbox: Inbox) -> int:
        return await mailbox.take.call_one()


class Inbox(Actor):
    """A mailbox made of an actor."""

    def __init__(self) -> None:
        self.values: asyncio.Queue[int] = asyncio.Queue()

    @endpoint
    async def put(self, value: int) -> None:
        self.values.put_nowait(value)

    @concurrent_endpoint
    async def take(self) -> int:
        return await self.values.get()


class Source(Actor):
    """Hands out many values while one call runs."""

    def __init__(self) -> None:
        self.let_on = asyncio.Event()
        self.count = 0

    @concurrent_endpoint
    async def stream(self, reader: Port[int], until_let: int = inputs.VALUES) -> None:
        for value in range(inputs.VALUES):
            if value == until_let:
                await self.let_on.wait()
            self.count += 1
            reader.send(value)

    @concurrent_endpoint
    async def stream_on_credit(self, reader: Port[Any]) -> None:
        credit, credits = Channel[None].open()  # a port the other way: what the reader gives back
        reader.send(credit)
        for self.count in range(1, inputs.VALUES + 1):
            reader.send(self.count)
            if self.count >= inputs.BOUND:
                await credits.recv()

    @endpoint
    async def let(self) -> None:
        self.let_on.set()

    @endpoint
    async def sent(self) -> int:
        return self.count


class Desk(Actor):
    """Does one piece of work at a time, and writes down what becomes of each."""

    def __init__(self, journal: Tally) -> None:
        self.journal = journal
        self.desk = asyncio.Lock()
        self.let_on = asyncio.Event()

    @concurrent_endpoint
    async def work(self, name: str) -> str:
        async with self.desk:
            self.journal.add(f"{name} began")
            await self.let_on.wait()
            self.journal.add(f"{name} ended")
        return name

    @concurrent_endpoint
    async def let(self) -> None:
        self.let_on.set()


class Crowd(Actor):
    """Counts how many of its calls are under way at once."""

    def __init__(self) -> None:
        self.inside = self.most = 0
        self.full = asyncio.Event()

    @concurrent_endpoint
    async def enter(self) -> None:
        await self.stay(PATIENCE)

    @endpoint
    async def enter_alone(self) -> None:
        await self.stay(inputs.WINDOW)

    async def stay(self, at_most: float) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        if self.inside == inputs.AT_ONCE:
            self.full.set()
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.full.wait(), at_most)
        self.inside -= 1

    @endpoint
    async def most_at_once(self) -> int:
        return self.most


class Registry(Actor):
    """There is one of it, known by its name."""

    @endpoint
    async def pid(self) -> int:
        return os.getpid()


class Busy(Actor):
    """Does something again and again until ``hush``, and returns the moments at which it was done."""

    def __init__(self) -> None:
        self.going = False
        self.begun = asyncio.Event()

    @endpoint
    async def echo(self, message: bytes) -> bytes:
        return message

    @endpoint
    async def pid(self) -> int:
        return os.getpid()

    @concurrent_endpoint
    async def chat(self, other: Busy, size: int) -> list[float]:
        return await self.repeat(lambda: other.echo.call_one(bytes(size)))

    @concurrent_endpoint
    async def make_actors(self) -> list[float]:
        return await self.repeat(lambda: this_proc().spawn("child", Busy).pid.call_one())

    @concurrent_endpoint
    async def make_processes(self, host: HostMesh) -> list[float]:
        async def make() -> None:
            procs = host.spawn_procs()
            await procs.spawn("child", Busy).pid.call()
            await procs.stop()

        return await self.repeat(make)

    @concurrent_endpoint
    async def seek(self) -> list[float]:
        return await self.repeat(lambda: get_or_spawn_controller("registry", Registry))

    @endpoint
    async def find(self) -> int:
        registry = await get_or_spawn_controller("registry", Registry)
        return await registry.pid.call_one()

    async def repeat(self, act: Callable[[], Awaitable[object]]) -> list[float]:
        moments: list[float] = []
        self.going = True
        while self.going and len(moments) < inputs.MOST_ROUNDS:
            await act()
            moments.append(time.monotonic())
            self.begun.set()
        self.begun.clear()
        return moments

    @concurrent_endpoint
    async def under_way(self) -> None:
        await self.begun.wait()

    @endpoint
    async def hush(self) -> None:
        self.going = False
