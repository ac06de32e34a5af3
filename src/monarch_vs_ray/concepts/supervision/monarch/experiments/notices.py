"""What the claims on supervision rest on, on Monarch: one function puts one thing to the test.

Actors and helpers are those of ``on_monarch.py``. Every probe makes a family of its own: a parent in a
process of its own, and two workers that it owns. Failures that nobody handles come to a list at the root.
"""

from __future__ import annotations

import inspect
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import monarch.actor
from monarch.actor import endpoint

from monarch_vs_ray.concepts.supervision import spec
from monarch_vs_ray.concepts.supervision.on_monarch import (
    AT_ROOT,
    MODULE,
    Parent,
    Worker,
    at_root,
    get,
    kill,
    parent,
)
from monarch_vs_ray.engines.monarch import running
from monarch_vs_ray.side import fault, observe

THIS = "monarch_vs_ray.concepts.supervision.probes_on_monarch"


@contextmanager
def session() -> Iterator[None]:
    """With the default hook, a failure that nobody handles would end the side."""
    monarch.actor.unhandled_fault_hook = AT_ROOT.append
    with running():
        yield


def _end(family: Parent) -> None:
    """Stop a parent, and its workers with it."""
    get(family.stop())


# -- who is told ---------------------------------------------------------------------------------------


def process_killed() -> None:
    family, pids = parent("killed", "handle")
    kill(pids[1], "worker 0")
    told, _ = get(family.hear.call_one(1))
    observe("parent_was_told", bool(told))
    observe("sibling_answers", get(family.count.call_one(1)))
    observe("names_the_signal", "sig=9" in told[0][1])
    _end(family)


def exception_awaited() -> None:
    family, _ = parent("awaited", "handle")
    fault("exception", "worker 0")
    observe("caught", get(family.ask.call_one(0, "fail")))
    observe("answers_afterwards", get(family.count.call_one(0)))
    told, _ = get(family.hear.call_one(0))
    observe("parent_was_told", bool(told))
    _end(family)


def exception_unawaited() -> None:
    family, _ = parent("unawaited", "handle")
    fault("exception", "worker 0")
    get(family.fail_unawaited.call_one(0))
    told, _ = get(family.hear.call_one(1))
    observe("parent_was_told", bool(told))
    observe("reason_is_the_exception", "no ball" in told[0][1])
    _end(family)


def process_exited_in_a_call() -> None:
    family, _ = parent("exited", "handle")
    fault("os._exit", "worker 0")
    observe("caught", get(family.ask.call_one(0, "once", spec.marks("exited"), "os._exit")))
    observe("executions", os.path.getsize(spec.marks("exited")))
    observe("sibling_answers", get(family.count.call_one(1)))
    observe("whole_mesh", get(family.ask.call_one(None, "count")))
    _end(family)


# -- who decides ---------------------------------------------------------------------------------------


def parent_handles() -> None:
    _climbs("handles", "handle")


def parent_lets_go() -> None:
    _climbs("lets-go", "let go")


def _climbs(name: str, policy: str) -> None:
    """Whether a worker's death goes further up than its parent: to the root, with the parent's own end."""
    family, pids = parent(name, policy)
    kill(pids[1], "worker 0")
    if policy == "handle":
        get(family.hear.call_one(1))
        get(family.count.call_one(1))
    else:
        spec.wait_for(lambda: at_root(name), "the parent's failure at the root")
        spec.wait_for(lambda: not spec.runs(pids[2]), "the end of the other worker")
    observe("reached_the_root", bool(at_root(name)))
    observe("other_worker_runs", spec.runs(pids[2]))
    if policy == "handle":
        _end(family)


def parent_respawns() -> None:
    _restarts("respawns", "respawn")


def parent_does_not_respawn() -> None:
    _restarts("idle", "handle")


