"""A group of actors in Ray, placed by a scheduler on nodes that offer what they need."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import ray
from ray.util import placement_group, placement_group_table, remove_placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from monarch_vs_ray.concepts.topology_meshes import inputs
from monarch_vs_ray.engines.environment import RAY_ADDRESS
from monarch_vs_ray.engines.ray import running
from monarch_vs_ray.instruments import faults
from monarch_vs_ray.instruments.ray import get, nodes
from monarch_vs_ray.instruments.wait import wait_for

RACKS = ("a", "a", "b")
NODE = {"num_cpus": inputs.PROCS, "object_store_memory": 128 * 1024 * 1024}
SAME_RACK = {"rack": "STRICT_PACK", "ray.io/node-id": "STRICT_SPREAD"}
TOO_LARGE = {"PACK": 3, "SPREAD": 4, "STRICT_PACK": 3, "STRICT_SPREAD": 4}
"""How many bundles of two CPUs are more than one node has, or more than there are nodes."""


@ray.remote(num_cpus=1)
class Member:
    """One of the group; it is told its place, and counts what it hears."""

    def __init__(self, rank: int) -> None:
        self.rank = rank
        self.heard = 0

    def where(self) -> tuple[int, int]:
        """Return this process, and the one that started it: its node's raylet."""
        return os.getpid(), os.getppid()

    def who(self) -> int:
        return self.rank

    def find(self) -> str:
        group = ray.util.get_current_placement_group()
        return f"told by its creator: rank {self.rank}; in a group of {group.bundle_count} bundles"

    def hear(self) -> int:
        self.heard += 1
        return self.rank

    def count(self) -> int:
        return self.heard

    def square(self, number: int) -> int:
        return number**2


@contextmanager
def racks() -> Iterator[None]:
    """Run nodes in two racks for the block: those of the user's own cluster, or some on this machine."""
    if os.environ.get(RAY_ADDRESS):
        with running():
            yield
        return
    with nodes(*({**NODE, "labels": {"rack": rack}} for rack in RACKS)):
        yield


def inside(group: Any, bundle: int) -> dict[str, Any]:
    """Return the options that put an actor into a bundle."""
    return {
        "scheduling_strategy": PlacementGroupSchedulingStrategy(group, placement_group_bundle_index=bundle)
    }


def held_up(actors: Sequence[Any], pid: int) -> list[int]:
    """Return the actors that do not answer a call of each while that process is stopped."""
    with faults.stopped(pid, "the process of one actor"):
        refs = [actor.hear.remote() for actor in actors]
        _, late = ray.wait(refs, num_returns=len(refs), timeout=inputs.QUIET)
    get([actor.hear.remote() for actor in actors])  # all go on
    return sorted(refs.index(ref) for ref in late)


def fate(count: int, **how: Any) -> str:
    """Return what the scheduler says of that many bundles: placed, or infeasible."""
    group = placement_group([{"CPU": 2}] * count, **how)

    def told() -> str:
        entry = placement_group_table(group)
        state = entry["state"] if entry["state"] == "CREATED" else entry["stats"]["scheduling_state"]
        return {"CREATED": "placed", "INFEASIBLE": "infeasible"}.get(state, "")

    wait_for(told, f"the fate of {count} bundles, {how}")
    answer = told()
    remove_placement_group(group)
    return answer
