"""What the claims on the actor abstraction rest on, on Monarch: one function puts one thing to the test.

Actors come from ``on_monarch.py``, and from ``subjects_on_monarch.py``. Controls stand beside what
they control.
"""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import monarch.actor
from monarch.actor import (
    ActorError,
    Channel,
    Future,
    HostMesh,
    MeshFailure,
    ProcMesh,
    as_endpoint,
    get_or_spawn_controller,
    this_host,
    this_proc,
)

from monarch_vs_ray.concepts.actor_abstraction import spec
from monarch_vs_ray.concepts.actor_abstraction.on_monarch import Broken, LoudPingPong, PingPong, Room
from monarch_vs_ray.concepts.actor_abstraction.probe_tools import (
    HELD_BYTES,
    PATIENCE,
    beats,
    captured,
    comes,
    new_path,
    outcome,
    own_megabytes,
    until,
)
from monarch_vs_ray.concepts.actor_abstraction.subjects_on_monarch import (
    Beating,
    Late,
    Overriding,
    Subject,
    SyncAndAsync,
    WithoutBase,
    get,
    player,
    players,
    rented,
    subject,
    two_processes,
)
from monarch_vs_ray.concepts.actor_abstraction.subjects_on_monarch import session as session
from monarch_vs_ray.engines.family import members
from monarch_vs_ray.side import observe


def class_without_base() -> None:
    procs = this_proc()
    observe("spawn", outcome(lambda: type(procs.spawn("without_base", WithoutBase)).__name__))


def class_with_base() -> None:
    procs = this_proc()
    observe("spawn", outcome(lambda: type(procs.spawn("with_base", PingPong, spec.GREETING)).__name__))


def method_not_marked() -> None:
    observe("marked", outcome(lambda: get(player().ping.call_one(spec.CALLER))))
    observe("not_marked", outcome(lambda: get(player().answer.call_one(spec.CALLER))))


def caller_insists() -> None:
    observe("not_marked", outcome(lambda: get(as_endpoint(player().answer).call_one(spec.CALLER))))


def private_not_marked() -> None:
    observe("private", outcome(lambda: get(player()._secret.call_one())))


def private_marked() -> None:
    observe("private", outcome(lambda: get(subject()._marked.call_one())))


def processes_then_actors() -> None:
    """First a process, with no actor in it; then twice an actor, into the same process."""
    observe("host_can_spawn_actors", hasattr(HostMesh, "spawn"))
    before = len(members())
    procs = this_host().spawn_procs()
    comes(lambda: len(members()) > before, PATIENCE)
    observe("processes_of_spawn_procs", len(members()) - before)
    _spawn_two(procs, procs)
    observe("processes_of_both_steps", len(members()) - before)


def processes_for_each() -> None:
    """Twice both steps."""
    _spawn_two(this_host().spawn_procs(), this_host().spawn_procs())


def _spawn_two(first: ProcMesh, second: ProcMesh) -> None:
    meshes = [procs.spawn("player", PingPong, spec.GREETING) for procs in (first, second)]
    pids = [get(mesh.pid.call_one()) for mesh in meshes]
    observe("actors", len(pids))
    observe("processes", len(set(pids)))


def what_spawn_gives() -> None:
    _called(players())


def one_of_them() -> None:
    _called(player())


def _called(actors: Any) -> None:
    observe("type", type(actors).__name__)
    observe("answers_to_one_call", len(get(actors.ping.call(spec.CALLER))))


def call_one_of_one() -> None:
    observe("reply", outcome(lambda: player().ping.call_one(spec.CALLER).get(PATIENCE)))


def call_one_of_two() -> None:
    observe("reply", outcome(lambda: players().ping.call_one(spec.CALLER).get(PATIENCE)))


def plain_endpoints_at_once() -> None:
    stays = [player().stay.call_one(spec.SHORT_PATIENCE) for _ in range(spec.GUESTS)]
    observe("at_once", max(map(get, stays)))


