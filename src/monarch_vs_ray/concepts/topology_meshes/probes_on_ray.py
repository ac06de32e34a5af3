"""What the claims on topology and meshes rest on, on Ray: one function puts one thing to the test.

The nodes are those of ``on_ray.py``; all probes share them, and one group of actors. Controls stand beside
what they control.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import ray
from ray.exceptions import RayActorError
from ray.util import ActorPool, placement_group, placement_group_table, remove_placement_group
from ray.util.actor_group import ActorGroup

from monarch_vs_ray.concepts.topology_meshes import spec
from monarch_vs_ray.concepts.topology_meshes.on_ray import (
    SAME_RACK,
    TOO_LARGE,
    Member,
    fate,
    get,
    held_up,
    inside,
    nodes,
    until,
)
from monarch_vs_ray.side import Unavailable, fault, observe

session: Callable[[], Any] = nodes
PlainMember: Any = Member.__ray_metadata__.modified_class
Tree = list[tuple[Any, "Tree"]]
HAS_TOPOLOGY = "topology_strategy" in inspect.signature(placement_group).parameters
IN_ONE_RACK: Any = {"topology_strategy": SAME_RACK} if HAS_TOPOLOGY else {"strategy": "STRICT_SPREAD"}
"""On two nodes of one rack; on any two where this release of Ray cannot tell racks."""


@ray.remote(num_cpus=0)
class Relay(PlainMember):
    """A member that also passes on what it hears, to the actors that the caller names."""

    def pass_on(self, tree: Tree) -> None:
        self.heard += 1
        for actor, below in tree:
            actor.pass_on.remote(below)


class Group:
    """Eight actors, four in each of two bundles on different nodes of one rack."""

    def __init__(self) -> None:
        self.reserved = placement_group([{"CPU": 1}] * spec.HOSTS, **IN_ONE_RACK)
        self.actors = [self.create(n) for n in range(spec.ACTORS)]
        self.pids, self.nodes = where(self.actors)
        self.sent = 0

    def create(self, rank: int) -> Any:
        return Relay.options(name=f"member {rank}", **inside(self.reserved, rank // spec.PROCS)).remote(rank)

    def lost(self) -> int:
        """How many of the messages sent have not been heard."""
        return sum(self.sent - count for count in get([actor.count.remote() for actor in self.actors]))


@cache
def group() -> Group:
    return Group()


def where(actors: Sequence[Any]) -> tuple[list[int], list[int]]:
    """The processes of some actors, and those of their nodes."""
    pids, parents = zip(*get([actor.where.remote() for actor in actors]), strict=True)
    return list(pids), list(parents)


def reached(actors: Sequence[Any]) -> list[int]:
    return list(get([actor.who.remote() for actor in actors]))


def answering(actors: Sequence[Any]) -> int:
    """How many of them are not dead."""

    def answers(actor: Any) -> bool:
        try:
            get(actor.who.remote())
        except RayActorError:
            return False
        return True

    return sum(map(answers, actors))


@contextmanager
def pair(**how: Any) -> Iterator[tuple[Any, list[Any]]]:
    """A placement group of two bundles for the time of the block, with an actor in each."""
    reserved = placement_group([{"CPU": 1}] * 2, **how)
    try:
        yield reserved, [Relay.options(**inside(reserved, n)).remote(n) for n in range(2)]
    finally:
        remove_placement_group(reserved)


# The handles, some of them, and other orders


def handles() -> None:
    actors = group().actors
    observe("held", sorted({type(actor).__name__ for actor in actors}))
    observe("processes", len(set(group().pids)))


def deprecated_group() -> None:
    """``ray.util.actor_group``, which Ray has deprecated: one object that calls its actors one by one."""
    actors = ActorGroup(PlainMember, num_actors=2, num_cpus_per_actor=0, init_args=(0,))
    observe("held", [type(actors).__name__])
    observe("called", spec.refusal(lambda: len(get(actors.who.remote()))))
    get(actors.hear.remote())
    observe("reached_by_one_call", sum(get(actors.count.remote())))
    actors.shutdown()


def every_second_handle() -> None:
    observe("reached", reached(group().actors[1 :: spec.TP]))


def all_handles() -> None:
    observe("reached", reached(group().actors))


def second_half_of_the_list() -> None:
    observe("reached", reached(group().actors[spec.PROCS :]))
    observe("by_name", reached([ray.get_actor(f"member {spec.ACTORS - 1}")]))


def first_half_of_the_list() -> None:
    observe("reached", reached(group().actors[: spec.PROCS]))
    observe("by_name", reached([ray.get_actor("member 0")]))


def calls_one_by_one() -> None:
    """A call of one, then calls of all: how many have heard in all."""
    before = _heard()
    get(group().actors[0].hear.remote())
    observe("reached_by_one_call", _heard() - before)
    refs = [actor.hear.remote() for actor in group().actors[1:]]
    observe("calls_for_all", 1 + len(get(refs)))
    observe("heard_by_all", _heard() - before)
    group().sent += 1


def _heard() -> int:
    return sum(get([actor.count.remote() for actor in group().actors]))


def replies_of_calls() -> None:
    observe("replies_as", _kind(get([actor.who.remote() for actor in group().actors])))


def replies_of_a_pool() -> None:
    pool = ActorPool(group().actors)
    replies = pool.map(lambda actor, number: actor.square.remote(number), spec.NUMBERS)
    observe("replies_as", type(replies).__name__)
    observe("squares", len(list(replies)))


def _kind(replies: Any) -> str:
    return f"{type(replies).__name__} of {len(replies)} {type(replies[0]).__name__}"


def handles_in_another_order() -> None:
    """2 x 2 x 2 of the same handles, and names for their places, both made by the caller."""
    actors = iter(group().actors)
    grid = [[[next(actors) for _ in range(2)] for _ in range(2)] for _ in range(2)]
    named = {(dp, pp, tp): grid[dp][pp][tp] for dp in range(2) for pp in range(2) for tp in range(2)}
    observe("reached", reached([actor for place, actor in named.items() if place[-1] == 1]))
    observe("same_processes", where(list(named.values()))[0] == group().pids)


# Where things are put


def packed() -> None:
    _land("PACK", "STRICT_PACK")


def spread() -> None:
    _land("SPREAD", "STRICT_SPREAD")


def _land(wished: str, strict: str) -> None:
    for key, strategy in (("landed", wished), ("landed_strictly", strict)):
        with pair(strategy=strategy) as (_, actors):
            observe(key, "together" if len(set(where(actors)[1])) == 1 else "apart")


def more_than_fits_strictly() -> None:
    _fates("STRICT_PACK", "STRICT_SPREAD")


def more_than_fits_if_possible() -> None:
    _fates("PACK", "SPREAD")


def _fates(pack: str, spread: str) -> None:
    """More bundles than one node holds, to be packed; more than there are nodes, to be spread."""
    observe("packed", fate(TOO_LARGE[pack], strategy=pack))
    observe("spread", fate(TOO_LARGE[spread], strategy=spread))


def more_gpus_than_there_are() -> None:
    _request({"GPU": ray.cluster_resources().get("GPU", 0) + 2}, spec.QUIET)


def as_much_as_there_is() -> None:
    _request({"CPU": 1}, spec.PATIENCE)


def _request(bundle: dict[str, float], patience: float) -> None:
    """A bundle, and a call of an actor in it."""
    reserved = placement_group([bundle])
    actor = Relay.options(**inside(reserved, 0)).remote(0)
    observe("answer", spec.refusal(lambda: ray.get(actor.who.remote(), timeout=patience)))
    observe("state", placement_group_table(reserved)["state"])
    remove_placement_group(reserved)


def one_rack() -> None:
    if not HAS_TOPOLOGY:
        raise Unavailable("needs a Ray whose placement groups take a `topology_strategy`")
    _racks(group().reserved)


def any_rack() -> None:
    reserved = placement_group([{"CPU": 1}] * 3, strategy="STRICT_SPREAD")
    _racks(reserved)
    remove_placement_group(reserved)


def _racks(reserved: Any) -> None:
    get(reserved.ready())
    labels = {node["NodeID"]: node["Labels"].get("rack") for node in ray.nodes()}
    found = placement_group_table(reserved)["bundles_to_node_id"].values()
    observe("racks", sorted({labels[node] for node in found}))


def actors_beside() -> None:
    """Actors beside 1 and 5, in the same bundles."""
    reserved = group().reserved
    more = [Relay.options(**inside(reserved, bundle)).remote(70 + bundle) for bundle in range(spec.HOSTS)]
    pids, parents = where(more)
    observe("hosts", [spec.places(group().nodes)[group().nodes.index(parent)] for parent in parents])
    observe("new_processes", len(set(pids) - set(group().pids)))
    observe("place", get(more[-1].find.remote()))


def actors_there_already() -> None:
    more = [Relay.options(name=f"member {n}", get_if_exists=True).remote(n) for n in (1, 1 + spec.PROCS)]
    pids, parents = where(more)
    observe("hosts", [spec.places(group().nodes)[group().nodes.index(parent)] for parent in parents])
    observe("new_processes", len(set(pids) - set(group().pids)))


def place_of_the_last() -> None:
    observe("place", get(group().actors[-1].find.remote()))


# Ending a part


def kill_of_one() -> None:
    with pair() as (_, actors):
        reached(actors)
        ray.kill(actors[0])
        until(lambda: answering(actors) < len(actors), "the killed actor to be gone")
        observe("answering", answering(actors))


def placement_group_of_two() -> None:
    """What a placement group can do, and what comes of its actors when it is removed."""
    with pair() as (reserved, actors):
        observe("same_processes", set(where(actors)[0]) <= set(group().pids))
        observe("called", spec.refusal(lambda: reserved.who.remote()))
    until(lambda: not answering(actors), "the actors to end with their placement group")
    observe("answering", answering(actors))


# Who waits for whom


def stopped_while_each_is_called() -> None:
    fault("SIGSTOP", "the process of actor 4")
    late = held_up(group().actors, group().pids[4])
    group().sent += 2
    observe("held_up", spec.held_up({4: late})["4"])
    observe("came", spec.ACTORS - len(late))
    observe("lost", group().lost())


def stopped_while_actors_pass_on() -> None:
    """The caller calls actor 0 only; a tree of the caller's own making does the rest."""
    actors = group().actors
    below: Tree = [(actor, []) for actor in actors[5:]]
    tree: Tree = [*((actor, []) for actor in actors[1:4]), (actors[4], below)]
    fault("SIGSTOP", "the process of actor 4")
    with spec.stopped(group().pids[4]):
        actors[0].pass_on.remote(tree)
        group().sent += 1
        heard = _who_heard()
    observe("held_up", spec.held_up({4: set(range(spec.ACTORS)) - heard})["4"])
    until(lambda: group().lost() == 0, "all to have heard once the process goes on")
    observe("lost", group().lost())


def _who_heard() -> set[int]:
    """Those who count what was sent, before nothing has come for a while; each is asked by itself."""
    heard: set[int] = set()
    end = time.monotonic() + spec.QUIET
    while time.monotonic() < end:
        counts = {actor.count.remote(): rank for rank, actor in enumerate(group().actors)}
        done, _ = ray.wait(list(counts), num_returns=len(counts), timeout=spec.QUIET / 4)
        new = {counts[ref] for ref in done if get(ref) == group().sent} - heard
        if new:
            heard |= new
            end = time.monotonic() + spec.QUIET
    return heard


def reply_of_all_at_once() -> None:
    fault("SIGSTOP", "the process of actor 4")
    with spec.stopped(group().pids[4]):
        refs = [actor.who.remote() for actor in group().actors]
        observe("came", spec.refusal(lambda: len(ray.get(refs, timeout=spec.QUIET))))
    get(refs)
