"""Which processes there are, and who is on the path of a message, in Ray.

Actors do something again and again while processes stand still (SIGSTOP); what they did meanwhile is counted.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psutil
import ray
from ray.cluster_utils import Cluster

from monarch_vs_ray.concepts.control_plane import inputs
from monarch_vs_ray.concepts.control_plane.ray.actors import Echo
from monarch_vs_ray.concepts.control_plane.ray.experiments.calls import echoes
from monarch_vs_ray.engines.family import members
from monarch_vs_ray.engines.ray import running
from monarch_vs_ray.instruments import faults
from monarch_vs_ray.instruments.ray import STORE, get
from monarch_vs_ray.instruments.sockets import connections, listening, speaks_http2
from monarch_vs_ray.instruments.wait import PATIENCE
from monarch_vs_ray.instruments.witness import witnessed
from monarch_vs_ray.side import observe, shared

JOIN = """
import sys, psutil, ray
ray.init(address=sys.argv[1], logging_level="ERROR", log_to_driver=False)
worker = type(ray._private.worker.global_worker.core_worker).__name__
print(worker, *sorted(process.name() for process in psutil.Process().children(recursive=True)))
"""
TIERS = ("gcs_server", "raylet", "CoreWorker")
FURTHER: list[tuple[Cluster, Any]] = []
"""The nodes that were added to the one that Ray starts with, each with its cluster."""


@contextmanager
def session() -> Iterator[None]:
    """Run Ray as usual; further nodes end first."""
    with running():
        try:
            yield
        finally:
            while FURTHER:
                cluster, node = FURTHER.pop()
                cluster.remove_node(node)


@shared
def abroad() -> list[Any]:
    """Return an actor on each of two further nodes."""
    cluster = Cluster(shutdown_at_exit=False)
    cluster.head_node = ray._private.worker.global_worker.node  # ours: a Cluster would start another one
    names = ("left", "right")
    for name in names:  # without CPUs, so that a node starts no worker before one is asked for
        node = cluster.add_node(wait=False, num_cpus=0, resources={name: 1}, object_store_memory=STORE)
        FURTHER.append((cluster, node))
    actors = [Echo.options(resources={name: 1}).remote(0) for name in names]  # each once its node is there
    get([actor.pid.remote() for actor in actors])
    return actors


def named() -> dict[int, str]:
    """Return what the processes below this one are called; some may end meanwhile."""
    found = {}
    for process in members():
        with suppress(psutil.NoSuchProcess):
            found[process.pid] = process.name()
    return found


def is_worker(name: str) -> bool:
    """Return whether a process serves tasks and actors; Ray's agents have a like name."""
    return name.startswith("ray::") and "Agent" not in name


def called(*wanted: str) -> list[int]:
    """Return the processes of these names."""
    return [pid for pid, name in named().items() if name in wanted]


STOPPED: dict[str, Callable[[], list[int]]] = {
    "program": lambda: [os.getpid()],
    "peer": lambda: [get(echoes()[1].pid.remote())],
    "bystander": lambda: [get(echoes()[2].pid.remote())],
    "receiver": lambda: [get(abroad()[1].pid.remote())],
    "GCS": lambda: called("gcs_server"),
    "raylet": lambda: called("raylet"),
    "GCS and raylets": lambda: called("gcs_server", "raylet"),
    "services": lambda: [pid for pid, name in named().items() if not is_worker(name)],
}


def done_while_still(
    stopped: str, *doings: tuple[Any, Any], at_least: float = 0.0
) -> tuple[list[list[float]], tuple[float, float]]:
    """Return when actors did what they do again and again, and when processes stood still meanwhile.

    Args:
        stopped: A name in STOPPED.
        doings: An actor, and its call that goes on until ``hush``.
        at_least: Seconds to stand still, if that is more than FROZEN; LONGEST at most.
    """
    pids = STOPPED[stopped]()
    get([actor.under_way.remote() for actor, _ in doings])
    with witnessed(*pids) as seen:
        window = faults.still(min(max(inputs.FROZEN, at_least), inputs.LONGEST), f"the {stopped}", *pids)
        observe("stood_still", seen())
    get([actor.hush.remote() for actor, _ in doings])
    return [get(doing) for _, doing in doings], window


def rounds_while_still(stopped: str, *doings: tuple[Any, Any]) -> list[int]:
    """Return how many times actors did it while processes stood still."""
    all_, window = done_while_still(stopped, *doings)
    return [inputs.inside(moments, window) for moments in all_]


# --- Processes ------------------------------------------------------------


def processes() -> None:
    """Look for the tiers of a cluster's first program; count the processes besides it and the actors'."""
    echoes()
    found = list(named().values())
    observe("tiers", [tier for tier in TIERS if tier in [core_worker(), *found]])
    observe("services", sum(not is_worker(name) for name in found))


def processes_of_a_second_program() -> None:
    """Look which tiers a program has that joins a running cluster."""
    command = [sys.executable, "-c", JOIN, ray.get_runtime_context().gcs_address]
    joined = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=60).stdout.split()
    observe("tiers", [tier for tier in TIERS if tier in joined])
    observe("services", len(joined) - 1)


