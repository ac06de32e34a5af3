"""Who decides on a failure in Ray: options of the actor and of the method, and the caller."""

from __future__ import annotations

import time
from typing import Any

import ray
from ray.exceptions import ActorDiedError

from monarch_vs_ray.concepts.supervision import inputs
from monarch_vs_ray.concepts.supervision.ray.actors import (
    Family,
    comes_back,
    first_answer,
    first_error,
    worker,
)
from monarch_vs_ray.instruments import faults
from monarch_vs_ray.instruments.flags import Tally
from monarch_vs_ray.instruments.outcome import error_type
from monarch_vs_ray.instruments.ray import get
from monarch_vs_ray.instruments.wait import happens, wait_for
from monarch_vs_ray.side import observe


def parent_handles() -> None:
    """Kill a worker whose parent calls it and catches the error."""
    _climb("ask", "count")


def parent_lets_go() -> None:
    """Kill a worker whose parent calls it and catches nothing."""
    _climb("count")


def _climb(method: str, *arguments: object) -> None:
    """Kill a worker, let its parent call it, and watch who ends of that."""
    family = Family.with_new_worker()
    faults.kill(family.pids[1], "worker 0")
    inputs.sleep_to_a_phase()
    gets = error_type(lambda: get(getattr(family.parent, method).remote(0, *arguments)))
    observe("root_gets", f"{gets}, by its own call" if gets != "none" else "nothing")
    goes_on = inputs.goes_on(family.pids[0], family.pids[2])
    observe("parent", "lives on" if not faults.is_gone(family.pids[0]) else "died")
    observe("other_worker_runs", not faults.is_gone(family.pids[2]))
    observe("both_go_on", goes_on)


def restart_after_a_kill(**options: Any) -> None:
    """Kill a worker twice, the first time during a call; its options say whether Ray restarts it."""
    family = Family.new(**options)
    get(family.parent.counts.remote())
    begun = Tally.new()
    call = family.parent.ask.remote(0, "stay", begun)
    wait_for(begun.count, "the call to begin")
    killed = faults.kill(family.pids[1], "worker 0")
    observe("caught_meanwhile", get(call))
    count = first_answer(family.workers[0])
    observe("seconds", round(time.monotonic() - killed, 3), unit="s")
    observe("first_count", count)
    observe("sibling_count", get(family.parent.count.remote(1)))
    faults.kill(first_answer(family.workers[0], "pid"), "the new worker 0")
    observe("came_back", [True, comes_back(family.workers[0])])
    observe("starts", family.starts.count() - inputs.WORKERS)


def policies_of_two_actors(first: dict[str, Any], second: dict[str, Any]) -> None:
    """Kill two actors, each created with options of its own."""
    workers = [worker(**options) for options in (first, second)]
    for number, (_, pid) in enumerate(workers):
        faults.kill(pid, f"worker {number}")
    observe("came_back", [comes_back(actor) for actor, _ in workers])


def call_repeated(method: str = "once_retried") -> None:
    """Let a worker's process exit in a call; the method's options say whether Ray repeats it."""
    executions = Tally.new()
    actor, pid = worker(max_restarts=2)
    with faults.ends(pid, "the worker", "os._exit"):
        caught = error_type(lambda: get(getattr(actor, method).remote(executions, "os._exit")))
    happens(lambda: executions.count() > 1, inputs.WATCH)
    observe("executions", executions.count())
    observe("caught", caught)


def exception_repeated() -> None:
    """Raise in a call whose method repeats exceptions too."""
    executions = Tally.new()
    actor, _ = worker()
    get(actor.once_retried.remote(executions, "exception"))
    observe("executions", executions.count())


def stopped_on_purpose() -> None:
    """End an actor that may restart by ``ray.kill``, and call it: is that a failure to restart from?"""
    actor, pid = worker(max_restarts=1)
    ray.kill(actor)
    wait_for(lambda: faults.is_gone(pid), "the end of the worker")
    observe("is_a_failure", not isinstance(first_error(lambda: get(actor.count.remote())), ActorDiedError))
