"""Who is notified of a failure in Ray, and how soon: whoever calls, by the call's exception."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ray
from ray.exceptions import RayActorError

from monarch_vs_ray.concepts.supervision import inputs
from monarch_vs_ray.concepts.supervision.ray.actors import NAMESPACE, Family, first_error, worker
from monarch_vs_ray.engines.ray import running
from monarch_vs_ray.instruments import faults
from monarch_vs_ray.instruments.flags import Tally
from monarch_vs_ray.instruments.outcome import error_type, outcome
from monarch_vs_ray.instruments.programs import beside
from monarch_vs_ray.instruments.ray import get
from monarch_vs_ray.instruments.wait import settled, wait_for
from monarch_vs_ray.side import observe

PROGRAMS = "monarch_vs_ray.concepts.supervision.ray.programs"


@contextmanager
def session() -> Iterator[None]:
    """Run Ray with a namespace in which another program finds names."""
    with running(cpus=2, namespace=NAMESPACE):
        yield


def exception_awaited() -> None:
    """Raise in a call that the parent awaits, and watch whether the worker lives."""
    family, trace = Family.with_new_worker(), Tally.new()
    observe("caught", get(family.parent.ask.remote(0, "fail", trace)))
    observe("caught_by_its_type", get(family.parent.catches_its_type.remote(0, trace)))
    faults.proved("exception", "worker 0", trace.count, times=2)
    observe("actor_lives", inputs.goes_on(family.pids[1]))
    observe("answers_afterwards", outcome(lambda: get(family.parent.count.remote(0))))


def exception_unawaited() -> None:
    """Raise in a call that nobody awaits, and watch whether the worker lives."""
    family, trace = Family.with_new_worker(), Tally.new()
    get(family.parent.fail_unawaited.remote(0, trace))
    faults.proved("exception", "worker 0", trace.count)
    observe("actor_lives", inputs.goes_on(family.pids[1]))
    observe("later_call", error_type(lambda: get(family.workers[0].count.remote())))


def exit_unawaited() -> None:
    """Exit in a call that nobody awaits, and watch in the same way."""
    actor, pid = worker()
    with faults.ends(pid, "the worker", "os._exit"):
        actor.once.options(num_returns=0).remote(Tally.new(), "os._exit")
    observe("actor_lives", inputs.goes_on(pid))
    observe("later_call", error_type(lambda: get(actor.count.remote())))


def call_to_a_dead_actor() -> None:
    """Let the parent call a worker that died, and catch the error."""
    family = Family.with_new_worker()
    faults.kill(family.pids[1], "worker 0")
    observe("caught", get(family.parent.ask.remote(0, "count")))
    observe("caller_lives", inputs.goes_on(family.pids[0]))


def deaths_in_a_call() -> None:
    """Kill three workers during a call, one after the other."""
    seen = [_death_in_a_call() for _ in range(3)]
    observe("delays", [delay for delay, _ in seen], unit="s")
    observe("longest", max(delay for delay, _ in seen), unit="s")
    observe("caught", sorted({caught for _, caught in seen}))


def _death_in_a_call() -> tuple[float, str]:
    """Return how long after the kill the caller had its error, and which."""
    family, begun = Family.with_new_worker(), Tally.new()
    call = family.parent.ask.remote(0, "stay", begun)
    wait_for(lambda: begun.count() == 1, "the call to begin")
    killed = faults.kill(family.pids[1], "worker 0")
    caught = get(call)
    return round(time.monotonic() - killed, 3), caught


def death_in_a_call() -> None:
    """Let a worker's process exit during a call; watch for a second execution of it."""
    family, executions = Family.with_new_worker(), Tally.new()
    began = time.monotonic()
    with faults.ends(family.pids[1], "worker 0", "os._exit"):
        caught = get(family.parent.ask.remote(0, "once", executions, "os._exit"))
    observe("seconds", round(time.monotonic() - began, 3), unit="s")
    observe("caught", caught)
    observe("executions", settled(executions.count, 1, inputs.WATCH))
    observe("sibling_answers", get(family.parent.count.remote(1)) > 0)
    observe("call_to_all", get(family.parent.ask.remote(None, "count")))


def idle_death() -> None:
    """Kill an idle worker, wait a moment, and call it."""
    family = Family.with_new_worker()
    faults.kill(family.pids[1], "worker 0")
    inputs.sleep_to_a_phase()
    began = time.monotonic()
    error = first_error(lambda: get(family.workers[0].count.remote()))
    observe("seconds", round(time.monotonic() - began, 3), unit="s")
    observe("caught", type(error).__name__)
    observe("is_an_actor_error", isinstance(error, RayActorError))
    observe("cause", _cause(error))
    observe("sibling_answers", get(family.parent.count.remote(1)) > 0)


def _cause(error: Exception) -> str:
    """Return the cause in an error's message: the first sentence of what Ray calls the detail."""
    found = re.search(r"Worker exit detail: Worker (.*?)\.", str(error))
    return found[1] if found else str(error).splitlines()[-1]


def printed_on_a_death(**options: Any) -> None:
    """Kill an idle actor of a program of its own, and read what that program prints in the next seconds."""
    _printed("idle_death", **options)


def printed_on_an_end(**options: Any) -> None:
    """End the actor by ``ray.kill`` in place of that."""
    _printed("idle_end", **options)


def printed_on_an_exception(**options: Any) -> None:
    """Raise in an actor's method in place of that, with the reference to its result dropped."""
    _printed("dropped_exception", **options)


def _printed(name: str, **options: Any) -> None:
    with beside(PROGRAMS, name, *options, stderr=subprocess.PIPE) as program:
        printed = dict(zip(("stdout", "stderr"), program.communicate(timeout=90), strict=True))
    faults.proved(name, "an actor of a program of its own", lambda: printed["stdout"].count("it happened"))
    for key, words in (
        ("death_printed_on", "A worker died or was killed"),
        ("error_printed_on", "Unhandled error"),
    ):
        found = [stream for stream, text in printed.items() if words in text]
        observe(key, " and ".join(found) or "nothing")


def second_death() -> None:
    """Kill both workers of a parent, and let it call the second one."""
    family = Family.new()
    for rank in range(inputs.WORKERS):
        faults.kill(family.pids[1 + rank], f"worker {rank}")
    observe("caught", get(family.parent.ask.remote(1, "count")))


def address() -> str:
    """Return the address at which other programs join this Ray."""
    return str(ray.get_runtime_context().gcs_address)
