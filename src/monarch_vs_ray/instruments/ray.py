"""Ray's part of the instruments: answers with a deadline, actors that are up, a cluster of several nodes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ray
from ray.cluster_utils import Cluster

from monarch_vs_ray.engines.family import members, wait_until_gone
from monarch_vs_ray.engines.ray import STOP_SECONDS, write_token
from monarch_vs_ray.instruments.wait import PATIENCE, wait_for

MB = 1024 * 1024
SHARED_MEMORY = Path("/dev/shm")
STORE = 80 * MB
"""The object store of a node that nothing says otherwise of; Ray wants at least 75 MB."""


def get(references: Any, within: float = PATIENCE) -> Any:
    """Return what calls answered. Raises GetTimeoutError after ``within`` seconds."""
    return ray.get(references, timeout=within)


def finishes(reference: Any, window: float) -> bool:
    """Return whether a call ends within ``window`` seconds; it may be waited for again."""
    done, _ = ray.wait([reference], timeout=window)
    return bool(done)


def ready(*actors: Any) -> None:
    """Wait until actors are up; their first calls would wait for that otherwise."""
    get([actor.__ray_ready__.remote() for actor in actors])


@contextmanager
def nodes(*wanted: Mapping[str, Any], **init: Any) -> Iterator[Cluster]:
    """Run a cluster of several nodes on this machine for the block; nothing of it is left afterwards.

    Args:
        wanted: What ``Cluster.add_node`` is given for each node, the head first; a small object store and
            no dashboard where nothing else is said.
        init: What ``ray.init`` is given.

    Raises:
        TimeoutError: If not all nodes have joined within PATIENCE seconds, or cannot be ended.
    """
    write_token()
    cluster = Cluster(shutdown_at_exit=False)
    try:
        for number, options in enumerate(wanted):
            head = {"include_dashboard": False} if number == 0 else {"wait": False}
            cluster.add_node(**{"object_store_memory": STORE, **head, **options})
        ray.init(cluster.address, **{"log_to_driver": False, "logging_level": "ERROR", **init})
        wait_for(lambda: len(alive()) == len(wanted), f"{len(wanted)} nodes to join")
        yield cluster
    finally:
        family = members()
        ray.shutdown()
        cluster.shutdown()
        wait_until_gone(family, "Ray", STOP_SECONDS)


@contextmanager
def compiled(graph: Any) -> Iterator[Any]:
    """Compile a graph for the block.

    Ray 2.60 leaves the named semaphores of a graph in ``/dev/shm``; those of this run are removed.
    """
    made = graph.experimental_compile()
    try:
        yield made
    finally:
        made.teardown()
        ours = {os.getpid(), *(process.pid for process in members())}
        for path in SHARED_MEMORY.glob("sem.*"):
            named = re.match(r"sem\.(?:obj|hdr)(\d+)-", path.name)
            if named and int(named[1]) in ours:
                path.unlink(missing_ok=True)


def alive() -> Sequence[Mapping[str, Any]]:
    """Return the nodes that are alive."""
    return [node for node in ray.nodes() if node["Alive"]]
