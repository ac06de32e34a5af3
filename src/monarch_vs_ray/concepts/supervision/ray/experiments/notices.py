"""What the claims on supervision rest on, on Ray: one function puts one thing to the test.

Actors and helpers are those of ``on_ray.py``. Every probe makes a family of its own: a parent, and two
workers that it owns, with the options that are to be tested.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ray
from ray.exceptions import ActorDiedError, RayActorError

from monarch_vs_ray.concepts.supervision import spec
from monarch_vs_ray.concepts.supervision.on_ray import (
    NAMESPACE,
    Worker,
    first_answer,
    first_error,
    get,
    kill,
    outcome,
    parent,
)
from monarch_vs_ray.engines.ray import running
from monarch_vs_ray.side import fault, observe

THIS = "monarch_vs_ray.concepts.supervision.probes_on_ray"


@contextmanager
def session() -> Iterator[None]:
    """A namespace in which another program finds names; actors take no CPU once they are placed."""
    with running(cpus=2, namespace=NAMESPACE):
        yield


def _worker(**options: Any) -> tuple[Any, int]:
    """One worker with these options, and its process."""
    worker = Worker.options(num_cpus=0, **options).remote()
    return worker, get(worker.pid.remote())


# -- who is told ---------------------------------------------------------------------------------------


def process_killed() -> None:
    worker, pid = _worker()
    kill(pid, "the worker")
    error = first_error(lambda: get(worker.count.remote()))
    observe("caught", type(error).__name__)
    observe("is_an_actor_error", isinstance(error, RayActorError))


def exception_awaited() -> None:
    worker, _ = _worker()
    fault("exception", "the worker")
    try:
        get(worker.fail.remote())
    except ValueError as error:
        observe("caught", type(error).__name__)
        observe("is_an_actor_error", isinstance(error, RayActorError))
    observe("answers_afterwards", get(worker.count.remote()))


def exception_unawaited() -> None:
    worker, pid = _worker()
    fault("exception", "the worker")
    worker.fail.options(num_returns=0).remote()
    observe("count_afterwards", get(worker.count.remote()))
    observe("same_process", get(worker.pid.remote()) == pid)


def process_exited_unawaited() -> None:
    worker, pid = _worker()
    fault("os._exit", "the worker")
    worker.once.options(num_returns=0).remote(spec.marks("unawaited"), "os._exit")
    spec.wait_for(lambda: not spec.runs(pid), "the end of the worker")
    observe("same_process", "Error" not in outcome(lambda: get(worker.pid.remote())))


def process_exited_in_a_call() -> None:
    worker, _ = _worker()
    fault("os._exit", "the worker")
    began = time.monotonic()
    error = first_error(lambda: get(worker.once.remote(spec.marks("exited"), "os._exit")))
    observe("seconds", round(time.monotonic() - began, 3))
    observe("caught", type(error).__name__)
    observe("executions", os.path.getsize(spec.marks("exited")))


# -- who decides ---------------------------------------------------------------------------------------


def policies_of_two_actors() -> None:
    _policies({"max_restarts": 1}, {})


def no_policy_at_all() -> None:
    _policies({}, {})


def _policies(first: dict[str, Any], second: dict[str, Any]) -> None:
    """Two actors, each with a policy of its own; both are killed."""
    workers = [_worker(**options) for options in (first, second)]
    for number, (_, pid) in enumerate(workers):
        kill(pid, f"worker {number}")
    observe("came_back", [_comes_back(worker) for worker, _ in workers])


def _comes_back(worker: Any) -> bool:
    """Whether an actor answers again; one that is dead for good says so by its error."""
    until = time.monotonic() + spec.PATIENCE
    while time.monotonic() < until:
        try:
            get(worker.count.remote())
        except ActorDiedError:
            return False
        except RayActorError:
            continue
        return True
    raise TimeoutError(f"the actor neither answered nor died within {spec.PATIENCE:g} s")


def worker_of_a_parent_killed() -> None:
    """Does the death climb? The parent calls its dead worker, and catches nothing."""
    owner, pids = parent()
    kill(pids[1], "worker 0")
    error = first_error(lambda: get(owner.count.remote(0)))
    observe("error_reaches_the_caller", isinstance(error, ray.exceptions.RayTaskError | RayActorError))
    observe("parent_runs", spec.runs(pids[0]))
    observe("sibling_runs", spec.runs(pids[2]))


def parent_killed() -> None:
    """What does climb down: children end with their owner."""
    owner, pids = parent()
    began = time.monotonic()
    kill(pids[0], "the parent")
    spec.wait_for(lambda: not any(map(spec.runs, pids[1:])), "the end of the workers")
    observe("seconds", round(time.monotonic() - began, 2))
    observe("parent_runs", spec.runs(pids[0]))
    observe("sibling_runs", spec.runs(pids[2]))
    del owner


def parent_of_detached_workers_killed() -> None:
    """Detached workers have no owner to end with; they are given four seconds to end all the same."""
    owner, pids = parent(lifetime="detached", num_cpus=0)
    workers = [get(owner.worker.remote(rank))[0] for rank in range(spec.WORKERS)]
    began = time.monotonic()
    kill(pids[0], "the parent")
    while any(map(spec.runs, pids[1:])) and time.monotonic() - began < 4.0:
        time.sleep(0.05)
    observe("seconds", round(time.monotonic() - began, 2))
    for worker in workers:
        ray.kill(worker)


def restarted_once() -> None:
    _killed_twice(max_restarts=1)


def restarted_always() -> None:
    _killed_twice(max_restarts=-1)


def _killed_twice(**options: Any) -> None:
    worker, pid = _worker(**options)
    get(worker.count.remote())
    kill(pid, "the worker")
    counted = first_answer(lambda: get(worker.count.remote()))
    observe("count_of_the_new_one", counted)
    kill(first_answer(lambda: get(worker.pid.remote())), "the worker")
    observe("came_back", [counted == 1, _comes_back(worker)])


def method_with_retries() -> None:
    _executions("once_retried")


def method_without_retries() -> None:
    _executions("once")


def _executions(method: str) -> None:
    """How often a call was executed that ends its process the first time; the actor may restart."""
    worker, _ = _worker(max_restarts=2)
    fault("os._exit", "the worker")
    said = outcome(lambda: get(getattr(worker, method).remote(spec.marks(method), "os._exit")))
    observe("executions", os.path.getsize(spec.marks(method)))
    observe("answered", said.startswith("answered"))


# -- what is left --------------------------------------------------------------------------------------


def unhandled_death() -> None:
    _later_call()


def death_with_a_restart() -> None:
    _later_call(max_restarts=1, max_task_retries=-1)


def _later_call(**options: Any) -> None:
    """An actor dies, nobody waits for it; this program goes on, and calls it later."""
    worker, pid = _worker(**options)
    kill(pid, "the worker")
    error = outcome(lambda: first_answer(lambda: get(worker.count.remote()))) if options else ""
    observe("later_call", error or type(first_error(lambda: get(worker.count.remote()))).__name__)


def detached_actor() -> None:
    _left_behind("stays", lifetime="detached")


def ordinary_actor() -> None:
    _left_behind("goes")


def _left_behind(name: str, **options: str) -> None:
    """Another program makes a named actor and ends; is the actor there afterwards?"""
    address = ray.get_runtime_context().gcs_address
    program = spec.beside(THIS, address, name, *options.values(), settings={})
    spec.told_by(program)
    found = outcome(lambda: get(first_lookup(name).count.remote()))
    observe("answers_afterwards", found == "answered 2")
    if found.startswith("answered"):
        ray.kill(ray.get_actor(name))


def first_lookup(name: str) -> Any:
    """The actor of that name; the end of its program takes a moment to be known."""
    until = time.monotonic() + 3.0
    while time.monotonic() < until:
        try:
            get(ray.get_actor(name).pid.remote())
        except (ValueError, RayActorError):
            break
        time.sleep(0.1)
    return ray.get_actor(name)


def leave_actor(address: str, name: str, lifetime: str | None = None) -> None:
    """A program on the same Ray: it makes a named actor, calls it once, and ends."""
    ray.init(address, namespace=NAMESPACE, log_to_driver=False, logging_level=logging.ERROR)
    worker = Worker.options(name=name, lifetime=lifetime, num_cpus=0).remote()
    print(get(worker.count.remote()), flush=True)


# -- what the package has ------------------------------------------------------------------------------


def names_torchft() -> None:
    observe("files", spec.files_that_name("ray", "torchft"))


def names_something_else() -> None:
    observe("files", spec.files_that_name("ray", "torchmonarch"))


if __name__ == "__main__" and sys.argv[1:]:
    leave_actor(*sys.argv[1:])
