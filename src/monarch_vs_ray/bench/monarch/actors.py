"""The actors that the workloads in Monarch call."""

from __future__ import annotations

import time
from typing import Any

from monarch.actor import Actor, endpoint

from monarch_vs_ray.bench.measure import WrongAnswer
from monarch_vs_ray.bench.payload import checksum, payload


class Echo(Actor):
    @endpoint
    def echo(self, value: Any = None) -> Any:
        return value

    @endpoint
    def length(self, value: bytes) -> int:
        return len(value)

    @endpoint
    def checksum(self, value: bytes) -> int:
        return checksum(value)

    @endpoint
    def prepare(self, size: int) -> None:
        self._data = bytes(payload(size))

    @endpoint
    def data(self) -> bytes:
        return self._data


class AsyncEcho(Actor):
    @endpoint
    async def echo(self, value: Any = None) -> Any:
        return value


class Relay(Actor):
    """Calls another actor, and times it there."""

    def __init__(self, other: Any) -> None:
        self._other = other

    @endpoint
    async def call(self, count: int) -> int:
        """Return the nanoseconds of so many calls."""
        began = time.perf_counter_ns()
        for number in range(count):
            if await self._other.echo.call_one(number) != number:
                raise WrongAnswer("another number came back")
        return time.perf_counter_ns() - began


class Counter(Actor):
    def __init__(self) -> None:
        self._count = 0

    @endpoint
    def add(self) -> None:
        self._count += 1

    @endpoint
    def count(self) -> int:
        return self._count


class Stream(Actor):
    """Sends many values for one call."""

    @endpoint
    def items(self, port: Any, count: int) -> None:
        for number in range(count):
            port.send(number)


class Caller(Actor):
    """Calls others, many calls in flight."""

    def __init__(self, others: list[Any]) -> None:
        self._others = others

    @endpoint
    async def call_others(self, count: int) -> None:
        others = self._others
        futures = [others[number % len(others)].echo.call_one(number) for number in range(count)]
        if [await future for future in futures] != list(range(count)):
            raise WrongAnswer("other numbers came back")
