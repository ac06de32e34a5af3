"""A group of actors in Ray: a list of handles, placed by a scheduler on nodes that offer what they need.

What to watch: the caller asks for bundles of resources and a strategy, and Ray finds the nodes, or says that
there are none; the group's shape is whatever the caller makes of its list; a call of all is a call of each,
so a stopped actor keeps nobody else from answering.

Run it alone: python -m monarch_vs_ray.concepts.topology_meshes.on_ray
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import ray
from ray.cluster_utils import Cluster
from ray.util import ActorPool, placement_group, placement_group_table, remove_placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from monarch_vs_ray.concepts.topology_meshes import spec
from monarch_vs_ray.engines.alone import run_alone
from monarch_vs_ray.engines.environment import RAY_ADDRESS
from monarch_vs_ray.engines.family import members, wait_until_gone
from monarch_vs_ray.engines.ray import STOP_SECONDS, start, write_token
from monarch_vs_ray.side import fault, log, observe, operation, step

RACKS = ("a", "a", "b")
NODE = {"num_cpus": spec.PROCS, "object_store_memory": 128 * 1024 * 1024}
SAME_RACK = {"rack": "STRICT_PACK", "ray.io/node-id": "STRICT_SPREAD"}
STRATEGIES = ("PACK", "SPREAD", "STRICT_PACK", "STRICT_SPREAD")
TOO_LARGE = {"PACK": 3, "SPREAD": 4, "STRICT_PACK": 3, "STRICT_SPREAD": 4}
"""How many bundles of two CPUs are more than one node has, or more than there are nodes."""


@ray.remote(num_cpus=1)
class Member:
    """One of the group; it is told its place, and counts what it hears."""

    def __init__(self, rank: int) -> None:
        self.rank = rank
        self.heard = 0

    def where(self) -> tuple[int, int]:
        """This process, and the one that started it: its node's raylet."""
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


def main() -> None:
    """Tell the story, from the first node to the last."""
    with step("Start three nodes in two racks"), nodes():
        log("Each node is a raylet with its processes here; in production it is a machine.")
        tell()


