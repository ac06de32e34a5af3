"""The processes, ranks and meshes that the probes on Monarch share."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

from monarch.actor import Actor, ProcMesh, current_rank, endpoint, this_host

from monarch_vs_ray.concepts.distributed_tensors import spec
from monarch_vs_ray.concepts.distributed_tensors.on_monarch import (
    LINE,
    spawn_trainers,
)

if spec.has_torch():
    import torch
    from monarch import remote
    from torch import Tensor

    from monarch_vs_ray.concepts.distributed_tensors import workload

    process_ids = remote(lambda: torch.tensor(os.getpid()), propagate=lambda: torch.tensor(0))
    place = remote(
        lambda at, parts: torch.tensor(parts[int(at)], dtype=torch.double),
        propagate=lambda at, parts: torch.tensor(parts[0], dtype=torch.double),
    )
    """Put one of several parts, which the caller holds as numbers, on each rank."""

STAGES = ("dp", "pp")
"""The mesh as a pipeline: two rows of two stages."""


class Rank(Actor):
    """SPMD code beside the tensors: each rank runs it for itself."""

    def __init__(self) -> None:
        self.rank = current_rank().rank

    @endpoint
    def learn(self, journal: str) -> Tensor:
        return learned(Path(journal), *workload.share(self.rank))

    @endpoint
    def gradient(self) -> Tensor:
        return workload.local_gradient(self.rank)

    @endpoint
    def averaged(self, dim: str) -> float:
        """The rank, averaged over a dimension of torch's own mesh."""
        return float(workload.all_reduce(torch.tensor(float(self.rank)), dim, average=True))

    @endpoint
    def process(self) -> int:
        return os.getpid()


def learned(journal: Path, x: Tensor, y: Tensor) -> Tensor:
    """The body of a training step; writes down which process entered it, and gives the gradient."""
    with journal.open("a") as file:
        file.write(f"{os.getpid()}\n")
    model = workload.network()
    workload.loss_of(model, x, y).backward()
    return workload.gradient_of(model)


@cache
def shared_procs() -> ProcMesh:
    """The processes of all probes; torch's process group is up in them, as the tensor engine is."""
    mesh = this_host().spawn_procs(per_host={LINE: spec.RANKS})
    spawn_trainers(mesh)
    return mesh


@cache
def shared_ranks() -> Any:
    """Actors on the same processes."""
    return shared_procs().spawn("rank", Rank)


@cache
def ranks_elsewhere() -> tuple[ProcMesh, Any]:
    """One process more, and an actor on it; torch is imported there before tensors come."""
    mesh = this_host().spawn_procs(per_host={LINE: 1})
    actor = mesh.spawn("rank", Rank)
    actor.gradient.call().get(timeout=spec.PATIENCE)
    return mesh, actor


def mesh_of(*names: str, **sizes: int) -> Any:
    """The same processes as a mesh of tensors with these dimensions; the attribute is private."""
    return shared_procs()._device_mesh.split(**{LINE: names}, **sizes)


def mesh_of_two_dimensions() -> Any:
    return mesh_of(*spec.MESH, tp=spec.MESH["tp"])


def equal(one: Tensor, other: Tensor) -> bool:
    return workload.difference(one, other) <= spec.TOLERANCE
