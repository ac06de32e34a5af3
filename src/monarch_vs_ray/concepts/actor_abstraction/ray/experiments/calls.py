"""What the claims on the actor abstraction rest on, on Ray: one function puts one thing to the test.

Actors come from ``on_ray.py``, and from ``subjects_on_ray.py``. Controls stand beside what they control.
"""

from __future__ import annotations

import inspect
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import new_class
from typing import Any

import psutil
import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from monarch_vs_ray.concepts.actor_abstraction import spec
from monarch_vs_ray.concepts.actor_abstraction.on_ray import AsyncRoom, Broken, LoudPingPong, PingPong, Room
from monarch_vs_ray.concepts.actor_abstraction.probe_tools import (
    HELD_BYTES,
    PATIENCE,
    captured,
    comes,
    new_path,
    outcome,
    own_megabytes,
    until,
)
from monarch_vs_ray.concepts.actor_abstraction.subjects_on_ray import (
    NAME,
    Final,
    Late,
    Placed,
    Subject,
    Sync,
    SyncAndAsync,
    get,
    helper_names,
    player,
    players,
    subject,
)
from monarch_vs_ray.concepts.actor_abstraction.subjects_on_ray import session as session
from monarch_vs_ray.side import observe


def decorated_class() -> None:
    observe("create", outcome(lambda: get(ray.remote(Counter).remote("aab").most_common.remote(1))))


def undecorated_class() -> None:
    observe("create", outcome(lambda: Counter.remote("aab")))


def methods_of_a_plain_class() -> None:
    _exposed(PingPong, player())
    observe("reply", outcome(lambda: get(player().answer.remote(spec.CALLER))))


def property_among_the_methods() -> None:
    _exposed(Subject, subject())


def _exposed(decorated: Any, handle: Any) -> None:
    """The public names of the plain class, and those of them that its handle can call."""
    plain = decorated.__ray_metadata__.modified_class
    public = [name for name, _ in inspect.getmembers(plain) if not name.startswith("_")]
    observe("public", public)
    observe("remote", [name for name in public if hasattr(getattr(handle, name, None), "remote")])


def private_method() -> None:
    observe("private", outcome(lambda: get(player()._secret.remote())))


def private_attribute() -> None:
    observe("private", outcome(lambda: player().greeting))


def created_without_a_place() -> None:
    """On two nodes that have room for one such actor each."""
    actors = [Placed.options(num_cpus=1).remote() for _ in range(2)]
    observe("nodes", len(set(get([actor.node.remote() for actor in actors]))))


def created_at_a_place() -> None:
    there = NodeAffinitySchedulingStrategy(ray.nodes()[0]["NodeID"], soft=False)
    actors = [Placed.options(num_cpus=0, scheduling_strategy=there).remote() for _ in range(2)]
    observe("nodes", len(set(get([actor.node.remote() for actor in actors]))))


def what_remote_gives() -> None:
    observe("type", type(player()).__name__)
    observe("actors_reached", _reached(lambda: get(player().ping.remote(spec.CALLER))))


def pool_of_two() -> None:
    pool = ray.util.ActorPool(players())
    observe("type", type(pool).__name__)
    calls = [spec.CALLER] * spec.ACTORS
    observe(
        "actors_reached", _reached(lambda: list(pool.map(lambda actor, word: actor.ping.remote(word), calls)))
    )


def _reached(call: Callable[[], object]) -> int:
    """How many of the players this calls."""
    before = get([each.count.remote() for each in players()])
    call()
    after = get([each.count.remote() for each in players()])
    return sum(one != two for one, two in zip(before, after, strict=True))


def called_remotely() -> None:
    observe("reply", outcome(lambda: ray.get(player().ping.remote(spec.CALLER), timeout=PATIENCE)))


def called_directly() -> None:
    observe("reply", outcome(lambda: player().ping(spec.CALLER)))


def concurrency_asked_for() -> None:
    room = Room.options(max_concurrency=spec.GUESTS).remote()
    observe("at_once", max(get([room.enter.remote(spec.PATIENCE) for _ in range(spec.GUESTS)])))
    observe("at_once_by_default", _stays())


