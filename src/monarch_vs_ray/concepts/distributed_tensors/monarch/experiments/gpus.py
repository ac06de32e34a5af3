"""What one GPU is enough for: Monarch's own reduction over NCCL, and two ranks on the same GPU."""

from __future__ import annotations

from typing import Any

import torch
from monarch import fetch_shard
from monarch.actor import Actor, current_rank, endpoint, this_host

from monarch_vs_ray.concepts.distributed_tensors import inputs, workload
from monarch_vs_ray.concepts.distributed_tensors.monarch.actors import Rank
from monarch_vs_ray.concepts.distributed_tensors.monarch.experiments.collectives import answer
from monarch_vs_ray.concepts.distributed_tensors.monarch.experiments.subjects import LINE
from monarch_vs_ray.instruments import needs
from monarch_vs_ray.instruments.flags import new_path
from monarch_vs_ray.instruments.monarch import faults_at_root, get
from monarch_vs_ray.instruments.wait import happens
from monarch_vs_ray.side import observe


class OneGpu(Actor):
    """A rank of a process group whose ranks all use the first GPU."""

    @endpoint
    def total(self, backend: str, ranks: int, store: str, device: str) -> str:
        return workload.total(backend, current_rank().rank, ranks, store, device)


def reduction_on_a_gpu() -> None:
    """Reduce a CUDA tensor by name, by Monarch's own reduction, on a mesh of one rank; then fetch another."""
    needs.gpus()
    workload.needs_cuda()
    failures = faults_at_root()
    mesh = this_host().spawn_procs(per_host={LINE: 1})
    get(mesh.spawn("rank", Rank).pid.call_one(), inputs.START)
    with mesh.activate():
        averaged = torch.full((), 10.0, device="cuda").reduce(LINE, reduction="avg")
        pending, later = fetch_shard(averaged), fetch_shard(torch.full((), 7.0))
    observe("answer", answer(pending, inputs.START))
    observe("later_tensor", answer(later, inputs.START))
    observe("failure_at_root", happens(lambda: failures, inputs.WINDOW))


def ranks_on_one_gpu(ranks: int = 2, device: str = "cuda:0") -> None:
    """Sum up over ranks that share a GPU: by gloo, then by NCCL."""
    needs.gpus()
    workload.needs_cuda()
    actors = this_host().spawn_procs(per_host={"ranks": ranks}).spawn("one_gpu", OneGpu)
    observe("gloo", totals(actors, "gloo", ranks, device))
    # last, since what NCCL refuses may leave its processes unfit for more
    observe("nccl", totals(actors, "nccl", ranks, device))


def totals(actors: Any, backend: str, ranks: int, device: str) -> list[str]:
    """Return the sum that each rank has, or the type of the error in its place."""
    store = str(new_path(f"{backend}.store"))
    return list(get(actors.total.call(backend, ranks, store, device), inputs.START).values())
