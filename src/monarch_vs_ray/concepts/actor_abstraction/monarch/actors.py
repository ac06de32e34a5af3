"""Actors for the probes on Monarch, and how they are spawned."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from monarch.actor import Actor, Future, HostMesh, Port, ProcMesh, endpoint, shutdown_context, this_host

from monarch_vs_ray.concepts.actor_abstraction import spec
from monarch_vs_ray.concepts.actor_abstraction.on_monarch import PingPong
from monarch_vs_ray.concepts.actor_abstraction.probe_tools import PATIENCE, until
from monarch_vs_ray.engines.monarch import running


@contextmanager
def session() -> Iterator[None]:
    """Monarch as usual, and the end of the rented host."""
    with running():
        try:
            yield
        finally:
            try:  # the processes first: with their host gone, Monarch would wait 10 s for them
                get(shutdown_context())
            finally:
                if job.cache_info().currsize:
                    job().kill()


@cache
def job() -> Any:
    """A job for a host beside this program's own; it is started when it is first asked for."""
    from monarch.job import ProcessJob  # takes 0.3 s, and only this process needs it

    return ProcessJob({"workers": 1})


def get(future: Future[Any]) -> Any:
    """What must come, with a limit on how long it may take."""
    return future.get(timeout=PATIENCE)


@cache
def two_processes() -> ProcMesh:
    return this_host().spawn_procs(per_host={"procs": spec.ACTORS})


@cache
def players() -> Any:
    """Two actors in a process each."""
    return two_processes().spawn("players", PingPong, spec.GREETING)


def player() -> Any:
    return players().slice(procs=0)


@cache
def subject() -> Any:
    """One actor in a process of its own."""
    return this_host().spawn_procs().spawn("subject", Subject, spec.GREETING)


@cache
def rented() -> Any:
    """One actor on the rented host."""
    host: HostMesh = job().state(cached_path=None).workers
    return host.spawn_procs().spawn("rented", Subject, spec.GREETING)


class Subject(PingPong):
    """A player on whom more can be tried."""

    @endpoint
    def ping_through_self(self) -> str:
        return self.ping(spec.CALLER)

    @endpoint
    def answer_through_self(self) -> str:
        return self.answer(spec.CALLER)

    @endpoint
    def _marked(self) -> str:
        return "seen"

    @endpoint
    def append(self, items: list[int]) -> list[int]:
        items.append(1)
        return items

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
        return get(other.ping.call_one(spec.CALLER))

    @endpoint
    def hold(self, size: int) -> None:
        self.held = b"1" * size

    @endpoint
    def say(self, word: str) -> None:
        print(word, flush=True)
        print(word, file=sys.stderr, flush=True)


class WithoutBase:
    """Has an endpoint, but is no Actor."""

    @endpoint
    def ping(self, caller: str) -> str:
        return caller


class SyncAndAsync(Actor):
    @endpoint
    def plain(self) -> int:
        return 1

    @endpoint
    async def unhurried(self) -> int:
        return 2


class Overriding(PingPong):
    """Overrides an endpoint, and wants to use the one it overrides."""

    @endpoint
    def ping(self, caller: str) -> str:
        return super().ping(caller) + "!"


class Late(Actor):
    """Its constructor waits until it is let."""

    def __init__(self, gate: Path, done: Path) -> None:
        until(gate.exists, "the gate to open")
        done.touch()

    @endpoint
    def ping(self, caller: str) -> str:
        return caller


class Beating(Actor):
    """Writes a line again and again, until it is cleaned up."""

    def __init__(self, path: Path) -> None:
        self.path, self.over = path, threading.Event()
        self.path.touch()
        threading.Thread(target=self.beat, daemon=True).start()

    def beat(self) -> None:
        while not self.over.wait(0.01):
            with self.path.open("a") as file:
                file.write("alive\n")

    @endpoint
    def ping(self, caller: str) -> str:
        return caller

    def __cleanup__(self, error: Exception | None) -> None:
        self.over.set()
