"""The actors that the workloads in Ray call."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

import ray

from monarch_vs_ray.bench.measure import WrongAnswer
from monarch_vs_ray.bench.payload import checksum, payload


class Process:
    """Report the actor's process id, so that a caller can wait for its exit."""

    def pid(self) -> int:
        return os.getpid()


@ray.remote
class Echo(Process):
    def echo(self, value: Any = None) -> Any:
        return value

    def length(self, value: bytes) -> int:
        return len(value)

    def checksum(self, value: bytes) -> int:
        return checksum(value)

    def prepare(self, size: int) -> None:
        self._data = bytes(payload(size))

    def data(self) -> bytes:
        return self._data


@ray.remote
class AsyncEcho(Process):
    async def echo(self, value: Any = None) -> Any:
        return value


@ray.remote
class Relay(Process):
    """Calls another actor, and times it there."""

    def __init__(self, other: Any) -> None:
        self._other = other

    def call(self, count: int) -> int:
        """Return the nanoseconds of so many calls."""
        began = time.perf_counter_ns()
        for number in range(count):
            if ray.get(self._other.echo.remote(number)) != number:
                raise WrongAnswer("another number came back")
        return time.perf_counter_ns() - began


@ray.remote
class Counter(Process):
    def __init__(self) -> None:
        self._count = 0

    @ray.method(num_returns=0)
    def add(self) -> None:
        self._count += 1

    def count(self) -> int:
        return self._count


@ray.remote
class Stream(Process):
    """Yields many values for one call."""

    def items(self, count: int) -> Iterator[int]:
        for number in range(count):  # noqa: UP028 - Ray 2.60 sends to what is yielded from
            yield number


@ray.remote
class Caller(Process):
    """Calls others, many calls in flight."""

    def __init__(self, others: list[Any]) -> None:
        self._others = others

    def call_others(self, count: int) -> None:
        others = self._others
        answers = ray.get([others[number % len(others)].echo.remote(number) for number in range(count)])
        if answers != list(range(count)):
            raise WrongAnswer("other numbers came back")
