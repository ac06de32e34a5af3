"""What the claims on interactive development rest on, on Ray: one function puts one thing to the test.

Actors come from ``on_ray.py`` and ``subjects_on_ray.py``. Controls stand beside what they control. What
takes long is done once, and each of several probes tells a part of what came out of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from importlib.metadata import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import ray

from monarch_vs_ray.concepts.interactive_devx import on_ray, spec
from monarch_vs_ray.concepts.interactive_devx.on_ray import Cook, Learner, get
from monarch_vs_ray.concepts.interactive_devx.probe_tools import PATIENCE, RATE, outcome, run_cell
from monarch_vs_ray.concepts.interactive_devx.subjects_on_ray import (
    Fixed,
    Reader,
    jobs_kept,
    programs,
    recipe_of_a_task,
    started_by_the_cluster,
    submit,
    two_sessions,
)
from monarch_vs_ray.concepts.interactive_devx.subjects_on_ray import session as session
from monarch_vs_ray.engines.family import members
from monarch_vs_ray.engines.ports import free_port
from monarch_vs_ray.side import observe

# -- the session ---------------------------------------------------------------------------------------


@cache
def _learner() -> Any:
    """An actor that nobody changes."""
    return ray.remote(Learner).remote(rank=0)


def session_as_driver() -> None:
    parent = psutil.Process(get(_learner().pid.remote())).parent()
    observe("actors_are_started_by", parent.name() if parent else "nobody")
    observe("program_is_started_by_the_cluster", started_by_the_cluster())


def job_as_driver() -> None:
    job = _the_job()
    observe("program_is_started_by_the_cluster", job["reported"]["started_by_the_cluster"])


def _the_job() -> dict[str, Any]:
    """What is kept of the one job that was submitted, after its end."""
    programs()["submitted"].result()
    return next(job for job in jobs_kept() if job["type"] == "SUBMISSION")


def call_in_a_cell() -> None:
    _observe_cell(lambda: list(get(_learner().state.remote())))


def call_without_get() -> None:
    _observe_cell(lambda: type(_learner().state.remote()).__name__)


def cell_that_awaits() -> None:
    async def answer() -> list[float]:
        return list(await _learner().state.remote())

    _observe_cell(answer)


def _observe_cell(cell: Callable[[], object]) -> None:
    found = run_cell(cell)
    observe("reply", found.reply)
    observe("warnings", found.warnings)


def rate_of_the_next_call() -> None:
    _two_rates(ray.remote(Learner).remote(rank=0))


def rate_given_at_the_start() -> None:
    _two_rates(ray.remote(Fixed).remote(0, spec.RATES[0]))


def _two_rates(learner: Any) -> None:
    before = get(learner.pid.remote())
    for rate in spec.RATES:
        weight = get(learner.step.remote(rate))
    observe("weight", weight)
    observe("same_process", get(learner.pid.remote()) == before)


# -- state ---------------------------------------------------------------------------------------------


def state_by_method() -> None:
    observe("state", list(get(_learner().state.remote())))


def state_by_attribute() -> None:
    observe("state", outcome(lambda: _learner().weight))
    observe("gradient", outcome(lambda: _learner().gradient))


def state_by_a_function() -> None:
    """The class has no method that tells its gradient: the session sends a function that does."""
    observe("gradient", get(_learner().__ray_call__.remote(lambda actor: actor.gradient)))


# -- changed code --------------------------------------------------------------------------------------


@cache
def _changed_class() -> dict[str, object]:
    old = ray.remote(Learner).remote(rank=0)
    old_pid = get(old.pid.remote())
    before = set(members())

    class Corrected(Learner):
        def step(self, rate: float) -> float:
            self.weight -= rate * self.gradient
            return self.weight

    new = [ray.remote(Corrected).remote(rank) for rank in range(spec.RANKS)]
    weights = get([learner.step.remote(spec.RATES[0]) for learner in new])
    pids = on_ray.pids(new)
    return {
        "new_code": weights == spec.weights(-spec.RATES[0]),
        "in_processes_of_the_old": int(old_pid in pids),
        "processes": len(pids),
        "of_them_started": len(pids - {each.pid for each in before}),
        "old_code_in_old_actors": get(old.step.remote(spec.RATES[0])) == spec.weights(spec.RATES[0])[0],
    }


def changed_class() -> None:
    for key, value in _changed_class().items():
        observe(key, value)


def changed_task() -> None:
    """The same change, of a task: two versions, one after the other."""
    old, new = (on_ray.pid_of_task(version) for version in (spec.OLD, spec.NEW))
    observe("in_processes_of_the_old", int(new == old))


def changed_module() -> None:
    spec.write_recipe(Path(), spec.OLD)
    cook = Cook.remote()
    get(cook.recipe.remote())
    spec.write_recipe(Path(), spec.NEW)
    observe("running", get(cook.recipe.remote()))
    observe("made_afterwards", get(Cook.remote().recipe.remote()))
    get(cook.reload.remote())
    observe("reloaded", get(cook.recipe.remote()))


def changed_module_of_a_task() -> None:
    """A task that is run after the change, in the process of one that was run before it."""
    spec.write_recipe(Path(), spec.OLD)
    first, _ = get(recipe_of_a_task.remote())
    spec.write_recipe(Path(), spec.NEW)
    deadline = time.monotonic() + PATIENCE
    pid, recipe = get(recipe_of_a_task.remote())
    while pid != first and time.monotonic() < deadline:
        pid, recipe = get(recipe_of_a_task.remote())
    observe("made_afterwards", recipe)


def environment_of_one_actor() -> None:
    _observe_environment(Reader.options(runtime_env={"env_vars": {RATE: "0.25"}}).remote())


def environment_without_option() -> None:
    _observe_environment(_reader())


@cache
def _reader() -> Any:
    """An actor without options."""
    return Reader.remote()


def _observe_environment(reader: Any) -> None:
    readers = [reader, _reader()]
    one, another = get([reader.variable.remote(RATE) for reader in readers])
    observe("of_one_actor", one)
    observe("of_another_actor", another)


# -- scripts and jobs ----------------------------------------------------------------------------------


def model_of_ray_train() -> None:
    observe("model", programs()["prepared"].result()["ddp"])
    observe("fsdp", programs()["prepared"].result()["fsdp"])


def model_without_a_strategy() -> None:
    observe("model", programs()["prepared"].result()["None"])


def job_by_the_command_line() -> None:
    typed, job = programs()["typed"].result(), _the_job()["reported"]
    observe("exit_code", programs()["submitted"].result())
    observe("interactive", [typed["weight"], typed["interactive"]])
    observe("job", [job["weight"], job["interactive"]])
    observe("has_ray_serve", find_spec("ray.serve") is not None)
    observe("has_an_extra_for_it", "serve" in (metadata("ray").get_all("Provides-Extra") or []))


def job_for_no_cluster() -> None:
    """The same command line, and nobody at that address."""
    ran = submit(f"http://127.0.0.1:{free_port()}", "true")
    observe("exit_code", ran.returncode)


def job_afterwards() -> None:
    _observe_kept(_the_job())


def session_among_the_jobs() -> None:
    _observe_kept(next(job for job in jobs_kept() if job["type"] == "DRIVER" and job["status"] == "RUNNING"))


def _observe_kept(job: dict[str, Any]) -> None:
    observe("status", job["status"])
    observe("log_has_the_result", "weight" in job["reported"])


# -- another session -----------------------------------------------------------------------------------


def found_by_name() -> None:
    observe("counts", two_sessions()["kept"])


def looked_for_in_another_namespace() -> None:
    two_sessions()
    found = outcome(lambda: get(ray.get_actor(on_ray.KEPT, namespace="another").count.remote()))
    observe("counts", str(found).partition(" '")[0])


def own_actor_afterwards() -> None:
    observe("answers_afterwards", not two_sessions()["plain_ended"])


def detached_actor_afterwards() -> None:
    observe("answers_afterwards", two_sessions()["kept_afterwards"] == two_sessions()["kept"] + 1)
