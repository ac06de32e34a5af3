"""What ``concepts/topology_meshes/on_ray.py`` does, with nothing of this project around it.

The demo's wall time is compared with this script's: python benchmarks/bare/topology_meshes_on_ray.py
It prints what it saw, as JSON, and how long it took. Ray gets the same settings as in the demo.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import signal
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

BEGAN = time.perf_counter()
FOLDER = TemporaryDirectory(prefix="mvr-")
TOKEN = Path(FOLDER.name, "ray-token")
TOKEN.write_text(secrets.token_hex(32))
os.environ.pop("RAY_ADDRESS", None)
os.environ.pop("RAY_AUTH_TOKEN", None)
os.environ.update(
    TMPDIR=FOLDER.name,
    RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER="0",  # listen on loopback only
    RAY_AUTH_MODE="token",
    RAY_AUTH_TOKEN_PATH=str(TOKEN),
    RAY_USAGE_STATS_ENABLED="0",
    RAY_ENABLE_UV_RUN_RUNTIME_ENV="0",
    RAY_worker_niceness="0",
)

import ray  # noqa: E402 - reads its settings when imported
from ray.cluster_utils import Cluster  # noqa: E402
from ray.util import ActorPool, placement_group, placement_group_table, remove_placement_group  # noqa: E402
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy  # noqa: E402

HOSTS, PROCS, TP, WARM_UP, CALLS = 2, 4, 2, 20, 100
ACTORS = HOSTS * PROCS
NUMBERS, VICTIMS = list(range(16)), (0, 1, 4, 5)
QUIET, PATIENCE = 1.0, 30.0
SAME_RACK = {"rack": "STRICT_PACK", "ray.io/node-id": "STRICT_SPREAD"}
TOO_LARGE = {"PACK": 3, "SPREAD": 4, "STRICT_PACK": 3, "STRICT_SPREAD": 4}


@ray.remote(num_cpus=1)
class Member:
    def __init__(self, rank):
        self.rank = rank
        self.heard = 0

    def where(self):
        return os.getpid(), os.getppid()

    def who(self):
        return self.rank

    def find(self):
        return self.rank, ray.util.get_current_placement_group().bundle_count

    def hear(self):
        self.heard += 1
        return self.rank

    def count(self):
        return self.heard

    def square(self, number):
        return number**2


def main():
    cluster = Cluster(shutdown_at_exit=False)
    for rack in ("a", "a", "b"):
        cluster.add_node(
            wait=False,
            include_dashboard=False,
            labels={"rack": rack},
            num_cpus=PROCS,
            object_store_memory=128 * 1024 * 1024,
        )
    ray.init(cluster.address, log_to_driver=False, logging_level=logging.ERROR)
    try:
        while sum(node["Alive"] for node in ray.nodes()) < 3:
            time.sleep(0.02)
        return tell()
    finally:
        ray.shutdown()
        cluster.shutdown()


def tell():
    seen = {}
    group = placement_group([{"CPU": PROCS}] * HOSTS, topology_strategy=SAME_RACK)
    actors = [Member.options(**inside(group, n // PROCS)).remote(n) for n in range(ACTORS)]
    pids, parents = zip(*get([actor.where.remote() for actor in actors]), strict=True)
    seen["held"] = len(actors)
    seen["per_host"] = [parents.count(parent) for parent in dict.fromkeys(parents)]
    seen["processes"] = len(set(pids))
    replies = get([actor.who.remote() for actor in actors])
    seen["one_host"] = replies[PROCS:]
    seen["place"] = get(actors[-1].find.remote())
    hosts = [actors[start : start + PROCS] for start in range(0, ACTORS, PROCS)]
    seen["column"] = get([host[1].who.remote() for host in hosts])
    tp = [actors[start::TP] for start in range(TP)]
    seen["regrouped"] = get([actor.who.remote() for actor in tp[1]])
    again = [pid for part in tp for pid, _ in get([actor.where.remote() for actor in part])]
    seen["same_pids"] = again == [*pids[0::2], *pids[1::2]]
    seen["flattened"] = get([actor.who.remote() for host in hosts for actor in host])
    seen["table"] = len(placement_group_table(group)["bundles_to_node_id"])
    more = [Member.options(num_cpus=0, **inside(group, n)).remote(n) for n in range(HOSTS)]
    beside = get([actor.where.remote() for actor in more])
    seen["beside_processes"] = len({pid for pid, _ in beside} - set(pids))
    seen["squares"] = list(ActorPool(actors).map(lambda actor, n: actor.square.remote(n), NUMBERS))
    seen["fan_out"] = round(median(microseconds(lambda: get([actor.who.remote() for actor in actors]))))
    seen["held_up"] = {victim: held_up(actors, pids[victim]) for victim in VICTIMS}
    os.kill(pids[1], signal.SIGSTOP)
    try:
        ray.get([actor.who.remote() for actor in actors], timeout=QUIET)
    except ray.exceptions.GetTimeoutError as error:
        seen["gather"] = type(error).__name__
    os.kill(pids[1], signal.SIGCONT)
    seen["lost"] = [2 * len(VICTIMS) - count for count in get([actor.count.remote() for actor in actors])]
    remove_placement_group(group)
    seen["landed"] = {strategy: land(strategy) for strategy in TOO_LARGE}
    seen["too_large"] = {strategy: fate(count, strategy=strategy) for strategy, count in TOO_LARGE.items()}
    seen["racks"] = [fate(count, topology_strategy=SAME_RACK) for count in (2, 3)]
    seen["racks"].append(fate(3, strategy="STRICT_SPREAD"))
    return seen


def get(refs):
    return ray.get(refs, timeout=PATIENCE)


def inside(group, bundle):
    return {
        "scheduling_strategy": PlacementGroupSchedulingStrategy(group, placement_group_bundle_index=bundle)
    }


def held_up(actors, pid):
    os.kill(pid, signal.SIGSTOP)
    refs = [actor.hear.remote() for actor in actors]
    _, late = ray.wait(refs, num_returns=len(refs), timeout=QUIET)
    os.kill(pid, signal.SIGCONT)
    get([actor.hear.remote() for actor in actors])
    return sorted(refs.index(ref) for ref in late)


def land(strategy):
    group = placement_group([{"CPU": 2}] * 2, strategy=strategy)
    pieces = [Member.options(**inside(group, bundle)).remote(bundle) for bundle in range(2)]
    parents = {parent for _, parent in get([piece.where.remote() for piece in pieces])}
    remove_placement_group(group)
    return "together" if len(parents) == 1 else "apart"


def fate(count, **how):
    group = placement_group([{"CPU": 2}] * count, **how)
    while True:
        entry = placement_group_table(group)
        fates = {entry["state"], entry["stats"]["scheduling_state"]} & {"CREATED", "INFEASIBLE"}
        if fates:
            remove_placement_group(group)
            return fates.pop()
        time.sleep(0.02)


def microseconds(call):
    for _ in range(WARM_UP):
        call()
    samples = []
    for _ in range(CALLS):
        began = time.perf_counter_ns()
        call()
        samples.append((time.perf_counter_ns() - began) / 1e3)
    return samples


if __name__ == "__main__":
    try:
        print(json.dumps(main(), indent=1))
    finally:
        FOLDER.cleanup()
    print(f"{time.perf_counter() - BEGAN:.2f} s")
