"""What the claims on distributed tensors rest on, on Ray: one function puts one thing to the test.

The work on a mesh is that of ``training_on_ray.py``. Importing torch takes seconds in each process, so all
probes share two actors and one run of Ray Train, whose training function reports what it saw under many
keys; each probe looks at its own.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from monarch_vs_ray.concepts.distributed_tensors import spec
from monarch_vs_ray.concepts.distributed_tensors.probe_tools import needs_torch
from monarch_vs_ray.concepts.distributed_tensors.subjects_on_ray import (
    ACTORS,
    fitted,
    get,
    name_of,
    note,
    shared_ranks,
    trainer_of,
)
from monarch_vs_ray.side import Unavailable, observe

if spec.has_torch():
    import torch
    from torch import Tensor

    from monarch_vs_ray.concepts.distributed_tensors import workload

    # Ray Train is imported where it is used: the actors do without it.


# -- tensors -------------------------------------------------------------------------------------------


@needs_torch
def references_of_ranks() -> None:
    references = [rank.number.remote() for rank in shared_ranks()]
    observe("held", [name_of(reference) for reference in references])
    observe("used", spec.refusal(lambda: torch.relu(references[0])))
    observe("wrapped", fitted()[0].metrics["wrapped"])


@needs_torch
def dtensor_in_workers() -> None:
    """The control: torch's own distributed tensor, of which each worker holds its part."""
    seen = fitted()[0].metrics
    observe("held", [seen["dtensor"]])
    observe("used", seen["dtensor_used"])
    observe("wrapped", seen["dtensor"])


@needs_torch
def used_before_fetching() -> None:
    reference = shared_ranks()[1].number.remote()
    observe("used", spec.refusal(lambda: bool(reference > 0)))


@needs_torch
def used_after_fetching() -> None:
    number = get(shared_ranks()[1].number.remote())
    observe("used", spec.refusal(lambda: bool(number > 0)))


@needs_torch
def got_and_reported() -> None:
    observe("got", [float(number) for number in get([rank.number.remote() for rank in shared_ranks()])])
    reported = fitted()[0].metrics.get("with_ddp", {}).get("loss")
    observe("reported", abs(reported - float(workload.alone().loss)))


@needs_torch
def neither_got_nor_reported() -> None:
    """The control: a reference that is left alone, and the first report, in which the loss was not."""
    observe("got", spec.refusal(lambda: float(shared_ranks()[0].number.remote())))
    (_, first), *_ = fitted()[0].best_checkpoints
    observe("reported", str(first.get("with_ddp")))


# -- who runs the program ------------------------------------------------------------------------------


@needs_torch
def loop_on_every_worker() -> None:
    result, journal = fitted()
    _who_ran(journal)
    observe("ranks", result.metrics["with_ddp"]["spmd"]["ranks"])


@needs_torch
def loop_in_the_caller() -> None:
    """The control: no Ray Train; the caller has the training step, and tells the actors what to do."""
    journal = Path(tempfile.mkdtemp(), "journal")
    _step_from_here(journal)
    _who_ran(journal)
    observe("ranks", [float(number) - 10 for number in get([r.number.remote() for r in shared_ranks()])])


def _step_from_here(journal: Path) -> list[Tensor]:
    note(journal)
    get([rank.backward.remote() for rank in shared_ranks()])
    return list(get([rank.step.remote() for rank in shared_ranks()]))


def _who_ran(journal: Path) -> None:
    entered = [int(line) for line in journal.read_text().split()]
    observe("entered", len(entered))
    observe("by_the_caller", os.getpid() in entered)


@needs_torch
def workers_beside_actors() -> None:
    entered = {int(line) for line in fitted()[1].read_text().split()}
    observe("shared", len(entered & set(get([rank.process.remote() for rank in shared_ranks()]))))


@needs_torch
def the_same_actors_again() -> None:
    before = set(get([rank.process.remote() for rank in shared_ranks()]))
    observe("shared", len(before & set(get([rank.process.remote() for rank in shared_ranks()]))))


@needs_torch
def answer_of_rank_0() -> None:
    result, _ = fitted()
    if not hasattr(result, "return_value"):
        raise Unavailable("needs a Ray Train whose `Result` has a `return_value`")
    answer = result.return_value
    answers = answer if isinstance(answer, list) else [answer]
    observe("answers", [one["rank"] for one in answers])


@needs_torch
def answers_of_actors() -> None:
    observe("answers", [float(number) - 10 for number in get([r.number.remote() for r in shared_ranks()])])


# -- dimensions and collectives ------------------------------------------------------------------------


