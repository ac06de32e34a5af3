"""Who is notified of a failure in Monarch, and how soon.

Every experiment makes a family of its own: a parent in a process of its own, and two workers that it owns.
Failures that nobody handles come to a list at the root; by default they would end this program.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import monarch.actor

from monarch_vs_ray.concepts.supervision import inputs
from monarch_vs_ray.concepts.supervision.monarch.actors import AT_ROOT, Family
from monarch_vs_ray.engines.monarch import running
from monarch_vs_ray.instruments import faults
from monarch_vs_ray.instruments.flags import Tally
from monarch_vs_ray.instruments.monarch import finishes, get
from monarch_vs_ray.instruments.outcome import error_type, outcome
from monarch_vs_ray.instruments.programs import in_second_program
from monarch_vs_ray.instruments.wait import PATIENCE, happens, settled, wait_for
from monarch_vs_ray.side import observe

DEFAULTS = dict.fromkeys(
    (
        "HYPERACTOR_MESH_SUPERVISION_POLL_FREQUENCY",
        "HYPERACTOR_MESH_GET_ACTOR_STATE_MAX_IDLE",
        "HYPERACTOR_MESH_ORPHAN_TIMEOUT",
    )
)
"""For a second program: without the settings that ``concept.toml`` makes."""
PHASES = ((0.05, 0.45), (0.5, 0.9))
"""Parts of the first poll interval; in each of them one worker is killed, at a random moment."""


@contextmanager
def session() -> Iterator[None]:
    """Run Monarch, and collect at the root what nobody handles."""
    monarch.actor.unhandled_fault_hook = AT_ROOT.append
    with running():
        yield


def exception_awaited() -> None:
    """Raise in a call that the parent awaits, and watch whether ``__supervise__`` is called too."""
    family, trace = Family.new("awaited"), Tally.new()
    observe("caught", get(family.parent.ask.call_one(0, "fail", trace)))
    observe("caught_by_its_type", get(family.parent.catches_its_type.call_one(0, trace)))
    faults.proved("exception", "worker 0", trace.count, times=2)
    observe("owner_was_told", happens(family.was_told, inputs.WATCH))
    observe("answers_afterwards", outcome(lambda: get(family.parent.count.call_one(0))))
    family.end()


def exception_unawaited() -> None:
    """Raise in a call that nobody awaits."""
    family, trace = Family.new("unawaited"), Tally.new()
    _, workers = get(family.parent.owned.call_one())
    get(family.parent.fail_unawaited.call_one(0, trace))
    faults.proved("exception", "worker 0", trace.count)
    observe("owner_was_told", happens(family.was_told, inputs.WATCH))
    observe("cause_is_the_exception", any("no ball" in line for line in family.reports.lines()))
    observe("later_call", error_type(lambda: get(workers.slice(procs=0).count.call_one())))
    family.end()


def call_to_a_dead_actor() -> None:
    """Let the parent call a worker that died of an exception, and catch the error."""
    family, trace = Family.new("caller"), Tally.new()
    get(family.parent.fail_unawaited.call_one(0, trace))
    faults.proved("exception", "worker 0", trace.count)
    wait_for(family.was_told, "the report to the parent")
    family.parent.ask.call_one(0, "count")  # its answer races with the parent's own end
    observe("caller_lives", not happens(family.at_root, inputs.WATCH))
    observe("its_own_failure", "undeliverable" in "".join(family.at_root()))


def death_in_a_call() -> None:
    """Let a worker's process exit during a call; watch for a second execution of it."""
    family, executions = Family.new("in-a-call"), Tally.new()
    began = time.monotonic()
    with faults.ends(family.pids[1], "worker 0", "os._exit"):
        caught = get(family.parent.ask.call_one(0, "once", executions, "os._exit"))
    observe("seconds", round(time.monotonic() - began, 3), unit="s")
    observe("caught", caught)
    observe("executions", settled(executions.count, 1, inputs.WATCH))
    observe("sibling_answers", get(family.parent.count.call_one(1)) > 0)
    observe("call_to_all", get(family.parent.ask.call_one(None, "count")))
    family.end()