def async_endpoints_at_once() -> None:
    room = _room()
    visits = [room.enter.call_one(spec.SHORT_PATIENCE) for _ in range(spec.GUESTS)]
    observe("at_once", max(map(get, visits)))


def concurrent_endpoints_at_once() -> None:
    room = _room()
    visits = [room.mingle.call_one(spec.PATIENCE) for _ in range(spec.GUESTS)]
    observe("at_once", max(map(get, visits)))


def _room() -> Room:
    return this_proc().spawn("room", Room)


def sync_and_async() -> None:
    observe("spawn", outcome(lambda: type(this_proc().spawn("mixed", SyncAndAsync)).__name__))


def sync_only() -> None:
    observe("spawn", outcome(lambda: type(this_proc().spawn("sync", PingPong, spec.GREETING)).__name__))


def subclass() -> None:
    _reply_of(LoudPingPong)


def subclass_that_calls_an_inherited_endpoint() -> None:
    _reply_of(Overriding)


def _reply_of(kind: type[PingPong]) -> None:
    actor = this_proc().spawn("subclass", kind, spec.GREETING)
    observe("reply", outcome(lambda: get(actor.ping.call_one(spec.CALLER))))


def own_endpoint() -> None:
    observe("reply", outcome(lambda: get(subject().ping_through_self.call_one())))


def own_plain_method() -> None:
    observe("reply", outcome(lambda: get(subject().answer_through_self.call_one())))


def error_of_a_method() -> None:
    _caught(lambda: get(player().miss.call_one()))


def error_unwrapped() -> None:
    def unwrapped() -> None:
        try:
            get(player().miss.call_one())
        except ActorError as error:
            raise error.exception from error

    _caught(unwrapped)


def _caught(call: Callable[[], None]) -> None:
    try:
        call()
    except Exception as error:
        observe("caught", type(error).__name__)
        observe("is_value_error", isinstance(error, ValueError))
        original = getattr(error, "exception", error)
        observe("original", f"{type(original).__name__}: {original}")


def failing_constructor() -> None:
    _constructed(this_host().spawn_procs(), Broken)


def working_constructor() -> None:
    _constructed(two_processes(), PingPong, spec.GREETING)


def _constructed(procs: ProcMesh, kind: type[Any], *arguments: str) -> None:
    """How far the caller gets, and what then tells it of the failure."""
    failures: list[MeshFailure] = []
    monarch.actor.unhandled_fault_hook = failures.append
    stage, failed_at = "spawn", "nothing"
    try:
        actor = procs.spawn("actor", kind, *arguments)
        stage = "initialized"
        get(actor.initialized)
        stage = "first call"
        get(actor.ping.call(spec.CALLER))
    except Exception as error:
        failed_at = stage
        observe("caught", type(error).__name__)
        observe("names_the_original", "ValueError: no racket" in str(error))
        until(lambda: bool(failures), "the failure to reach the root")
    observe("failed_at", failed_at)
    observe("reached_the_root", bool(failures))


def spawn_and_initialized() -> None:
    """The constructor is held up until both have returned."""
    gate, done = new_path("gate"), new_path("done")
    late = two_processes().slice(procs=0).spawn("late", Late, gate, done)
    get(late.initialized)
    observe("constructed", done.exists())
    gate.touch()
    get(late.ping.call_one(spec.CALLER))
    observe("constructed_after_a_call", done.exists())


def first_call() -> None:
    """The constructor is held up for a moment, and the caller waits for the first answer."""
    gate, done = new_path("gate"), new_path("done")
    late = two_processes().slice(procs=0).spawn("late", Late, gate, done)
    threading.Timer(0.2, gate.touch).start()
    get(late.ping.call_one(spec.CALLER))
    observe("constructed", done.exists())


def wrong_arguments() -> None:
    _failing_stage(lambda: player().ping.call_one("one", "too many"))


def wrong_within() -> None:
    _failing_stage(lambda: player().miss.call_one())


def _failing_stage(call: Callable[[], Future[Any]]) -> None:
    stage = "call"
    try:
        future = call()
        stage = "get"
        get(future)
    except Exception as error:
        observe("failed_at", stage)
        observe("caught", type(error).__name__)


