"""The SPMD actors, and the functions that run on every rank, in Monarch."""

from __future__ import annotations

import os
from typing import Any

import torch
import torch.distributed as dist
from monarch import remote
from monarch.actor import Actor, current_rank, endpoint
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from monarch_vs_ray.concepts.distributed_tensors import inputs, workload

# These run on every rank; `propagate` says what their results look like.
share = remote(workload.share, propagate=lambda rank, ranks=inputs.RANKS: workload.share(0, ranks))
all_reduce = remote(workload.all_reduce, propagate=lambda tensor, dim, average=False: tensor.clone())
process_ids = remote(lambda: torch.tensor(os.getpid()), propagate=lambda: torch.tensor(0))
place = remote(
    lambda at, parts: torch.tensor(parts[int(at)], dtype=torch.double, device=workload.device()),
    propagate=lambda at, parts: torch.tensor(parts[0], dtype=torch.double, device=workload.device()),
)
"""Put one of several parts, which the caller holds as numbers, on each rank; ``at`` says which."""


class Rank(Actor):
    """One rank of ordinary SPMD code, beside the tensors."""

    def __init__(self) -> None:
        self.rank = current_rank().rank

    @endpoint
    def join(self, dims: dict[str, int]) -> None:
        """Become a rank of torch's process group, which the environment describes, with named dimensions."""
        dist.init_process_group(workload.backend())
        workload.named_mesh(dims)

    @endpoint
    def pid(self) -> int:
        return os.getpid()

    @endpoint
    def train(self, ddp: bool) -> dict[str, Any]:
        """Train; DDP averages the gradients while ``backward`` runs."""
        model: Any = workload.network(workload.device())
        if ddp:
            model = DistributedDataParallel(model)
        x, y = workload.share(self.rank)
        trained = workload.train(model, x.to(workload.device()), y.to(workload.device()))
        return {"rank": self.rank, "wrapped": type(model).__name__, **workload.compared(trained)}

    @endpoint
    def step(self, tally: str) -> Tensor:
        return workload.step_noted(tally, *workload.share(self.rank))

    @endpoint
    def gradient(self) -> Tensor:
        return workload.local_gradient(self.rank)

    @endpoint
    def reduced(self, dim: str) -> float:
        """Average the rank over a dimension of torch's own mesh."""
        number = torch.tensor(float(self.rank), device=workload.device())
        return float(workload.all_reduce(number, dim, average=True))
