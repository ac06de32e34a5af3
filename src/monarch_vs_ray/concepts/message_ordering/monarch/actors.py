"""The actors whose order is put to the test, in Monarch."""

from __future__ import annotations

import asyncio
import os
import time

from monarch.actor import Actor, concurrent_endpoint, endpoint

from monarch_vs_ray.concepts.message_ordering import inputs
from monarch_vs_ray.instruments.monarch import get


class Inbox(Actor):
    """Writes down what comes, in the order in which it runs."""

    def __init__(self) -> None:
        self.arrivals: list[inputs.Arrival] = []
        self.began: dict[str, int] = {}

    @endpoint
    def put(self, sender: str, number: int) -> None:
        self.arrivals.append((sender, number))
        self.began[f"{sender}{number}"] = time.monotonic_ns()

    @endpoint
    def take(self) -> list[inputs.Arrival]:
        taken, self.arrivals = self.arrivals, []
        return taken

    @endpoint
    def times(self, names: list[str]) -> dict[str, int]:
        """Return when the latest call of each name began, on the machine's monotonic clock."""
        return {name: self.began[name] for name in names}

    @endpoint
    def pid(self) -> int:
        return os.getpid()


class Sender(Actor):
    """Sends to an inbox, from a process of its own."""

    def __init__(self, inbox: Inbox) -> None:
        self.inbox = inbox

    @endpoint
    def send(self, name: str, count: int) -> None:
        for number in range(count):
            self.inbox.put.broadcast(name, number)

    @endpoint
    def send_one(self, name: str, number: int) -> int:
        sent = time.monotonic_ns()
        get(self.inbox.put.call_one(name, number))
        return sent


class AsyncInbox(Actor):
    """Writes down when a call begins and when it ends."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.ended: list[int] = []

    @endpoint
    async def put(self, number: int) -> None:
        await self.receive(number)

    @concurrent_endpoint
    async def put_concurrently(self, number: int) -> None:
        await self.receive(number)

    @endpoint
    async def take(self) -> tuple[list[int], list[int]]:
        taken, self.begun, self.ended = (self.begun, self.ended), [], []
        return taken

    async def receive(self, number: int) -> None:
        self.begun.append(number)
        await asyncio.sleep(inputs.linger(number))
        self.ended.append(number)


class Journal(Actor):
    """Writes each call to a file, which outlives the actor."""

    def __init__(self, path: str, dies_in: int | None = None) -> None:
        self.file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        self.dies_in = dies_in

    @endpoint
    def pid(self) -> int:
        return os.getpid()

    @endpoint
    def write(self, number: int) -> None:
        os.write(self.file, b"%d\n" % number)
        if number == self.dies_in:
            os._exit(1)
