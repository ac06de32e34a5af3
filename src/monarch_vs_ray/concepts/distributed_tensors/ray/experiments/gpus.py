"""What one GPU is enough for: Ray's own reduction over NCCL, and two ranks on the same GPU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ray
import torch
from ray.util import collective

from monarch_vs_ray.concepts.distributed_tensors import inputs, workload
from monarch_vs_ray.instruments import needs
from monarch_vs_ray.instruments.flags import new_path
from monarch_vs_ray.instruments.ray import get
from monarch_vs_ray.side import observe


@ray.remote(num_cpus=0)
class OneGpu:
    """A rank of a process group whose ranks all use the first GPU."""

    def total(self, backend: str, rank: int, ranks: int, store: str, device: str) -> str:
        return workload.total(backend, rank, ranks, store, device)

    def reduced(self) -> float:
        """Sum up a CUDA tensor over a group of this actor alone, by Ray's own collective."""
        collective.init_collective_group(1, 0, "nccl", "one")
        number = torch.full((1,), 10.0, device="cuda")
        collective.allreduce(number, group_name="one")
        collective.destroy_collective_group("one")
        return float(number)


def reduction_on_a_gpu() -> None:
    """Reduce a CUDA tensor by Ray's own collective, in a group of one."""
    needs.gpus()
    workload.needs_cuda()
    needs.package("cupy", "pip install cupy-cuda12x")
    observe("answer", f"{get(OneGpu.options(num_gpus=1).remote().reduced.remote(), inputs.START):g}")


def ranks_on_one_gpu(ranks: int = 2, device: str = "cuda:0") -> None:
    """Sum up over ranks that share a GPU: by gloo, then by NCCL."""
    needs.gpus()
    workload.needs_cuda()
    actors = [OneGpu.options(num_gpus=1 / ranks).remote() for _ in range(ranks)]
    observe("gloo", totals(actors, "gloo", device))
    # last, since what NCCL refuses may leave its processes unfit for more
    observe("nccl", totals(actors, "nccl", device))


def totals(actors: Sequence[Any], backend: str, device: str) -> list[str]:
    """Return the sum that each rank has, or the type of the error in its place."""
    store, ranks = str(new_path(f"{backend}.store")), len(actors)
    calls = [actor.total.remote(backend, rank, ranks, store, device) for rank, actor in enumerate(actors)]
    return list(get(calls, inputs.START))
