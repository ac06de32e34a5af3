"""Which processes there are, and who is on the path of a message, in Monarch.

Actors do something again and again while processes stand still (SIGSTOP); what they did meanwhile is counted.
"""

from __future__ import annotations

import mmap
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING, Any

import monarch._rust_bindings
import psutil
from monarch.actor import Channel, HostMesh, shutdown_context, this_host

from monarch_vs_ray.concepts.control_plane import inputs
from monarch_vs_ray.concepts.control_plane.monarch.actors import Busy
from monarch_vs_ray.concepts.control_plane.monarch.meshes import one, procs, three_echoes
from monarch_vs_ray.engines.family import members, wait_until_gone
from monarch_vs_ray.instruments import faults
from monarch_vs_ray.instruments.monarch import get
from monarch_vs_ray.instruments.wait import PATIENCE
from monarch_vs_ray.instruments.witness import witnessed
from monarch_vs_ray.side import observe, shared

if TYPE_CHECKING:
    from monarch.job import ProcessJob


@contextmanager
def session() -> Iterator[None]:
    """Run Monarch as usual; further hosts end last, for the program says good-bye to them when it ends."""
    try:
        yield
    finally:
        family = members()
        shutdown_context().get(timeout=PATIENCE)
        if job.cache_info().currsize:
            job().kill()
        wait_until_gone(family, "Monarch", PATIENCE)


@cache
def job() -> ProcessJob:
    """Return two further hosts on this machine, each of them a process."""
    from monarch.job import ProcessJob  # takes 0.3 s, and only these experiments need it

    return ProcessJob({"left": 1, "right": 1})


@shared
def hosts() -> list[HostMesh]:
    """Return those hosts."""
    state = job().state(cached_path=None)
    return [state.left, state.right]


@shared
def three() -> Any:
    """Return a mesh of three actors that do something again and again."""
    busy = procs().spawn("busy", Busy)
    get(busy.pid.call())
    return busy


@shared
def abroad() -> list[Any]:
    """Return an actor on each of the further hosts."""
    meshes = [host.spawn_procs(per_host={"procs": 1}) for host in hosts()]
    actors = [mesh.spawn("busy", Busy).slice(hosts=0, procs=0) for mesh in meshes]
    for actor in actors:
        get(actor.pid.call_one())
    return actors


def bystander() -> tuple[str, int]:
    """Return an actor's process that nobody should need."""
    return "a bystander", get(three().slice(procs=2).pid.call_one())


def peer() -> tuple[str, int]:
    """Return the process of one of the two who talk."""
    return "one of the two", get(three().slice(procs=1).pid.call_one())


def program() -> tuple[str, int]:
    """Return the program."""
    return "the program", os.getpid()


def receiver() -> tuple[str, int]:
    """Return the process of the actor on a further host that others talk to."""
    return "the one on the right", get(abroad()[1].pid.call_one())


STOPPED = {"bystander": bystander, "peer": peer, "program": program, "receiver": receiver}


def done_while_still(stopped: str, *doings: tuple[Any, Any], at_least: float = 0.0) -> list[int]:
    """Return how many times actors did what they do again and again while a process stood still.

    Args:
        stopped: A name in STOPPED.
        doings: An actor, and its call that goes on until ``hush``.
        at_least: Seconds to stand still, if that is more than FROZEN; LONGEST at most.
    """
    target, pid = STOPPED[stopped]()
    for actor, _ in doings:
        get(actor.under_way.call_one())
    with witnessed(pid) as seen:
        window = faults.still(min(max(inputs.FROZEN, at_least), inputs.LONGEST), target, pid)
        observe("stood_still", seen())
    for actor, _ in doings:
        get(actor.hush.call_one())
    return [inputs.inside(get(doing), window) for _, doing in doings]


# --- Processes ------------------------------------------------------------


def processes() -> None:
    """Count the processes on one host besides the program's and those that its actors live in."""
    three()
    observe_processes(inputs.ACTORS)


def processes_with_further_hosts() -> None:
    """Do the same with two further hosts, each of which has an actor in a process of its own."""
    three()
    observe_processes(inputs.ACTORS + len(abroad()))


def observe_processes(actors: int) -> None:
    """Observe what runs, and what the runtime was compiled from."""
    observe("services", len(members()) - actors)
    observe("runtime", language(str(monarch._rust_bindings.__file__)))


def language(library: str) -> str:
    """Return what a library was compiled from, by the mark that Rust's compiler leaves in it."""
    with open(library, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return "Rust" if content.find(b"rustc version") >= 0 else "unknown"


def names(stopped: str = "program") -> None:
    """Find an actor by its name, again and again, while who keeps the names stands still."""
    seeker = one(Busy)
    holder = get(seeker.find.call_one())
    observe("holder", "the program" if holder == os.getpid() else "another process")
    (found,) = done_while_still(stopped, (seeker, seeker.seek.call_one()))
    observe("found", found)


# --- Who is on the path ---------------------------------------------------


def path_of_a_call_to_all() -> None:
    """Call all, and the last actor alone, while the process of actor 1 stands still."""
    echoes = three_echoes()
    (to_one, alone), (to_all, everybody) = Channel[int].open(), Channel[int].open()
    with faults.stopped(peer()[1], "actor 1"):
        echoes.slice(procs=inputs.ACTORS - 1).write.broadcast(to_one)
        observe("alone", get(alone.recv()))
        echoes.write.broadcast(to_all)
        replies = [everybody.recv() for _ in range(inputs.ACTORS)]
        reached = [get(replies[0])]
        with suppress(TimeoutError):
            reached.append(get(replies[1], inputs.WINDOW))
    observe("reached", sorted(reached))
    observe("reached_in_the_end", sorted(get(reply) for reply in replies))


def talk(stopped: str = "program") -> None:
    """Let two actors talk, with small and with large messages, while a process stands still."""
    left, right = three().slice(procs=0), three().slice(procs=1)
    talks = (left, left.chat.call_one(right, 0)), (right, right.chat.call_one(left, inputs.LARGE))
    rounds, large_rounds = done_while_still(stopped, *talks)
    observe("rounds", rounds)
    observe("large_rounds", large_rounds)


def talk_between_hosts(stopped: str = "program") -> None:
    """Let actors on two further hosts talk, and one on the program's host with one of them."""
    here, (left, right) = three().slice(procs=0), abroad()
    observe("hosts", len({psutil.Process(get(each.pid.call_one())).ppid() for each in (here, left, right)}))
    talks = (left, left.chat.call_one(right, 0)), (here, here.chat.call_one(right, 0))
    rounds, from_here = done_while_still(stopped, *talks)
    observe("rounds", rounds)
    observe("rounds_from_here", from_here)


def new_actors(stopped: str = "program", tries: int = 1) -> None:
    """Let an actor make others, in its own process and in new ones, while a process stands still."""
    maker = three().slice(procs=0)
    observe("in_its_process", made(stopped, maker, maker.make_actors, []))
    counts = (made(stopped, maker, maker.make_processes, [this_host()]) for _ in range(tries))
    observe("in_new_processes", next(filter(None, counts), 0))


def made(stopped: str, maker: Any, make: Any, arguments: list[Any]) -> int:
    """Return how many were made while a process stood still, three times as long as the first one took."""
    began = time.monotonic()
    making = make.call_one(*arguments)
    get(maker.under_way.call_one())
    (count,) = done_while_still(stopped, (maker, making), at_least=3 * (time.monotonic() - began))
    return count
