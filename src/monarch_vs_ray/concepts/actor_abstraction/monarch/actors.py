"""The actors that are put to the test, in Monarch, and those that experiments share."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from typing import Any

from monarch.actor import Actor, Port, ProcMesh, concurrent_endpoint, endpoint, this_host

from monarch_vs_ray.concepts.actor_abstraction import inputs
from monarch_vs_ray.instruments.flags import Flag, Tally
from monarch_vs_ray.instruments.monarch import get
from monarch_vs_ray.side import shared


@shared
def two_processes() -> ProcMesh:
    """Return two processes."""
    return this_host().spawn_procs(per_host={"procs": inputs.ACTORS})


@shared
def players() -> Any:
    """Return two actors in a process each."""
    return two_processes().spawn("players", PingPong, inputs.GREETING)


def player() -> Any:
    """Return one of them."""
    return players().slice(procs=0)


@shared
def subject() -> Any:
    """Return one actor with more endpoints, in a process of its own."""
    return this_host().spawn_procs().spawn("subject", Subject, inputs.GREETING)


class PingPong(Actor):
    """Answers pings and counts them."""

    def __init__(self, greeting: str) -> None:
        self.greeting = greeting
        self.calls = 0

    @endpoint
    def ping(self, caller: str) -> str:
        self.calls += 1
        return self.answer(caller)

    @endpoint
    def count(self) -> int:
        return self.calls

    @endpoint
    def pid(self) -> int:
        return os.getpid()

    @endpoint
    def miss(self) -> None:
        raise ValueError("no ball")

    def answer(self, caller: str) -> str:  # no @endpoint: for the actor itself and its subclasses
        return f"{self.greeting} {caller}"

    def _secret(self) -> str:
        return "seen"


class LoudPingPong(PingPong):
    """Overrides a plain method; the endpoints come along."""

    def answer(self, caller: str) -> str:
        return super().answer(caller) + "!"


class Overriding(PingPong):
    """Overrides an endpoint, and wants to use the one it overrides."""

    @endpoint
    def ping(self, caller: str) -> str:
        return super().ping(caller) + "!"


class Subject(PingPong):
    """A player on whom more can be tried."""

    @endpoint
    def ping_through_self(self) -> str:
        return self.ping(inputs.CALLER)

    @endpoint
    def answer_through_self(self) -> str:
        return self.answer(inputs.CALLER)

    @endpoint
    def _marked(self) -> str:
        return "seen"

    @endpoint
    def append(self, items: Any) -> list[int]:
        items.append(1)
        return list(items)

    @endpoint
    def overwrite(self, array: Any) -> float:
        array[0] = 1
        return float(array[0])

    @endpoint
    def generate(self, count: int) -> Iterator[int]:
        yield from range(count)

    @endpoint
    def send(self, port: Port[int], count: int) -> None:
        for number in range(count):
            port.send(number)

    @endpoint
    def ask(self, other: Any) -> str:
        return get(other.ping.call_one(inputs.CALLER))

    @endpoint
    def hold(self, size: int) -> None:
        self.held = b"1" * size

    @endpoint
    def setting(self) -> str:
        return os.environ[inputs.SETTING]


class WithoutBase:
    """Has an endpoint, but is no Actor."""

    def __init__(self, greeting: str) -> None:
        self.greeting = greeting

    @endpoint
    def ping(self, caller: str) -> str:
        return f"{self.greeting} {caller}"


class Sync(Actor):
    """Has a sync endpoint."""

    @endpoint
    def plain(self) -> int:
        return 1


class SyncAndAsync(Sync):
    """Has an async one beside it."""

    @endpoint
    async def unhurried(self) -> int:
        return 2


class Room(Actor):
    """Counts how many calls of a plain endpoint are inside at once."""

    def __init__(self) -> None:
        self.room = inputs.Room()

    @endpoint
    def enter(self, patience: float) -> tuple[int, int]:
        return self.room.enter(patience)


class AsyncRoom(Actor):
    """Counts how many calls of async endpoints are inside at once."""

    def __init__(self) -> None:
        self.room = inputs.AsyncRoom()

    @endpoint
    async def enter(self, patience: float) -> tuple[int, int]:
        return await self.room.enter(patience)

    @concurrent_endpoint
    async def enter_concurrently(self, patience: float) -> tuple[int, int]:
        return await self.room.enter(patience)


class Waiter(Actor):
    """Its endpoints wait for calls of actors: itself, each other in a cycle, a later one."""

    def __init__(self) -> None:
        self.let_go = asyncio.Event()

    @endpoint
    async def ping(self) -> str:
        return inputs.GREETING

    @endpoint
    async def ask(self, other: Any) -> str:
        return await other.ping.call_one()

    @endpoint
    async def ask_to_ask(self, other: Any, me: Any) -> str:
        return await other.ask.call_one(me)

    @endpoint
    async def wait(self) -> str:
        await self.let_go.wait()
        return inputs.GREETING

    @endpoint
    async def let(self) -> None:
        self.let_go.set()


class ConcurrentWaiter(Actor):
    """The same with concurrent endpoints."""

    def __init__(self) -> None:
        self.let_go = asyncio.Event()

    @concurrent_endpoint
    async def ping(self) -> str:
        return inputs.GREETING

    @concurrent_endpoint
    async def ask(self, other: Any) -> str:
        return await other.ping.call_one()

    @concurrent_endpoint
    async def ask_to_ask(self, other: Any, me: Any) -> str:
        return await other.ask.call_one(me)

    @concurrent_endpoint
    async def wait(self) -> str:
        await self.let_go.wait()
        return inputs.GREETING

    @concurrent_endpoint
    async def let(self) -> None:
        self.let_go.set()


class Broken(Actor):
    """Cannot be constructed, and leaves a trace of the attempt."""

    def __init__(self, attempts: Tally) -> None:
        attempts.add()
        raise ValueError("no racket")

    @endpoint
    def ping(self, caller: str) -> str:
        return caller


class Late(Actor):
    """Its constructor waits until it is let."""

    def __init__(self, gate: Flag, done: Flag) -> None:
        gate.wait()
        done.put_up()

    @endpoint
    def ping(self, caller: str) -> str:
        return caller


class Beating(Actor):
    """Writes a line again and again, until it is cleaned up."""

    def __init__(self, tally: Tally) -> None:
        self.tally, self.over = tally, threading.Event()
        threading.Thread(target=self.beat, daemon=True).start()

    def beat(self) -> None:
        while not self.over.wait(0.02):
            self.tally.add("alive")

    @endpoint
    def ping(self, caller: str) -> str:
        return caller

    def __cleanup__(self, error: Exception | None) -> None:
        self.over.set()
