"""What it takes to change code and the environment."""

from __future__ import annotations

import importlib
import os
import statistics
import time
from typing import Any

import ray

from monarch_vs_ray.concepts.interactive_devx import inputs
from monarch_vs_ray.concepts.interactive_devx.ray.actors import (
    Cook,
    Learner,
    Reader,
    new_learners,
    recipe_of_a_task,
)
from monarch_vs_ray.instruments.ray import get
from monarch_vs_ray.instruments.wait import happens, wait_for
from monarch_vs_ray.side import metric, observe, shared


def changed_class() -> None:
    """Correct the class, and create its actors anew."""
    old = new_learners()
    old_pids = get([each.pid.remote() for each in old])

    class Corrected(Learner):
        def step(self, rate: float) -> float:
            self.weight -= rate * self.gradient
            return self.weight

    new = new_learners(Corrected)
    observe("weights", get([each.step.remote(inputs.RATES[0]) for each in new]))
    pids = set(get([each.pid.remote() for each in new]))
    observe("processes", len(pids))
    observe("in_processes_of_the_old", len(pids & set(old_pids)))
    observe("weights_of_the_old", get([each.step.remote(inputs.RATES[0]) for each in old]))


def changed_task() -> None:
    """Define a task anew, and run it."""
    old, new = (_pid_of_task(version) for version in (inputs.OLD, inputs.NEW))
    observe("in_processes_of_the_old", int(new == old))


def _pid_of_task(version: str) -> int:
    @ray.remote
    def task() -> tuple[str, int]:
        return version, os.getpid()

    answer, pid = get(task.remote())
    if answer != version:
        raise ValueError(f"not the {version} task ran, but the {answer} one")
    return int(pid)


def time_of_an_edit() -> None:
    """Measure from the changed class to its first result, several times."""
    observe("seconds", round(statistics.median(edit(factor) for factor in range(inputs.EDITS)), 3))


def edit(factor: int) -> float:
    """Define a class anew, create its actors, and return the seconds until they have answered."""
    began = time.perf_counter()

    @ray.remote
    class Edited:
        def multiply(self, number: int) -> int:
            return factor * number

    edited = [Edited.remote() for _ in range(inputs.RANKS)]
    answers = get([actor.multiply.remote(2) for actor in edited])
    seconds = time.perf_counter() - began
    if answers != [factor * 2] * inputs.RANKS:
        raise ValueError(f"the new code did not run: {answers}")
    metric("edit", seconds, "s")
    return seconds


def changed_module() -> None:
    """Change a module on disk, and make another actor."""
    cook = _cook_with_the_old()
    inputs.write_recipe(inputs.NEW)
    observe("running_actor", _recipe_in_the_end(cook))
    observe("started_afterwards", get(Cook.remote().recipe.remote()))


def changed_module_of_a_task() -> None:
    """Change a module on disk, and run a task in the process of one that has imported it."""
    inputs.write_recipe(inputs.OLD)
    first, _ = get(recipe_of_a_task.remote())
    inputs.write_recipe(inputs.NEW)
    runs: list[tuple[int, str]] = []

    def same_process() -> bool:
        runs.append(get(recipe_of_a_task.remote()))
        return runs[-1][0] == first

    wait_for(same_process, f"a task in process {first}")
    observe("started_afterwards", runs[-1][1])


def task_in_a_new_process() -> None:
    """Do the same, in a process that is started for the task."""
    inputs.write_recipe(inputs.OLD)
    get(recipe_of_a_task.remote())
    inputs.write_recipe(inputs.NEW)
    elsewhere = recipe_of_a_task.options(runtime_env={"env_vars": {inputs.RATE_VARIABLE: "another process"}})
    observe("started_afterwards", get(elsewhere.remote())[1])


def reloaded_module() -> None:
    """Reload the changed module: in the session first, then by the actor."""
    cook = _cook_with_the_old()
    module = importlib.reload(importlib.import_module(inputs.RECIPE))
    inputs.write_recipe(inputs.NEW)
    importlib.reload(module)
    observe("in_the_session", module.NAME)
    observe("after_reload_in_the_session", _recipe_in_the_end(cook))
    get(cook.reload.remote())
    observe("after_reload_in_the_process", get(cook.recipe.remote()))


def _cook_with_the_old() -> Any:
    """Return an actor that has imported the module as it was."""
    inputs.write_recipe(inputs.OLD)
    cook = Cook.remote()
    if (recipe := get(cook.recipe.remote())) != inputs.OLD:
        raise ValueError(f"the module on disk is not what was imported, but {recipe}")
    return cook


def _recipe_in_the_end(cook: Any) -> str:
    """Return what the actor has when it has been watched for a change."""
    happens(lambda: get(cook.recipe.remote()) == inputs.NEW, inputs.KEEPS)
    return str(get(cook.recipe.remote()))


def environment_of_some_actors() -> None:
    """Set a variable by an option of one actor."""
    env = {"env_vars": {inputs.RATE_VARIABLE: inputs.RATE}}
    _observe_environment(Reader.options(runtime_env=env).remote())


def environment_of_all_actors() -> None:
    """Set nothing."""
    _observe_environment(_reader())


@shared
def _reader() -> Any:
    """Return an actor without options."""
    return Reader.remote()


def _observe_environment(reader: Any) -> None:
    for key, which in (("of_these", reader), ("of_others", _reader())):
        observe(key, get(which.variable.remote(inputs.RATE_VARIABLE)))
