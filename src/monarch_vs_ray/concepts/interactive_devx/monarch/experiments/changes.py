"""What the claims on interactive development rest on, on Monarch: one function puts one thing to the test.

Actors come from ``on_monarch.py`` and ``subjects_on_monarch.py``. Controls stand beside what they control.
What takes long is done once, and each of several probes tells a part of what came out of it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from monarch.actor import HostMesh, endpoint, this_host

from monarch_vs_ray.concepts.interactive_devx import spec
from monarch_vs_ray.concepts.interactive_devx.on_monarch import (
    Cook,
    Learner,
    Reloader,
    recipe_of,
    run_script,
    values,
)
from monarch_vs_ray.concepts.interactive_devx.probe_tools import PATIENCE, RATE, outcome, run_cell
from monarch_vs_ray.concepts.interactive_devx.subjects_on_monarch import (
    RANKS_SCRIPT,
    Fixed,
    Reader,
    hosts_of_the_job,
    interactively_and_as_a_batch,
    ranks_of,
    served,
    shared_procs,
    tensor,
    train,
    two_sessions,
)
from monarch_vs_ray.concepts.interactive_devx.subjects_on_monarch import session as session
from monarch_vs_ray.engines.family import members
from monarch_vs_ray.side import Unavailable, observe

# -- the session ---------------------------------------------------------------------------------------


def actors_of_the_session() -> None:
    _observe_family(this_host())


def actors_of_a_job() -> None:
    before = set(members())
    _observe_family(hosts_of_the_job(), before)


def _observe_family(hosts: HostMesh, before: set[psutil.Process] | None = None) -> None:
    """How many of the actors' processes are the session's own children, and who else came along."""
    before = before or set(members())
    procs = hosts.spawn_procs(per_host={"gpus": spec.RANKS})
    actors = set(values(procs.spawn("learners", Learner).pid.call()))
    observe("children_of_the_session", sum(psutil.Process(pid).ppid() == os.getpid() for pid in actors))
    observe("other_processes", len({each.pid for each in set(members()) - before} - actors))
    procs.stop().get(timeout=PATIENCE)  # a job that is killed with actors in it delays the session's end


def call_in_a_cell() -> None:
    learners = shared_procs().spawn("learners", Learner)
    _observe_cell(lambda: values(learners.step.call(spec.RATES[0])))


def call_without_get() -> None:
    learners = shared_procs().spawn("learners", Learner)
    _observe_cell(lambda: type(learners.step.call(spec.RATES[0])).__name__)


def _observe_cell(cell: Callable[[], object]) -> None:
    found = run_cell(cell)
    observe("reply", found.reply)
    observe("warnings", found.warnings)


def cell_that_awaits() -> None:
    learners = shared_procs().spawn("learners", Learner)

    async def answers() -> list[float]:
        found = await asyncio.wait_for(learners.step.call(spec.RATES[0]), PATIENCE)
        return list(found.values())

    _observe_cell(answers)


def rate_of_the_next_call() -> None:
    _two_rates(shared_procs().spawn("learners", Learner))


def rate_given_at_the_start() -> None:
    _two_rates(shared_procs().spawn("learners", Fixed, spec.RATES[0]))


def _two_rates(learners: Any) -> None:
    before = values(learners.pid.call())
    for rate in spec.RATES:
        weights = values(learners.step.call(rate))
    observe("weights", weights)
    observe("same_processes", values(learners.pid.call()) == before)


# -- state ---------------------------------------------------------------------------------------------


def inspected() -> None:
    """A tensor on two ranks, on a mesh whose dimension is called as in the call: gpu."""
    _inspect(lambda inspect, tensor: [inspect(tensor, gpu=rank).tolist() for rank in range(spec.RANKS)])


def inspected_by_another_name() -> None:
    _inspect(lambda inspect, tensor: inspect(tensor, gpus=0).tolist())


def _inspect(look: Callable[[Any, Any], object]) -> None:
    if needs := spec.missing("torch"):
        raise Unavailable(needs)
    from monarch import inspect

    mesh, on_both = tensor()
    with mesh.activate():
        observe("seen", outcome(lambda: look(inspect, on_both)))
        learners = mesh.spawn("learners", Learner)
        observe("of_an_actor", type(inspect(learners, gpu=0)).__name__)


def attribute_of_an_actor() -> None:
    learners = shared_procs().spawn("learners", Learner)
    observe("weight", outcome(lambda: learners.weight))


def state_by_endpoint() -> None:
    learners = shared_procs().spawn("learners", Learner)
    observe("weight", [weight for _, weight in values(learners.state.call())])


# -- changed code --------------------------------------------------------------------------------------


def changed_class() -> None:
    _change_class(lambda: shared_procs())


def changed_class_on_new_processes() -> None:
    _change_class(lambda: this_host().spawn_procs(per_host={"gpus": spec.RANKS}))


def _change_class(procs_for_the_change: Callable[[], Any]) -> None:
    learners = shared_procs().spawn("learners", Learner)
    old = values(learners.pid.call())
    before = set(members())

    class Corrected(Learner):
        @endpoint
        def step(self, rate: float) -> float:
            self.weight -= rate * self.gradient
            return self.weight

    corrected = procs_for_the_change().spawn("learners", Corrected)
    weights = values(corrected.step.call(spec.RATES[0]))
    observe("new_code", weights == spec.weights(-spec.RATES[0]))
    observe("same_processes", values(corrected.pid.call()) == old)
    observe("processes_started", len(set(members()) - before))


def changed_module() -> None:
    procs = this_host().spawn_procs()
    _change_module(procs, lambda: procs)


def changed_module_on_new_processes() -> None:
    _change_module(this_host().spawn_procs(), lambda: this_host().spawn_procs())


def _change_module(procs: Any, procs_after_the_change: Callable[[], Any]) -> None:
    spec.write_recipe(Path(), spec.OLD)
    cook = procs.spawn("cook", Cook)
    recipe_of(cook)
    spec.write_recipe(Path(), spec.NEW)
    observe("running", recipe_of(cook))
    made_afterwards = recipe_of(procs_after_the_change().spawn("cook", Cook))
    observe("made_afterwards", made_afterwards)
    observe("new_code", made_afterwards == spec.NEW)
    values(procs.spawn("reloader", Reloader).reload.call(spec.RECIPE))
    observe("reloaded", recipe_of(cook))


def environment_by_bootstrap() -> None:
    _observe_environment(this_host().spawn_procs(bootstrap=_set_rate))


def environment_without_bootstrap() -> None:
    _observe_environment(shared_procs())


def _set_rate() -> None:
    os.environ[RATE] = "0.25"


def _observe_environment(procs: Any) -> None:
    readers = [each.spawn("reader", Reader).variable.call(RATE) for each in (procs, shared_procs())]
    first, second = [values(reader) for reader in readers]
    observe("of_one_mesh", first)
    observe("of_another_mesh", second)


# -- scripts and jobs ----------------------------------------------------------------------------------


def script_on_a_mesh() -> None:
    """The script asks for the variables that torchrun sets."""
    observe("by_the_actor", ranks_of(lambda folder: run_script(shared_procs(), RANKS_SCRIPT, folder)))
    observe("by_serve", served()[0])


def script_in_a_plain_actor() -> None:
    reader = this_host().spawn_procs(per_host={"gpus": spec.RANKS}).spawn("reader", Reader)
    observe("by_the_actor", ranks_of(lambda folder: values(reader.run.call(RANKS_SCRIPT, folder))))


def same_program_everywhere() -> None:
    _observe_runs(train)


def same_program_with_a_host_of_its_own() -> None:
    """The program itself says where it runs: it stays in the session's processes."""
    _observe_runs(lambda _: train(this_host()))


