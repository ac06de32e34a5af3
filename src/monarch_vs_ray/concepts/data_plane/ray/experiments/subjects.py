"""The nodes and actors that Ray's experiments on the data plane share, and what disturbs an owner."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ray
from ray.experimental.collective import create_collective_group
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from monarch_vs_ray.concepts.data_plane import inputs
from monarch_vs_ray.concepts.data_plane.ray.actors import Box, Generator, Owner, Peer, Reader, Trainer
from monarch_vs_ray.engines.environment import RAY_ADDRESS
from monarch_vs_ray.engines.ray import running
from monarch_vs_ray.instruments import memory, needs
from monarch_vs_ray.instruments.flags import Flag, new_path
from monarch_vs_ray.instruments.ray import alive, get, nodes
from monarch_vs_ray.side import shared

STORE = 320 * inputs.MB
SMALL_STORE = 80 * inputs.MB
UP = 90.0
"""Seconds that an actor gets to import torch."""
PLACES: list[dict[str, Any]] = []
"""Options that place an actor on the first node, and on the second, which has the small store."""


@contextmanager
def session() -> Iterator[None]:
    """Run two nodes on this machine, or join the user's cluster and use another node of it as the second."""
    if os.environ.get(RAY_ADDRESS):
        with running():
            PLACES[:] = places()
            yield
        return
    spilled().mkdir()
    large = {"num_cpus": 4, "num_gpus": needs.number_of_gpus(), "object_store_memory": STORE}
    small = {
        "num_cpus": 4,
        "object_store_memory": SMALL_STORE,
        "object_spilling_directory": str(spilled()),
    }
    with nodes(large, small):
        PLACES[:] = places()
        yield


@shared
def spilled() -> Path:
    """Return the folder into which the second node spills."""
    return new_path("spilled")


def places() -> list[dict[str, Any]]:
    """Return the options that place actors on this program's node, and on another one, if there is one."""
    here = ray.get_runtime_context().get_node_id()
    others = [node["NodeID"] for node in alive() if node["NodeID"] != here]
    both = [here, *others, here][:2]
    return [{"scheduling_strategy": NodeAffinitySchedulingStrategy(node, soft=False)} for node in both]


@shared
def owner() -> Any:
    """Return the owner that everybody reads from."""
    return Owner.options(**PLACES[0]).remote()


@shared
def reader() -> Any:
    """Return a reader on the owner's node."""
    return Reader.options(**PLACES[0]).remote()


@shared
def far() -> Any:
    """Return a reader on the second node."""
    return Reader.options(**PLACES[1]).remote()


def published() -> Box:
    """Return an object of 1 MB that nobody has read yet."""
    return get(owner().publish.remote(inputs.MB))


@shared
def training() -> tuple[Any, Any]:
    """Return a trainer and a generator."""
    return Trainer.options(**PLACES[0]).remote(), Generator.options(**PLACES[0]).remote()


@shared
def peers() -> tuple[Any, Any, str]:
    """Return two actors with torch, and the name of their gloo group."""
    first, second = two_peers()
    return first, second, create_collective_group([first, second], backend="gloo").name


@shared
def peers_in_no_group() -> tuple[Any, Any]:
    """Return two actors with torch for transports that need no group."""
    return two_peers()


def two_peers(gpus: float = 0.0) -> tuple[Any, Any]:
    """Return two new actors with torch and a share of a GPU each, once they are up."""
    needs.package("torch")
    options = {"num_cpus": 0, "num_gpus": gpus, **PLACES[0]}
    first, second = (Peer.options(**options).remote() for _ in range(2))
    get([first.pid.remote(), second.pid.remote()], UP)
    return first, second


@contextmanager
def busy(actor: Any) -> Iterator[Any]:
    """Keep an actor inside a method for the block; yield a call of it, which has to wait."""
    inside, done = Flag.new(), Flag.new()
    working = actor.work.remote(inside, done)
    inside.wait()
    try:
        yield actor.pid.remote()
    finally:
        done.put_up()
    get(working)


@contextmanager
def locked(actor: Any) -> Iterator[Any]:
    """Let no other Python run in the actor's process for the block; yield a call, which has to wait."""
    inside, fifo = Flag.new(), memory.new_fifo()
    working = actor.keep_the_gil.remote(fifo, inside)
    inside.wait()
    try:
        yield actor.pid.remote()
    finally:
        memory.release(fifo)
    get(working)
