"""Topology and meshes in Monarch, put to the test.

The hosts are processes of this machine. Monarch reads the fan-out of the broadcast tree when it is imported:
experiments with another one run in a second program.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from monarch.actor import HostMesh, ProcMesh, ValueMesh
from monarch.config import get_global_config

from monarch_vs_ray.concepts.topology_meshes import inputs
from monarch_vs_ray.concepts.topology_meshes.monarch.actors import Group, Member, land, rented
from monarch_vs_ray.instruments import faults
from monarch_vs_ray.instruments.monarch import get
from monarch_vs_ray.instruments.outcome import error_type, outcome
from monarch_vs_ray.instruments.programs import in_second_program
from monarch_vs_ray.instruments.wait import happens
from monarch_vs_ray.side import observe, shared

FANOUT = "HYPERACTOR_MESH_MAX_CAST_FANOUT"
RACKS: dict[str, HostMesh] = {}


@contextmanager
def session() -> Iterator[None]:
    """Run two hosts in one rack and one in another, for all the experiments of a side."""
    with rented({"rack_a": inputs.HOSTS, "rack_b": 1}) as racks:
        RACKS.update(racks)
        yield


@shared
def group() -> Group:
    """Return eight actors on the hosts of rack a."""
    return Group(RACKS["rack_a"])


def reached(actors: Member) -> list[int]:
    """Return the actors that a call of this mesh reaches."""
    return list(get(actors.who.call()).values())


def pids(actors: Member) -> list[int]:
    """Return the processes of some actors."""
    return [pid for pid, _ in get(actors.where.call()).values()]


def hosts_of(actors: Member) -> list[int]:
    """Return the numbers, among the group's hosts, of those on which these actors run."""
    seen = [host for _, host in get(actors.where.call()).values()]
    return [inputs.places(group().hosts)[group().hosts.index(host)] for host in seen]


# The mesh, its parts and other views of it


def what_is_held() -> None:
    """Look at what the caller holds after it has spawned."""
    _model(group().procs, group().actors)


def what_is_held_flat() -> None:
    """Look at the same, flattened into one dimension."""
    _model(group().procs.flatten("rank"), group().actors.flatten("rank"))


def _model(procs: ProcMesh, actors: Member) -> None:
    observe("processes", f"{type(procs).__name__} {inputs.shape(procs.sizes)}")
    observe("actors", f"{type(actors).__name__} {inputs.shape(actors.sizes)}")


def every_second() -> None:
    """Split a dimension in two and slice it: the group that tensor parallelism would call."""
    regrouped = group().actors.split(procs=("dp", "tp"), tp=inputs.TP)
    observe("shape", inputs.shape(regrouped.sizes))
    observe("reached", reached(regrouped.slice(tp=1)))


def whole_group() -> None:
    """Call the whole group."""
    observe("shape", inputs.shape(group().actors.sizes))
    observe("reached", reached(group().actors))


def second_half() -> None:
    """Call the second half by its coordinate."""
    observe("reached", reached(group().actors.rename(hosts="dp").slice(dp=1)))


def first_half() -> None:
    """Call the first half by its coordinate."""
    observe("reached", reached(group().actors.rename(hosts="dp").slice(dp=0)))


def replies() -> None:
    """Look at how the replies of a call come."""
    replies = get(group().actors.who.call())
    observe("replies_as", _kind(replies))
    observe("second_host", list(replies.slice(hosts=1).values()))


def replies_of_a_stream() -> None:
    """Look at how the replies of a stream come."""
    replies = [get(reply) for reply in group().actors.who.stream()]
    observe("replies_as", _kind(replies))


def _kind(replies: ValueMesh[int] | list[int]) -> str:
    extent = inputs.shape(replies.sizes) if isinstance(replies, ValueMesh) else f"of {len(replies)}"
    return f"{type(replies).__name__} {extent}"


def regrouped() -> None:
    """Split one dimension, rename two, and look where the actors run."""
    actors = group().actors
    split, renamed = actors.split(procs=("dp", "tp"), tp=inputs.TP), actors.rename(hosts="pp", procs="tp")
    observe("split", inputs.shape(split.sizes))
    observe("renamed", inputs.shape(renamed.sizes))
    observe("replies", inputs.shape(get(renamed.who.call()).sizes))
    observe("same_processes", pids(split) == pids(renamed) == group().pids)


