"""The processes, actors and meshes of all experiments; importing torch in each process takes seconds."""

from __future__ import annotations

import itertools
from math import prod
from typing import Any

from monarch import fetch_shard
from monarch.actor import ProcMesh, this_host
from monarch.spmd import setup_torch_elastic_env
from torch import Tensor

from monarch_vs_ray.concepts.distributed_tensors import inputs, workload
from monarch_vs_ray.concepts.distributed_tensors.monarch.actors import Rank, all_reduce
from monarch_vs_ray.instruments.monarch import get
from monarch_vs_ray.instruments.ports import free_port
from monarch_vs_ray.side import shared

LINE = "gpus"
"""The one dimension that the processes are spawned with; the tensor engine gives each its own GPU by it."""


@shared
def subjects() -> tuple[ProcMesh, Any]:
    """Return four processes, and on each an actor that is a rank of torch's process group.

    The actors come first, since they import torch: on a busy machine the tensor engine may fail to start
    before that.
    """
    return joined(inputs.MESH)


def joined(dims: dict[str, int]) -> tuple[ProcMesh, Any]:
    """Return new processes, as many as a mesh of these dimensions has, and an actor on each."""
    mesh = this_host().spawn_procs(per_host={LINE: prod(dims.values())})
    setup_torch_elastic_env(mesh, master_addr="127.0.0.1", master_port=free_port())
    actors = mesh.spawn("rank", Rank)
    get(actors.join.call(dims), inputs.START)
    return mesh, actors


def procs() -> ProcMesh:
    """Return the four processes."""
    return subjects()[0]


def ranks() -> Any:
    """Return the actors on them."""
    return subjects()[1]


@shared
def elsewhere() -> tuple[ProcMesh, Any]:
    """Return one process more, and an actor on it; it has imported torch."""
    mesh = this_host().spawn_procs(per_host={LINE: 1})
    actor = mesh.spawn("rank", Rank)
    get(actor.pid.call_one(), inputs.START)
    return mesh, actor


def mesh_of(*names: str, **sizes: int) -> Any:
    """Return the processes as a mesh of tensors with these dimensions.

    Only this private attribute splits a mesh of tensors; ``ProcMesh.split`` is for actors.
    """
    return procs()._device_mesh.split(**{LINE: names}, **sizes)


def two_dimensions() -> Any:
    """Return the processes as a mesh of tensors with dp and tp."""
    return mesh_of(*inputs.MESH, tp=inputs.MESH["tp"])


def everywhere(tensor: Tensor) -> list[Tensor]:
    """Return what each rank has, in the order of ranks."""
    names, sizes = tensor.mesh.names, tensor.mesh.processes.sizes
    places = [dict(zip(names, place, strict=True)) for place in itertools.product(*map(range, sizes))]
    with tensor.mesh.activate():
        pending = [fetch_shard(tensor, **place) for place in places]
    return [get(fetched, inputs.START) for fetched in pending]


def values(tensor: Tensor) -> list[float]:
    """Return the number that each rank has."""
    return [float(one) for one in everywhere(tensor)]


def reduce(tensor: Tensor, dim: str, average: bool = False) -> Tensor:
    """Reduce over a dimension: Monarch's own way where NCCL is, else gloo's on every rank."""
    if workload.backend() == "nccl":
        return tensor.reduce(dim, reduction="avg" if average else "sum")
    return all_reduce(tensor, dim, average)
