"""What it takes to change code and the environment."""

from __future__ import annotations

import importlib
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

from monarch.actor import Actor, endpoint, this_host

from monarch_vs_ray.concepts.interactive_devx import inputs
from monarch_vs_ray.concepts.interactive_devx.monarch.actors import Cook, Learner, Reader, Reloader
from monarch_vs_ray.concepts.interactive_devx.monarch.experiments.subjects import learners, procs
from monarch_vs_ray.concepts.interactive_devx.monarch.programs import values
from monarch_vs_ray.engines.family import members
from monarch_vs_ray.instruments.monarch import get
from monarch_vs_ray.instruments.wait import happens
from monarch_vs_ray.side import metric, observe


def changed_class() -> None:
    """Correct the class, and spawn it on the same processes."""
    _change_class(procs)


def changed_class_on_new_processes() -> None:
    """Correct the class, and spawn it on processes that are started for it."""
    _change_class(lambda: this_host().spawn_procs(per_host={"gpus": inputs.RANKS}))


def _change_class(procs_for_the_change: Callable[[], Any]) -> None:
    old = learners()
    old_pids = values(old.pid.call())
    before = set(members())

    class Corrected(Learner):
        @endpoint
        def step(self, rate: float) -> float:
            self.weight -= rate * self.gradient
            return self.weight

    new = procs_for_the_change().spawn("learners", Corrected)
    observe("weights", values(new.step.call(inputs.RATES[0])))
    observe("in_processes_of_the_old", len(set(values(new.pid.call())) & set(old_pids)))
    observe("processes_started", len(set(members()) - before))
    observe("weights_of_the_old", values(old.step.call(inputs.RATES[0])))


def time_of_an_edit() -> None:
    """Measure from the changed class to its first result, several times."""
    procs()
    observe("seconds", round(statistics.median(edit(factor) for factor in range(inputs.EDITS)), 3))


def edit(factor: int) -> float:
    """Define a class anew, spawn it, and return the seconds until it has answered."""
    began = time.perf_counter()

    class Edited(Actor):
        @endpoint
        def multiply(self, number: int) -> int:
            return factor * number

    edited = procs().spawn("edited", Edited)
    answers = values(edited.multiply.call(2))
    seconds = time.perf_counter() - began
    if answers != [factor * 2] * inputs.RANKS:
        raise ValueError(f"the new code did not run: {answers}")
    get(edited.stop())
    metric("edit", seconds, "s")
    return seconds


def changed_module() -> None:
    """Change a module on disk, and make an actor in the process that has imported it."""
    mesh = this_host().spawn_procs()
    _change_module(mesh, lambda: mesh)


def changed_module_on_new_processes() -> None:
    """Change a module on disk, and make an actor in a new process."""
    _change_module(this_host().spawn_procs(), lambda: this_host().spawn_procs())


def _change_module(mesh: Any, mesh_after_the_change: Callable[[], Any]) -> None:
    cook = _cook_with_the_old(mesh)
    inputs.write_recipe(inputs.NEW)
    observe("running_actor", _recipe_in_the_end(cook))
    observe("started_afterwards", _recipe(mesh_after_the_change().spawn("cook", Cook)))


def reloaded_module() -> None:
    """Reload the changed module: in the session first, then by another actor of the process."""
    mesh = this_host().spawn_procs()
    cook = _cook_with_the_old(mesh)
    module = importlib.reload(importlib.import_module(inputs.RECIPE))
    inputs.write_recipe(inputs.NEW)
    importlib.reload(module)
    observe("in_the_session", module.NAME)
    observe("after_reload_in_the_session", _recipe_in_the_end(cook))
    get(mesh.spawn("reloader", Reloader).reload.call(inputs.RECIPE))
    observe("after_reload_in_the_process", _recipe(cook))


def _cook_with_the_old(mesh: Any) -> Any:
    """Return an actor that has imported the module as it was."""
    inputs.write_recipe(inputs.OLD)
    cook = mesh.spawn("cook", Cook)
    if (recipe := _recipe(cook)) != inputs.OLD:
        raise ValueError(f"the module on disk is not what was imported, but {recipe}")
    return cook


def _recipe_in_the_end(cook: Any) -> str:
    """Return what the actor has when it has been watched for a change."""
    happens(lambda: _recipe(cook) == inputs.NEW, inputs.KEEPS)
    return _recipe(cook)


def _recipe(cook: Any) -> str:
    return inputs.one_of(values(cook.recipe.call()))


def environment_of_some_actors() -> None:
    """Set a variable by the bootstrap function of one mesh."""
    _observe_environment(this_host().spawn_procs(bootstrap=_set_rate))


def environment_of_all_actors() -> None:
    """Set nothing."""
    _observe_environment(procs())


def _set_rate() -> None:
    os.environ[inputs.RATE_VARIABLE] = inputs.RATE


def _observe_environment(mesh: Any) -> None:
    for key, where in (("of_these", mesh), ("of_others", procs())):
        found = values(where.spawn("reader", Reader).variable.call(inputs.RATE_VARIABLE))
        observe(key, inputs.one_of(found))
