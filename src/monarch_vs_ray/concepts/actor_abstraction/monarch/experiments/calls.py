"""Calls of actors in Monarch, put to the test: who can be called, what comes back, how many run at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy
from monarch.actor import Actor, ActorError, Channel, as_endpoint, endpoint, this_host, this_proc

from monarch_vs_ray.concepts.actor_abstraction import inputs
from monarch_vs_ray.concepts.actor_abstraction.monarch.actors import (
    AsyncRoom,
    ConcurrentWaiter,
    LoudPingPong,
    Overriding,
    PingPong,
    Room,
    Subject,
    Sync,
    SyncAndAsync,
    Waiter,
    WithoutBase,
    player,
    players,
    subject,
)
from monarch_vs_ray.instruments.monarch import finishes, get
from monarch_vs_ray.instruments.outcome import described, outcome
from monarch_vs_ray.instruments.wait import PATIENCE
from monarch_vs_ray.side import metric, observe


def plain_class() -> None:
    """Spawn a class with an endpoint that does not derive from Actor."""
    observe("reply", outcome(lambda: ping(this_proc().spawn("plain", WithoutBase, inputs.GREETING))))


def actor_class() -> None:
    """Spawn a class that derives from Actor."""
    observe("reply", outcome(lambda: ping(this_proc().spawn("actor", PingPong, inputs.GREETING))))


def ping(actor: Any) -> str:
    """Call an actor, and return its reply."""
    return get(actor.ping.call_one(inputs.CALLER))


def unmarked_method() -> None:
    """Call a method that is no endpoint; then insist."""
    observe("unmarked", outcome(lambda: get(player().answer.call_one(inputs.CALLER))))
    observe("insisted", outcome(lambda: get(as_endpoint(player().answer).call_one(inputs.CALLER))))


def marked_method() -> None:
    """Call an endpoint in the same way."""
    observe("unmarked", outcome(lambda: get(player().ping.call_one(inputs.CALLER))))


def private_method(name: str = "_secret") -> None:
    """Call a method whose name begins with an underscore."""
    observe("private", outcome(lambda: get(getattr(subject(), name).call_one())))


def what_is_returned(mesh: Callable[[], Any] = players) -> None:
    """Look at what spawn returns, and count which actors one call on it reaches."""
    called = mesh()
    before = list(get(players().count.call()).values())
    get(called.ping.call(inputs.CALLER))
    after = list(get(players().count.call()).values())
    observe("type", type(called).__name__)
    observe("reached", sum(one != two for one, two in zip(before, after, strict=True)))
    observe("type_of_a_slice", type(called.slice(procs=slice(0, 1))).__name__)


def what_a_slice_reaches() -> None:
    """Do the same with a slice of one actor."""
    what_is_returned(lambda: players().slice(procs=slice(0, 1)))


def call(actors: int = 1) -> None:
    """Call one actor by call_one and get; and a mesh of two in the same way."""
    called = player() if actors == 1 else players()
    observe("reply", outcome(lambda: called.ping.call_one(inputs.CALLER).get(timeout=PATIENCE)))
    observe("reply_of_two", outcome(lambda: players().ping.call_one(inputs.CALLER).get(timeout=PATIENCE)))


def plain_methods_at_once() -> None:
    """Make several calls of a plain endpoint at once."""
    enter(this_proc().spawn("room", Room).enter, inputs.MEETING)


def async_methods_at_once() -> None:
    """Make several calls of an async endpoint at once."""
    enter(this_proc().spawn("room", AsyncRoom).enter, inputs.MEETING)


def concurrency_asked_for() -> None:
    """Make several calls of a concurrent endpoint at once."""
    enter(this_proc().spawn("room", AsyncRoom).enter_concurrently, PATIENCE)


def enter(room: Any, patience: float) -> None:
    """Call a room several times at once, and observe how many calls were inside together."""
    counts = [get(visit) for visit in [room.call_one(patience) for _ in range(inputs.CALLS)]]
    observe("at_once", max(most for most, _ in counts))


def sync_and_async() -> None:
    """Spawn a class with a sync and an async endpoint."""
    observe("spawn", outcome(lambda: type(this_proc().spawn("mixed", SyncAndAsync)).__name__))


def sync_only() -> None:
    """Spawn its base class, which has a sync endpoint alone."""
    observe("spawn", outcome(lambda: type(this_proc().spawn("sync", Sync)).__name__))


def subclass_of_actor_class(kind: type[PingPong] = LoudPingPong) -> None:
    """Subclass an actor class; override a plain method, and an endpoint."""
    observe("reply", outcome(lambda: ping(this_proc().spawn("subclass", kind, inputs.GREETING))))
    overriding = this_proc().spawn("overriding", Overriding, inputs.GREETING)
    observe("super_endpoint", outcome(lambda: ping(overriding)))


def subclass_that_overrides_an_endpoint() -> None:
    """Call the endpoint that uses, by super(), the one it overrides."""
    subclass_of_actor_class(Overriding)


def own_method() -> None:
    """Call an endpoint of one's own by self."""
    observe("reply", outcome(lambda: get(subject().ping_through_self.call_one())))


