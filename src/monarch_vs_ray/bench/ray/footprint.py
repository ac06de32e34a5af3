"""Actors to look at from outside, in Ray."""

from __future__ import annotations

from typing import Any

import ray

from monarch_vs_ray.bench.ray import calls
from monarch_vs_ray.bench.ray.actors import Echo
from monarch_vs_ray.bench.ray.calls import TIMEOUT


def spawn(count: int) -> list[Any]:
    """Return actors that answer."""
    actors = [Echo.remote() for _ in range(count)]
    ray.get([actor.echo.remote() for actor in actors], timeout=TIMEOUT)
    return actors


def end(actors: list[Any]) -> None:
    """End the actors, and wait until their processes are gone."""
    calls.end(*actors)
