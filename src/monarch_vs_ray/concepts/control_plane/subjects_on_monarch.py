"""Actors for the probes on Monarch, and the processes and hosts that they live in."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from monarch.actor import (
    Actor,
    Channel,
    Future,
    HostMesh,
    Port,
    ProcMesh,
    concurrent_endpoint,
    endpoint,
    get_or_spawn_controller,
    shutdown_context,
    this_host,
)

from monarch_vs_ray.concepts.control_plane import spec
from monarch_vs_ray.concepts.control_plane.on_monarch import Echo, Talker, get
from monarch_vs_ray.concepts.control_plane.probe_tools import AT_ONCE
from monarch_vs_ray.engines.family import members, wait_until_gone
from monarch_vs_ray.side import fault

if TYPE_CHECKING:
    from monarch.job import ProcessJob


class Writer(Actor):
    @endpoint
    async def write(self, mailbox: Port[Any], value: object) -> None:
        mailbox.send(value)


class Desk(Actor):
    """Does one piece of work at a time, and reports what becomes of each."""

    def __init__(self, reports: Port[str]) -> None:
        self.reports = reports
        self.desk = asyncio.Lock()
        self.let_on = asyncio.Event()

    @concurrent_endpoint
    async def work(self, name: str) -> str:
        async with self.desk:
            self.reports.send(f"{name} began")
            await self.let_on.wait()
            self.reports.send(f"{name} ended")
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
        await self.stay(spec.PATIENCE)

    @endpoint
    async def enter_alone(self) -> None:
        await self.stay(spec.SHORT_PATIENCE)

    async def stay(self, at_most: float) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        if self.inside == AT_ONCE:
            self.full.set()
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.full.wait(), at_most)
        self.inside -= 1

    @endpoint
    async def counted(self) -> int:
        return self.most


class Registry(Actor):
    """There is one of it, known by its name."""

    @endpoint
    async def pid(self) -> int:
        return os.getpid()


class Seeker(Actor):
    @endpoint
    async def find(self) -> int:
        registry = await get_or_spawn_controller("registry", Registry)
        return await registry.pid.call_one()


@contextmanager
def session() -> Iterator[None]:
    """Monarch as usual; further hosts end last, for the program says good-bye to them when it ends."""
    try:
        yield
    finally:
        family = members()
        shutdown_context().get(timeout=spec.PATIENCE)
        if job.cache_info().currsize:
            job().kill()
        wait_until_gone(family, "Monarch", spec.PATIENCE)


@cache
def job() -> ProcessJob:
    """Two further hosts on this machine, each of them a process."""
    from monarch.job import ProcessJob  # takes 0.3 s, and only this process needs it

    return ProcessJob({"left": 1, "right": 1})


def two_hosts() -> list[HostMesh]:
    state = job().state(cached_path=None)
    return [state.left, state.right]


@cache
def procs() -> ProcMesh:
    """The processes that most probes put their actors into."""
    return this_host().spawn_procs(per_host={"procs": spec.ACTORS})


def three_echoes() -> Echo:
    echoes = procs().spawn("echo", Echo)
    get(echoes.who.call())  # until they are there
    return echoes


def one(kind: type[Any], *args: object) -> Any:
    return procs().spawn(kind.__name__.lower(), kind, *args).slice(procs=0)


def at_the_desk() -> tuple[Any, Any, Future[str], Future[str]]:
    """The reports of a desk, the desk, the call that it works on, and one that waits."""
    port, reports = Channel[str].open()
    desk = procs().spawn("desk", Desk, port)
    work = desk.slice(procs=0).work
    first, second = work.call_one("first"), work.call_one("second")
    assert get(reports.recv()) == "first began"
    return reports, desk, first, second


def two_talkers() -> tuple[Any, Any]:
    talkers = procs().spawn("talker", Talker)
    return talkers.slice(procs=0), talkers.slice(procs=1)


def done_while_stopped(who: str, pid: int, *talks: tuple[Any, Any], at_least: float = 0.0) -> list[int]:
    """Of actors and what they do again and again: how often each did it while this process stood still."""
    for talker, _ in talks:
        get(talker.under_way.call_one())
    fault("SIGSTOP", who)
    window = spec.freeze(pid, at_least=at_least)
    for talker, _ in talks:
        get(talker.hush.call_one())
    return [spec.inside(get(talk), window) for _, talk in talks]
