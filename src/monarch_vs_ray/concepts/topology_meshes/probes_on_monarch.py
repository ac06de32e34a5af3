"""What the claims on topology and meshes rest on, on Monarch: one function puts one thing to the test.

The hosts, the actors and the probe of the tree are those of ``on_monarch.py``; all probes of a side share
them. The fan-out is a setting that Monarch reads when it is imported, so the same probe runs in sides that
differ in it (see ``claims.toml``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from monarch.actor import HostMesh, ProcMesh, ValueMesh
from monarch.config import get_global_config

from monarch_vs_ray.concepts.topology_meshes import spec
from monarch_vs_ray.concepts.topology_meshes.on_monarch import Group, Member, land, rented
from monarch_vs_ray.side import fault, observe

RACKS: dict[str, HostMesh] = {}


@contextmanager
def session() -> Iterator[None]:
    """Two hosts in one rack and one in another, as processes here, for all the probes of a side."""
    with rented({"rack_a": spec.HOSTS, "rack_b": 1}) as racks:
        RACKS.update(racks)
        yield


@cache
def group() -> Group:
    """Eight actors on the hosts of rack a."""
    return Group(RACKS["rack_a"])


def reached(actors: Member) -> list[int]:
    """The actors that a call of this mesh reaches."""
    return list(actors.who.call().get(timeout=spec.PATIENCE).values())


def pids(actors: Member) -> list[int]:
    return [pid for pid, _ in actors.where.call().get(timeout=spec.PATIENCE).values()]


def hosts_of(actors: Member) -> list[int]:
    """The numbers, among the group's hosts, of those on which these actors run."""
    seen = [host for _, host in actors.where.call().get(timeout=spec.PATIENCE).values()]
    return [spec.places(group().hosts)[group().hosts.index(host)] for host in seen]


# The mesh, its parts and other views of it


def mesh_of_two_dimensions() -> None:
    _model(group().procs, group().actors)


def mesh_of_one_dimension() -> None:
    _model(group().procs.flatten("rank"), group().actors.flatten("rank"))


def _model(procs: ProcMesh, actors: Member) -> None:
    observe("processes", f"{type(procs).__name__} {spec.shape(procs.sizes)}")
    observe("actors", f"{type(actors).__name__} {spec.shape(actors.sizes)}")


def every_second_of_each_host() -> None:
    """A dimension split in two, and a slice of that: the group that tensor parallelism would call."""
    regrouped = group().actors.split(procs=("dp", "tp"), tp=spec.TP)
    observe("shape", spec.shape(regrouped.sizes))
    observe("reached", reached(regrouped.slice(tp=1)))


def whole_group() -> None:
    observe("shape", spec.shape(group().actors.sizes))
    observe("reached", reached(group().actors))


def second_of_a_dimension() -> None:
    observe("reached", reached(group().actors.rename(hosts="dp").slice(dp=1)))


def first_of_a_dimension() -> None:
    observe("reached", reached(group().actors.rename(hosts="dp").slice(dp=0)))


def replies_of_a_call() -> None:
    replies = group().actors.who.call().get(timeout=spec.PATIENCE)
    observe("replies_as", _kind(replies))
    observe("second_host", list(replies.slice(hosts=1).values()))


def replies_of_a_stream() -> None:
    replies = [reply.get(timeout=spec.PATIENCE) for reply in group().actors.who.stream()]
    observe("replies_as", _kind(replies))


def _kind(replies: ValueMesh[int] | list[int]) -> str:
    extent = spec.shape(replies.sizes) if isinstance(replies, ValueMesh) else f"of {len(replies)}"
    return f"{type(replies).__name__} {extent}"


