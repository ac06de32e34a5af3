"""Ray's start in phases, its workloads, and its end."""

from __future__ import annotations

import os
from typing import Any

import ray

from monarch_vs_ray.bench.ray import calls
from monarch_vs_ray.bench.ray.actors import Echo
from monarch_vs_ray.engines import ray as engine

WORKLOADS = {
    function.__name__: function
    for function in (
        calls.call_round_trip,
        calls.call_async_method,
        calls.calls_pipelined,
        calls.actor_to_actor,
        calls.argument,
        calls.result,
        calls.fire_and_forget,
        calls.fan_out,
        calls.spawn,
    )
}


def start() -> None:
    """Bring a cluster of one node up, with as many CPUs as the machine has."""
    engine.start(cpus=len(os.sched_getaffinity(0)), object_store_memory=4 * 1024**3)


def first_actor() -> Any:
    """Create an actor in a process of its own."""
    return Echo.remote()


def first_call(actor: Any) -> None:
    """Call it and wait for the answer."""
    ray.get(actor.echo.remote(), timeout=calls.TIMEOUT)


def stop() -> None:
    """End the cluster and wait until nothing of it runs."""
    engine.stop()