def idle_death() -> None:
    """Kill an idle worker at a random phase of the poll."""
    family = Family.new("idle")
    inputs.sleep_to_a_phase()
    killed = faults.kill(family.pids[1], "worker 0")
    observe("owner_was_told", happens(lambda: family.reported(killed), PATIENCE))
    told, cause = family.report(killed)
    observe("seconds", round(told - killed, 3), unit="s")
    observe("cause", cause)
    observe("sibling_answers", get(family.parent.count.call_one(1)) > 0)
    family.end()


def idle_deaths(poll: float = inputs.POLL) -> None:
    """Kill idle workers at two random phases of the poll."""
    _deaths(poll, in_a_call=False)


def idle_deaths_by_default() -> None:
    """Do the same in a program with Monarch's default settings."""
    in_second_program(idle_deaths, "monarch", DEFAULTS, poll=inputs.DEFAULT_POLL)


def deaths_in_a_call(poll: float = inputs.POLL) -> None:
    """Kill workers during a call, at two random phases of the poll."""
    _deaths(poll, in_a_call=True)


def deaths_in_a_call_by_default() -> None:
    """Do the same in a program with Monarch's default settings."""
    in_second_program(deaths_in_a_call, "monarch", DEFAULTS, poll=inputs.DEFAULT_POLL)


def _deaths(poll: float, in_a_call: bool) -> None:
    """Observe when deaths at random phases of the first poll interval are noticed.

    An owner's polls begin as its workers come up, and a death is noticed at the next one. So it is the phase
    of the death and the delay of the notice together that make a poll interval.
    """
    seen = []
    with ThreadPoolExecutor() as threads:
        for number, part in enumerate(PHASES):
            family, up = Family.new(f"phase{number}"), time.monotonic()
            low, high = (share * poll for share in part)
            seen.append(threads.submit(_death, family, up, random.uniform(low, high), in_a_call))
    pairs = [future.result() for future in seen]
    observe("phases", [round(phase, 3) for phase, _ in pairs], unit="s")
    observe("delays", [round(delay, 3) for _, delay in pairs], unit="s")
    observe("shortest_from_start", round(min(map(sum, pairs)), 3), unit="s")
    observe("longest_from_start", round(max(map(sum, pairs)), 3), unit="s")


def _death(family: Family, up: float, phase: float, in_a_call: bool) -> tuple[float, float]:
    """Kill worker 0 at a phase; return when it died, after ``up``, and how long that was not noticed."""
    begun = Tally.new()
    call = family.parent.ask.call_one(0, "stay", begun) if in_a_call else None
    wait_for(lambda: begun.count() == bool(call), "the call to begin")
    time.sleep(max(0.0, up + phase - time.monotonic()))
    killed = faults.kill(family.pids[1], "worker 0")
    if call:
        assert get(call) == "SupervisionError"
        return killed - up, time.monotonic() - killed
    wait_for(lambda: family.reported(killed), "the report on worker 0")
    return killed - up, family.report(killed)[0] - killed


def second_death(same_mesh: bool = True) -> None:
    """Kill a worker, and once that was reported another one: of the same mesh, or of another parent's."""
    family = Family.new("second-death")
    other = family if same_mesh else Family.new("another")
    first = faults.kill(family.pids[1], "worker 0")
    wait_for(lambda: family.reported(first), "the report on the first death")
    second = faults.kill(other.pids[2], "worker 1")
    observe("second_is_reported", happens(lambda: other.reported(second), inputs.LONG_WATCH))
    call = other.parent.ask.call_one(1, "count")
    observe("caught", get(call) if finishes(call, inputs.LONG_WATCH) else "nothing: the call did not end")