def split_and_renamed() -> None:
    actors = group().actors
    split, renamed = actors.split(procs=("dp", "tp"), tp=spec.TP), actors.rename(hosts="pp", procs="tp")
    observe("split", spec.shape(split.sizes))
    observe("renamed", spec.shape(renamed.sizes))
    observe("replies", spec.shape(renamed.who.call().get(timeout=spec.PATIENCE).sizes))
    observe("same_processes", pids(split) == pids(renamed) == group().pids)


def spawned_again() -> None:
    """The other way to another shape: new processes."""
    procs = RACKS["rack_a"].slice(hosts=0).spawn_procs(per_host={"dp": 1, "tp": spec.TP})
    observe("same_processes", set(pids(procs.spawn("again", Member))) <= set(group().pids))
    procs.stop().get(timeout=spec.PATIENCE)


def flattened_with_gaps() -> None:
    _flatten(group().actors.slice(procs=slice(1, None, spec.TP)))


def flattened_without_gaps() -> None:
    _flatten(group().actors)


def _flatten(actors: Member) -> None:
    observe("reached", reached(actors))
    observe("flattened", spec.refusal(lambda: spec.shape(actors.flatten("rank").sizes)))


# Where things are put


def processes_over_hosts() -> None:
    _spread_of(group().actors)


def processes_of_one_host() -> None:
    _spread_of(group().actors.slice(hosts=1))


def _spread_of(actors: Member) -> None:
    observe("hosts", len(set(hosts_of(actors))))
    observe("processes", len(set(pids(actors))))


def actors_on_a_slice() -> None:
    """Actors beside 1 and 5, in the processes that run there."""
    more = group().procs.slice(procs=1).spawn("more", Member)
    observe("hosts", hosts_of(more))
    observe("new_processes", len(set(pids(more)) - set(group().pids)))
    last = more.find.call().get(timeout=spec.PATIENCE).item(hosts=spec.HOSTS - 1)
    observe("place", last)
    more.stop().get(timeout=spec.PATIENCE)


def actors_on_new_processes() -> None:
    procs = RACKS["rack_a"].spawn_procs(per_host={"procs": 1})
    more = procs.spawn("more", Member)
    observe("hosts", hosts_of(more))
    observe("new_processes", len(set(pids(more)) - set(group().pids)))
    procs.stop().get(timeout=spec.PATIENCE)


def place_of_the_last() -> None:
    places = group().actors.find.call().get(timeout=spec.PATIENCE)
    observe("place", places.item(hosts=spec.HOSTS - 1, procs=spec.PROCS - 1))


def piece_on_the_second_host() -> None:
    _landed(land(RACKS["rack_a"].slice(hosts=1)))


def piece_on_the_first_host() -> None:
    _landed(land(RACKS["rack_a"].slice(hosts=0)))


def piece_in_the_other_rack() -> None:
    _landed(land(RACKS["rack_b"]))


def _landed(host: int) -> None:
    observe("on_second_host", host == group().hosts[-1])
    observe("in_rack_a", host in group().hosts)


def more_gpus_than_there_are() -> None:
    """A dimension may be named after a resource; two more are asked for than the machine has."""
    there = len(list(Path("/dev").glob("nvidia[0-9]*")))

    def start() -> str:
        procs = RACKS["rack_b"].spawn_procs(per_host={"gpus": there + 2})
        started = len(set(pids(procs.spawn("piece", Member))))
        procs.stop().get(timeout=spec.PATIENCE)
        return f"{started - there} processes more than GPUs"

    observe("outcome", spec.refusal(start))


def more_hosts_than_there_are() -> None:
    rack = RACKS["rack_a"]
    observe("outcome", spec.refusal(lambda: land(rack.slice(hosts=len(rack)))))


# Ending a part


def stop_of_a_slice() -> None:
    _stopped(group().actors.slice(procs=0))
    processes = group().procs.slice(procs=0)
    observe("processes", spec.refusal(lambda: processes.stop().get(timeout=spec.PATIENCE)))
    observe("answering", len(reached(group().actors)))


