"""Monarch's start in phases, its workloads, and its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from monarch.actor import this_host

from monarch_vs_ray.bench import failure, footprint, graph
from monarch_vs_ray.bench.measure import Measure
from monarch_vs_ray.bench.monarch import calls, data, graphs, many
from monarch_vs_ray.bench.monarch import failure as faults
from monarch_vs_ray.bench.monarch import footprint as processes
from monarch_vs_ray.bench.monarch.actors import Echo
from monarch_vs_ray.engines import monarch as engine

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
        many.fan_out_in_one_process,
        many.fan_out_caller,
        data.message_bytes,
        data.rdma_read,
        data.rdma_write,
        data.gloo_send,
        processes.memory_of_an_actor,
    )
}
WORKLOADS |= {f"actor_graph_{pattern}": graphs.actor_graph for pattern in graph.PATTERNS}
WORKLOADS |= footprint.rows(processes)
WORKLOADS |= failure.rows(faults.trial, "error", "notice", "answer")


def start() -> None:
    """Bring the runtime up: Monarch does it at the first use of this host."""
    this_host()


def first_actor() -> Any:
    """Create an actor in a process of its own."""
    return this_host().spawn_procs().spawn("first", Echo)


def first_call(actor: Any) -> None:
    """Call it and wait for the answer."""
    actor.echo.call_one().get(calls.TIMEOUT)


def stop() -> None:
    """End the runtime and wait until nothing of it runs."""
    engine.stop()
