"""Calls of actors in Ray, put to the test: who can be called, what comes back, how many run at once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median
from types import new_class
from typing import Any

import numpy
import ray

from monarch_vs_ray.concepts.actor_abstraction import inputs
from monarch_vs_ray.concepts.actor_abstraction.ray.actors import (
    Final,
    LoudPingPong,
    PingPong,
    Plain,
    PlainWithProperty,
    Sync,
    SyncAndAsync,
    Waiter,
    player,
    players,
    subject,
)
from monarch_vs_ray.instruments.flags import Flag
from monarch_vs_ray.instruments.outcome import described, outcome
from monarch_vs_ray.instruments.ray import finishes, get, ready
from monarch_vs_ray.instruments.wait import PATIENCE
from monarch_vs_ray.side import metric, observe


def plain_class() -> None:
    """Create an actor of a class of the standard library as it is."""
    kind: Any = Counter
    observe("reply", outcome(lambda: get(kind.remote("aab").most_common.remote(1))))


def actor_class() -> None:
    """Turn the same class into an actor class first."""
    observe("reply", outcome(lambda: get(ray.remote(Counter).remote("aab").most_common.remote(1))))


def unmarked_method(kind: type = Plain) -> None:
    """Call every public name of a plain class on an actor of it; each method returns its own name."""
    public = [name for name in dir(kind) if not name.startswith("_")]
    outcomes = answers(ray.remote(kind).remote(), public)
    observe("unmarked", outcomes["method"])
    observe("public", public)
    observe("answered", [name for name in public if outcomes[name] == f"answered {name!r}"])


def answers(actor: Any, names: Sequence[str]) -> dict[str, str]:
    """Call methods by their names, and return what each call came to."""

    def called(name: str) -> Any:
        return get(getattr(actor, name).remote())

    return {name: outcome(partial(called, name)) for name in names}


def property_among_the_methods() -> None:
    """Do the same with a property among them."""
    unmarked_method(PlainWithProperty)


def private_method(name: str = "_secret") -> None:
    """Call a method whose name begins with an underscore; or an attribute."""
    observe("private", outcome(lambda: get(getattr(player(), name).remote())))


def what_is_returned() -> None:
    """Look at what .remote() returns, and count which actors one call on it reaches."""
    observe("type", type(player()).__name__)
    observe("reached", reached(lambda: get(player().ping.remote(inputs.CALLER))))


def what_a_pool_reaches() -> None:
    """Do the same with a pool of both actors."""
    pool = ray.util.ActorPool(players())
    calls = [inputs.CALLER] * inputs.ACTORS
    observe("type", type(pool).__name__)
    observe("reached", reached(lambda: list(pool.map(lambda actor, word: actor.ping.remote(word), calls))))


def reached(call: Callable[[], object]) -> int:
    """Return how many of the players this calls."""
    before = get([each.count.remote() for each in players()])
    call()
    after = get([each.count.remote() for each in players()])
    return sum(one != two for one, two in zip(before, after, strict=True))


def call() -> None:
    """Call one actor by .remote() and ray.get; and without .remote()."""
    observe("reply", outcome(lambda: ray.get(player().ping.remote(inputs.CALLER), timeout=PATIENCE)))
    observe("direct", outcome(lambda: player().ping(inputs.CALLER)))


def call_directly() -> None:
    """Call the method without .remote()."""
    observe("reply", outcome(lambda: player().ping(inputs.CALLER)))


def plain_methods_at_once() -> None:
    """Make several calls of a plain method at once."""
    enter(ray.remote(inputs.Room).remote(), inputs.MEETING)


def async_methods_at_once(patience: float = PATIENCE, **options: Any) -> None:
    """Make several calls of an async method at once."""
    enter(ray.remote(inputs.AsyncRoom).options(**options).remote(), patience)


def concurrency_asked_for() -> None:
    """Make several calls of a plain method at once on an actor with four threads."""
    enter(ray.remote(inputs.Room).options(max_concurrency=inputs.CALLS).remote(), PATIENCE)


def enter(room: Any, patience: float) -> None:
    """Call a room several times at once, and observe how many calls, in how many threads, were inside."""
    counts = get([room.enter.remote(patience) for _ in range(inputs.CALLS)], 2 * PATIENCE)
    observe("at_once", max(most for most, _ in counts))
    observe("threads", max(threads for _, threads in counts))


def sync_and_async() -> None:
    """Call an async method while a sync method of the same actor runs."""
    wait_to_be_let(ray.remote(SyncAndAsync), inputs.WINDOW)


def sync_in_threads() -> None:
    """Do the same with two sync methods, in two threads."""
    wait_to_be_let(ray.remote(Sync).options(max_concurrency=2), PATIENCE)


def wait_to_be_let(kind: Any, seconds: float) -> None:
    """Let a sync method wait to be let go, and observe whether the call that does so gets through."""
    waiting = Flag.new()
    actor = kind.remote(waiting)
    waited = actor.wait.remote(seconds)
    waiting.wait()
    let = actor.let.remote()
    observe("let_meanwhile", get(waited))
    observe("let", get(let))


def subclass_of_actor_class() -> None:
    """Subclass a decorated class."""
    observe("reply", outcome(lambda: new_class("Subclass", (PingPong,)).__name__))


def subclass_of_plain_class() -> None:
    """Subclass the plain class, and decorate the subclass."""
    observe("reply", outcome(lambda: get(LoudPingPong.remote(inputs.GREETING).ping.remote(inputs.CALLER))))


def own_method() -> None:
    """Call a method of one's own by self."""
    observe("reply", outcome(lambda: get(subject().ping_through_self.remote())))