def stop_of_the_whole() -> None:
    """Actors of their own on the same processes, stopped by who owns them."""
    _stopped(group().procs.spawn("guests", Member))


def _stopped(actors: Member) -> None:
    def stop() -> str:
        actors.stop().get(timeout=spec.PATIENCE)
        return "stopped"

    reached(actors)
    observe("outcome", spec.refusal(stop).partition(":")[0])


# Who waits for whom


def stopped_in_two_dimensions() -> None:
    _stopped_process(group().actors)


def stopped_in_one_dimension() -> None:
    _stopped_process(group().actors.flatten("rank"))


def _stopped_process(view: Member) -> None:
    """Actor 4, the first of the second host, is stopped while all are called."""
    fault("SIGSTOP", "the process of actor 4")
    late = group().held_up(view, 4)
    observe("held_up", spec.held_up({4: late})["4"])
    observe("came", spec.ACTORS - len(late))
    observe("lost", group().lost())


def reply_of_all_at_once() -> None:
    fault("SIGSTOP", "the process of actor 4")
    with spec.stopped(group().pids[4]):
        call = group().actors.flatten("rank").who.call()
        came = spec.refusal(lambda: len(call.get(timeout=spec.QUIET)))
    observe("came", came)
    reached(group().actors)  # all go on


def row_by_default() -> None:
    """Eight actors in a row: who is held up by actor 1, how far the last ones are, and what is set."""
    row = group().actors.flatten("rank")
    fault("SIGSTOP", "the processes of actors 1, 2, ..., one after the other")
    observe("fan_out", get_global_config()["max_cast_fanout"])
    branches = first_branches(row)
    observe("held_up", spec.held_up({1: branches[0]})["1"])
    observe("hops_to_eight", len(branches))


row_with_fanout_of_one = row_by_default


def row_with_fanout_of_two() -> None:
    """The same, by a broadcast as well, and how far the last are when only four are called."""
    row_by_default()
    row = group().actors.flatten("rank")
    observe("held_up_by_broadcast", spec.held_up({1: missed_broadcast(row, 1)})["1"])
    observe("hops_to_four", len(first_branches(row.slice(rank=slice(0, spec.ACTORS // 2)))))
    observe("lost", group().lost())


def first_branches(row: Member) -> list[list[int]]:
    """Down the tree from the caller, always to the first and largest branch: who hangs on it.

    A branch of one ends it; so does a way that is longer than that of a binary tree of as many.
    """
    branches: list[list[int]] = []
    for victim in range(1, len(row).bit_length() + 1):
        branches.append(held_up(row, victim))
        if branches[-1] == [victim]:
            break
    return branches


def held_up(row: Member, victim: int) -> list[int]:
    """Who of these does not answer a call of them while the victim's process is stopped."""
    late = set(range(len(row)))
    with spec.stopped(group().pids[victim]), suppress(TimeoutError):
        for answer in row.who.stream():
            late.remove(answer.get(timeout=spec.QUIET))
    reached(row)  # all go on
    return sorted(late)


def missed_broadcast(row: Member, victim: int) -> list[int]:
    """Who has not heard a broadcast while the victim's process is stopped; each is asked by itself."""
    actors = group()
    with spec.stopped(actors.pids[victim]):
        row.hear.broadcast()
        actors.sent += 1
        asked = {rank: row.slice(rank=rank).count.call_one() for rank in range(spec.ACTORS)}
        remaining = countdown(spec.QUIET)
        heard = set()
        for rank, count in asked.items():
            with suppress(TimeoutError):
                if count.get(timeout=remaining()) == actors.sent:
                    heard.add(rank)
    reached(row)  # all go on
    return sorted(set(range(spec.ACTORS)) - heard)


def countdown(seconds: float) -> Callable[[], float]:
    """The seconds that are left, never quite none: an answer that is there can still be taken."""
    end = time.monotonic() + seconds
    return lambda: max(end - time.monotonic(), 0.01)
