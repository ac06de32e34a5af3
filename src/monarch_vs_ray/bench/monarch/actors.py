"""The actors that the workloads in Monarch call."""

from __future__ import annotations

from typing import Any

from monarch.actor import Actor, endpoint


class Echo(Actor):
    @endpoint
    def echo(self, value: Any = None) -> Any:
        return value

    @endpoint
    def length(self, value: bytes) -> int:
        return len(value)

    @endpoint
    def make(self, size: int) -> bytes:
        return bytes(size)


class AsyncEcho(Actor):
    @endpoint
    async def echo(self, value: Any = None) -> Any:
        return value


class Relay(Actor):
    """Calls another actor, and times it there."""

    def __init__(self, other: Any) -> None:
        self._other = other

    @endpoint
    async def call(self, count: int) -> None:
        for _ in range(count):
            await self._other.echo.call_one()


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
        futures = [others[number % len(others)].echo.call_one() for number in range(count)]
        for future in futures:
            await future