def argument_changed() -> None:
    """In the caller's own process, and in another one."""
    near, items = this_proc().spawn("near", Subject, spec.GREETING), [0]
    observe("near_reply", get(near.append.call_one(items)))
    observe("near", items)
    observe("reply", get(subject().append.call_one(items)))
    observe("callers", items)


def argument_of_a_local_call() -> None:
    items = [0]
    items.append(1)
    observe("callers", items)


def array_argument() -> None:
    import numpy

    observe("overwrite", outcome(lambda: get(subject().overwrite.call_one(numpy.zeros(1_000_000)))))


def array_over_bytes() -> None:
    """An array that was read-only before it was sent."""
    import numpy

    array = numpy.frombuffer(bytes(8_000_000))
    observe("overwrite", outcome(lambda: get(subject().overwrite.call_one(array))))


def generator() -> None:
    observe("values", outcome(lambda: list(get(subject().generate.call_one(3)))))
    observe("alive", outcome(lambda: get(subject().ping.call_one(spec.CALLER))))


def port() -> None:
    port, receiver = Channel[int].open()
    subject().send.broadcast(port, 3)
    observe("values", outcome(lambda: [get(receiver.recv()) for _ in range(3)]))


def same_name_twice() -> None:
    _two_named(lambda: this_proc().spawn("namesake", PingPong, spec.GREETING))


def controller_twice() -> None:
    _two_named(lambda: get(get_or_spawn_controller("namesake", PingPong, spec.GREETING)))


def _two_named(create: Callable[[], PingPong]) -> None:
    """Whether the second one knows of the first one's call."""
    one, two = create(), create()
    get(one.ping.call_one(spec.CALLER))
    observe("calls_of_the_second", get(two.count.call_one()))


def mesh_as_argument() -> None:
    observe("ask", outcome(lambda: get(subject().ask.call_one(player()))))


def lock_as_argument() -> None:
    observe("ask", outcome(lambda: get(subject().ask.call_one(threading.Lock()))))


def last_reference_dropped() -> None:
    path = new_path("beats")
    _beating(this_host().spawn_procs(), path)
    gc.collect()
    observe("lives", beats(path, PATIENCE))


def stopped() -> None:
    path = new_path("beats")
    get(_beating(two_processes().slice(procs=0), path).stop())
    observe("lives", beats(path, 1.0))


def _beating(procs: ProcMesh, path: Path) -> Beating:
    actor = procs.spawn("beating", Beating, path)
    get(actor.ping.call_one(spec.CALLER))
    return actor


def processes_beside_one_actor() -> None:
    """In a side of its own: nothing else has been spawned."""
    actor = this_host().spawn_procs().spawn("idle", PingPong, spec.GREETING)
    _helpers(actor)


def processes_beside_one_on_a_rented_host() -> None:
    _helpers(rented())


def _helpers(actor: PingPong) -> None:
    pid = get(actor.pid.call_one())
    others = [process.pid for process in members() if process.pid != pid]
    observe("own_process", pid != os.getpid())
    observe("helpers", len(others))


def memory_of_an_idle_actor() -> None:
    actor = players().slice(procs=1)
    observe("megabytes", own_megabytes(get(actor.pid.call_one())), "MB")


def memory_of_one_that_holds() -> None:
    get(subject().hold.call_one(HELD_BYTES))
    observe("megabytes", own_megabytes(get(subject().pid.call_one())), "MB")


def printed() -> None:
    with captured() as output:
        actor = this_host().spawn_procs().spawn("saying", Subject, spec.GREETING)
        _say(actor, output, PATIENCE)


def printed_on_a_rented_host() -> None:
    with captured() as output:
        _say(rented(), output, 1.0)


def _say(actor: Any, output: Path, seconds: float) -> None:
    get(actor.say.call_one("spoken"))
    comes(lambda: output.read_text().count("spoken") == 2, seconds)
    observe("lines_that_came", output.read_text().count("spoken"))
