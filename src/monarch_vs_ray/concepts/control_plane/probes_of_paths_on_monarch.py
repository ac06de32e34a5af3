"""Probes on Monarch: which processes there are, who is on the path of a message, and who may connect."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from typing import Any

import monarch._rust_bindings
import psutil
from monarch.actor import Channel, attach_to_workers, enable_transport, shutdown_context, this_host

from monarch_vs_ray.concepts.control_plane import spec
from monarch_vs_ray.concepts.control_plane.on_monarch import Talker, get
from monarch_vs_ray.concepts.control_plane.probe_tools import language
from monarch_vs_ray.concepts.control_plane.subjects_on_monarch import (
    Seeker,
    done_while_stopped,
    one,
    three_echoes,
    two_hosts,
    two_talkers,
)
from monarch_vs_ray.engines.family import members, wait_until_gone
from monarch_vs_ray.engines.ports import free_port
from monarch_vs_ray.engines.stopping import stopped
from monarch_vs_ray.side import fault, observe

ENOUGH = 1.0
"""Seconds in which a message that is not held up has long arrived."""
WORKER = """
import sys
from monarch.actor import run_worker_loop_forever
run_worker_loop_forever(address=sys.argv[1], ca="trust_all_connections")
"""


# --- Processes, and who is on the path ------------------------------------


def processes_on_one_host() -> None:
    three_echoes()
    _what_runs(actors=spec.ACTORS)


def _what_runs(actors: int) -> None:
    """Which processes there are besides the program's and those that its actors live in."""
    holder = get(one(Seeker).find.call_one())
    observe("services", len(members()) - actors)
    observe("registry", "the program" if holder == os.getpid() else "another process")
    observe("runtime", language(str(monarch._rust_bindings.__file__)))


def call_to_all_with_one_stopped() -> None:
    """A call to all, and one to the last actor alone, while the process of actor 1 stands still."""
    echoes = three_echoes()
    held_up = get(two_talkers()[1].pid.call_one())
    (to_one, alone), (to_all, everybody) = Channel[int].open(), Channel[int].open()
    fault("SIGSTOP", "actor 1")
    with stopped(held_up):
        echoes.slice(procs=spec.ACTORS - 1).write.broadcast(to_one)
        observe("alone", get(alone.recv()))
        echoes.write.broadcast(to_all)
        replies = [everybody.recv() for _ in range(spec.ACTORS)]
        reached = [get(replies[0])]
        with suppress(TimeoutError):
            reached.append(replies[1].get(timeout=ENOUGH))
    observe("reached", sorted(reached))
    observe("in_the_end", sorted(get(reply) for reply in replies))


call_to_all_in_a_chain = call_to_all_with_one_stopped


def talk_with_program_stopped() -> None:
    _talk("the program", os.getpid(), *two_talkers())


def talk_with_peer_stopped() -> None:
    left, right = two_talkers()
    _talk("an actor", get(right.pid.call_one()), left, right)


def _talk(who: str, pid: int, left: Any, right: Any) -> None:
    """Two actors talk meanwhile, one with small messages, the other with large ones."""
    talks = (left, left.chat.call_one(right, 0)), (right, right.chat.call_one(left, spec.LARGE))
    rounds, large_rounds = done_while_stopped(who, pid, *talks)
    observe("rounds", rounds)
    observe("large_rounds", large_rounds)


def hosts_with_program_stopped() -> None:
    """Between two other hosts; and from the host on which the program is to another one."""
    here, _ = two_talkers()
    meshes = [host.spawn_procs(per_host={"procs": 1}) for host in two_hosts()]
    left, right = (mesh.spawn("talker", Talker).slice(hosts=0, procs=0) for mesh in meshes)
    [get(talker.pid.call_one()) for talker in (left, right)]  # until they are there
    _what_runs(actors=spec.ACTORS + len(meshes))
    talks = (left, left.chat.call_one(right, 0)), (here, here.chat.call_one(left, 0))
    rounds, from_here = done_while_stopped("the program", os.getpid(), *talks)
    observe("rounds", rounds)
    observe("from_here", from_here)
    for mesh in meshes:
        get(mesh.stop())


def processes_with_program_stopped() -> None:
    talker, _ = two_talkers()
    observe("born", _born(talker, talker.make_processes.call_one(this_host())))


def actors_with_program_stopped() -> None:
    """The control: new actors in the process of the one who makes them."""
    talker, _ = two_talkers()
    observe("born", _born(talker, talker.make_actors.call_one()))


def _born(maker: Any, making: Any) -> int:
    """How many were made while the program stood still, for twice as long as the first one took."""
    began = time.monotonic()
    get(maker.under_way.call_one())
    took = time.monotonic() - began
    (born,) = done_while_stopped("the program", os.getpid(), (maker, making), at_least=2 * took)
    return born


# --- Who may connect ------------------------------------------------------


def sockets_by_default() -> None:
    three_echoes()
    _sockets()


def attached_without_secret() -> None:
    """A worker waits on TCP, and this program, which was given no secret, attaches to it."""
    address = f"tcp://127.0.0.1:{free_port()}"
    enable_transport("tcp://127.0.0.1:0")
    worker = subprocess.Popen([sys.executable, "-c", WORKER, address])
    try:
        host = attach_to_workers(ca="trust_all_connections", workers=[address])
        mesh = host.spawn_procs(per_host={"procs": 1})
        (pid,) = get(mesh.spawn("talker", Talker).pid.call()).values()
        parents = [process.pid for process in psutil.Process(pid).parents()]
        observe("attached", "and ran" if worker.pid in parents else "but ran elsewhere")
        _sockets()
        get(mesh.stop())
        get(shutdown_context())  # before the worker ends, for it says good-bye to it
    finally:
        family = members()
        worker.kill()
        wait_until_gone(family, "Monarch", spec.PATIENCE)


def attached_with_certificate() -> None:
    """The control; it is refused before anybody is asked."""
    address = f"tcp://127.0.0.1:{free_port()}"
    attach = spec.outcome(lambda: attach_to_workers(ca=b"a certificate", workers=[address]))
    observe("attached", attach)


def _sockets() -> None:
    """The internet and unix addresses of the program and of all processes below it."""
    internet: set[str] = set()
    unix: set[str] = set()
    for process in (psutil.Process(), *members()):
        with suppress(psutil.NoSuchProcess):  # ended while we looked
            internet |= {each.laddr.ip for each in process.net_connections("inet")}
            unix |= {each.laddr for each in process.net_connections("unix") if each.laddr}
    observe("internet", sorted(internet))
    observe("unix", len(unix) > 0)