def _observe_runs(program: Callable[[HostMesh], dict[str, Any]]) -> None:
    ran = interactively_and_as_a_batch()
    observe("interactive", ran["interactive"]["weights"])
    observe("was_interactive", [ran["interactive"]["interactive"], ran["batch"]["interactive"]])
    observe("batch", ran["batch"]["weights"])
    on_hosts_of_a_job = program(hosts_of_the_job())
    observe("on_hosts_of_a_job", on_hosts_of_a_job["weights"])
    observe("there_in_processes_of_the_session", on_hosts_of_a_job["in_processes_of_its_own"])


def batch_of_a_job() -> None:
    from monarch.job import JobTrait

    ran = interactively_and_as_a_batch()
    observe("exit_code", ran["exit_code"])
    observe("log_is_in_a_file", "weights" in ran["batch"])
    public = [name for name in dir(JobTrait) if not name.startswith("_")]
    observe("about_status_or_logs", [name for name in public if "status" in name or "log" in name])


def script_by_serve() -> None:
    observe("log_is_in_a_file", served()[1])


# -- another session -----------------------------------------------------------------------------------


def found_by_reference() -> None:
    observe("counts", two_sessions()["kept"])
    observe("on_the_sessions_own_host_counts", two_sessions()["plain"])


def found_by_name() -> None:
    observe("counts", two_sessions()["named"])


def own_actor_afterwards() -> None:
    observe("answers_afterwards", not two_sessions()["plain_ended"])


def actor_of_a_job_afterwards() -> None:
    observe("answers_afterwards", two_sessions()["kept_afterwards"] == two_sessions()["kept"] + 1)