def spawned_again() -> None:
    """Take the other way to another shape: new processes."""
    procs = RACKS["rack_a"].slice(hosts=0).spawn_procs(per_host={"dp": 1, "tp": inputs.TP})
    observe("same_processes", set(pids(procs.spawn("again", Member))) <= set(group().pids))
    get(procs.stop())


def flattened_with_gaps() -> None:
    """Flatten every second actor of each host."""
    _flatten(group().actors.slice(procs=slice(1, None, inputs.TP)))


def flattened_without_gaps() -> None:
    """Flatten the whole group."""
    _flatten(group().actors)


def _flatten(actors: Member) -> None:
    observe("reached", reached(actors))
    observe("flattened", outcome(lambda: inputs.shape(actors.flatten("rank").sizes)))


# Where things are put


def processes_over_hosts() -> None:
    """Count the hosts that one mesh spans."""
    _spread_of(group().actors)


def processes_of_one_host() -> None:
    """Count the same for a slice of one host."""
    _spread_of(group().actors.slice(hosts=1))


def _spread_of(actors: Member) -> None:
    observe("hosts", len(set(hosts_of(actors))))
    observe("processes", len(set(pids(actors))))


def actors_beside() -> None:
    """Spawn actors beside 1 and 5, in the processes that run there."""
    more = group().procs.slice(procs=1).spawn("more", Member)
    observe("hosts", hosts_of(more))
    observe("new_processes", len(set(pids(more)) - set(group().pids)))
    last = get(more.find.call()).item(hosts=inputs.HOSTS - 1)
    observe("place", last)
    get(more.stop())


def actors_on_new_processes() -> None:
    """Spawn actors on processes of their own."""
    procs = RACKS["rack_a"].spawn_procs(per_host={"procs": 1})
    more = procs.spawn("more", Member)
    observe("hosts", hosts_of(more))
    observe("new_processes", len(set(pids(more)) - set(group().pids)))
    get(procs.stop())


def place_of_the_last() -> None:
    """Ask the last actor for its place."""
    places = get(group().actors.find.call())
    observe("place", places.item(hosts=inputs.HOSTS - 1, procs=inputs.PROCS - 1))


def piece_on_the_second_host() -> None:
    """Spawn on a slice of the hosts: the second one."""
    _landed(land(RACKS["rack_a"].slice(hosts=1)))


def piece_on_the_first_host() -> None:
    """Spawn on the first host."""
    _landed(land(RACKS["rack_a"].slice(hosts=0)))


def piece_in_the_other_rack() -> None:
    """Spawn on the host of the other rack."""
    _landed(land(RACKS["rack_b"]))


def _landed(host: int) -> None:
    observe("on_second_host", host == group().hosts[-1])
    observe("in_rack_a", host in group().hosts)


def more_gpus_than_there_are() -> None:
    """Name a dimension after a resource, and ask for two more than the machine has."""
    there = len(list(Path("/dev").glob("nvidia[0-9]*")))

    def start() -> str:
        procs = RACKS["rack_b"].spawn_procs(per_host={"gpus": there + 2})
        started = len(set(pids(procs.spawn("piece", Member))))
        get(procs.stop())
        return f"{started - there} processes more than GPUs"

    observe("outcome", outcome(start))


def too_large() -> None:
    """Ask for a host that is not there."""
    rack = RACKS["rack_a"]
    observe("outcome", outcome(lambda: land(rack.slice(hosts=len(rack)))))


# Ending a part


def end_of_a_part() -> None:
    """Stop a slice of the actors, and one of the processes."""
    _stopped(group().actors.slice(procs=0))
    processes = group().procs.slice(procs=0)
    observe("processes", outcome(lambda: get(processes.stop())))
    observe("ended", happens(lambda: len(reached(group().actors)) < inputs.ACTORS, inputs.WATCH))
    observe("answering", len(reached(group().actors)))


def stop_of_the_whole() -> None:
    """Stop actors of their own on the same processes, whole."""
    _stopped(group().procs.spawn("guests", Member))


def _stopped(actors: Member) -> None:
    reached(actors)
    observe("error", error_type(lambda: get(actors.stop())))