def own_handle() -> None:
    """Call it through one's own handle, and wait for the reply."""
    observe("reply", outcome(lambda: get(subject().ping_through_own_handle.remote(inputs.WINDOW))))


def waiters(options: dict[str, Any]) -> list[Any]:
    """Return two actors that are up."""
    actors = [Waiter.options(**options).remote() for _ in range(2)]
    ready(*actors)
    return actors


def waits_for_itself(**options: Any) -> None:
    """Let an async method await a call of its own actor."""
    one, _ = waiters(options)
    observe("answered", finishes(one.ask.remote(one), inputs.WINDOW))


def waits_in_a_cycle(**options: Any) -> None:
    """Let an async method of one actor await one of another, which awaits the first."""
    one, two = waiters(options)
    observe("answered", finishes(one.ask_to_ask.remote(two, one), inputs.WINDOW))


def waits_for_a_later_call(**options: Any) -> None:
    """Let an async method await an event that a later call of the same actor sets."""
    one, _ = waiters(options)
    waiting = one.wait.remote()
    one.let.remote()
    observe("answered", finishes(waiting, inputs.WINDOW))


def error_of_a_method(method: Callable[[], Any] = lambda: player().miss, kind: type = ValueError) -> None:
    """Let a method raise, and look at what the caller catches."""
    try:
        get(method().remote())
    except ray.exceptions.RayTaskError as error:
        observe("caught", type(error).__name__)
        observe("is_of_the_original_type", isinstance(error, kind))
        observe("original", described(error.cause))


def error_without_subclasses() -> None:
    """Do the same with a type of error that allows no subclasses."""
    error_of_a_method(lambda: subject().miss_finally, Final)


def wrong_arguments() -> None:
    """Call with an argument too many."""
    failing_stage(lambda: player().ping.remote("one", "too many"))


def error_within() -> None:
    """Call a method that raises."""
    failing_stage(lambda: player().miss.remote())


def failing_stage(call: Callable[[], Any]) -> None:
    """Observe whether sending or waiting raises, and whether the actor ran a call."""
    stage, before = "call", get(player().count.remote())
    try:
        reference = call()
        stage = "get"
        get(reference)
    except Exception as error:
        observe("failed_at", stage)
        observe("caught", type(error).__name__)
    observe("calls_run", get(player().count.remote()) - before)


def list_argument() -> None:
    """Let an actor change a list that is its argument."""
    items = [0]
    observe("reply", get(subject().append.remote(items)))
    observe("callers", items)


def list_on_file_argument() -> None:
    """Do the same with a list that is kept in a file, so that a copy of it is the same list."""
    items = inputs.ListOnFile()
    items.append(0)
    observe("reply", get(subject().append.remote(items)))
    observe("callers", list(items))


def array_argument(method: str = "overwrite") -> None:
    """Let an actor write to an array that is its argument."""
    array = numpy.zeros(1_000_000)
    observe("overwrite", outcome(lambda: get(getattr(subject(), method).remote(array))))


def generator() -> None:
    """Call a method that is a generator; it goes on after its first value only when that has come."""
    gate = Flag.new()
    references = subject().generate.remote(gate)
    first_value(references, gate, PATIENCE)
    observe("type", type(references).__name__)
    observe("values", outcome(lambda: [get(reference) for reference in references]))


def list_of_values() -> None:
    """Call a method that returns the same values as a list."""
    gate = Flag.new()
    reference = subject().generated.remote(gate)
    first_value(reference, gate, inputs.WINDOW)
    observe("values", outcome(lambda: get(reference)))


def first_value(references: Any, gate: Flag, window: float) -> None:
    """Observe whether a value comes before the method is let to go on."""
    done, _ = ray.wait([references], timeout=window)
    observe("first_before_the_end", bool(done))
    gate.put_up()


def actor_as_argument() -> None:
    """Pass an actor to another one, which calls it."""
    before = get(player().count.remote())
    observe("ask", outcome(lambda: get(subject().ask.remote(player()))))
    observe("calls_run", get(player().count.remote()) - before)


def lock_as_argument() -> None:
    """Pass what cannot be pickled."""
    observe("ask", outcome(lambda: get(subject().ask.remote(threading.Lock()))))


def reserved_names(names: Sequence[str] = inputs.NAMES) -> None:
    """Try names for a method, and observe those that cannot be called."""
    methods = {name: lambda self, name=name: name for name in names}
    actor = ray.remote(type("Named", (), methods)).remote()
    outcomes = answers(actor, names)
    observe("refused", [name for name in names if outcomes[name] != f"answered {name!r}"])


def call_latency() -> None:
    """Call one actor again and again; both engines share the machine meanwhile."""
    samples = inputs.microseconds(lambda: get(player().count.remote()))
    observe("microseconds", round(median(samples)), "us")
    metric("call_latency_fastest", min(samples), "us")
