"""Probes on Ray: which processes there are, who is on the path of a message, and who may connect."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import ray
from ray.cluster_utils import Cluster

from monarch_vs_ray.concepts.control_plane import spec
from monarch_vs_ray.concepts.control_plane.on_ray import get, is_worker, names
from monarch_vs_ray.concepts.control_plane.plain_on_ray import OURS, ask_gcs
from monarch_vs_ray.concepts.control_plane.probe_tools import in_a_network_of_its_own, listening_addresses
from monarch_vs_ray.concepts.control_plane.subjects_on_ray import Member, echoes
from monarch_vs_ray.engines.connections import connections, listening, speaks_http2
from monarch_vs_ray.engines.family import members, name_of
from monarch_vs_ray.side import fault, observe

JOIN = """
import sys, psutil, ray
ray.init(address=sys.argv[1], logging_level="ERROR", log_to_driver=False)
worker = type(ray._private.worker.global_worker.core_worker).__name__
print(worker, *sorted(process.name() for process in psutil.Process().children(recursive=True)))
"""
STORE = 80 * 1024 * 1024


# --- Processes ------------------------------------------------------------


def tiers_of_the_first_program() -> None:
    echoes()
    worker = type(ray._private.worker.global_worker.core_worker).__name__
    observe("tiers", _tiers([worker, *names().values()]))
    observe("other_processes", sum(not is_worker(name) for name in names().values()) - 2)


def tiers_of_a_second_program() -> None:
    """The control: what joins is served by the GCS and the raylet that are there."""
    joined = _join()
    observe("tiers", _tiers(joined.split()))


def _tiers(names_: list[str]) -> list[str]:
    return [tier for tier in ("gcs_server", "raylet", "CoreWorker") if tier in names_]


def _join() -> str:
    command = [sys.executable, "-c", JOIN, ray.get_runtime_context().gcs_address]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=50).stdout


def _service(name: str) -> psutil.Process:
    return next(process for process in members() if name_of(process) == name)


def names_with_gcs_stopped() -> None:
    _names("the GCS", _service("gcs_server").pid)
    _redis()


def names_with_program_stopped() -> None:
    """The control."""
    _names("the program", os.getpid())


def _names(who: str, pid: int) -> None:
    seeker = echoes()[0]
    (found,) = _rounds(who, [pid], (seeker, seeker.seek.remote("echo 1")))
    observe("found", found)


def _redis() -> None:
    """A second GCS is told of a Redis, which here is only an ear: whom does it speak to, and in what way?"""
    gcs = _service("gcs_server")
    observe("redis_by_default", any(each.startswith("--redis_address=") for each in gcs.cmdline()))
    with socket.create_server(("127.0.0.1", 0)) as ear:
        ear.settimeout(spec.PATIENCE)
        told = ["--redis_address=127.0.0.1", f"--redis_port={ear.getsockname()[1]}"]
        with open(os.devnull, "w") as null:
            second = subprocess.Popen([*gcs.cmdline(), *told], env=gcs.environ(), stdout=null, stderr=null)
        try:
            caller, _ = ear.accept()
            with caller:
                observe("redis_if_told", caller.recv(1024).startswith(b"*"))
        finally:
            second.kill()
            second.wait()


# --- Who is on the path ---------------------------------------------------


def connection_of_two_who_talk() -> None:
    """A TCP connection between two actors' processes, and what the one that listens answers to HTTP/2."""
    one, other, _ = get([echo.pid.remote() for echo in echoes()])
    talk = echoes()[0].chat.remote(echoes()[1], 0)
    get(echoes()[0].under_way.remote())
    observe("connections", connections(one, other))
    get(echoes()[0].hush.remote())
    get(talk)
    observe("http2", speaks_http2(listening(other)[0].port))


def connection_of_two_who_do_not() -> None:
    """The control: two actors of which neither has called the other."""
    one, _, silent = get([echo.pid.remote() for echo in echoes()])
    observe("connections", connections(one, silent))


def talk_with_program_stopped() -> None:
    _talk("the program", os.getpid())


def talk_with_peer_stopped() -> None:
    _talk("an actor", get(echoes()[1].pid.remote()))


def _talk(who: str, pid: int) -> None:
    """Two actors talk meanwhile, one with small messages, the other with such as the object store takes."""
    one, other, _ = echoes()
    talks = (one, one.chat.remote(other, 0)), (other, other.chat.remote(one, spec.LARGE))
    rounds, large_rounds = _rounds(who, [pid], *talks)
    observe("rounds", rounds)
    observe("large_rounds", large_rounds)


