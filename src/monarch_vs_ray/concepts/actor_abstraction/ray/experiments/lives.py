"""Lives of actors in Ray, put to the test: how they begin and end, where they live, what they cost."""

from __future__ import annotations

import os
import threading
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from monarch_vs_ray.concepts.actor_abstraction import inputs
from monarch_vs_ray.concepts.actor_abstraction.ray.actors import (
    NAME,
    Broken,
    Late,
    PingPong,
    Placed,
    Subject,
    helper_names,
    player,
    players,
    subject,
)
from monarch_vs_ray.instruments import faults
from monarch_vs_ray.instruments.flags import Flag, Tally
from monarch_vs_ray.instruments.outcome import outcome
from monarch_vs_ray.instruments.ray import get, nodes, ready
from monarch_vs_ray.instruments.wait import PATIENCE, happens, wait_for
from monarch_vs_ray.side import observe

PRINTING = "monarch_vs_ray.concepts.actor_abstraction.ray.printing"
NODE = {"num_cpus": 1}
HELPERS = [
    *("dashboard.py", "gcs_server", "log_monitor.py", "monitor.py"),
    *("ray::DashboardAgent", "ray::RuntimeEnvAgent", "raylet"),
]


def scheduled() -> None:
    """Create two actors that need a CPU each, on two nodes of one CPU."""
    with nodes(NODE, NODE):
        observe_nodes([Placed.options(num_cpus=1).remote() for _ in range(2)])


def placed_by_the_caller() -> None:
    """Create two actors on the node that the caller names."""
    with nodes(NODE, NODE):
        there = NodeAffinitySchedulingStrategy(ray.nodes()[0]["NodeID"], soft=False)
        observe_nodes([Placed.options(num_cpus=0, scheduling_strategy=there).remote() for _ in range(2)])


def observe_nodes(actors: list[Any]) -> None:
    """Observe how many nodes these actors are on."""
    observe("nodes", len(set(get([actor.node.remote() for actor in actors]))))


def siblings(options: dict[str, Any] | None = None) -> None:
    """Create actors one after the other."""
    actors = [PingPong.options(**options or {}).remote(inputs.GREETING) for _ in range(inputs.SIBLINGS)]
    observe("processes", len(set(get([actor.pid.remote() for actor in actors]))))


def handles_of_one() -> None:
    """Ask for the actor of one name so many times."""
    player()
    siblings({"name": NAME, "get_if_exists": True})


def failing_constructor() -> None:
    """Create an actor whose constructor raises."""
    attempts = Tally.new()
    create(Broken, attempts)
    faults.proved("exception", "the constructor", attempts.count)


def working_constructor() -> None:
    """Create an actor whose constructor works."""
    create(PingPong, inputs.GREETING)


def create(kind: Any, *arguments: object) -> None:
    """Observe how far the caller gets, and what then reports the failure."""
    stage, failed_at = "creation", "nothing"
    try:
        actor = kind.remote(*arguments)
        stage = "first call"
        get(actor.ping.remote(inputs.CALLER))
    except ray.exceptions.RayActorError as error:
        failed_at = stage
        observe("caught", type(error).__name__)
        observe("names_the_original", "ValueError: no racket" in str(error))
    observe("failed_at", failed_at)


def held_constructor(call_first: bool = False) -> None:
    """Hold the constructor up until .remote() has returned; or until the caller waits for __ray_ready__."""
    gate, done = Flag.new(), Flag.new()
    late = Late.remote(gate, done)
    if not call_first:
        observe("constructed", done.is_up())
    threading.Timer(0.2, gate.put_up).start()
    ready(late)
    observe("constructed" if call_first else "constructed_after_waiting", done.is_up())


def same_name_twice() -> None:
    """Find an actor by its name, and give the name to another one."""
    name_again(NAME, {"name": NAME})


def no_name() -> None:
    """Look for a name that no actor has, and give none to another one."""
    name_again("nameless", {})


def name_again(name: str, options: dict[str, str]) -> None:
    """Look for an actor of this name, and create another one with these options."""
    pid = get(player().pid.remote())
    observe("found", outcome(lambda: get(ray.get_actor(name).pid.remote()) == pid))
    observe("again", outcome(lambda: get(PingPong.options(**options).remote("").count.remote())))


def last_reference_dropped() -> None:
    """Drop the only handle of an actor, and watch its process."""
    pid = get(PingPong.remote(inputs.GREETING).pid.remote())
    observe("lives", not happens(lambda: faults.is_gone(pid), PATIENCE))


def last_reference_to_a_detached_one() -> None:
    """Do the same with a detached actor; watch it once a plain one that was dropped later has ended."""
    detached = PingPong.options(name="detached", namespace="apart", lifetime="detached")
    pid = get(detached.remote(inputs.GREETING).pid.remote())
    plain = get(PingPong.remote(inputs.GREETING).pid.remote())
    wait_for(lambda: faults.is_gone(plain), "the plain actor to end")
    observe("lives", not happens(lambda: faults.is_gone(pid), inputs.DROPPED))
    ray.kill(ray.get_actor("detached", "apart"))


def processes_beside_one_actor() -> None:
    """Name the processes below a program with one actor that no actor lives in."""
    get(player().pid.remote())
    observe_helpers(PATIENCE)


def before_ray_starts() -> None:
    """Do the same where Ray is imported, and no more."""
    observe_helpers(inputs.WINDOW)


def observe_helpers(within: float) -> None:
    """Give the usual helpers time to come and others time to join them; observe those that are there."""
    happens(lambda: helper_names() == HELPERS, within)
    happens(lambda: helper_names() != HELPERS, inputs.WINDOW)
    observe("helpers", helper_names())


def memory_of_an_idle_actor() -> None:
    """Measure the process of an actor."""
    observe("megabytes", inputs.own_megabytes(get(players()[1].pid.remote())), "MB")


def memory_of_one_that_holds() -> None:
    """Measure that of one that holds 200 MB."""
    get(subject().hold.remote(inputs.HELD_BYTES))
    observe("megabytes", inputs.own_megabytes(get(subject().pid.remote())), "MB")


def printed(*words: str, **settings: str) -> None:
    """Count what a program of default settings shows of the equal lines that its actors print."""
    counts = inputs.printed_by(PRINTING, *words, **settings)
    observe("stdout", counts["stdout"])
    observe("stderr", counts["stderr"])


def printed_without_forwarding() -> None:
    """Do the same where the program asked for no output of its actors."""
    printed("silent", RAY_DEDUP_LOGS="0")


def environment_changed_later(**options: Any) -> None:
    """Change an environment variable of the program after ray.init(), and ask an actor created then."""
    os.environ[inputs.SETTING] = inputs.AFTER
    try:
        late = Subject.options(**options).remote(inputs.GREETING)
        observe("setting", get(late.setting.remote()))
    finally:
        os.environ[inputs.SETTING] = inputs.BEFORE
