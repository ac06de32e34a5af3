"""Training: led by the caller, and as SPMD code in Ray Train's workers.

Most of these look at one run of Ray Train, whose training function is in ``training.py``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ray
import torch

from monarch_vs_ray.concepts.distributed_tensors import inputs, workload
from monarch_vs_ray.concepts.distributed_tensors.ray.experiments.subjects import call, fitted, reported
from monarch_vs_ray.concepts.distributed_tensors.ray.experiments.tensors import observe_who_ran, started
from monarch_vs_ray.instruments import needs
from monarch_vs_ray.instruments.flags import Tally, new_path
from monarch_vs_ray.side import Unavailable, observe


def training_led_by_the_caller(average: bool = True) -> None:
    """Fetch every actor's gradients and send their average to all; or those of rank 0."""
    call("start")
    first: list[torch.Tensor] = []
    weights: list[torch.Tensor] = []
    for _ in range(inputs.STEPS):
        gradients = call("gradient")
        parts = [torch.stack(each).mean(dim=0) for each in zip(*gradients, strict=True)]
        used = parts if average else gradients[0]
        first = first or [torch.cat([part.flatten() for part in used])]
        weights = call("apply", ray.put(used))  # once in the object store, not once for each rank
    observe("gradient", workload.furthest(first, workload.alone().gradient))
    observe("weights", workload.furthest(weights, workload.alone().weights))


def own_gradients() -> None:
    """Let each actor compute the gradient of its own share, and average nothing."""
    gradients = [torch.cat([part.flatten() for part in parts]) for parts in started("gradient")]
    observe("from_own_share", workload.furthest(gradients, workload.local_gradients()))
    observe("differ_by", workload.furthest(gradients, workload.alone().gradient))


def ddp_training(ddp: bool = True) -> None:
    """Train in Ray Train's workers with ``prepare_model``, or with the model as it is."""
    result, _ = fitted()
    if not hasattr(result, "return_value"):
        raise Unavailable("needs a Ray Train whose `Result` has a `return_value`")
    answer = result.return_value
    answers = answer if isinstance(answer, list) else [answer]
    observe("answers", [each["rank"] for each in answers])
    trained = reported()["ddp" if ddp else "alone"]
    for key in ("wrapped", "processes", "gradient", "weights", "ranks_differ_by", "loss"):
        observe(key, trained[key])
    workload.show_losses(trained["losses"])


def ddp_group(over_dp: bool = False) -> None:
    """Look at the group that DDP averages over, and at what Ray Train's context knows."""
    observe("averages_over", reported()["group_over_dp" if over_dp else "group"])
    observe("context", reported()["context"])


def reduced_by_name(over_all: bool = False) -> None:
    """Reduce each rank's number over one dimension of PyTorch's mesh, in the workers; or over all ranks."""
    for key, values in reported()["reduced"]["over all" if over_all else "by name"].items():
        observe(key, values)


def split_over_dp_and_tp(sharded: bool = True) -> None:
    """Split by PyTorch's tensor-parallel plan and ``fully_shard``, in the workers; or by the plan alone."""
    observe("differ_by", reported()["sharded" if sharded else "not sharded"])


def fsdp_by_prepare_model() -> None:
    """Use Ray Train's own switch for FSDP."""
    needs.gpus(inputs.RANKS)
    from monarch_vs_ray.concepts.distributed_tensors.ray import training

    result = training.fit(training.fsdp_function, inputs.RANKS, new_path("storage"), {})
    observe("wrapped", result.metrics["wrapped"])
    observe("loss", abs(result.metrics["loss"] - float(workload.alone().loss)))


def checkpoint(last: bool = True) -> None:
    """Read a checkpoint that a worker reported: the last one, or the one before the training."""
    result, _ = fitted()
    (first, _), *_ = result.best_checkpoints
    with (result.checkpoint if last else first).as_directory() as folder:
        saved = workload.read(Path(folder, "weights.pt"))
    observe("differ_by", workload.difference(saved, workload.alone().weights))
    observe("kept", len(result.best_checkpoints))


def tried_without_ranks(workers: int = 0) -> None:
    """Run a training function without workers; or with two."""
    from monarch_vs_ray.concepts.distributed_tensors.ray import training

    tally = Tally.new()
    config: dict[str, Any] = {"tally": str(tally.path)}
    result = training.fit(training.small_function, workers, new_path("storage"), config)
    observe_who_ran(tally)
    observe("ranks", result.metrics["ranks"])
