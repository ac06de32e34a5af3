"""Actors for the probes on Ray, and the two nodes that some of them need."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import psutil
import ray
from ray.cluster_utils import Cluster

from monarch_vs_ray.concepts.actor_abstraction import spec
from monarch_vs_ray.concepts.actor_abstraction.on_ray import PingPong, Player
from monarch_vs_ray.concepts.actor_abstraction.probe_tools import PATIENCE, until
from monarch_vs_ray.engines.family import members, wait_until_gone
from monarch_vs_ray.engines.ray import STOP_SECONDS, running, start, write_token

TWO_NODES = "MVR_TWO_NODES"
NODE = {"num_cpus": 1, "object_store_memory": 128 * 1024 * 1024, "include_dashboard": False}
NAME = "first player"


@contextmanager
def session() -> Iterator[None]:
    """Ray as usual; or, where a probe asks for it, two nodes, and output where Ray leaves it by default."""
    with _two_nodes() if os.environ.get(TWO_NODES) else running():
        yield


@contextmanager
def _two_nodes() -> Iterator[None]:
    write_token()
    cluster = Cluster(shutdown_at_exit=False)
    try:
        for _ in range(2):
            cluster.add_node(wait=False, **NODE)
        # What the nodes have been told already, the driver must not say again.
        said: Any = dict.fromkeys(("num_cpus", "object_store_memory", "include_dashboard", "_temp_dir"))
        said["cpus"] = said.pop("num_cpus")
        start(address=cluster.address, log_to_driver=None, **said)
        until(lambda: sum(node["Alive"] for node in ray.nodes()) == 2, "two nodes")
        yield
    finally:
        family = members()
        ray.shutdown()
        cluster.shutdown()
        wait_until_gone(family, "Ray", STOP_SECONDS)


def get(refs: Any) -> Any:
    """What must come, with a limit on how long it may take."""
    return ray.get(refs, timeout=PATIENCE)


@cache
def players() -> list[Any]:
    """Two actors, of which the first has a name."""
    return [PingPong.options(name=name).remote(spec.GREETING) for name in (NAME, None)]


def player() -> Any:
    return players()[0]


@cache
def subject() -> Any:
    return Subject.remote(spec.GREETING)


def helper_names() -> list[str]:
    """What the processes below this one are called that no actor lives in or may come to live in."""
    return sorted(filter(None, map(_helper_name, members())))


def _helper_name(process: psutil.Process) -> str:
    try:
        name, words = process.name(), process.cmdline()
    except psutil.NoSuchProcess:
        return ""
    scripts = [Path(word).name for word in words if word.endswith(".py")]
    name = scripts[0] if scripts else name
    is_worker = "worker" in name or (name.startswith("ray::") and not name.endswith("Agent"))
    return "" if is_worker else name


class Final(Exception):
    """A type of error that nobody can derive another from."""

    def __init_subclass__(cls) -> None:
        raise TypeError("Final has no subclasses")


@ray.remote
class Subject(Player):
    """A player on whom more can be tried."""

    @property
    def score(self) -> int:
        return self.calls

    def ping_through_self(self) -> str:
        return self.ping(spec.CALLER)

    def ping_through_own_handle(self, seconds: float) -> str:
        own = ray.get_runtime_context().current_actor
        return ray.get(own.ping.remote(spec.CALLER), timeout=seconds)

    def miss_finally(self) -> None:
        raise Final("no ball")

    def append(self, items: list[int]) -> list[int]:
        items.append(1)
        return items

    def overwrite(self, array: Any) -> float:
        array[0] = 1
        return float(array[0])

    def overwrite_a_copy(self, array: Any) -> float:
        return self.overwrite(array.copy())

    def generate(self, gate: Path) -> Iterator[int]:
        """One value at once, and two when it is let."""
        yield 0
        until(gate.exists, "the gate to open")
        yield 1  # Ray sends into its generators, which `yield from (1, 2)` cannot take
        yield 2

    def generated(self, gate: Path) -> list[int]:
        return list(self.generate(gate))

    def ask(self, other: Any) -> str:
        return get(other.ping.remote(spec.CALLER))

    def hold(self, size: int) -> None:
        self.held = b"1" * size

    def say(self, word: str) -> None:
        print(word, flush=True)
        print(word, file=sys.stderr, flush=True)


@ray.remote
class Placed:
    """Says where it was created."""

    def node(self) -> str:
        return ray.get_runtime_context().get_node_id()


@ray.remote
class Late:
    """Its constructor waits until it is let."""

    def __init__(self, gate: Path, done: Path) -> None:
        until(gate.exists, "the gate to open")
        done.touch()


class Sync:
    """One call waits for another one to let it go."""

    def __init__(self, waiting: Path) -> None:
        self.waiting = waiting
        self.gate = threading.Event()

    def wait(self, seconds: float) -> bool:
        self.waiting.touch()
        return self.gate.wait(seconds)

    def let(self) -> Any:
        self.gate.set()
        return "let"


class SyncAndAsync(Sync):
    """The same with an async method beside the sync one."""

    async def let(self) -> Any:
        return super().let()
