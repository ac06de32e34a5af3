"""What the claims on distributed tensors rest on, on Ray: one function puts one thing to the test.

The work on a mesh is that of ``training_on_ray.py``. Importing torch takes seconds in each process, so all
probes share two actors and one run of Ray Train, whose training function reports what it saw under many
keys; each probe looks at its own.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from functools import cache, wraps
from pathlib import Path
from typing import Any

import ray
from ray.util import collective

from monarch_vs_ray.concepts.distributed_tensors import spec
from monarch_vs_ray.concepts.distributed_tensors.on_ray import GROUP
from monarch_vs_ray.side import Unavailable, observe

if spec.has_torch():
    import torch
    import torch.distributed as dist
    from torch import Tensor
    from torch.nn.parallel import DistributedDataParallel

    from monarch_vs_ray.concepts.distributed_tensors import workload

    # Ray Train is imported where it is used: the actors do without it.


ACTORS = 2
"""Enough to see what becomes of several; Ray Train has all four ranks."""


def needs_torch(probe: Callable[[], None]) -> Callable[[], None]:
    """A probe that cannot run without torch, and says so."""

    @wraps(probe)
    def with_torch() -> None:
        if not spec.has_torch():
            raise Unavailable(spec.NEEDS_TORCH)
        probe()

    return with_torch


class Rank:
    """One rank with its share of the batch. It does without torch.optim, whose import takes a second more."""

    def __init__(self, rank: int) -> None:
        self.rank = rank
        self.model = workload.network(workload.device())
        self.share = [part.to(workload.device()) for part in workload.share(rank)]

    def number(self) -> Tensor:
        return torch.full((), 10.0) + self.rank

    def process(self) -> int:
        return os.getpid()

    def loss(self) -> Tensor:
        return workload.loss_of(self.model, *self.share).cpu()

    def backward(self) -> None:
        self.loss().backward()

    def step(self) -> Tensor:
        """One step by the gradients that are there; gives the weights after it, and forgets the gradients."""
        start = workload.weights_of(self.model)
        gradient = workload.gradient_of(self.model) if self.model[0].weight.grad is not None else 0
        self.model.zero_grad()
        return start - spec.LEARNING_RATE * gradient

    def sum_up(self, send_out: bool) -> float:
        """Ray's own collectives: everybody gets the sum; or only what rank 0 has."""
        collective.init_collective_group(ACTORS, self.rank, workload.backend(), GROUP)
        total = torch.tensor([float(self.rank)], device=workload.device())
        if send_out:
            collective.broadcast(total, src_rank=0, group_name=GROUP)
        else:
            collective.allreduce(total, group_name=GROUP)
        collective.destroy_collective_group(GROUP)
        return float(total)


@cache
def _ranks() -> list[Any]:
    """The actors of all probes."""
    on_ranks = ray.remote(Rank).options(num_cpus=0, num_gpus=int(workload.device() == "cuda"))
    return [on_ranks.remote(rank) for rank in range(ACTORS)]


def get(references: Any) -> Any:
    return ray.get(references, timeout=spec.PATIENCE)


# -- the training function, and its one run ------------------------------------------------------------


@cache
def _fitted() -> tuple[Any, Path]:
    """What Ray Train gives back, and the journal in which the workers wrote."""
    folder = Path(tempfile.mkdtemp())
    trainer = _trainer(spec.RANKS, folder, {"journal": str(folder / "journal")})
    return trainer.fit(), folder / "journal"


def _trainer(workers: int, folder: Path, config: dict[str, Any]) -> Any:
    import ray.train.torch

    return ray.train.torch.TorchTrainer(
        training_function if workers else what_it_is_told,
        train_loop_config=config,
        torch_config=ray.train.torch.TorchConfig(backend=workload.backend(), timeout_s=int(spec.PATIENCE)),
        scaling_config=ray.train.ScalingConfig(num_workers=workers, use_gpu=workload.device() == "cuda"),
        run_config=ray.train.RunConfig(name="probes", storage_path=str(folder)),
    )


