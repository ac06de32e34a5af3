"""Ray Train: one function that every worker runs, with torch's process group set up around it.

``prepare_model`` wraps the model in DDP, and the training loop stays as it was; metrics and a checkpoint go
back by ``ray.train.report``. On GPUs the same code goes over NCCL.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ray.train
import ray.train.torch
import torch
import torch.distributed as dist
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import Shard, distribute_tensor
from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module
from torch.nn.parallel import DistributedDataParallel

from monarch_vs_ray.concepts.distributed_tensors import inputs, workload
from monarch_vs_ray.instruments.flags import Tally
from monarch_vs_ray.instruments.outcome import error_type


def fit(function: Callable[..., Any], workers: int, storage: Path, config: dict[str, Any]) -> Any:
    """Run a training function on every worker; return Ray Train's result."""
    trainer = ray.train.torch.TorchTrainer(
        function,
        train_loop_config=config,
        torch_config=ray.train.torch.TorchConfig(backend=workload.backend(), timeout_s=int(inputs.START)),
        scaling_config=ray.train.ScalingConfig(num_workers=workers, use_gpu=workload.device() == "cuda"),
        run_config=ray.train.RunConfig(name="experiments", storage_path=str(storage)),
    )
    return trainer.fit()


def training_function(config: dict[str, Any]) -> dict[str, Any]:
    """Train and work on a mesh with named dimensions; the return value of rank 0 reaches the caller."""
    Tally(Path(config["tally"])).add(os.getpid())
    report({"ddp": None}, workload.network())
    model = ray.train.torch.prepare_model(workload.network())
    seen = {
        "ddp": trained(model),
        "alone": trained(workload.network(str(ray.train.torch.get_device()))),
        "ranks": workload.gathered(dist.get_rank()),
        **on_a_mesh(model, workload.named_mesh()),
        **random_numbers(),
    }
    report(seen, model.module)
    return {"rank": dist.get_rank()}


def trained(model: Any) -> dict[str, Any]:
    """Train on this worker's share, and compare all workers with one process."""
    rank, device = ray.train.get_context().get_world_rank(), ray.train.torch.get_device()
    x, y = (part.to(device) for part in workload.share(rank))
    return {"wrapped": type(model).__name__, **workload.compared(workload.train(model, x, y))}


def report(metrics: dict[str, Any], model: Any) -> None:
    """Report from all ranks; rank 0 adds a checkpoint."""
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = None
        if ray.train.get_context().get_world_rank() == 0:
            torch.save(model.state_dict(), Path(folder, "weights.pt"))
            checkpoint = ray.train.Checkpoint.from_directory(folder)
        ray.train.report(metrics, checkpoint=checkpoint)


def on_a_mesh(model: Any, mesh: DeviceMesh) -> dict[str, Any]:
    """Work on torch's own mesh with named dimensions, within the workers."""
    over_dp = DistributedDataParallel(workload.network(mesh.device_type), process_group=mesh.get_group("dp"))
    split = distribute_tensor(workload.batch()[0].to(mesh.device_type), mesh["dp"], [Shard(0)])
    return {
        "context": [name for name in dir(ray.train.get_context()) if name.startswith("get_")],
        "group": dist.get_world_size(model.process_group),
        "group_over_dp": dist.get_world_size(over_dp.process_group),
        "reduced": {"by name": reduced("dp", "tp"), "over all": reduced("all", "all")},
        "sharded": split_gradient(mesh, sharded=True),
        "not sharded": split_gradient(mesh, sharded=False),
        "dtensor": inputs.type_name(split),
        "dtensor_used": error_type(lambda: torch.relu(split)),
    }


def reduced(dp: str, tp: str) -> dict[str, list[float]]:
    """Reduce the rank over dimensions of the mesh: what every rank has then."""
    number = torch.tensor(float(dist.get_rank()), device=ray.train.torch.get_device())
    return {
        "sum_dp": workload.gathered(float(workload.all_reduce(number, dp))),
        "sum_tp": workload.gathered(float(workload.all_reduce(number, tp))),
        "average_dp": workload.gathered(float(workload.all_reduce(number, dp, average=True))),
    }


def split_gradient(mesh: DeviceMesh, sharded: bool) -> float:
    """Split the hidden layer over tp, weights and batch over dp; compare the gradient with one process."""
    model = workload.network(str(ray.train.torch.get_device()))
    parallelize_module(model, mesh["tp"], {"0": ColwiseParallel(), "2": RowwiseParallel()})
    if sharded:
        fully_shard(model, mesh=mesh["dp"])  # also what averages over dp
    x, y = workload.share(mesh["dp"].get_local_rank(), inputs.MESH["dp"])
    workload.loss_of(model, x.to(mesh.device_type), y.to(mesh.device_type)).backward()
    gradient = torch.cat([p.grad.full_tensor().flatten() for p in model.parameters()])
    return workload.difference(gradient.cpu(), workload.alone().gradient)


def random_numbers() -> dict[str, int]:
    """Count the different numbers that the ranks draw, before and after they were given one seed."""
    own = workload.gathered(float(torch.rand((), dtype=torch.double)))
    ray.train.torch.enable_reproducibility(inputs.SEED)
    seeded = workload.gathered(float(torch.rand((), dtype=torch.double)))
    return {"different": len(set(own)), "different_with_one_seed": len(set(seeded))}


def small_function(config: dict[str, Any]) -> None:
    """Say where it runs, and as one of how many ranks."""
    Tally(Path(config["tally"])).add(os.getpid())
    report({"ranks": ray.train.get_context().get_world_size()}, workload.network())


def fsdp_function(config: dict[str, Any]) -> None:
    """Train a model that Ray Train's own switch wraps in FSDP; it wants GPUs."""
    model = ray.train.torch.prepare_model(workload.network(), parallel_strategy="fsdp")
    device = ray.train.torch.get_device()
    x, y = (part.to(device) for part in workload.share(dist.get_rank()))
    losses = workload.gathered(float(workload.train(model, x, y).loss))
    report({"wrapped": type(model).__name__, "loss": sum(losses) / len(losses)}, workload.network())
