"""The actors that the workloads in Ray call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ray


@ray.remote
class Echo:
    def echo(self, value: Any = None) -> Any:
        return value

    def length(self, value: bytes) -> int:
        return len(value)

    def make(self, size: int) -> bytes:
        return bytes(size)


@ray.remote
class AsyncEcho:
    async def echo(self, value: Any = None) -> Any:
        return value


@ray.remote
class Relay:
    """Calls another actor, and times it there."""

    def __init__(self, other: Any) -> None:
        self._other = other

    def call(self, count: int) -> None:
        for _ in range(count):
            ray.get(self._other.echo.remote())


@ray.remote
class Counter:
    def __init__(self) -> None:
        self._count = 0

    @ray.method(num_returns=0)
    def add(self) -> None:
        self._count += 1

    def count(self) -> int:
        return self._count


@ray.remote
class Stream:
    """Yields many values for one call."""

    def items(self, count: int) -> Iterator[int]:
        for number in range(count):  # noqa: UP028 - Ray 2.60 sends to what is yielded from
            yield number


@ray.remote
class Caller:
    """Calls others, many calls in flight."""

    def __init__(self, others: list[Any]) -> None:
        self._others = others

    def call_others(self, count: int) -> None:
        others = self._others
        ray.get([others[number % len(others)].echo.remote() for number in range(count)])
