"""Actors with a share of the batch and a copy of the network each, in Ray."""

from __future__ import annotations

import os

import ray
import torch
from ray.util import collective
from torch import Tensor

from monarch_vs_ray.concepts.distributed_tensors import inputs, workload

GROUP = "ranks"
"""The name of the actors' collective group; a group has a name, its dimensions have none."""


@ray.remote(num_cpus=0)
class Rank:
    """One rank. It does without torch.optim, whose import takes a second more."""

    def __init__(self, rank: int) -> None:
        self.rank = rank
        self.share = [part.to(workload.device()) for part in workload.share(rank)]
        self.start()

    def start(self) -> None:
        """Forget what was trained."""
        self.model = workload.network(workload.device())

    def number(self) -> Tensor:
        return torch.full((), 10.0) + self.rank

    def operations(self) -> Tensor:
        return workload.operations(self.share[0]).cpu()

    def pid(self) -> int:
        return os.getpid()

    def loss(self) -> Tensor:
        return workload.loss_of(self.model, *self.share).cpu()

    def backward(self) -> None:
        self.loss().backward()

    def gradient(self) -> list[Tensor]:
        """Return the gradient of this rank's share alone."""
        self.model.zero_grad()
        self.backward()
        return [parameter.grad.cpu() for parameter in self.model.parameters()]

    def apply(self, gradients: list[Tensor]) -> Tensor:
        """Take one step by gradients that the caller sends."""
        for parameter, gradient in zip(self.model.parameters(), gradients, strict=True):
            parameter.grad = gradient.to(workload.device())
        return self.step()

    def step(self) -> Tensor:
        """Take one step by the gradients that are there; return the weights after it."""
        with torch.no_grad():
            for parameter in self.model.parameters():
                if parameter.grad is not None:
                    parameter -= inputs.LEARNING_RATE * parameter.grad
        self.model.zero_grad()
        return workload.weights_of(self.model)

    def reduce(self, broadcast: bool) -> float:
        """Sum up 10 + rank over the group; or send out what rank 0 has. For NCCL Ray needs CuPy."""
        collective.init_collective_group(inputs.RANKS, self.rank, workload.backend(), GROUP)
        total = torch.tensor([10.0 + self.rank], device=workload.device())
        if broadcast:
            collective.broadcast(total, src_rank=0, group_name=GROUP)
        else:
            collective.allreduce(total, group_name=GROUP)
        collective.destroy_collective_group(GROUP)
        return float(total)
