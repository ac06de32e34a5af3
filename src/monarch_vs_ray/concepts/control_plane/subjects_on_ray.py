"""Actors for the probes on Ray, and how they are made: each of them once, since it takes a process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from functools import cache
from typing import Any

import ray
from ray.util.queue import Queue

from monarch_vs_ray.concepts.control_plane import spec
from monarch_vs_ray.concepts.control_plane.on_ray import Echo, get
from monarch_vs_ray.side import fault

CROWD = 2


@ray.remote(num_cpus=0)
class Member(Echo.__ray_metadata__.modified_class):  # type: ignore[name-defined]
    """An Echo that can be held back again, and looks other actors up by their names."""

    async def hold(self) -> None:
        self.let_on.clear()

    async def seek(self, name: str) -> list[float]:
        async def look() -> None:
            ray.get_actor(name)
            await asyncio.sleep(0)

        found: list[float] = await self.repeat(look)
        return found


@ray.remote(num_cpus=0, concurrency_groups={"desk": 1, "crowd": CROWD, "window": 1})
class Desk:
    """Does one piece of work at a time, and keeps what became of each; each group has an event loop."""

    def __init__(self) -> None:
        self.let_on = threading.Event()
        self.renewed()

    @ray.method(concurrency_group="window")
    def renewed(self) -> None:
        self.let_on.clear()
        self.reports: list[str] = []
        self.inside = self.most = 0

    @ray.method(concurrency_group="desk")
    async def work(self, name: str) -> str:
        self.reports.append(f"{name} began")
        await self.until_let()
        self.reports.append(f"{name} ended")
        return name

    async def enter(self) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        await self.until_let()
        self.inside -= 1

    async def until_let(self) -> None:
        while not self.let_on.is_set():
            await asyncio.sleep(0.01)

    @ray.method(concurrency_group="window")
    async def let(self) -> None:
        self.let_on.set()

    @ray.method(concurrency_group="window")
    async def heard(self) -> list[str]:
        return self.reports

    @ray.method(concurrency_group="window")
    async def most_at_once(self) -> int:
        return self.most


@ray.remote(num_cpus=0, concurrency_groups={"desk": 1, "tap": 1, "window": 1})
class ThreadedDesk:
    """The same on threads: its work may ask whether it has been cancelled. It also pours out values."""

    def __init__(self) -> None:
        self.let_on = threading.Event()
        self.renewed()

    @ray.method(concurrency_group="window")
    def renewed(self) -> None:
        self.let_on.clear()
        self.reports: list[str] = []
        self.made = 0

    @ray.method(concurrency_group="desk")
    def work(self, name: str) -> str:
        self.reports.append(f"{name} began")
        self.let_on.wait(spec.PATIENCE)
        asked = getattr(ray.get_runtime_context(), "is_canceled", lambda: False)()  # older releases have none
        self.reports.append(f"{name} ended{', cancelled' if asked else ''}")
        return name

    @ray.method(concurrency_group="tap")
    def pour(self, until_let: int = spec.VALUES) -> Iterator[int]:
        """After so many values it waits until it is let."""
        for value in range(spec.VALUES):
            if value == until_let:
                self.let_on.wait(spec.PATIENCE)
            self.made += 1
            yield value

    @ray.method(concurrency_group="window")
    def let(self) -> None:
        self.let_on.set()

    @ray.method(concurrency_group="window")
    def heard(self) -> list[str]:
        return self.reports

    @ray.method(concurrency_group="window")
    def counted(self) -> int:
        return self.made


@ray.remote(num_cpus=0)
class Holder:
    """Makes an object, and hands on one that somebody else has made."""

    def give(self, theirs: list[Any]) -> list[Any]:
        return [ray.put(bytes(spec.LARGE)), *theirs]


@cache
def echoes() -> list[Any]:
    """The actors that most probes ask."""
    return [Member.options(name=f"echo {number}").remote(number) for number in range(spec.ACTORS)]


@cache
def made(kind: Any) -> Any:
    return kind.remote()


def renewed(kind: Any) -> Any:
    """The one desk of this kind, as if new."""
    get(made(kind).renewed.remote())
    return made(kind)


def at_the_desk(kind: Any) -> tuple[Any, Any]:
    """A desk and the call that it works on."""
    desk = renewed(kind)
    first = desk.work.remote("first")
    if not spec.until(lambda: get(desk.heard.remote()) == ["first began"]):
        raise TimeoutError(f"waited {spec.PATIENCE:g} s for the first call to begin")
    return desk, first


@cache
def mailbox() -> Queue:
    return Queue(actor_options={"num_cpus": 0})


@cache
def left_by_a_dead_actor() -> list[Any]:
    """References that an actor gave before it died: to an object of its own, and to one of this program's.

    They are given when the first of the objects is lost.
    """
    holder = Holder.remote()
    refs: list[Any] = get(holder.give.remote([ray.put(bytes(spec.LARGE))]))
    fault("ray.kill", "the actor that the references came from")
    ray.kill(holder)
    spec.until(lambda: spec.error_of(lambda: get(refs[0])) is not None)
    return refs