def training_function(config: dict[str, Any]) -> dict[str, Any]:
    """What every worker runs; rank 0's return value reaches the caller."""
    import ray.train.torch

    _note(Path(config["journal"]))
    _report({"untrained": True}, workload.network())
    rank, device = ray.train.get_context().get_world_rank(), ray.train.torch.get_device()
    x, y = (part.to(device) for part in workload.share(rank))
    model = ray.train.torch.prepare_model(workload.network())
    with_ddp = workload.compared(workload.train(model, x, y))
    without = workload.compared(workload.train(workload.network(str(device)), x, y))
    seen = {
        "wrapped": type(model).__name__,
        "with_ddp": with_ddp,
        "without": without,
        "ddp_averages_over": dist.get_world_size(model.process_group),
    }
    _report(seen, model.module)
    return {"rank": rank, **_on_a_mesh(), **_random_numbers()}


def _note(journal: Path) -> None:
    with journal.open("a") as file:
        file.write(f"{os.getpid()}\n")


def _report(metrics: dict[str, Any], model: Any) -> None:
    """All ranks report; rank 0 adds a checkpoint."""
    import ray.train

    with tempfile.TemporaryDirectory() as folder:
        checkpoint = None
        if ray.train.get_context().get_world_rank() == 0:
            torch.save(model.state_dict(), Path(folder, "weights.pt"))
            checkpoint = ray.train.Checkpoint.from_directory(folder)
        ray.train.report(metrics, checkpoint=checkpoint)


def _on_a_mesh() -> dict[str, Any]:
    """Torch's own mesh with named dimensions, within the workers."""
    import ray.train
    from torch.distributed.tensor import Shard, distribute_tensor

    from monarch_vs_ray.concepts.distributed_tensors import training_on_ray

    mesh = workload.named_mesh()
    number = torch.tensor(float(dist.get_rank()), device=mesh.device_type)
    over_dp = DistributedDataParallel(workload.network(mesh.device_type), process_group=mesh.get_group("dp"))
    split = distribute_tensor(workload.batch()[0].to(mesh.device_type), mesh["dp"], [Shard(0)])
    return {
        "context": [name for name in dir(ray.train.get_context()) if name.startswith("get_")],
        "over_dp_averages_over": dist.get_world_size(over_dp.process_group),
        "dims": list(mesh.mesh_dim_names or ()),
        "averages": {
            dim: workload.gathered(float(workload.all_reduce(number, dim, average=True)))
            for dim in ("dp", "all")
        },
        "composed": training_on_ray.composed(mesh),
        "strategy_fsdp": spec.refusal(_prepared_for_fsdp),
        "dtensor": _name(split),
        "dtensor_used": spec.refusal(lambda: torch.relu(split)),
    }


def _prepared_for_fsdp() -> None:
    """Ray Train's own switch for FSDP; it wants GPUs."""
    import ray.train.torch

    ray.train.torch.prepare_model(workload.network(), parallel_strategy="fsdp")


def _random_numbers() -> dict[str, int]:
    """How many different numbers the ranks draw, before and after they were given one seed."""
    import ray.train.torch

    own = workload.gathered(float(torch.rand((), dtype=torch.double)))
    ray.train.torch.enable_reproducibility(spec.SEED)
    seeded = workload.gathered(float(torch.rand((), dtype=torch.double)))
    return {"different": len(set(own)), "different_with_one_seed": len(set(seeded))}


def what_it_is_told(config: dict[str, Any]) -> None:
    """A training function that says where it runs."""
    import ray.train

    _note(Path(config["journal"]))
    ray.train.report({"ranks": ray.train.get_context().get_world_size()})


