"""Topology and meshes in Ray, put to the test.

Three nodes in two racks, each a raylet of this machine; all experiments share them, and one group of actors.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import ray
from ray.dag import InputNode, MultiOutputNode
from ray.exceptions import RayActorError
from ray.util import ActorPool, placement_group, placement_group_table, remove_placement_group
from ray.util.actor_group import ActorGroup

from monarch_vs_ray.concepts.topology_meshes import inputs
from monarch_vs_ray.concepts.topology_meshes.ray.actors import (
    SAME_RACK,
    TOO_LARGE,
    Member,
    fate,
    held_up,
    inside,
    racks,
)
from monarch_vs_ray.instruments import faults
from monarch_vs_ray.instruments.outcome import outcome
from monarch_vs_ray.instruments.ray import compiled, get
from monarch_vs_ray.instruments.wait import PATIENCE, happens, wait_for
from monarch_vs_ray.side import Unavailable, observe, shared

PlainMember: Any = Member.__ray_metadata__.modified_class
Tree = list[tuple[Any, "Tree"]]
HAS_TOPOLOGY = "topology_strategy" in inspect.signature(placement_group).parameters
IN_ONE_RACK: Any = {"topology_strategy": SAME_RACK} if HAS_TOPOLOGY else {"strategy": "STRICT_SPREAD"}
"""On two nodes of one rack; on any two where this release of Ray cannot tell racks."""


@contextmanager
def session() -> Iterator[None]:
    """Run three nodes in two racks, for all the experiments of a side."""
    with racks():
        yield


@ray.remote(num_cpus=0)
class Relay(PlainMember):
    """A member that also passes on what it hears, to the actors that the caller names."""

    def pass_to_none(self, message: str) -> int:
        self.heard += 1
        return self.rank

    def pass_on(self, tree: Tree) -> None:
        self.heard += 1
        for actor, below in tree:
            actor.pass_on.remote(below)


class Group:
    """Eight actors, four in each of two bundles on different nodes of one rack."""

    def __init__(self) -> None:
        self.reserved = placement_group([{"CPU": 1}] * inputs.HOSTS, **IN_ONE_RACK)
        self.actors = [self.create(n) for n in range(inputs.ACTORS)]
        self.pids, self.nodes = where(self.actors)
        self.sent = 0

    def create(self, rank: int) -> Any:
        return Relay.options(name=f"member {rank}", **inside(self.reserved, rank // inputs.PROCS)).remote(
            rank
        )

    def lost(self) -> int:
        """Return how many of the messages sent have not been heard."""
        return sum(self.sent - count for count in get([actor.count.remote() for actor in self.actors]))


@shared
def group() -> Group:
    """Return the group that all experiments share."""
    return Group()


def where(actors: Sequence[Any]) -> tuple[list[int], list[int]]:
    """Return the processes of some actors, and those of their nodes."""
    pids, parents = zip(*get([actor.where.remote() for actor in actors]), strict=True)
    return list(pids), list(parents)


def reached(actors: Sequence[Any]) -> list[int]:
    """Call each of some actors, and return who answered."""
    return list(get([actor.who.remote() for actor in actors]))


def answering(actors: Sequence[Any]) -> int:
    """Return how many of them are not dead."""

    def answers(actor: Any) -> bool:
        try:
            get(actor.who.remote())
        except RayActorError:
            return False
        return True

    return sum(map(answers, actors))


@contextmanager
def pair(**how: Any) -> Iterator[tuple[Any, list[Any]]]:
    """Reserve two bundles for the block, with an actor in each."""
    reserved = placement_group([{"CPU": 1}] * 2, **how)
    try:
        yield reserved, [Relay.options(**inside(reserved, n)).remote(n) for n in range(2)]
    finally:
        remove_placement_group(reserved)


# The handles, some of them, and other orders


def what_is_held() -> None:
    """Look at what the caller holds after it has created actors."""
    actors = group().actors
    observe("held", sorted({type(actor).__name__ for actor in actors}))
    observe("processes", len(set(group().pids)))


def deprecated_group() -> None:
    """Look at ``ray.util.actor_group``, which Ray has deprecated: one object for several actors."""
    actors = ActorGroup(PlainMember, num_actors=2, num_cpus_per_actor=0, init_args=(0,))
    observe("held", [type(actors).__name__])
    observe("called", outcome(lambda: len(get(actors.who.remote()))))
    get(actors.hear.remote())
    observe("reached_by_one_call", sum(get(actors.count.remote())))
    actors.shutdown()


def every_second() -> None:
    """Call every second handle."""
    observe("reached", reached(group().actors[1 :: inputs.TP]))


def whole_group() -> None:
    """Call all handles."""
    observe("reached", reached(group().actors))


def second_half() -> None:
    """Call the second half of the list, and the last actor by its name."""
    observe("reached", reached(group().actors[inputs.PROCS :]))
    observe("by_name", reached([ray.get_actor(f"member {inputs.ACTORS - 1}")]))


def first_half() -> None:
    """Call the first half of the list, and the first actor by its name."""
    observe("reached", reached(group().actors[: inputs.PROCS]))
    observe("by_name", reached([ray.get_actor("member 0")]))


def calls_one_by_one() -> None:
    """Call one, then all, and count who has heard."""
    before = _heard()
    get(group().actors[0].hear.remote())
    observe("reached_by_one_call", _heard() - before)
    refs = [actor.hear.remote() for actor in group().actors[1:]]
    observe("calls_for_all", 1 + len(get(refs)))
    observe("heard_by_all", _heard() - before)
    group().sent += 1


def compiled_graph() -> None:
    """Bind all actors into a graph once, and reach them by one execute()."""
    before = _heard()
    with InputNode() as message:
        graph = MultiOutputNode([actor.pass_to_none.bind(message) for actor in group().actors])
    with compiled(graph) as bound:
        answers = get(bound.execute("hello"))
    observe("answers", len(answers))
    observe("reached_by_one_call", _heard() - before)
    group().sent += 1


def _heard() -> int:
    return sum(get([actor.count.remote() for actor in group().actors]))


def replies() -> None:
    """Look at how the replies of calls come."""
    replies = get([actor.who.remote() for actor in group().actors])
    observe("replies_as", _kind(replies))
    observe("replies", replies)


def replies_of_a_pool() -> None:
    """Look at how the replies of an ActorPool come."""
    pool = ActorPool(group().actors)
    replies = pool.map(lambda actor, number: actor.square.remote(number), inputs.NUMBERS)
    observe("replies_as", type(replies).__name__)
    observe("squares", len(list(replies)))


def _kind(replies: Any) -> str:
    return f"{type(replies).__name__} of {len(replies)} {type(replies[0]).__name__}"


def regrouped() -> None:
    """Arrange the same handles as 2 x 2 x 2, with names for their places."""
    actors = iter(group().actors)
    grid = [[[next(actors) for _ in range(2)] for _ in range(2)] for _ in range(2)]
    named = {(dp, pp, tp): grid[dp][pp][tp] for dp in range(2) for pp in range(2) for tp in range(2)}
    observe("reached", reached([actor for place, actor in named.items() if place[-1] == 1]))
    observe("same_processes", where(list(named.values()))[0] == group().pids)


# Where things are put


def packed() -> None:
    """Let the scheduler pack two bundles."""
    _land("PACK", "STRICT_PACK")


def processes_over_hosts() -> None:
    """Let the scheduler spread two bundles."""
    _land("SPREAD", "STRICT_SPREAD")


def _land(wished: str, strict: str) -> None:
    for key, strategy in (("landed", wished), ("landed_strictly", strict)):
        with pair(strategy=strategy) as (_, actors):
            observe(key, "together" if len(set(where(actors)[1])) == 1 else "apart")


def too_large() -> None:
    """Insist on what cannot be kept; then wish for the same."""
    _fates("STRICT_PACK", "STRICT_SPREAD")
    observe("wished", [fate(TOO_LARGE[wish], strategy=wish) for wish in ("PACK", "SPREAD")])


def more_than_fits_if_possible() -> None:
    """Wish for the same."""
    _fates("PACK", "SPREAD")


def _fates(pack: str, spread: str) -> None:
    """Pack more bundles than one node holds; spread more than there are nodes."""
    observe("packed", fate(TOO_LARGE[pack], strategy=pack))
    observe("spread", fate(TOO_LARGE[spread], strategy=spread))


def more_gpus_than_there_are() -> None:
    """Ask for two more GPUs than there are."""
    _request({"GPU": ray.cluster_resources().get("GPU", 0) + 2}, inputs.WATCH)


def as_much_as_there_is() -> None:
    """Ask for one CPU."""
    _request({"CPU": 1}, PATIENCE)


def _request(bundle: dict[str, float], patience: float) -> None:
    """Reserve a bundle, and call an actor in it."""
    reserved = placement_group([bundle])
    actor = Relay.options(**inside(reserved, 0)).remote(0)
    observe("answer", outcome(lambda: ray.get(actor.who.remote(), timeout=patience)))
    observe("state", placement_group_table(reserved)["state"])
    remove_placement_group(reserved)


def one_rack() -> None:
    """Look which racks the group is in, which asked for one."""
    if not HAS_TOPOLOGY:
        raise Unavailable("needs a Ray whose placement groups take a `topology_strategy`")
    observe("racks", _racks(group().reserved))
    observe("racks_of_any", _any_racks())


def any_rack() -> None:
    """Spread three bundles over nodes of any rack."""
    observe("racks", _any_racks())


def _any_racks() -> list[str]:
    reserved = placement_group([{"CPU": 1}] * 3, strategy="STRICT_SPREAD")
    racks = _racks(reserved)
    remove_placement_group(reserved)
    return racks


def _racks(reserved: Any) -> list[str]:
    get(reserved.ready())
    labels = {node["NodeID"]: node["Labels"].get("rack") for node in ray.nodes()}
    found = placement_group_table(reserved)["bundles_to_node_id"].values()
    return sorted({labels[node] for node in found})


def actors_beside() -> None:
    """Create actors beside 1 and 5, in the same bundles."""
    reserved = group().reserved
    more = [Relay.options(**inside(reserved, bundle)).remote(70 + bundle) for bundle in range(inputs.HOSTS)]
    pids, parents = where(more)
    observe("hosts", [inputs.places(group().nodes)[group().nodes.index(parent)] for parent in parents])
    observe("new_processes", len(set(pids) - set(group().pids)))
    observe("place", get(more[-1].find.remote()))


def actors_there_already() -> None:
    """Ask for actors that are there by name."""
    more = [Relay.options(name=f"member {n}", get_if_exists=True).remote(n) for n in (1, 1 + inputs.PROCS)]
    pids, parents = where(more)
    observe("hosts", [inputs.places(group().nodes)[group().nodes.index(parent)] for parent in parents])
    observe("new_processes", len(set(pids) - set(group().pids)))


def place_of_the_last() -> None:
    """Ask the last actor for its place."""
    observe("place", get(group().actors[-1].find.remote()))


# Ending a part


def end_of_a_part() -> None:
    """Kill one of two actors."""
    with pair() as (_, actors):
        reached(actors)
        ray.kill(actors[0])
        wait_for(lambda: answering(actors) < len(actors), "the killed actor to be gone")
        happens(lambda: answering(actors) < len(actors) - 1, inputs.WATCH)
        observe("answering", answering(actors))
    observe("ended_with_the_group", happens(lambda: not answering(actors), PATIENCE))


def placement_group_of_two() -> None:
    """Call a placement group, remove it, and look what becomes of its actors."""
    with pair() as (reserved, actors):
        observe("same_processes", set(where(actors)[0]) <= set(group().pids))
        observe("called", outcome(lambda: reserved.who.remote()))
    wait_for(lambda: not answering(actors), "the actors to end with their placement group")
    observe("answering", answering(actors))


# Who waits for whom


def stopped_process() -> None:
    """Stop actor 4 while each is called."""
    late = held_up(group().actors, group().pids[4])
    group().sent += 2
    observe("held_up", inputs.ranges(late))
    observe("came", inputs.ACTORS - len(late))
    observe("lost", group().lost())


def replies_with_one_stopped() -> None:
    """Ask for the replies as they come while one is stopped, and then for all at once."""
    stopped_process()
    observe("all_at_once", _all_at_once())


def stopped_in_a_tree_of_actors() -> None:
    """Stop actor 4 while actors pass a message on, in a tree of the caller's own making."""
    actors = group().actors
    below: Tree = [(actor, []) for actor in actors[5:]]
    tree: Tree = [*((actor, []) for actor in actors[1:4]), (actors[4], below)]
    with faults.stopped(group().pids[4], "the process of actor 4"):
        actors[0].pass_on.remote(tree)
        group().sent += 1
        heard = _who_heard()
    observe("held_up", inputs.ranges(set(range(inputs.ACTORS)) - heard))
    wait_for(lambda: group().lost() == 0, "all to have heard once the process goes on")
    observe("lost", group().lost())


def _who_heard() -> set[int]:
    """Return who counts what was sent, once nothing has come for a while; each is asked by itself."""
    heard: set[int] = set()
    end = time.monotonic() + inputs.QUIET
    while time.monotonic() < end:
        counts = {actor.count.remote(): rank for rank, actor in enumerate(group().actors)}
        done, _ = ray.wait(list(counts), num_returns=len(counts), timeout=inputs.QUIET / 4)
        new = {counts[ref] for ref in done if get(ref) == group().sent} - heard
        if new:
            heard |= new
            end = time.monotonic() + inputs.QUIET
    return heard


def reply_of_all_at_once() -> None:
    """Ask for the replies of all while one is stopped."""
    observe("came", _all_at_once())


def _all_at_once() -> str:
    with faults.stopped(group().pids[4], "the process of actor 4"):
        refs = [actor.who.remote() for actor in group().actors]
        came = outcome(lambda: len(ray.get(refs, timeout=inputs.QUIET)))
    get(refs)
    return came
