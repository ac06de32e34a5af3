"""Ray Train: one function that every worker runs, with torch's process group set up around it.

What to watch: `prepare_model` wraps the model in DDP, and the training loop stays as it was; metrics and
a checkpoint go back by `ray.train.report`; torch's own DeviceMesh, DTensor, tensor-parallel plans and
fully_shard work inside, with dimensions called dp and tp. On GPUs the same code goes over NCCL.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import ray.train
import ray.train.torch
import torch
import torch.distributed as dist
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

from monarch_vs_ray.concepts.distributed_tensors import spec, workload


def fit(storage: Path) -> Any:
    """Run the training function on every worker; gives what was reported, and where the checkpoint is."""
    trainer = ray.train.torch.TorchTrainer(
        training_function,
        torch_config=ray.train.torch.TorchConfig(backend=workload.backend(), timeout_s=int(spec.PATIENCE)),
        scaling_config=ray.train.ScalingConfig(num_workers=spec.RANKS, use_gpu=workload.device() == "cuda"),
        run_config=ray.train.RunConfig(name="demo", storage_path=str(storage)),
    )
    return trainer.fit()


def training_function() -> dict[str, Any]:
    """What each worker runs: a data-parallel training, then work on a mesh with named dimensions."""
    train_data_parallel()
    mesh = workload.named_mesh()
    shard, difference = workload.redistributed(mesh)
    return {  # only rank 0's reaches the caller, and it may hold no torch tensors
        "rank": dist.get_rank(),
        "coordinates": workload.gathered(spec.place(mesh.get_coordinate() or ())),
        **reduced_by_name(),
        "composed_gradient": composed(mesh),
        "shard": shard,
        "full_tensor": difference,
    }


def train_data_parallel() -> None:
    """`prepare_model` wraps the model in DDP, which averages the gradients while `backward` runs."""
    rank = ray.train.get_context().get_world_rank()
    device = ray.train.torch.get_device()
    model = ray.train.torch.prepare_model(workload.network())
    x, y = workload.share(rank)
    trained = workload.train(model, x.to(device), y.to(device))
    metrics = {"wrapped": type(model).__name__, **workload.compared(trained)}
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = None
        if rank == 0:
            torch.save(model.module.state_dict(), os.path.join(folder, "weights.pt"))
            checkpoint = ray.train.Checkpoint.from_directory(folder)
        ray.train.report(metrics, checkpoint=checkpoint)


def reduced_by_name() -> dict[str, list[float]]:
    """The rank, reduced over one dimension of the mesh: what every rank has then."""
    number = torch.tensor(float(dist.get_rank()), device=ray.train.torch.get_device())
    return {
        "sum_dp": workload.gathered(float(workload.all_reduce(number, "dp"))),
        "sum_tp": workload.gathered(float(workload.all_reduce(number, "tp"))),
        "average_dp": workload.gathered(float(workload.all_reduce(number, "dp", average=True))),
    }


def composed(mesh: DeviceMesh) -> float:
    """Hidden layer split over tp, weights and batch over dp: how far the gradient is from one process's."""
    model = workload.network(str(ray.train.torch.get_device()))
    parallelize_module(model, mesh["tp"], {"0": ColwiseParallel(), "2": RowwiseParallel()})
    fully_shard(model, mesh=mesh["dp"])
    x, y = workload.share(mesh["dp"].get_local_rank(), spec.MESH["dp"])
    workload.loss_of(model, x.to(mesh.device_type), y.to(mesh.device_type)).backward()
    gradient = torch.cat([p.grad.full_tensor().flatten() for p in model.parameters()])
    return workload.difference(gradient.cpu(), workload.alone().gradient)
