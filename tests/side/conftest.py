"""A fake side: any Python code in a process of its own, under the real launcher and guardian."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest

from monarch_vs_ray.core.clock import MonotonicClock
from monarch_vs_ray.core.events import AnyEvent, LogLine, SideEnded
from monarch_vs_ray.side.launcher import Run
from monarch_vs_ray.side.running import Limits, SideSpec

T = TypeVar("T")

PRELUDE = """
import os, sys, time, json
fd = int(os.environ["MVR_EVENTS_FD"])
def send(raw):
    os.write(fd, raw if isinstance(raw, bytes) else raw.encode())
def event(seq, **fields):
    fields = {"type": "metric", "name": "m", "value": 1.0, "unit": "us", **fields}
    return json.dumps({"side": "ray", "at": 1, "seq": seq, **fields}) + "\\n"
"""


@dataclass
class Watched:
    """A run of one fake side, and all that came of it."""

    run: Run
    events: list[AnyEvent] = field(default_factory=list)
    raw: bytearray = field(default_factory=bytearray)

    def poll(self) -> None:
        batch = self.run.poll(0.05)
        self.events += batch.events
        self.raw += batch.raw

    def until(self, happened: Callable[[], bool], what: str, seconds: float = 15.0) -> None:
        end = time.monotonic() + seconds
        while not happened():
            assert time.monotonic() < end, f"waited {seconds} s for {what}; seen: {self.events[-5:]}"
            self.poll()

    def to_the_end(self) -> Watched:
        self.until(lambda: self.run.over, "the end of the run")
        return self

    def of(self, kind: type[T]) -> list[T]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def ended(self) -> SideEnded:
        assert isinstance(self.events[-1], SideEnded)
        return self.events[-1]

    def text(self, origin: str) -> list[str]:
        return [event.text for event in self.of(LogLine) if event.origin == origin]


@pytest.fixture
def start():
    """Start a fake side that runs the given code; it is ended with the test."""
    started: list[Run] = []

    def start(code: str, *, limits: Limits | None = None, **spec: Any) -> Watched:
        command = (sys.executable, "-I", "-S", "-c", PRELUDE + code)
        spec = {"command": command, "deadline": 10.0, **spec}
        run = Run([SideSpec("ray", **spec)], MonotonicClock(), limits)
        started.append(run)
        return Watched(run)

    yield start
    for run in started:
        run.stop()
        end = time.monotonic() + 10
        while not run.over and time.monotonic() < end:
            run.poll(0.05)
