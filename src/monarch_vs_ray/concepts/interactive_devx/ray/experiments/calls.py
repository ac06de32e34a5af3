"""What a session can call, and see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psutil

from monarch_vs_ray.concepts.interactive_devx import inputs
from monarch_vs_ray.concepts.interactive_devx.ray.actors import FixedLearner, new_learners
from monarch_vs_ray.concepts.interactive_devx.ray.experiments.subjects import learner, ranks, submitted
from monarch_vs_ray.concepts.interactive_devx.ray.programs import LOADING, started_by_the_cluster
from monarch_vs_ray.instruments import needs
from monarch_vs_ray.instruments.outcome import outcome
from monarch_vs_ray.instruments.ray import get
from monarch_vs_ray.side import observe


def processes_of_a_session() -> None:
    """Create an actor, and look for the parents of its process and of this program."""
    parent = psutil.Process(get(learner().pid.remote())).parent()
    observe("started_by", parent.name() if parent else "nobody")
    observe("program_is_started_by_the_cluster", started_by_the_cluster())


def processes_of_a_job() -> None:
    """Look for the parents of a submitted job's program."""
    _, job = submitted()
    observe("program_is_started_by_the_cluster", job["reported"]["started_by_the_cluster"])


def call_in_a_cell() -> None:
    """Call an actor in a cell, and get its answer."""
    _observe_cell(lambda: list(get(learner().state.remote())))


def call_without_get() -> None:
    """Call an actor in a cell, and leave it at that."""
    _observe_cell(lambda: type(learner().state.remote()).__name__)


def cell_that_awaits() -> None:
    """Call an actor in a cell, and await its answer."""

    async def answer() -> list[float]:
        return list(await learner().state.remote())

    _observe_cell(answer)


def _observe_cell(cell: Callable[[], object]) -> None:
    found = inputs.run_cell(cell)
    observe("reply", found.reply)
    observe("warnings", found.warnings)


def changed_rate() -> None:
    """Call with one rate, then with another."""
    _two_rates(new_learners())


def rate_given_at_the_start() -> None:
    """Do the same with actors that were given their rate when they were made."""
    _two_rates(new_learners(FixedLearner, inputs.RATES[0]))


def _two_rates(learners: list[Any]) -> None:
    before = get([each.pid.remote() for each in learners])
    first, second = [get([each.step.remote(rate) for each in learners]) for rate in inputs.RATES]
    observe("first", first)
    observe("second", second)
    observe("same_processes", get([each.pid.remote() for each in learners]) == before)


def state_by_method() -> None:
    """Let a method return the state, after one step."""
    learners = new_learners()
    get([each.step.remote(inputs.RATES[0]) for each in learners])
    observe("state", [list(state) for state in get([each.state.remote() for each in learners])])


def state_by_attribute() -> None:
    """Read attributes through the handle."""
    observe("state", outcome(lambda: learner().weight))
    observe("gradient", outcome(lambda: learner().gradient))


def state_by_a_function() -> None:
    """Send the actor a function that returns what no method of the class does."""
    observe("by_attribute", outcome(lambda: learner().gradient))
    observe("gradient", get(learner().__ray_call__.remote(lambda actor: actor.gradient)))


def tensor_of_a_rank() -> None:
    """Let a method of each actor return a tensor."""
    needs.package("torch")
    tensors = get([rank.tensor.remote() for rank in ranks()], LOADING)
    observe("seen", [tensor.tolist() for tensor in tensors])
