"""Who decides on a failure in Monarch: the owner, its owner, and so on up to the root of the program."""

from __future__ import annotations

import inspect
import time

from monarch.actor import endpoint

from monarch_vs_ray.concepts.supervision import inputs
from monarch_vs_ray.concepts.supervision.monarch.actors import Family
from monarch_vs_ray.instruments import faults
from monarch_vs_ray.instruments.faults import is_gone
from monarch_vs_ray.instruments.flags import Tally
from monarch_vs_ray.instruments.monarch import get
from monarch_vs_ray.instruments.wait import happens, wait_for
from monarch_vs_ray.side import observe

REPORTS_PER_DEATH = 2
"""Calls of ``__supervise__`` for one dead process: it carried the worker, and a logger."""


def parent_handles() -> None:
    """Kill a worker whose parent returns True; watch whether it climbs, also after the second report."""
    _climb("handles", "handle")


def parent_lets_go() -> None:
    """Kill a worker whose parent returns False."""
    _climb("lets-go", "let go")


def _climb(name: str, policy: str) -> None:
    """Kill a worker, and watch whether its failure goes further up than its parent."""
    family = Family.new(name, policy)
    inputs.sleep_to_a_phase()
    faults.kill(family.pids[1], "worker 0")
    wait_for(family.was_told, "the report to the parent")
    happens(lambda: family.reports.count() >= REPORTS_PER_DEATH or family.at_root(), inputs.WATCH)
    happens(lambda: family.at_root() and is_gone(family.pids[2]), inputs.WATCH)
    observe("reached_the_root", bool(family.at_root()))
    observe("other_worker_runs", not is_gone(family.pids[2]))
    observe("reports", family.reports.count())
    observe("parent", "died" if family.at_root() else "lives on")
    observe("root_gets", "the parent's failure" if family.at_root() else "nothing")
    if not family.at_root():
        family.end()


def restart_after_a_kill() -> None:
    """Kill a worker twice, the first time during a call; its parent respawns."""
    family = Family.new("respawns", "respawn")
    get(family.parent.ask.call_one(None, "count"))
    begun = Tally.new()
    call = family.parent.ask.call_one(0, "stay", begun)
    wait_for(begun.count, "the call to begin")
    killed = faults.kill(family.pids[1], "worker 0")
    observe("caught_meanwhile", get(call))
    second = _generation(family, 2)
    counts = [get(family.parent.count.call_one(rank)) for rank in range(inputs.WORKERS)]
    observe("seconds", round(time.monotonic() - killed, 3), unit="s")
    observe("first_count", counts[0])
    observe("sibling_count", counts[1])
    observe("on_fresh_processes", not set(second) & set(family.pids[1:]))
    faults.kill(second[0], "the new worker 0")
    third = _generation(family, 3)
    observe("came_back", [True, bool(third)])
    observe("generation", get(family.parent.owned.call_one())[0])
    family.end()


def no_restart_after_a_kill() -> None:
    """Kill a worker whose parent handles that and does no more; watch whether anybody restarts it."""
    family = Family.new("handles-only")
    faults.kill(family.pids[1], "worker 0")
    wait_for(family.was_told, "the report to the parent")
    caught = get(family.parent.ask.call_one(0, "count"))
    came_back = happens(lambda: get(family.parent.owned.call_one())[0] > 1, inputs.WATCH)
    observe("came_back", [came_back or caught.startswith("answered"), False])
    observe("first_count", caught)
    family.end()


def _generation(family: Family, number: int) -> list[int]:
    """Wait for a generation of workers; return their processes."""
    wait_for(lambda: get(family.parent.owned.call_one())[0] >= number, f"generation {number} of the workers")
    pids: list[int] = get(family.parent.pids.call_one())
    return pids[1:]


def call_repeated() -> None:
    """Let a worker's process exit in a call which the parent repeats in a loop."""
    family, executions = Family.new("repeats", "respawn"), Tally.new()
    with faults.ends(family.pids[1], "worker 0", "os._exit"):
        get(family.parent.repeat.call_one(executions, "os._exit"))
    observe("executions", executions.count())
    family.end()


def exception_repeated() -> None:
    """Raise in a call which the parent repeats in a loop."""
    family, executions = Family.new("repeats-exception"), Tally.new()
    get(family.parent.repeat.call_one(executions, "exception"))
    observe("executions", executions.count())
    family.end()


def endpoint_options() -> None:
    """Look at what ``@endpoint`` can be told about one method."""
    observe("options", list(inspect.signature(endpoint).parameters))


def stopped_on_purpose() -> None:
    """Stop the workers, and watch whether that is reported as a failure."""
    family = Family.new("stops")
    get(family.parent.stop_workers.call_one())
    wait_for(lambda: not inputs.running(*family.pids[1:]), "the end of the workers")
    observe("is_a_failure", happens(family.was_told, inputs.WATCH))
    family.end()