@needs_torch
def gradients_with_ddp() -> None:
    result, _ = fitted()
    observe("wrapped", result.metrics["wrapped"])
    observe("differ_by", result.metrics["with_ddp"]["averaged_gradient"])


@needs_torch
def gradients_without_prepare_model() -> None:
    """The control: the same loop in the same workers, with the model as it is."""
    observe("differ_by", fitted()[0].metrics["without"]["averaged_gradient"])


@needs_torch
def ddp_over_all_workers() -> None:
    result, _ = fitted()
    observe("averages_over", result.metrics["ddp_averages_over"])
    observe("about_a_mesh", [name for name in result.metrics["context"] if "mesh" in name])


@needs_torch
def ddp_over_one_dimension() -> None:
    """The control: a mesh that the training function makes, by torch."""
    seen = fitted()[0].metrics
    observe("averages_over", seen["over_dp_averages_over"])
    observe("about_a_mesh", seen["dims"])


@needs_torch
def averaged_over_dp() -> None:
    _averaged("dp")


@needs_torch
def averaged_over_all() -> None:
    _averaged("all")


def _averaged(dim: str) -> None:
    seen = fitted()[0].metrics
    observe("average", seen["averages"][dim])
    observe("dims", seen["dims"])


@needs_torch
def summed_up_for_everybody() -> None:
    observe("sums", get([rank.sum_up.remote(send_out=False) for rank in shared_ranks()]))


@needs_torch
def sent_out_by_one() -> None:
    """The control: another collective of the same group."""
    observe("sums", get([rank.sum_up.remote(send_out=True) for rank in shared_ranks()]))


# -- training ------------------------------------------------------------------------------------------


@needs_torch
def split_over_dp_and_tp() -> None:
    result, _ = fitted()
    observe("wrapped", result.metrics["wrapped"])
    observe("differ_by", result.metrics["composed"])
    observe("strategy_fsdp", result.metrics["strategy_fsdp"])


@needs_torch
def trained_with_ddp() -> None:
    _trained("with_ddp")


@needs_torch
def trained_without_ddp() -> None:
    _trained("without")


def _trained(how: str) -> None:
    seen = fitted()[0].metrics[how]
    observe("weights", seen["weights_reference"])
    observe("ranks_differ_by", seen["weights_equal"])


@needs_torch
def backward_of_a_fetched_loss() -> None:
    """The caller fetches each loss and calls ``backward``; then the actors take a step."""
    losses = get([rank.loss.remote() for rank in shared_ranks()])
    observe("backward", [spec.refusal(loss.backward) for loss in losses])
    observe("grad_fn", str(losses[0].grad_fn))
    observe("ranks_that_learned", _learned(get([rank.step.remote() for rank in shared_ranks()])))


@needs_torch
def backward_in_the_actors() -> None:
    get([rank.backward.remote() for rank in shared_ranks()])
    observe("ranks_that_learned", _learned(get([rank.step.remote() for rank in shared_ranks()])))


def _learned(weights: list[Tensor]) -> int:
    """How many ranks have made one step by the gradient of their own share."""
    start = workload.weights_of(workload.network())
    wanted = [start - spec.LEARNING_RATE * workload.local_gradient(r) for r in range(ACTORS)]
    pairs = zip(weights, wanted, strict=True)
    return sum(workload.difference(*pair) <= spec.TOLERANCE for pair in pairs)


@needs_torch
def random_numbers() -> None:
    observe("different", fitted()[0].metrics["different"])


@needs_torch
def random_numbers_with_one_seed() -> None:
    observe("different", fitted()[0].metrics["different_with_one_seed"])


@needs_torch
def last_checkpoint() -> None:
    _checkpoint(fitted()[0].checkpoint)


@needs_torch
def first_checkpoint() -> None:
    """The control: the one that was reported before the training."""
    (checkpoint, _), *_ = fitted()[0].best_checkpoints
    _checkpoint(checkpoint)


def _checkpoint(checkpoint: Any) -> None:
    with checkpoint.as_directory() as folder:
        saved = workload.read(Path(folder, "weights.pt"))
    observe("differ_by", workload.difference(saved, workload.alone().weights))
    observe("kept", len(fitted()[0].best_checkpoints))


@needs_torch
def tried_without_workers() -> None:
    folder = Path(tempfile.mkdtemp())
    result = trainer_of(0, folder, {"journal": str(folder / "journal")}).fit()
    _who_ran(folder / "journal")
    observe("ranks", result.metrics["ranks"])


@needs_torch
def tried_with_workers() -> None:
    result, journal = fitted()
    _who_ran(journal)
    observe("ranks", len(result.metrics["with_ddp"]["spmd"]["ranks"]))