def talk_with_raylet_stopped() -> None:
    _large_talk("the raylet", _service("raylet").pid)


def talk_with_gcs_stopped() -> None:
    """The control."""
    _large_talk("the GCS", _service("gcs_server").pid)


def _large_talk(who: str, pid: int) -> None:
    one, other, _ = echoes()
    (rounds,) = _rounds(who, [pid], (one, one.chat.remote(other, spec.LARGE)))
    observe("large_rounds", rounds)


def talk_with_services_stopped() -> None:
    """All processes but the program's and the actors'."""
    one, other, _ = echoes()
    services = [pid for pid, name in names().items() if not is_worker(name)]
    observe("services", len(services))
    (rounds,) = _rounds("all of Ray's services", services, (one, one.chat.remote(other, 0)))
    observe("rounds", rounds)


def nodes_with_services_stopped() -> None:
    """Two actors on two nodes; the GCS and both raylets stand still."""
    left = echoes()[0]
    with _second_node():
        right = Member.options(resources={"right": 1}).remote(0)
        nodes = {get(echo.__ray_call__.remote(_node_of)) for echo in (left, right)}
        observe("nodes", len(nodes))
        services = [pid for pid, name in names().items() if name in ("gcs_server", "raylet")]
        observe("services", len(services))
        (rounds,) = _rounds("the GCS and both raylets", services, (left, left.chat.remote(right, 0)))
        observe("rounds", rounds)


@contextmanager
def _second_node() -> Iterator[None]:
    cluster = Cluster(shutdown_at_exit=False)
    cluster.head_node = ray._private.worker.global_worker.node  # ours: a Cluster would start another one
    node = cluster.add_node(num_cpus=1, resources={"right": 1}, object_store_memory=STORE)
    try:
        yield
    finally:
        cluster.remove_node(node)


def _node_of(actor: object) -> str:
    return str(ray.get_runtime_context().get_node_id())


def _rounds(who: str, pids: list[int], *talks: tuple[Any, Any]) -> list[int]:
    """Of actors and what they do again and again: how often each did it while these processes stood still."""
    get([actor.under_way.remote() for actor, _ in talks])
    fault("SIGSTOP", who)
    window = spec.freeze(*pids)
    get([actor.hush.remote() for actor, _ in talks])
    return [spec.inside(get(talk), window) for _, talk in talks]


def actors_made_with_gcs_stopped() -> None:
    """An actor makes others all the time; the GCS stands still for twice as long as that takes."""
    maker, making, seconds = _maker()
    fault("SIGSTOP", "the GCS")
    window = spec.freeze(_service("gcs_server").pid, at_least=2 * seconds)
    get(maker.hush.remote())
    moments = get(making)
    observe("born", spec.inside(moments, window) > 0)
    observe("born_afterwards", moments[-1] > window[1])


def actors_made_with_gcs_going() -> None:
    """The control."""
    maker, making, _ = _maker()
    get(maker.hush.remote())
    observe("born", len(get(making)) > 0)


def _maker() -> tuple[Any, Any, float]:
    """An actor, what it makes, and how many seconds the first one took."""
    began = time.monotonic()
    maker = echoes()[2]
    making = maker.make_actors.remote()
    get(maker.under_way.remote())  # the first one is made
    return maker, making, time.monotonic() - began


# --- Who may connect ------------------------------------------------------


def sockets_as_started_here() -> None:
    echoes()
    observe("listening", listening_addresses())


def sockets_as_started_plainly() -> None:
    """Ray in a program of its own, without our settings.

    It listens on all addresses, so it gets a network of its own, in which nobody else is.
    """
    told = _plainly()
    observe("listening", told["listening"])
    observe("without_token", told["without_token"])


def _plainly() -> dict[str, Any]:
    home = {"HOME": os.environ.get("TMPDIR", tempfile.gettempdir())}  # Ray puts a new token there
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    program = [sys.executable, "-m", "monarch_vs_ray.concepts.control_plane.plain_on_ray"]
    command = [*in_a_network_of_its_own(), *program]
    done = subprocess.run(
        command, env={**environment, **home}, stdout=subprocess.PIPE, text=True, check=True, timeout=100
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def asked_with_token() -> None:
    """The control."""
    with open(os.environ["RAY_AUTH_TOKEN_PATH"]) as file:
        observe("without_token", ask_gcs(("authorization", f"Bearer {file.read()}")))
