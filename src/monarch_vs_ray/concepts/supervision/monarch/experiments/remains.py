"""What is left in Monarch when an owner or a program is gone."""

from __future__ import annotations

import os
import signal
import time

from monarch_vs_ray.concepts.supervision import inputs
from monarch_vs_ray.concepts.supervision.monarch.actors import Family
from monarch_vs_ray.instruments import faults
from monarch_vs_ray.instruments.programs import beside, ending, numbers_from
from monarch_vs_ray.instruments.wait import happens, wait_for
from monarch_vs_ray.side import observe

PROGRAMS = "monarch_vs_ray.concepts.supervision.monarch.programs"


def parent_killed(age: float = 3 * inputs.POLL, watch: float = inputs.WATCH) -> None:
    """Kill a parent ``age`` seconds after its workers came up; it has polled them by then. Watch these."""
    family = Family.new("orphans")
    time.sleep(age)
    killed = faults.kill(family.pids[0], "the parent")
    _watch(family.pids, killed, watch)


def parent_stopped(watch: float = inputs.WATCH) -> None:
    """Stop a parent as it should be, and watch its workers."""
    family = Family.new("stopped")
    began = time.monotonic()
    family.end()
    _watch(family.pids, began, watch)


def _watch(pids: list[int], began: float, watch: float) -> None:
    owner, *workers = pids
    ended = happens(lambda: not inputs.running(*workers), watch)
    observe("workers_that_run", inputs.running(*workers))
    observe("owner_is_gone", faults.is_gone(owner))
    observe("watched", watch, unit="s")
    observe("seconds", round(time.monotonic() - began, 2) if ended else None, unit="s")


def program_looks_away() -> None:
    """Let an actor die while its program is busy; the hook at the root is Monarch's own."""
    with beside(PROGRAMS, "look_away") as program:
        dies, other = numbers_from(program)
        with faults.ends(dies, "an actor of a program of its own", "os._exit"):
            pass
        said = program.communicate()[0]
        observe("ending", ending(program))
    observe("came_to_its_end", "came to its end" in said)
    wait_for(lambda: faults.is_gone(other), "the end of the program's other actor")


def program_ends() -> None:
    """Let a program end that has an actor on ``this_host()``, and watch that actor."""
    with beside(PROGRAMS, "end") as program:
        (pid,) = numbers_from(program)
        observe("ending", ending(program))
    observe("actor_outlives_it", not happens(lambda: faults.is_gone(pid), inputs.WATCH))


def program_with_a_job_ends() -> None:
    """Do the same where a job started the host of the actor."""
    with beside(PROGRAMS, "leave_a_host") as program:
        host, pid = numbers_from(program)
        observe("ending", ending(program))
    observe("actor_outlives_it", not happens(lambda: faults.is_gone(pid), inputs.WATCH))
    os.kill(host, signal.SIGKILL)
    wait_for(lambda: faults.is_gone(pid), "the end of the host's actor")


def names_torchft() -> None:
    """Look for TorchFT in the package's Python files."""
    observe("files", inputs.files_that_name("monarch", "torchft"))


def names_supervision() -> None:
    """Look in the same way for a word that is there."""
    observe("files", inputs.files_that_name("monarch", "supervision"))