def _name(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"


# -- tensors -------------------------------------------------------------------------------------------


@needs_torch
def references_of_ranks() -> None:
    references = [rank.number.remote() for rank in _ranks()]
    observe("held", [_name(reference) for reference in references])
    observe("used", spec.refusal(lambda: torch.relu(references[0])))
    observe("wrapped", _fitted()[0].metrics["wrapped"])


@needs_torch
def dtensor_in_workers() -> None:
    """The control: torch's own distributed tensor, of which each worker holds its part."""
    answer = _fitted()[0].return_value
    observe("held", [answer["dtensor"]])
    observe("used", answer["dtensor_used"])
    observe("wrapped", answer["dtensor"])


@needs_torch
def used_before_fetching() -> None:
    reference = _ranks()[1].number.remote()
    observe("used", spec.refusal(lambda: bool(reference > 0)))


@needs_torch
def used_after_fetching() -> None:
    number = get(_ranks()[1].number.remote())
    observe("used", spec.refusal(lambda: bool(number > 0)))


@needs_torch
def got_and_reported() -> None:
    observe("got", [float(number) for number in get([rank.number.remote() for rank in _ranks()])])
    reported = _fitted()[0].metrics.get("with_ddp", {}).get("loss")
    observe("reported", abs(reported - float(workload.alone().loss)))


@needs_torch
def neither_got_nor_reported() -> None:
    """The control: a reference that is left alone, and the first report, in which the loss was not."""
    observe("got", spec.refusal(lambda: float(_ranks()[0].number.remote())))
    (_, first), *_ = _fitted()[0].best_checkpoints
    observe("reported", str(first.get("with_ddp")))


# -- who runs the program ------------------------------------------------------------------------------


@needs_torch
def loop_on_every_worker() -> None:
    result, journal = _fitted()
    _who_ran(journal)
    observe("ranks", result.metrics["with_ddp"]["spmd"]["ranks"])


@needs_torch
def loop_in_the_caller() -> None:
    """The control: no Ray Train; the caller has the training step, and tells the actors what to do."""
    journal = Path(tempfile.mkdtemp(), "journal")
    _step_from_here(journal)
    _who_ran(journal)
    observe("ranks", [float(number) - 10 for number in get([r.number.remote() for r in _ranks()])])


def _step_from_here(journal: Path) -> list[Tensor]:
    _note(journal)
    get([rank.backward.remote() for rank in _ranks()])
    return list(get([rank.step.remote() for rank in _ranks()]))


def _who_ran(journal: Path) -> None:
    entered = [int(line) for line in journal.read_text().split()]
    observe("entered", len(entered))
    observe("by_the_caller", os.getpid() in entered)


@needs_torch
def workers_beside_actors() -> None:
    entered = {int(line) for line in _fitted()[1].read_text().split()}
    observe("shared", len(entered & set(get([rank.process.remote() for rank in _ranks()]))))


@needs_torch
def the_same_actors_again() -> None:
    before = set(get([rank.process.remote() for rank in _ranks()]))
    observe("shared", len(before & set(get([rank.process.remote() for rank in _ranks()]))))


@needs_torch
def answer_of_rank_0() -> None:
    answer = _fitted()[0].return_value
    answers = answer if isinstance(answer, list) else [answer]
    observe("answers", [one["rank"] for one in answers])


@needs_torch
def answers_of_actors() -> None:
    observe("answers", [float(number) - 10 for number in get([r.number.remote() for r in _ranks()])])


# -- dimensions and collectives ------------------------------------------------------------------------


@needs_torch
def gradients_with_ddp() -> None:
    result, _ = _fitted()
    observe("wrapped", result.metrics["wrapped"])
    observe("differ_by", result.metrics["with_ddp"]["averaged_gradient"])


@needs_torch
def gradients_without_prepare_model() -> None:
    """The control: the same loop in the same workers, with the model as it is."""
    observe("differ_by", _fitted()[0].metrics["without"]["averaged_gradient"])


@needs_torch
def ddp_over_all_workers() -> None:
    result, _ = _fitted()
    observe("averages_over", result.metrics["ddp_averages_over"])
    observe("about_a_mesh", [name for name in result.return_value["context"] if "mesh" in name])


@needs_torch
def ddp_over_one_dimension() -> None:
    """The control: a mesh that the training function makes, by torch."""
    answer = _fitted()[0].return_value
    observe("averages_over", answer["over_dp_averages_over"])
    observe("about_a_mesh", answer["dims"])


@needs_torch
def averaged_over_dp() -> None:
    _averaged("dp")


@needs_torch
def averaged_over_all() -> None:
    _averaged("all")


def _averaged(dim: str) -> None:
    answer = _fitted()[0].return_value
    observe("average", answer["averages"][dim])
    observe("dims", answer["dims"])


@needs_torch
def summed_up_for_everybody() -> None:
    observe("sums", get([rank.sum_up.remote(send_out=False) for rank in _ranks()]))


@needs_torch
def sent_out_by_one() -> None:
    """The control: another collective of the same group."""
    observe("sums", get([rank.sum_up.remote(send_out=True) for rank in _ranks()]))


# -- training ------------------------------------------------------------------------------------------


@needs_torch
def split_over_dp_and_tp() -> None:
    result, _ = _fitted()
    observe("wrapped", result.metrics["wrapped"])
    observe("differ_by", result.return_value["composed"])
    observe("strategy_fsdp", result.return_value["strategy_fsdp"])


@needs_torch
def trained_with_ddp() -> None:
    _trained("with_ddp")


@needs_torch
def trained_without_ddp() -> None:
    _trained("without")


def _trained(how: str) -> None:
    seen = _fitted()[0].metrics[how]
    observe("weights", seen["weights_reference"])
    observe("ranks_differ_by", seen["weights_equal"])


@needs_torch
def backward_of_a_fetched_loss() -> None:
    """The caller fetches each loss and calls ``backward``; then the actors take a step."""
    losses = get([rank.loss.remote() for rank in _ranks()])
    observe("backward", [spec.refusal(loss.backward) for loss in losses])
    observe("grad_fn", str(losses[0].grad_fn))
    observe("ranks_that_learned", _learned(get([rank.step.remote() for rank in _ranks()])))


@needs_torch
def backward_in_the_actors() -> None:
    get([rank.backward.remote() for rank in _ranks()])
    observe("ranks_that_learned", _learned(get([rank.step.remote() for rank in _ranks()])))


def _learned(weights: list[Tensor]) -> int:
    """How many ranks have made one step by the gradient of their own share."""
    start = workload.weights_of(workload.network())
    wanted = [start - spec.LEARNING_RATE * workload.local_gradient(r) for r in range(ACTORS)]
    pairs = zip(weights, wanted, strict=True)
    return sum(workload.difference(*pair) <= spec.TOLERANCE for pair in pairs)


@needs_torch
def random_numbers() -> None:
    observe("different", _fitted()[0].return_value["different"])


@needs_torch
def random_numbers_with_one_seed() -> None:
    observe("different", _fitted()[0].return_value["different_with_one_seed"])


@needs_torch
def last_checkpoint() -> None:
    _checkpoint(_fitted()[0].checkpoint)


@needs_torch
def first_checkpoint() -> None:
    """The control: the one that was reported before the training."""
    (checkpoint, _), *_ = _fitted()[0].best_checkpoints
    _checkpoint(checkpoint)


def _checkpoint(checkpoint: Any) -> None:
    with checkpoint.as_directory() as folder:
        saved = workload.read(Path(folder, "weights.pt"))
    observe("differ_by", workload.difference(saved, workload.alone().weights))
    observe("kept", len(_fitted()[0].best_checkpoints))


@needs_torch
def tried_without_workers() -> None:
    folder = Path(tempfile.mkdtemp())
    result = _trainer(0, folder, {"journal": str(folder / "journal")}).fit()
    _who_ran(folder / "journal")
    observe("ranks", result.metrics["ranks"])


@needs_torch
def tried_with_workers() -> None:
    result, journal = _fitted()
    _who_ran(journal)
    observe("ranks", len(result.metrics["with_ddp"]["spmd"]["ranks"]))
