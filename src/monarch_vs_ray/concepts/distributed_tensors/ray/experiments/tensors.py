"""Tensors of actors, held by reference: operations, fetching, autograd; and who runs the program."""

from __future__ import annotations

import os

import torch

from monarch_vs_ray.concepts.distributed_tensors import inputs, workload
from monarch_vs_ray.concepts.distributed_tensors.inputs import type_name
from monarch_vs_ray.concepts.distributed_tensors.ray.experiments.subjects import (
    call,
    fitted,
    ranks,
    reported,
)
from monarch_vs_ray.instruments.flags import Tally
from monarch_vs_ray.instruments.outcome import error_type
from monarch_vs_ray.instruments.ray import get
from monarch_vs_ray.side import observe


def tensor_on_all_ranks() -> None:
    """Make a tensor on each actor: the caller holds a reference to each."""
    observe("device", f"{workload.device()} over {workload.backend()}")
    references = [rank.number.remote() for rank in ranks()]
    observe("held", [type_name(reference) for reference in references])
    observe("used", error_type(lambda: torch.relu(references[0])))
    numbers = get(references)
    observe("values", [float(number) for number in numbers])
    workload.show_tensors(numbers, "index")
    expected = [workload.operations(workload.share(rank)[0]) for rank in range(inputs.RANKS)]
    observe("operations", workload.furthest(call("operations"), expected))


def dtensor_in_workers() -> None:
    """Look at PyTorch's own distributed tensor, of which each of Ray Train's workers holds its part."""
    observe("held", [reported()["dtensor"]])
    observe("used", reported()["dtensor_used"])


def used_before_fetching(fetched: bool = False) -> None:
    """Branch on a value that is not here."""
    number = ranks()[1].number.remote()
    if fetched:
        number = get(number)
    observe("used", error_type(lambda: bool(number > 0)))


def fetched_by_the_caller() -> None:
    """Get each actor's tensor, and look at what Ray Train's workers reported."""
    observe("values", [float(number) for number in call("number")])
    observe("reported", reported()["ddp"]["loss"])


def not_fetched() -> None:
    """Look at a reference that is left alone, and at the first report, in which the loss was not."""
    observe("values", error_type(lambda: float(ranks()[0].number.remote())))
    (_, first), *_ = fitted()[0].best_checkpoints
    observe("reported", first["ddp"] or float("inf"))


def who_runs_the_step() -> None:
    """Run a training function under Ray Train."""
    observe_who_ran(fitted()[1])
    observe("ranks", reported()["ranks"])


def step_led_by_the_caller() -> None:
    """Have the training step in the caller, which tells the actors what to do."""
    tally = Tally.new()
    tally.add(os.getpid())
    call("start")
    call("backward")
    weights = call("step")
    observe_who_ran(tally)
    observe("ranks", workload.ranks_with(weights, workload.after_one_step()))


def observe_who_ran(tally: Tally) -> None:
    """Observe which processes entered."""
    observe("entered", tally.count())
    observe("processes", len(set(tally.lines())))
    observe("by_the_caller", str(os.getpid()) in tally.lines())


def backward_from_the_caller(in_the_actors: bool = False) -> None:
    """Fetch each actor's loss and call ``backward`` here; then the actors take a step."""
    call("start")
    if in_the_actors:
        call("backward")
    else:
        observe("backward", [error_type(loss.backward) for loss in call("loss")])
    observe("ranks_that_learned", len(workload.ranks_with(call("step"), workload.after_one_step())))


def shared_processes() -> None:
    """Compare the processes of Ray Train's workers with those of actors."""
    entered = {int(line) for line in fitted()[1].lines()}
    observe("workers", len(entered))
    observe("shared", len(entered & set(call("pid"))))


def shared_by_the_same_actors() -> None:
    """Compare the processes of actors with those of the same actors."""
    entered = set(call("pid"))
    observe("workers", len(entered))
    observe("shared", len(entered & set(call("pid"))))


def answers_of_actors() -> None:
    """Call a method that returns a tensor on all actors."""
    gradients = [torch.cat([part.flatten() for part in parts]) for parts in started("gradient")]
    observe("answers", workload.ranks_with(gradients, workload.local_gradients()))


def started(method: str) -> list[list[torch.Tensor]]:
    """Call a method on all actors, from the weights that training starts with."""
    call("start")
    return call(method)


def random_numbers(on_the_ranks: bool = False) -> None:
    """Draw a number on each worker; the control gives all the same seed before."""
    observe("different", reported()["different_with_one_seed" if on_the_ranks else "different"])


def native_reduction(broadcast: bool = False) -> None:
    """Sum up by Ray's own collective over a group of actors with a name; the control only sends out."""
    observe("answer", call("reduce", broadcast))
