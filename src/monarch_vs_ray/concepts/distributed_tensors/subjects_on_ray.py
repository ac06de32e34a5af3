"""The actors that the probes on Ray share, and the training function with its one run."""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import ray
from ray.util import collective

from monarch_vs_ray.concepts.distributed_tensors import spec
from monarch_vs_ray.concepts.distributed_tensors.on_ray import GROUP

if spec.has_torch():
    import torch
    import torch.distributed as dist
    from torch import Tensor
    from torch.nn.parallel import DistributedDataParallel

    from monarch_vs_ray.concepts.distributed_tensors import workload

    # Ray Train is imported where it is used: the actors do without it.


ACTORS = 2
"""Enough to see what becomes of several; Ray Train has all four ranks."""


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
def shared_ranks() -> list[Any]:
    """The actors of all probes."""
    on_ranks = ray.remote(Rank).options(num_cpus=0, num_gpus=int(workload.device() == "cuda"))
    return [on_ranks.remote(rank) for rank in range(ACTORS)]


def get(references: Any) -> Any:
    return ray.get(references, timeout=spec.PATIENCE)


# -- the training function, and its one run ------------------------------------------------------------


@cache
def fitted() -> tuple[Any, Path]:
    """What Ray Train gives back, and the journal in which the workers wrote."""
    os.environ["RAY_TRAIN_ENABLE_PREEMPTION_WATCHER"] = "0"  # a process that no machine here has need of
    folder = Path(tempfile.mkdtemp())
    trainer = trainer_of(spec.RANKS, folder, {"journal": str(folder / "journal")})
    return trainer.fit(), folder / "journal"


def trainer_of(workers: int, folder: Path, config: dict[str, Any]) -> Any:
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

    note(Path(config["journal"]))
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
        **_on_a_mesh(),
        **_random_numbers(),
    }
    _report(seen, model.module)
    return {"rank": rank}


def note(journal: Path) -> None:
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
        "dtensor": name_of(split),
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

    note(Path(config["journal"]))
    ray.train.report({"ranks": ray.train.get_context().get_world_size()})


def name_of(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"