def core_worker() -> str:
    """Return the name of this program's own tier."""
    return type(ray._private.worker.global_worker.core_worker).__name__


def names(stopped: str = "GCS") -> None:
    """Find an actor by its name, again and again, while who keeps the names stands still."""
    seeker = echoes()[0]
    (found,) = rounds_while_still(stopped, (seeker, seeker.seek.remote("echo 1")))
    observe("found", found)


def store_of_the_gcs() -> None:
    """Look for names while the GCS stands still, and whether it uses a Redis."""
    names()
    redis_of_the_gcs()


def redis_of_the_gcs() -> None:
    """Look at the GCS's options; start one with a Redis's address, which only listens."""
    (gcs,) = map(psutil.Process, called("gcs_server"))
    observe("redis_by_default", any(each.startswith("--redis_address=") for each in gcs.cmdline()))
    with socket.create_server(("127.0.0.1", 0)) as redis:
        redis.settimeout(PATIENCE)
        command = [*gcs.cmdline(), "--redis_address=127.0.0.1", f"--redis_port={redis.getsockname()[1]}"]
        silent = subprocess.DEVNULL
        second = subprocess.Popen(command, env=gcs.environ(), stdout=silent, stderr=silent)
        try:
            caller, _ = redis.accept()
            with caller:
                observe("speaks_to_redis", caller.recv(1024).startswith(b"*"))
        finally:
            second.kill()
            second.wait()


# --- Who is on the path ---------------------------------------------------


def path_between_two() -> None:
    """Look for a TCP connection between two actors that talk, and ask its server whether it speaks HTTP/2."""
    one, other, _ = get([echo.pid.remote() for echo in echoes()])
    talk = echoes()[0].chat.remote(echoes()[1], 0)
    get(echoes()[0].under_way.remote())
    observe("connections", connections(one, other))
    get(echoes()[0].hush.remote())
    get(talk)
    observe("http2", speaks_http2(listening(other)[0].port))


def path_between_strangers() -> None:
    """Look for one between two actors of which neither has called the other."""
    actors = [Echo.remote(0), Echo.remote(0)]  # held: an actor ends with its last handle
    one, other = get([actor.pid.remote() for actor in actors])
    observe("connections", connections(one, other))


def talk(stopped: str = "program") -> None:
    """Let two actors talk, with small and with large messages, while processes stand still."""
    one, other, _ = echoes()
    talks = (one, one.chat.remote(other, 0)), (other, other.chat.remote(one, inputs.LARGE))
    rounds, large_rounds = rounds_while_still(stopped, *talks)
    observe("rounds", rounds)
    observe("large_rounds", large_rounds)


def talk_in_small_messages(stopped: str = "services") -> None:
    """Let two actors talk with small messages while processes stand still."""
    one, other, _ = echoes()
    pids = STOPPED[stopped]()
    observe("stopped", sorted({name for pid, name in named().items() if pid in pids}))
    (rounds,) = rounds_while_still(stopped, (one, one.chat.remote(other, 0)))
    observe("rounds", rounds)


def talk_in_large_messages(stopped: str = "raylet") -> None:
    """Let two actors talk with large messages while processes stand still."""
    one, other, _ = echoes()
    (rounds,) = rounds_while_still(stopped, (one, one.chat.remote(other, inputs.LARGE)))
    observe("large_rounds", rounds)


def talk_between_hosts(stopped: str = "program") -> None:
    """Let actors on two further nodes talk, and one on the program's node with one of them."""
    here, (left, right) = echoes()[0], abroad()
    nodes = {get(actor.__ray_call__.remote(node_of)) for actor in (here, left, right)}
    observe("nodes", len(nodes))
    talks = (left, left.chat.remote(right, 0)), (here, here.chat.remote(right, 0))
    rounds, from_here = rounds_while_still(stopped, *talks)
    observe("rounds", rounds)
    observe("rounds_from_here", from_here)


def node_of(actor: object) -> str:
    """Return the node that an actor runs on."""
    return str(ray.get_runtime_context().get_node_id())


def new_actors(stopped: str = "GCS", tries: int = 1) -> None:
    """Let an actor make others, each in a new process, while something stands still."""
    counts, afterwards = [], []
    for _ in range(tries):
        moments, window = made(stopped)
        counts.append(inputs.inside(moments, window))
        afterwards.append(moments[-1] > window[1])
    observe("in_new_processes", max(counts))
    observe("afterwards", any(afterwards))


def made(stopped: str) -> tuple[list[float], tuple[float, float]]:
    """Return when they were made, and when something stood still for three times what the first one took."""
    maker, began = echoes()[2], time.monotonic()
    making = maker.make_actors.remote()
    get(maker.under_way.remote())
    (moments,), window = done_while_still(stopped, (maker, making), at_least=3 * (time.monotonic() - began))
    return moments, window