def own_plain_method() -> None:
    """Call a plain method of one's own by self."""
    observe("reply", outcome(lambda: get(subject().answer_through_self.call_one())))


def waiters(concurrent: bool) -> list[Any]:
    """Return two actors that are up, in a process each."""
    procs = this_host().spawn_procs(per_host={"procs": 2})
    mesh: Any = procs.spawn("waiters", ConcurrentWaiter if concurrent else Waiter)
    get(mesh.ping.call())
    return [mesh.slice(procs=rank) for rank in range(2)]


def waits_for_itself(concurrent: bool = False) -> None:
    """Let an async endpoint await a call of its own actor."""
    one, _ = waiters(concurrent)
    observe("answered", finishes(one.ask.call_one(one), inputs.WINDOW))


def waits_in_a_cycle(concurrent: bool = False) -> None:
    """Let an async endpoint of one actor await one of another, which awaits the first."""
    one, two = waiters(concurrent)
    observe("answered", finishes(one.ask_to_ask.call_one(two, one), inputs.WINDOW))


def waits_for_a_later_call(concurrent: bool = False) -> None:
    """Let an async endpoint await an event that a later call of the same actor sets."""
    one, _ = waiters(concurrent)
    waiting = one.wait.call_one()
    one.let.broadcast()
    observe("answered", finishes(waiting, inputs.WINDOW))


def error_of_a_method(unwrapped: bool = False) -> None:
    """Let a method raise a ValueError, and look at what the caller catches."""
    try:
        get(player().miss.call_one())
    except ActorError as error:
        caught = error.exception if unwrapped else error
        observe("caught", type(caught).__name__)
        observe("is_of_the_original_type", isinstance(caught, ValueError))
        observe("original", described(error.exception))


def wrong_arguments() -> None:
    """Call with an argument too many."""
    failing_stage(lambda: player().ping.call_one("one", "too many"))


def error_within() -> None:
    """Call a method that raises."""
    failing_stage(lambda: player().miss.call_one())


def failing_stage(call: Callable[[], Any]) -> None:
    """Observe whether sending or waiting raises, and whether the actor ran a call."""
    stage, before = "call", get(player().count.call_one())
    try:
        future = call()
        stage = "get"
        get(future)
    except Exception as error:
        observe("failed_at", stage)
        observe("caught", type(error).__name__)
    observe("calls_run", get(player().count.call_one()) - before)


def list_argument() -> None:
    """Let an actor change a list that is its argument: in the caller's own process, and in another one."""
    near, items = this_proc().spawn("near", Subject, inputs.GREETING), [0]
    observe("near_reply", get(near.append.call_one(items)))
    observe("near", items)
    observe("reply", get(subject().append.call_one(items)))
    observe("callers", items)


def list_on_file_argument() -> None:
    """Do the same with a list that is kept in a file, so that a copy of it is the same list."""
    items = inputs.ListOnFile()
    items.append(0)
    observe("reply", get(subject().append.call_one(items)))
    observe("callers", list(items))


def array_argument() -> None:
    """Let an actor write to an array that is its argument."""
    array = numpy.zeros(1_000_000)
    observe("overwrite", outcome(lambda: get(subject().overwrite.call_one(array))))
    observe("callers", float(array[0]))


def read_only_array_argument() -> None:
    """Do the same with an array that was read-only before it was sent."""
    array = numpy.frombuffer(bytes(8_000_000))
    observe("overwrite", outcome(lambda: get(subject().overwrite.call_one(array))))
    observe("callers", float(array[0]))


def generator() -> None:
    """Call an endpoint that is a generator."""
    observe("values", outcome(lambda: list(get(subject().generate.call_one(3)))))


def values_through_a_port() -> None:
    """Send several values through a port that the caller passes."""
    port, receiver = Channel[int].open()
    subject().send.broadcast(port, 3)
    observe("values", outcome(lambda: [get(receiver.recv()) for _ in range(3)]))


def actor_as_argument() -> None:
    """Pass an actor to another one, which calls it."""
    before = get(player().count.call_one())
    observe("ask", outcome(lambda: get(subject().ask.call_one(player()))))
    observe("calls_run", get(player().count.call_one()) - before)


def lock_as_argument() -> None:
    """Pass what cannot be pickled."""
    observe("ask", outcome(lambda: get(subject().ask.call_one(threading.Lock()))))


def reserved_names(prefix: str = "") -> None:
    """Try names for an endpoint, and observe those with which spawning or calling it fails."""

    def usable(name: str) -> bool:
        def method(self: Any) -> str:
            return name

        method.__name__ = name
        kind = type("Named", (Actor,), {name: endpoint(method)})
        return outcome(lambda: named(kind, name)) == f"answered {name!r}"

    names = [prefix + name for name in inputs.NAMES]
    observe("refused", [name for name in names if not usable(name)])


def named(kind: type[Actor], name: str) -> str:
    """Spawn a class, and call its endpoint of that name."""
    return get(getattr(this_proc().spawn("named", kind), name).call_one())


def call_latency() -> None:
    """Call one actor again and again; both engines share the machine meanwhile."""
    samples = inputs.microseconds(lambda: get(player().count.call_one()))
    observe("microseconds", round(median(samples)), "us")
    metric("call_latency_fastest", min(samples), "us")
