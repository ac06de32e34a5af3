"""Who is notified of a failure in Monarch, and how soon.

Every experiment makes a family of its own: a parent in a process of its own, and two workers that it owns.
Failures that nobody handles come to a list at the root; by default they would end this program.
"""

from __future__ import annotations

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
from monarch_vs_ray.instruments.monarch import get
from monarch_vs_ray.instruments.outcome import error_type
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
"""Parts of a poll interval; in each of them one worker is killed, at a random moment."""


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
    observe("answers_afterwards", get(family.parent.count.call_one(0)))
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
    observe("sibling_answers", get(family.parent.count.call_one(1)))
    observe("call_to_all", get(family.parent.ask.call_one(None, "count")))
    family.end()


def idle_death() -> None:
    """Kill an idle worker at a random phase of the poll."""
    family = Family.new("idle")
    inputs.sleep_to_a_phase()
    killed = faults.kill(family.pids[1], "worker 0")
    observe("owner_was_told", happens(lambda: family.reported(killed), inputs.WATCH))
    told, cause = family.report(killed)
    observe("noticed_by", "its owner, in __supervise__")
    observe("seconds", round(told - killed, 3), unit="s")
    observe("cause", cause)
    observe("sibling_answers", get(family.parent.count.call_one(1)))
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
    """Observe the time from one poll to the notice, for deaths between them at random phases.

    The report on worker 0 shows when a poll was; worker 1 is killed at the phase, counted from there.
    """
    families = [Family.new(f"phase{number}") for number in range(len(PHASES))]
    with ThreadPoolExecutor() as threads:
        seen = list(threads.map(lambda args: _death(*args, poll, in_a_call), zip(families, PHASES, strict=True)))
    observe("phases", [round(phase, 3) for phase, _ in seen], unit="s")
    observe("delays", [round(delay, 3) for _, delay in seen], unit="s")
    observe("longest_delay", round(max(delay for _, delay in seen), 3), unit="s")
    observe("shortest_from_poll", round(min(map(sum, seen)), 3), unit="s")
    observe("longest_from_poll", round(max(map(sum, seen)), 3), unit="s")


def _death(family: Family, part: tuple[float, float], poll: float, in_a_call: bool) -> tuple[float, float]:
    """Kill both workers; return the phase at which the second died, and how long that was not noticed."""
    first = faults.kill(family.pids[1], "worker 0")
    wait_for(lambda: family.reported(first), "the report on worker 0", 2 * PATIENCE)
    begun = Tally.new()
    call = family.parent.ask.call_one(1, "stay", begun) if in_a_call else None
    wait_for(lambda: begun.count() == bool(call), "the call to begin")
    polled, _ = family.report(first)
    inputs.sleep_to_a_phase(part[0] * poll, part[1] * poll)
    killed = faults.kill(family.pids[2], "worker 1")
    if call:
        assert get(call, 2 * PATIENCE) == "SupervisionError"
        return killed - polled, time.monotonic() - killed
    wait_for(lambda: family.reported(killed), "the report on worker 1", 2 * PATIENCE)
    return killed - polled, family.report(killed)[0] - killed
