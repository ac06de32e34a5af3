"""The actors whose order is put to the test, in Ray."""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any

import ray

from monarch_vs_ray.concepts.message_ordering import inputs
from monarch_vs_ray.instruments.ray import get

LANES = {"left": 1, "right": 1}
"""Threads of each concurrency group."""


@ray.remote
class Inbox:
    """Writes down what comes, in the order in which it runs."""

    def __init__(self) -> None:
        self.arrivals: list[inputs.Arrival] = []
        self.began: dict[str, int] = {}

    def put(self, sender: str, number: int, argument: object = None) -> None:
        self.arrivals.append((sender, number))
        self.began[f"{sender}{number}"] = time.monotonic_ns()

    def take(self) -> list[inputs.Arrival]:
        taken, self.arrivals = self.arrivals, []
        return taken

    def times(self, names: list[str]) -> dict[str, int]:
        """Return when the latest call of each name began, on the machine's monotonic clock."""
        return {name: self.began[name] for name in names}


@ray.remote
class Sender:
    """Sends to an inbox, from a process of its own."""

    def __init__(self, inbox: Any) -> None:
        self.inbox = inbox

    def send(self, name: str, count: int) -> None:
        ray.get([self.inbox.put.remote(name, number) for number in range(count)])

    def send_one(self, inbox: Any, name: str, number: int) -> int:
        sent = time.monotonic_ns()
        get(inbox.put.remote(name, number))
        return sent


@ray.remote
class Gate:
    """A reference to ``passed`` is ready only when somebody has opened, once for each."""

    def __init__(self) -> None:
        self.permits = asyncio.Semaphore(0)

    async def open(self) -> None:
        self.permits.release()

    async def passed(self) -> None:
        await self.permits.acquire()


class Slow:
    """Writes down when a call begins and when it ends; how many run at once depends on the actor."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.ended: list[int] = []

    def put(self, number: int) -> None:
        self.begun.append(number)
        time.sleep(inputs.linger(number))
        self.ended.append(number)

    def taken(self) -> tuple[list[int], list[int]]:
        return self.begun, self.ended


@ray.remote
class SlowInbox(Slow):
    """One call at a time, or as many threads as max_concurrency says."""


@ray.remote(concurrency_groups=LANES)
class Lanes(Slow):
    """A lane for each group, with a thread of its own."""


@ray.remote
class AsyncInbox:
    """The same with an async method, on one thread."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.ended: list[int] = []

    async def put(self, number: int) -> None:
        self.begun.append(number)
        await asyncio.sleep(inputs.linger(number))
        self.ended.append(number)

    async def taken(self) -> tuple[list[int], list[int]]:
        return self.begun, self.ended


@ray.remote
class Journal:
    """Writes each call to a file, which outlives the actor; dies once at most, in its first life."""

    def __init__(self, path: str, dies_in: int | None = None) -> None:
        self.file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        restarted = ray.get_runtime_context().was_current_actor_reconstructed
        self.dies_in = None if restarted else dies_in

    def pid(self) -> int:
        return os.getpid()

    def write(self, number: int) -> None:
        os.write(self.file, b"%d\n" % number)
        if number == self.dies_in:
            os._exit(1)