# Who waits for whom


def stopped_process() -> None:
    """Stop actor 4, the first of the second host, while the mesh of two dimensions is called."""
    _stopped_process(group().actors)


def stopped_process_in_one_row() -> None:
    """Stop it while the same actors are called as one row."""
    _stopped_process(group().actors.flatten("rank"))


def _stopped_process(view: Member) -> None:
    late = group().held_up(view, 4)
    observe("held_up", inputs.ranges(late))
    observe("came", inputs.ACTORS - len(late))
    observe("lost", group().lost())


def reply_of_all_at_once() -> None:
    """Ask for the replies of all while one is stopped."""
    observe("came", _all_at_once())


def replies_with_one_stopped() -> None:
    """Ask for the replies as they come while one is stopped, and then for all at once."""
    stopped_process_in_one_row()
    observe("all_at_once", _all_at_once())


def _all_at_once() -> str:
    with faults.stopped(group().pids[4], "the process of actor 4"):
        call = group().actors.flatten("rank").who.call()
        came = outcome(lambda: len(call.get(timeout=inputs.QUIET)))
    reached(group().actors)  # all go on
    return came


def row() -> None:
    """Call eight actors in a row: who waits for actor 1, how far are the last, what is set."""
    observe("fan_out", get_global_config()["max_cast_fanout"])
    branches = first_branches(group().actors.flatten("rank"))
    observe("held_up", inputs.ranges(branches[0]))
    observe("hops_to_eight", len(branches))


def row_and_broadcast() -> None:
    """Do the same, by a broadcast as well, and look how far the last are when four are called."""
    row()
    eight = group().actors.flatten("rank")
    observe("held_up_by_broadcast", inputs.ranges(missed_broadcast(eight, 1)))
    observe("hops_to_four", len(first_branches(eight.slice(rank=slice(0, inputs.ACTORS // 2)))))
    observe("lost", group().lost())


def row_with_fanout_of_one() -> None:
    """Call the row as it is by default, and with a fan-out of 1."""
    observe("fan_out_by_default", get_global_config()["max_cast_fanout"])
    observe("held_up_by_default", inputs.ranges(held_up(group().actors.flatten("rank"), 1)))
    in_second_program(row, "monarch", {FANOUT: "1"})


def row_with_fanout_of_two() -> None:
    """Call and broadcast to the row with a fan-out of 2."""
    in_second_program(row_and_broadcast, "monarch", {FANOUT: "2"})


def first_branches(row: Member) -> list[list[int]]:
    """Go down the tree, always to the first and largest branch, and return who hangs on it.

    A branch of one ends it; so does a way that is longer than that of a binary tree of as many.
    """
    branches: list[list[int]] = []
    for victim in range(1, len(row).bit_length() + 1):
        branches.append(held_up(row, victim))
        if branches[-1] == [victim]:
            break
    return branches


def held_up(row: Member, victim: int) -> list[int]:
    """Return who of these does not answer a call of them while the victim's process is stopped."""
    late = set(range(len(row)))
    with faults.stopped(group().pids[victim], f"the process of actor {victim}"), suppress(TimeoutError):
        for answer in row.who.stream():
            late.remove(answer.get(timeout=inputs.QUIET))
    reached(row)  # all go on
    return sorted(late)


def missed_broadcast(row: Member, victim: int) -> list[int]:
    """Return who has not heard a broadcast while the victim is stopped; each is asked by itself."""
    actors = group()
    with faults.stopped(actors.pids[victim], f"the process of actor {victim}"):
        row.hear.broadcast()
        actors.sent += 1
        asked = {rank: row.slice(rank=rank).count.call_one() for rank in range(inputs.ACTORS)}
        remaining = countdown(inputs.QUIET)
        heard = set()
        for rank, count in asked.items():
            with suppress(TimeoutError):
                if count.get(timeout=remaining()) == actors.sent:
                    heard.add(rank)
    reached(row)  # all go on
    return sorted(set(range(inputs.ACTORS)) - heard)


def countdown(seconds: float) -> Callable[[], float]:
    """Return the seconds that are left, never quite none: an answer that is there can be taken."""
    end = time.monotonic() + seconds
    return lambda: max(end - time.monotonic(), 0.01)
