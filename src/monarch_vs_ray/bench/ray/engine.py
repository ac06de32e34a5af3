"""Ray's start in phases, its workloads, and its end."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import ray

from monarch_vs_ray.bench import failure, footprint, graph
from monarch_vs_ray.bench.measure import Measure
from monarch_vs_ray.bench.ray import calls, data, graphs, many
from monarch_vs_ray.bench.ray import failure as faults
from monarch_vs_ray.bench.ray import footprint as processes
from monarch_vs_ray.bench.ray.actors import Echo
from monarch_vs_ray.engines import ray as engine

WORKLOADS: dict[str, Callable[[Measure], None]] = {
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
        many.streamed_items,
        many.n_to_n,
        many.compiled_fan_out,
        many.fan_out_caller,
        data.message_bytes,
        data.store_zero_copy,
        data.store_copied,
        data.rdt_gloo,
        data.rdt_nixl,
        data.gloo_send,
    )
}
WORKLOADS |= {f"task_graph_{pattern}": graphs.task_graph for pattern in graph.PATTERNS}
WORKLOADS |= {f"actor_graph_{pattern}": graphs.actor_graph for pattern in graph.PATTERNS}
WORKLOADS |= footprint.rows(processes)
WORKLOADS |= failure.rows(faults.trial, "error", "answer")


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
