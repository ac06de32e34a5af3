"""Lives of actors in Monarch, put to the test: how they begin and end, where they live, what they cost."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable
from typing import Any

from monarch.actor import ProcMesh, get_or_spawn_controller, this_host, this_proc
from monarch.job import ProcessJob

from monarch_vs_ray.concepts.actor_abstraction import inputs
from monarch_vs_ray.concepts.actor_abstraction.monarch.actors import (
    Beating,
    Broken,
    Late,
    PingPong,
    Subject,
    players,
    subject,
    two_processes,
)
from monarch_vs_ray.engines.family import members
from monarch_vs_ray.engines.monarch import running
from monarch_vs_ray.instruments import faults
from monarch_vs_ray.instruments.flags import Flag, Tally
from monarch_vs_ray.instruments.monarch import faults_at_root, get
from monarch_vs_ray.instruments.outcome import outcome
from monarch_vs_ray.instruments.wait import PATIENCE, happens
from monarch_vs_ray.side import observe

PRINTING = "monarch_vs_ray.concepts.actor_abstraction.monarch.printing"


def siblings(apart: bool = False) -> None:
    """Start processes; then put actors into them, one after the other, into the same or each into its own."""
    before = {process.pid for process in members()}

    def started() -> int:
        return len({process.pid for process in members()} - before)

    places = [this_host().spawn_procs() for _ in range(inputs.SIBLINGS if apart else 1)]
    happens(lambda: started() >= len(places), PATIENCE)
    observe("started_by_spawn_procs", started())
    meshes = [
        places[number % len(places)].spawn("sibling", PingPong, inputs.GREETING)
        for number in range(inputs.SIBLINGS)
    ]
    observe("processes", len({get(mesh.pid.call_one()) for mesh in meshes}))
    observe("started_by_both_steps", started())
    host: Any = this_host()
    observe("spawn_on_the_host", outcome(lambda: host.spawn("sibling", PingPong, inputs.GREETING)))


def failing_constructor() -> None:
    """Spawn an actor whose constructor raises."""
    attempts = Tally.new()
    create(this_host().spawn_procs(), Broken, attempts)
    faults.proved("exception", "the constructor", attempts.count)


def working_constructor() -> None:
    """Spawn an actor whose constructor works."""
    create(two_processes(), PingPong, inputs.GREETING)


def create(procs: ProcMesh, kind: type[Any], *arguments: object) -> None:
    """Observe how far the caller gets, and what then reports the failure.

    The whole mesh is called: through a slice of it, 2 of 60 calls were left without an answer.
    """
    failures = faults_at_root()
    stage, failed_at = "creation", "nothing"
    try:
        actor = procs.spawn("actor", kind, *arguments)
        stage = "initialized"
        get(actor.initialized)
        stage = "first call"
        get(actor.ping.call(inputs.CALLER))
    except Exception as error:
        failed_at = stage
        observe("caught", type(error).__name__)
        observe("names_the_original", "ValueError: no racket" in str(error))
        happens(lambda: failures, PATIENCE)
    observe("failed_at", failed_at)
    observe("reached_the_root", bool(failures))


def held_constructor(call_first: bool = False) -> None:
    """Hold the constructor up until spawn and initialized have returned; or until a first call waits."""
    gate, done = Flag.new(), Flag.new()
    late: Any = two_processes().slice(procs=0).spawn("late", Late, gate, done)
    if not call_first:
        get(late.initialized)
        observe("constructed", done.is_up())
    threading.Timer(0.2, gate.put_up).start()
    get(late.ping.call_one(inputs.CALLER))
    observe("constructed" if call_first else "constructed_after_waiting", done.is_up())


def same_name_twice() -> None:
    """Give two actors the same name, and ask the second one for its calls."""
    observe("again", second(lambda: this_proc().spawn("namesake", PingPong, inputs.GREETING)))
    observe("controller_again", second(controller))


def controller_twice() -> None:
    """Do the same with controllers."""
    observe("again", second(controller))


def controller() -> Any:
    """Return the one actor of a name."""
    return get(get_or_spawn_controller("namesake", PingPong, inputs.GREETING))


def second(create: Callable[[], Any]) -> str:
    """Create two; call the first; return how many more calls the second has counted."""
    one, two = create(), create()
    before = get(two.count.call_one())
    get(one.ping.call_one(inputs.CALLER))
    return outcome(lambda: get(two.count.call_one()) - before)


def last_reference_dropped() -> None:
    """Drop the only references to an actor and to its processes, and watch it."""
    beats = Tally.new()
    beating(this_host().spawn_procs(), beats)
    gc.collect()
    observe("lives", not inputs.ends(beats, inputs.DROPPED))


def actor_stopped() -> None:
    """Stop such an actor, and watch it in the same way."""
    beats = Tally.new()
    get(beating(this_host().spawn_procs(), beats).stop())
    observe("lives", not inputs.ends(beats, inputs.DROPPED))


def beating(procs: ProcMesh, beats: Tally) -> Any:
    """Return an actor that is up and writes again and again."""
    actor: Any = procs.spawn("beating", Beating, beats)
    get(actor.ping.call_one(inputs.CALLER))
    return actor


def processes_beside_one_actor() -> None:
    """Count the processes of a program with one actor."""
    processes_beside(this_host().spawn_procs().spawn("idle", PingPong, inputs.GREETING))


def processes_beside_one_on_another_host() -> None:
    """Count them where a local job starts the actor's host."""
    job = ProcessJob({"workers": 1})
    try:
        with running():
            host = job.state(cached_path=None).workers
            processes_beside(host.spawn_procs().spawn("idle", PingPong, inputs.GREETING))
    finally:
        job.kill()


def processes_beside(actor: Any) -> None:
    """Observe the processes below this one that are not the actor's."""
    pid = get(actor.pid.call_one())
    observe("own_process", pid != os.getpid())
    observe("helpers", sum(process.pid != pid for process in members()))


def memory_of_an_idle_actor() -> None:
    """Measure a process with one actor."""
    pid = get(players().slice(procs=1).pid.call_one())
    observe("megabytes", inputs.own_megabytes(pid), "MB")


def memory_of_one_that_holds() -> None:
    """Measure one whose actor holds 200 MB."""
    get(subject().hold.call_one(inputs.HELD_BYTES))
    observe("megabytes", inputs.own_megabytes(get(subject().pid.call_one())), "MB")


def printed() -> None:
    """Count what a program of default settings shows of the equal lines that its actors print."""
    observe_output()


def printed_on_another_host() -> None:
    """Do the same with actors on a host that a local job starts."""
    observe_output("job")


def observe_output(*words: str) -> None:
    """Run the program with these words, and observe how many times the line came."""
    counts = inputs.printed_by(PRINTING, *words)
    observe("stdout", counts["stdout"])
    observe("stderr", counts["stderr"])


def environment_changed_later(before_the_change: bool = False) -> None:
    """Change a variable of the program's environment; ask an actor in a process started then, or before."""
    procs = this_host().spawn_procs()
    if before_the_change:
        get(procs.spawn("early", Subject, inputs.GREETING).pid.call_one())
    os.environ[inputs.SETTING] = inputs.AFTER
    try:
        if not before_the_change:
            procs = this_host().spawn_procs()
        late: Any = procs.spawn("late", Subject, inputs.GREETING)
        observe("setting", get(late.setting.call_one()))
    finally:
        os.environ[inputs.SETTING] = inputs.BEFORE
