"""The nodes of the run: those of the user's own cluster, or two on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ray
from ray.cluster_utils import Cluster
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from monarch_vs_ray.concepts.data_plane import instruments, spec
from monarch_vs_ray.engines.environment import RAY_ADDRESS
from monarch_vs_ray.engines.family import members, wait_until_gone
from monarch_vs_ray.engines.ray import STOP_SECONDS, start, write_token
from monarch_vs_ray.side import step

STORE = 320 * spec.MB
SMALL_STORE = 80 * spec.MB


@contextmanager
def nodes(spilled: Path) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Two nodes for the time of the block, as options that place an actor on one of them.

    On this machine, the second one has a small store.
    """
    cluster = None if os.environ.get(RAY_ADDRESS) else Cluster(shutdown_at_exit=False)
    try:
        with step("Start Ray, for this run only, with two nodes"):
            if cluster:
                add_two_nodes(cluster, spilled)
            else:
                start()
        here = ray.get_runtime_context().get_node_id()
        others = [node["NodeID"] for node in ray.nodes() if node["Alive"] and node["NodeID"] != here]
        placed = [NodeAffinitySchedulingStrategy(node, soft=False) for node in (here, *others, here)]
        yield {"scheduling_strategy": placed[0]}, {"scheduling_strategy": placed[1]}
    finally:
        with step("Shut Ray down"):
            family = members()
            ray.shutdown()
            if cluster:
                cluster.shutdown()
            wait_until_gone(family, "Ray", STOP_SECONDS)


def add_two_nodes(cluster: Cluster, spilled: Path) -> None:
    write_token()
    spilled.mkdir(exist_ok=True)  # older releases do not make it
    cluster.add_node(num_cpus=2, num_gpus=gpus(), object_store_memory=STORE, include_dashboard=False)
    cluster.add_node(
        num_cpus=2, object_store_memory=SMALL_STORE, object_spilling_directory=str(spilled), wait=False
    )
    ray.init(cluster.address, log_to_driver=False, logging_level="ERROR")
    instruments.until(lambda: sum(node["Alive"] for node in ray.nodes()) == 2, "the second node to join")


def gpus() -> int:
    return len(list(Path("/dev").glob("nvidia[0-9]*")))