def tell() -> None:
    """Everything that happens while the nodes are there."""
    with step("Reserve two bundles in one rack, and create actors in them"):
        with operation("spawn"):
            group = placement_group([{"CPU": spec.PROCS}] * spec.HOSTS, topology_strategy=SAME_RACK)
            actors = [Member.options(**inside(group, n // spec.PROCS)).remote(n) for n in range(spec.ACTORS)]
            where = get([actor.where.remote() for actor in actors])
        pids, parents = (list(column) for column in zip(*where, strict=True))
        observe("held", f"a list of {len(actors)} handles")
        observe("per_host", spec.per_host(parents))
        observe("processes", len(set(pids)))

    with step("Ask all of them; the replies are a list"):
        with operation("ask all"):
            replies = get([actor.who.remote() for actor in actors])
        observe("replies_as", f"a {type(replies).__name__} of {len(replies)}")
        observe("one_host", replies[spec.PROCS :])
        observe("place", get(actors[-1].find.remote()))

    with step("Pick and regroup: the handles in other orders"):
        hosts = [actors[start : start + spec.PROCS] for start in range(0, spec.ACTORS, spec.PROCS)]
        observe("column", get([host[1].who.remote() for host in hosts]))
        tp = [actors[start :: spec.TP] for start in range(spec.TP)]
        observe("regrouped", get([actor.who.remote() for actor in tp[1]]))
        again = [pid for group in tp for pid, _ in get([actor.where.remote() for actor in group])]
        observe("same_pids", again == pids[0::2] + pids[1::2])
        observe("renamed", "positions have no names; a dict would")
        observe("flattened", get([actor.who.remote() for host in hosts for actor in host]))
        observe("flattened_slice", f"a list of {len(tp[1])}")

    with step("What Ray can say of the group's places"):
        found = list(placement_group_table(group)["bundles_to_node_id"].values())
        observe("table", f"placement_group_table(): {len(found)} bundles, {len(set(found))} nodes")
        labels = {node["NodeID"]: node["Labels"].get("rack") for node in ray.nodes()}
        home = f"the group's racks: {'+'.join(str(labels[node]) for node in found)}"

    with step("Create more actors beside some: the same bundles"):
        # Without a CPU of their own, since the first ones have taken all of the bundles'.
        more = [Member.options(num_cpus=0, **inside(group, n)).remote(n) for n in range(spec.HOSTS)]
        beside = get([actor.where.remote() for actor in more])
        observe("beside", [spec.places(parents)[parents.index(parent)] for _, parent in beside])
        observe("beside_processes", len({pid for pid, _ in beside} - set(pids)))

    with step("Share work: ActorPool gives it to whoever is idle"):
        pool = ActorPool(actors)
        observe("squares", list(pool.map(lambda actor, number: actor.square.remote(number), spec.NUMBERS)))
        observe("fan_out", spec.median_microseconds(lambda: get([a.who.remote() for a in actors])), "us")

    with step("Stop one process after the other: who answers all the same?"):
        fault("SIGSTOP", f"the processes of actors {spec.VICTIMS}, in turn")
        late = {victim: held_up(actors, pids[victim]) for victim in spec.VICTIMS}
        observe("held_up", spec.held_up(late))
        observe("held_up_flat", "the list is flat")
        observe("held_up_fanout", "nothing to set; the caller sends every call itself")
        with spec.stopped(pids[1]):
            refs = [actor.who.remote() for actor in actors]
            observe("gather", spec.refusal(lambda: ray.get(refs, timeout=spec.QUIET)))
        sent = 2 * len(spec.VICTIMS)
        observe("lost", sum(sent - count for count in get([actor.count.remote() for actor in actors])))

    with step("Make room: the group's actors end with their placement group"):
        remove_placement_group(group)

    with step("Four strategies, two bundles of two CPUs each: where the actors landed"):
        observe("landed", ", ".join(f"{strategy} {land(strategy)}" for strategy in STRATEGIES))

    with step("The same strategies with more than fits"):
        outcomes = {strategy: fate(count, strategy=strategy) for strategy, count in TOO_LARGE.items()}
        observe("too_large", ", ".join(f"{strategy} {outcome}" for strategy, outcome in outcomes.items()))

    with step("topology_strategy: different nodes, but of one rack"):
        two, three = (fate(count, topology_strategy=SAME_RACK) for count in (2, 3))
        anywhere = fate(3, strategy="STRICT_SPREAD")
        observe("racks", f"{home}; 2 nodes {two}, 3 nodes {three}; 3 in any rack {anywhere}")


@contextmanager
def nodes() -> Iterator[None]:
    """Nodes for the time of the block: those of the user's own cluster, or some on this machine."""
    if os.environ.get(RAY_ADDRESS):
        start()
        cluster = None
    else:
        write_token()
        cluster = Cluster(shutdown_at_exit=False)
        for rack in RACKS:
            cluster.add_node(wait=False, include_dashboard=False, labels={"rack": rack}, **NODE)
        start(
            address=cluster.address,
            num_cpus=None,
            object_store_memory=None,
            include_dashboard=None,
            _temp_dir=None,
        )
    try:
        until(lambda: sum(node["Alive"] for node in ray.nodes()) >= len(RACKS), "the nodes to join")
        yield
    finally:
        family = members()
        ray.shutdown()
        if cluster:
            cluster.shutdown()
        wait_until_gone(family, "Ray", STOP_SECONDS)


def get(refs: Any) -> Any:
    """What must come, with a limit on how long it may take."""
    return ray.get(refs, timeout=spec.PATIENCE)


def until(condition: Any, what: str) -> None:
    """Poll until it is so."""
    deadline = time.monotonic() + spec.PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {spec.PATIENCE:g} s for {what}")
        time.sleep(0.02)


def inside(group: Any, bundle: int) -> dict[str, Any]:
    """The options that put an actor into a bundle."""
    return {
        "scheduling_strategy": PlacementGroupSchedulingStrategy(group, placement_group_bundle_index=bundle)
    }


def held_up(actors: Sequence[Any], pid: int) -> list[int]:
    """The actors that do not answer a call of all while that process is stopped."""
    with spec.stopped(pid):
        refs = [actor.hear.remote() for actor in actors]
        _, late = ray.wait(refs, num_returns=len(refs), timeout=spec.QUIET)
    get([actor.hear.remote() for actor in actors])  # all go on
    return sorted(refs.index(ref) for ref in late)


def land(strategy: str) -> str:
    """Whether two actors came to share a node, under that strategy."""
    group = placement_group([{"CPU": 2}] * 2, strategy=strategy)
    pieces = [Member.options(**inside(group, bundle)).remote(bundle) for bundle in range(2)]
    parents = [parent for _, parent in get([piece.where.remote() for piece in pieces])]
    remove_placement_group(group)
    return "together" if len(set(parents)) == 1 else "apart"


def fate(count: int, **how: Any) -> str:
    """What the scheduler says of that many bundles."""
    group = placement_group([{"CPU": 2}] * count, **how)

    def told() -> str:
        entry = placement_group_table(group)
        state = entry["state"] if entry["state"] == "CREATED" else entry["stats"]["scheduling_state"]
        return {"CREATED": "placed", "INFEASIBLE": "infeasible"}.get(state, "")

    until(told, f"the fate of {count} bundles, {how}")
    answer = told()
    remove_placement_group(group)
    return answer


if __name__ == "__main__":
    run_alone(main)
