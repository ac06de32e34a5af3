"""What a session can call, and see."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import psutil
from monarch.actor import HostMesh, this_host

from monarch_vs_ray.concepts.interactive_devx import inputs
from monarch_vs_ray.concepts.interactive_devx.monarch.actors import (
    FixedLearner,
    Learner,
    Onlooker,
    Reader,
    SecretLearner,
)
from monarch_vs_ray.concepts.interactive_devx.monarch.experiments.subjects import (
    LOADING,
    hosts_of_a_job,
    learners,
    procs,
)
from monarch_vs_ray.concepts.interactive_devx.monarch.programs import values
from monarch_vs_ray.engines.family import members
from monarch_vs_ray.instruments import needs
from monarch_vs_ray.instruments.monarch import get
from monarch_vs_ray.instruments.outcome import described, outcome
from monarch_vs_ray.side import observe, shared


def processes_of_a_session() -> None:
    """Spawn actors on the session's own host."""
    _observe_family(this_host())


def processes_of_a_job() -> None:
    """Spawn actors on the host of a job."""
    before = set(members())
    _observe_family(hosts_of_a_job(), before)


def _observe_family(hosts: HostMesh, before: set[psutil.Process] | None = None) -> None:
    """Observe who is the parent of the actors' processes, and which other processes were started."""
    before = before or set(members())
    mesh = hosts.spawn_procs(per_host={"gpus": inputs.RANKS})
    pids = set(values(mesh.spawn("learners", Learner).pid.call()))
    observe("started_by", inputs.one_of(_parent(pid) for pid in pids))
    observe("other_processes", len({process.pid for process in set(members()) - before} - pids))
    get(mesh.stop())  # a job that is killed with actors in it delays the session's end


def _parent(pid: int) -> str:
    parent = psutil.Process(pid).parent()
    return "the session" if parent and parent.pid == os.getpid() else "another process"


def call_in_a_cell() -> None:
    """Call actors in a cell, and get their answers."""
    mesh = learners()
    _observe_cell(lambda: values(mesh.step.call(inputs.RATES[0])))


def call_without_get() -> None:
    """Call actors in a cell, and leave it at that."""
    mesh = learners()
    _observe_cell(lambda: type(mesh.step.call(inputs.RATES[0])).__name__)


def cell_that_awaits() -> None:
    """Call actors in a cell, and await their answers."""
    mesh = learners()

    async def answers() -> list[float]:
        return list((await mesh.step.call(inputs.RATES[0])).values())

    _observe_cell(answers)


def _observe_cell(cell: Callable[[], object]) -> None:
    found = inputs.run_cell(cell)
    observe("reply", found.reply)
    observe("warnings", found.warnings)


def changed_rate() -> None:
    """Call with one rate, then with another."""
    _two_rates(learners())


def rate_given_at_the_start() -> None:
    """Do the same with actors that were given their rate when they were made."""
    _two_rates(procs().spawn("learners", FixedLearner, inputs.RATES[0]))


def _two_rates(mesh: Any) -> None:
    before = values(mesh.pid.call())
    first, second = [values(mesh.step.call(rate)) for rate in inputs.RATES]
    observe("first", first)
    observe("second", second)
    observe("same_processes", values(mesh.pid.call()) == before)


def state_by_method() -> None:
    """Let an endpoint return the state, after one step."""
    mesh = learners()
    values(mesh.step.call(inputs.RATES[0]))
    observe("state", [list(state) for state in values(mesh.state.call())])


def state_by_attribute() -> None:
    """Read attributes through the mesh."""
    mesh = learners()
    observe("state", outcome(lambda: mesh.weight))
    observe("gradient", outcome(lambda: mesh.gradient))


def state_by_a_neighbour() -> None:
    """Spawn an actor in the same processes, which looks for the other among the interpreter's objects."""
    secret = procs().spawn("secret", SecretLearner)
    values(secret.pid.call())
    observe("by_attribute", outcome(lambda: secret.gradient))
    seen = values(procs().spawn("onlookers", Onlooker).look.call(SecretLearner.__name__, "gradient"))
    observe("gradient", seen)


@shared
def tensor() -> Any:
    """Return a mesh with a dimension called gpu, and a tensor that is on both of its ranks."""
    needs.package("torch")
    import torch

    mesh = this_host().spawn_procs(per_host={"gpu": inputs.RANKS})
    # The tensor engine's actors import torch while they are spawned, for which time is limited: do it before.
    get(mesh.spawn("loader", Reader).load.call("torch"), LOADING)
    with mesh.activate():
        return mesh, torch.ones(2) + mesh.rank_tensor("gpu")


def tensor_of_a_rank() -> None:
    """Inspect each rank's part of a tensor; and an actor mesh in the same way."""
    mesh, _ = tensor()
    import monarch

    _inspect(lambda on_both: [monarch.inspect(on_both, gpu=rank).tolist() for rank in range(inputs.RANKS)])
    with mesh.activate():
        inspected = monarch.inspect(mesh.spawn("learners", Learner), gpu=0)
    observe("of_an_actor", type(inspected).__name__)


def tensor_by_another_name() -> None:
    """Name a dimension that the mesh does not have."""
    tensor()
    import monarch

    _inspect(lambda on_both: monarch.inspect(on_both, gpus=0).tolist())


def _inspect(look: Callable[[Any], object]) -> None:
    mesh, on_both = tensor()
    with mesh.activate():
        try:
            seen = look(on_both)
        except ValueError as error:
            seen = described(error)
    observe("seen", seen)