def concurrency_by_default() -> None:
    observe("at_once", _stays())


def _stays() -> int:
    return max(get([player().stay.remote(spec.SHORT_PATIENCE) for _ in range(spec.GUESTS)]))


def async_methods_at_once() -> None:
    room = AsyncRoom.remote()
    observe("at_once", max(get([room.enter.remote(spec.PATIENCE) for _ in range(spec.GUESTS)])))


def async_methods_one_at_a_time() -> None:
    room = AsyncRoom.options(max_concurrency=1).remote()
    observe("at_once", max(get([room.enter.remote(spec.SHORT_PATIENCE) for _ in range(spec.GUESTS)])))


def sync_and_async() -> None:
    _waiting(SyncAndAsync, {}, 0.5)


def sync_in_threads() -> None:
    _waiting(Sync, {"max_concurrency": 2}, PATIENCE)


def _waiting(kind: type[Sync], options: dict[str, int], seconds: float) -> None:
    """While a sync method waits to be let go, whether the call that would do so gets through."""
    waiting = new_path("waiting")
    actor = ray.remote(kind).options(**options).remote(waiting)
    waited = actor.wait.remote(seconds)
    until(waiting.exists, "the sync method to begin")
    let = actor.let.remote()
    observe("let_meanwhile", get(waited))
    observe("let", get(let))


def subclass_of_the_decorated() -> None:
    observe("reply", outcome(lambda: new_class("Subclass", (PingPong,)).__name__))


def subclass_of_the_plain() -> None:
    observe("reply", outcome(lambda: get(LoudPingPong.remote(spec.GREETING).ping.remote(spec.CALLER))))


def own_method() -> None:
    observe("reply", outcome(lambda: get(subject().ping_through_self.remote())))


def own_handle() -> None:
    observe("reply", outcome(lambda: get(subject().ping_through_own_handle.remote(0.5))))


def error_of_a_method() -> None:
    _caught(player().miss, ValueError)


def error_without_subclasses() -> None:
    _caught(subject().miss_finally, Final)


def _caught(method: Any, kind: type[Exception]) -> None:
    try:
        get(method.remote())
    except ray.exceptions.RayTaskError as error:
        observe("caught", type(error).__name__)
        observe("is_of_the_original_type", isinstance(error, kind))
        observe("original", f"{type(error.cause).__name__}: {error.cause}")


def failing_constructor() -> None:
    _constructed(Broken)


def working_constructor() -> None:
    _constructed(PingPong, spec.GREETING)


def _constructed(kind: Any, *arguments: str) -> None:
    """How far the caller gets, and what then tells it of the failure."""
    stage, failed_at = "remote", "nothing"
    try:
        actor = kind.remote(*arguments)
        stage = "first call"
        get(actor.ping.remote(spec.CALLER))
    except ray.exceptions.RayActorError as error:
        failed_at = stage
        observe("caught", type(error).__name__)
        observe("names_the_original", "ValueError: no racket" in str(error))
    observe("failed_at", failed_at)


def remote_returns() -> None:
    """The constructor is held up until it has."""
    gate, done = new_path("gate"), new_path("done")
    late = Late.remote(gate, done)
    observe("constructed", done.exists())
    gate.touch()
    get(late.__ray_ready__.remote())


def ready() -> None:
    """The constructor is held up for a moment, and the caller waits until the actor is ready."""
    gate, done = new_path("gate"), new_path("done")
    late = Late.remote(gate, done)
    threading.Timer(0.2, gate.touch).start()
    get(late.__ray_ready__.remote())
    observe("constructed", done.exists())


def wrong_arguments() -> None:
    _failing_stage(lambda: player().ping.remote("one", "too many"))


def wrong_within() -> None:
    _failing_stage(lambda: player().miss.remote())


def _failing_stage(call: Callable[[], Any]) -> None:
    stage = "call"
    try:
        ref = call()
        stage = "get"
        get(ref)
    except Exception as error:
        observe("failed_at", stage)
        observe("caught", type(error).__name__)


def argument_changed() -> None:
    items = [0]
    observe("reply", get(subject().append.remote(items)))
    observe("callers", items)