def _restarts(name: str, policy: str) -> None:
    family, pids = parent(name, policy)
    get(family.counts.call_one())
    kill(pids[1], "worker 0")
    _, generation = get(family.hear.call_one(2))
    observe("generation", generation)
    if policy == "respawn":
        after, counts = get(family.pids.call_one()), get(family.counts.call_one())
        observe("on_fresh_processes", not set(after[1:]) & set(pids[1:]))
        observe("first_count", counts[0])
    _end(family)


def endpoint_options() -> None:
    """What @endpoint can be told about one method; retries or restarts are not among it."""
    names = list(inspect.signature(endpoint).parameters)
    observe("options", names)
    observe("about_failures", [name for name in names if "retr" in name or "restart" in name])


def retried_by_a_loop() -> None:
    family, _ = parent("loop", "respawn")
    fault("os._exit", "worker 0")
    get(family.until_done.call_one(spec.marks("loop"), "os._exit"))
    observe("executions", os.path.getsize(spec.marks("loop")))
    _end(family)


# -- what is left --------------------------------------------------------------------------------------


def program_that_looks_away() -> None:
    """Its actor dies unsupervised, the hook is the default one: is the program interrupted?"""
    fault("os._exit", "an actor of a program of its own")
    began = time.monotonic()
    program = spec.beside(MODULE, "look_away", settings=spec.SETTINGS)
    other = int(spec.told_by(program))
    observe("came_to_its_end", program.returncode == 0)
    observe("ending", spec.ending(program.returncode))
    observe("interrupted_early", time.monotonic() - began < spec.LOOK_AWAY)
    spec.wait_for(lambda: not spec.runs(other), "the end of the program's other actor")
    observe("other_actor_outlives_it", spec.runs(other))


def host_of_a_job() -> None:
    """What does outlive its program: a host that a job has started, unless the job is killed."""
    program = spec.beside(THIS, "leave_host", settings=spec.SETTINGS)
    host = int(spec.told_by(program))
    observe("other_actor_outlives_it", spec.runs(host))
    spec.kill(host)


def _leave_host() -> None:
    """A program: it starts a host through a job, says which process that is, and goes without a word."""
    from monarch.job import ProcessJob

    host = ProcessJob({"hosts": 1}).state(cached_path=None).hosts
    worker = host.spawn_procs(per_host={"procs": 1}).spawn("worker", Worker)
    pids: Any = worker.parent_pid.call().get(timeout=spec.PATIENCE)
    print(next(iter(pids.values())), flush=True)
    os._exit(0)


def killed_with_short_poll() -> None:
    family, pids = parent("short-poll", "handle")
    when = kill(pids[1], "worker 0")
    told, _ = get(family.hear.call_one(1))
    observe("seconds", round(told[0][0] - when, 3))
    _end(family)


def killed_with_default_poll() -> None:
    fault("SIGKILL", "an actor of a program with Monarch's default settings")
    observe("seconds", spec.told_by(spec.beside(MODULE, "detect", settings={})))


def parent_killed() -> None:
    _orphans("orphans", "parent")


def parent_stopped() -> None:
    _orphans("stopped", "nobody")


def _orphans(name: str, victim: str) -> None:
    """How long workers run on when their parent is killed, or stopped as it should be."""
    family, pids = parent(name, "handle")
    time.sleep(2 * spec.POLL)  # the parent has polled them once
    began = time.monotonic()
    if victim == "parent":
        kill(pids[0], "the parent")
    else:
        fault("stop", "the parent")
        _end(family)
    spec.wait_for(lambda: not any(map(spec.runs, pids[1:])), "the end of the workers", 4 * spec.PATIENCE)
    observe("seconds", round(time.monotonic() - began, 2))


# -- what the package has ------------------------------------------------------------------------------


def names_torchft() -> None:
    observe("files", spec.files_that_name("monarch", "torchft"))


def names_supervision() -> None:
    observe("files", spec.files_that_name("monarch", "supervision"))


if __name__ == "__main__" and sys.argv[1:] == ["leave_host"]:
    _leave_host()
