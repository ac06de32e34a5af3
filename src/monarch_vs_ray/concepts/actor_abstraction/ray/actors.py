"""The actors that are put to the test, in Ray, and those that experiments share."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import ray

from monarch_vs_ray.concepts.actor_abstraction import inputs
from monarch_vs_ray.engines.family import members
from monarch_vs_ray.instruments.flags import Flag, Tally
from monarch_vs_ray.instruments.ray import get
from monarch_vs_ray.side import shared

NAME = "first player"


@shared
def players() -> list[Any]:
    """Return two actors, of which the first has a name."""
    return [PingPong.options(name=name).remote(inputs.GREETING) for name in (NAME, None)]


def player() -> Any:
    """Return the one with the name."""
    return players()[0]


@shared
def subject() -> Any:
    """Return an actor with more methods."""
    return Subject.remote(inputs.GREETING)


def helper_names() -> list[str]:
    """Return the names of the processes below this one that no actor lives in or may come to live in."""
    return sorted(filter(None, map(_helper_name, members())))


def _helper_name(process: psutil.Process) -> str:
    try:
        name, words = process.name(), process.cmdline()
    except psutil.NoSuchProcess:
        return ""
    scripts = [Path(word).name for word in words if word.endswith(".py")]
    name = scripts[0] if scripts else name
    is_worker = "worker" in name or (name.startswith("ray::") and not name.endswith("Agent"))
    return "" if is_worker else name


class Player:
    """Answers pings and counts them: a plain class, so that others can inherit from it."""

    def __init__(self, greeting: str) -> None:
        self.greeting = greeting
        self.calls = 0

    def ping(self, caller: str) -> str:
        self.calls += 1
        return self.answer(caller)

    def count(self) -> int:
        return self.calls

    def pid(self) -> int:
        return os.getpid()

    def miss(self) -> None:
        raise ValueError("no ball")

    def answer(self, caller: str) -> str:
        return f"{self.greeting} {caller}"

    def _secret(self) -> str:
        return "seen"


@ray.remote
class PingPong(Player):
    """The plain class as an actor."""


@ray.remote
class LoudPingPong(Player):
    """A subclass of the plain class, decorated."""

    def answer(self, caller: str) -> str:
        return super().answer(caller) + "!"


class Final(Exception):
    """A type of error that nobody can derive another from."""

    def __init_subclass__(cls) -> None:
        raise TypeError("Final has no subclasses")


@ray.remote
class Subject(Player):
    """A player on whom more can be tried."""

    def ping_through_self(self) -> str:
        return self.ping(inputs.CALLER)

    def ping_through_own_handle(self, seconds: float) -> str:
        own = ray.get_runtime_context().current_actor
        return ray.get(own.ping.remote(inputs.CALLER), timeout=seconds)

    def miss_finally(self) -> None:
        raise Final("no ball")

    def append(self, items: Any) -> list[int]:
        items.append(1)
        return list(items)

    def overwrite(self, array: Any) -> float:
        array[0] = 1
        return float(array[0])

    def overwrite_a_copy(self, array: Any) -> float:
        return self.overwrite(array.copy())

    def generate(self, gate: Flag) -> Iterator[int]:
        """Yield one value at once, and two when the gate is open."""
        yield 0
        gate.wait()
        yield 1  # Ray sends into its generators, which `yield from (1, 2)` cannot take
        yield 2

    def generated(self, gate: Flag) -> list[int]:
        return list(self.generate(gate))

    def ask(self, other: Any) -> str:
        return get(other.ping.remote(inputs.CALLER))

    def hold(self, size: int) -> None:
        self.held = b"1" * size

    def setting(self) -> str:
        return os.environ[inputs.SETTING]


class Plain:
    """Every kind of public method, none of them marked."""

    def method(self) -> str:
        return "method"

    def with_default(self, word: str = "with_default") -> str:
        return word

    @classmethod
    def of_the_class(cls) -> str:
        return "of_the_class"

    @staticmethod
    def static() -> str:
        return "static"


class PlainWithProperty(Plain):
    """A property is public too."""

    @property
    def score(self) -> str:
        return "score"


@ray.remote
class Placed:
    """Reports where it was created."""

    def node(self) -> str:
        return ray.get_runtime_context().get_node_id()


@ray.remote
class Broken:
    """Cannot be constructed, and leaves a trace of the attempt."""

    def __init__(self, attempts: Tally) -> None:
        attempts.add()
        raise ValueError("no racket")

    def ping(self, caller: str) -> str:
        return caller


@ray.remote
class Late:
    """Its constructor waits until it is let."""

    def __init__(self, gate: Flag, done: Flag) -> None:
        gate.wait()
        done.put_up()


@ray.remote
class Waiter:
    """Its methods wait for calls of actors: itself, each other in a cycle, a later one."""

    def __init__(self) -> None:
        self.let_go = asyncio.Event()

    async def ping(self) -> str:
        return inputs.GREETING

    async def ask(self, other: Any) -> str:
        return await other.ping.remote()

    async def ask_to_ask(self, other: Any, me: Any) -> str:
        return await other.ask.remote(me)

    async def wait(self) -> str:
        await self.let_go.wait()
        return inputs.GREETING

    async def let(self) -> None:
        self.let_go.set()


class Sync:
    """One call waits for another one to let it go."""

    def __init__(self, waiting: Flag) -> None:
        self.waiting = waiting
        self.gate = threading.Event()

    def wait(self, seconds: float) -> bool:
        self.waiting.put_up()
        return self.gate.wait(seconds)

    def let(self) -> Any:
        self.gate.set()
        return "let"


class SyncAndAsync(Sync):
    """The same with an async method beside the sync one."""

    async def let(self) -> Any:
        return super().let()