def argument_of_a_local_call() -> None:
    """The same method of the same class, in this process."""
    items = [0]
    Subject.__ray_metadata__.modified_class(spec.GREETING).append(items)
    observe("callers", items)


def array_argument() -> None:
    _overwritten(subject().overwrite)


def array_copied() -> None:
    _overwritten(subject().overwrite_a_copy)


def _overwritten(method: Any) -> None:
    import numpy

    observe("overwrite", outcome(lambda: get(method.remote(numpy.zeros(1_000_000)))))


def generator() -> None:
    gate = new_path("gate")
    refs = subject().generate.remote(gate)
    _first(refs, gate, PATIENCE)
    observe("type", type(refs).__name__)
    observe("values", [get(ref) for ref in refs])


def list_of_values() -> None:
    gate = new_path("gate")
    ref = subject().generated.remote(gate)
    _first(ref, gate, 0.5)
    observe("values", get(ref))


def _first(refs: Any, gate: Path, seconds: float) -> None:
    """Whether a value comes before the method is let to go on."""
    ready, _ = ray.wait([refs], timeout=seconds)
    observe("first_before_the_end", bool(ready))
    gate.touch()


def three_actors() -> None:
    _processes([*players(), subject()])


def three_handles_of_one() -> None:
    player()
    namesakes = PingPong.options(name=NAME, get_if_exists=True)
    _processes([namesakes.remote(spec.GREETING) for _ in range(3)])


def _processes(handles: list[Any]) -> None:
    observe("processes", len(set(get([handle.pid.remote() for handle in handles]))))


def same_name_twice() -> None:
    _second(NAME, {"name": NAME})


def no_name() -> None:
    _second("nameless", {})


def _second(name: str, options: dict[str, str]) -> None:
    """Look for an actor of this name, and create another one with these options."""
    pid = get(player().pid.remote())
    observe("found", outcome(lambda: get(ray.get_actor(name).pid.remote()) == pid))
    observe("again", outcome(lambda: type(PingPong.options(**options).remote(spec.GREETING)).__name__))


def handle_as_argument() -> None:
    observe("ask", outcome(lambda: get(subject().ask.remote(player()))))


def lock_as_argument() -> None:
    observe("ask", outcome(lambda: get(subject().ask.remote(threading.Lock()))))


def last_handle_dropped() -> None:
    pid = get(PingPong.remote(spec.GREETING).pid.remote())
    observe("lives", not comes(lambda: not psutil.pid_exists(pid), PATIENCE))


def last_handle_of_a_detached() -> None:
    """It is dropped before that of a plain one, and looked for when that one has ended."""
    detached = PingPong.options(name="detached", namespace="probes", lifetime="detached")
    pid = get(detached.remote(spec.GREETING).pid.remote())
    plain = get(PingPong.remote(spec.GREETING).pid.remote())
    until(lambda: not psutil.pid_exists(plain), "the plain actor to end")
    observe("lives", psutil.pid_exists(pid))
    ray.kill(ray.get_actor("detached", "probes"))


def processes_beside_one_actor() -> None:
    get(player().pid.remote())
    _helpers()


def before_ray_starts() -> None:
    """Ray is imported, and no more."""
    _helpers()


def _helpers() -> None:
    names = helper_names()
    observe("names", names)
    observe("helpers", len(names))


def memory_of_an_idle_actor() -> None:
    observe("megabytes", own_megabytes(get(players()[1].pid.remote())), "MB")


def memory_of_one_that_holds() -> None:
    get(subject().hold.remote(HELD_BYTES))
    observe("megabytes", own_megabytes(get(subject().pid.remote())), "MB")


def printed() -> None:
    """In the side that leaves ``log_to_driver`` to Ray's default."""
    _say(Subject.options(num_cpus=0).remote(spec.GREETING), PATIENCE)


def printed_without_forwarding() -> None:
    _say(subject(), 1.0)


def _say(actor: Any, seconds: float) -> None:
    with captured() as output:
        get(actor.say.remote("spoken"))
        comes(lambda: output.read_text().count("spoken") == 2, seconds)
        observe("lines_that_came", output.read_text().count("spoken"))
