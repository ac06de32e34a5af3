"""Actors to look at from outside, in Ray."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import Any

import psutil
import ray

from monarch_vs_ray.bench.ray.calls import TIMEOUT


@ray.remote
class Process:
    def pid(self) -> int:
        return os.getpid()


def spawn(count: int) -> list[Any]:
    """Return actors that answer, with their processes."""
    actors = [Process.remote() for _ in range(count)]
    return list(zip(actors, ray.get([actor.pid.remote() for actor in actors], timeout=TIMEOUT), strict=True))


def end(actors: list[Any]) -> None:
    """End the actors, and wait until their processes are gone."""
    for actor, _ in actors:
        ray.kill(actor)
    end = time.monotonic() + TIMEOUT
    for _, pid in actors:
        with suppress(psutil.NoSuchProcess):
            psutil.Process(pid).wait(max(0.0, end - time.monotonic()))
