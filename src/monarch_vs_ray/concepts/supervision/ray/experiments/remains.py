"""What is left in Ray when an owner or a program is gone, or an actor that nobody calls."""

from __future__ import annotations

import time
from typing import Any

import ray

from monarch_vs_ray.concepts.supervision import inputs
from monarch_vs_ray.concepts.supervision.ray.actors import Family, first_answer, worker
from monarch_vs_ray.concepts.supervision.ray.experiments.notices import PROGRAMS, address
from monarch_vs_ray.instruments import faults
from monarch_vs_ray.instruments.outcome import error_type, outcome
from monarch_vs_ray.instruments.programs import beside, ending, numbers_from
from monarch_vs_ray.instruments.ray import get
from monarch_vs_ray.instruments.wait import happens
from monarch_vs_ray.side import observe


def parent_killed(**options: Any) -> None:
    """Kill a parent at once when its workers are up, and watch these."""
    family = Family.new(**options)
    killed = faults.kill(family.pids[0], "the parent")
    ended = happens(lambda: not inputs.running(*family.pids[1:]), inputs.WATCH)
    observe("workers_that_run", inputs.running(*family.pids[1:]))
    observe("both_go_on", inputs.running(*family.pids) > inputs.WORKERS)
    observe("seconds", round(time.monotonic() - killed, 2) if ended else None, unit="s")
    for actor in family.workers if options else ():
        ray.kill(actor)


def program_looks_away() -> None:
    """Let an actor die while its program is busy; that program has Ray's default settings."""
    with beside(PROGRAMS, "look_away", address()) as program:
        dies, _ = numbers_from(program)
        # Within half of the time that the program is busy: when it ends, its actors end too.
        with faults.ends(dies, "an actor of a program of its own", "os._exit", inputs.LOOK_AWAY / 2):
            pass
        said = program.communicate()[0]
        observe("ending", ending(program))
    observe("came_to_its_end", "came to its end" in said)


def program_ends(**options: str) -> None:
    """Let a program end that has joined this Ray and created an actor there, and watch that actor."""
    name = "-".join(["left", *options.values()])
    with beside(PROGRAMS, "end", address(), name, *options.values()) as program:
        (pid,) = numbers_from(program)
        observe("ending", ending(program))
    observe("actor_outlives_it", inputs.goes_on(pid))
    observe("found_by_its_name", outcome(lambda: get(ray.get_actor(name).count.remote())))
    if options:
        ray.kill(ray.get_actor(name))


def program_with_a_cluster_ends() -> None:
    """Do the same with a detached actor, where the program has started Ray itself."""
    with beside(PROGRAMS, "end_with_the_cluster", "left", "detached") as program:
        (pid,) = numbers_from(program)
        observe("ending", ending(program))
    observe("actor_outlives_it", inputs.goes_on(pid))


def unhandled_death(**options: Any) -> None:
    """Kill an actor that nobody is calling, go on with something else, and call it later."""
    actor, pid = worker(**options)
    faults.kill(pid, "the worker")
    observe("interrupted", inputs.is_interrupted())
    observe("later_call", error_type(lambda: first_answer(actor)))


def names_torchft() -> None:
    """Look for TorchFT in the package's Python files."""
    observe("files", inputs.files_that_name("ray", "torchft"))


def names_something_else() -> None:
    """Look in the same way for another library."""
    observe("files", inputs.files_that_name("ray", "torchmonarch"))
