"""Dimensions by name, and reductions over them: by PyTorch's groups, and by Monarch itself."""

from __future__ import annotations

from typing import Any

import torch
from monarch import fetch_shard
from monarch.actor import this_host

from monarch_vs_ray.concepts.distributed_tensors import inputs, workload
from monarch_vs_ray.concepts.distributed_tensors.monarch.actors import Rank, process_ids
from monarch_vs_ray.concepts.distributed_tensors.monarch.experiments.subjects import (
    LINE,
    mesh_of,
    procs,
    ranks,
    reduce,
    two_dimensions,
    values,
)
from monarch_vs_ray.instruments import needs
from monarch_vs_ray.instruments.monarch import faults_at_root, finishes, get
from monarch_vs_ray.instruments.wait import happens
from monarch_vs_ray.side import Unavailable, observe


def named_dimensions() -> None:
    """Name three dimensions, and take a part of the mesh by one of the names."""
    observe_dimensions(mesh_of("dp", "tp", "pp", tp=1, pp=2), {"pp": 1})


def dimension_as_spawned() -> None:
    """Take as large a part of the mesh as it was spawned, with its one dimension."""
    observe_dimensions(procs()._device_mesh, {LINE: slice(1, 4, 2)})


def observe_dimensions(mesh: Any, part: dict[str, Any]) -> None:
    """Observe a mesh's names, and what the ranks of a part of it have."""
    observe("names", list(mesh.names))
    some = mesh.slice(**part)
    with some.activate():
        place = some.rank(tuple(some.names)) + torch.full((), 10.0, device=workload.device())
        process = process_ids()
    pids = list(get(ranks().pid.call()).values())
    observe("part", list(some.names))
    observe("values", values(place))
    observe("of_all_ranks", [pids.index(int(pid)) for pid in values(process)])


def reduced_by_name(over_all: bool = False) -> None:
    """Reduce each rank's number over one dimension, from the caller's program; or over all ranks."""
    mesh = two_dimensions()
    with mesh.activate():
        number = mesh.rank(tuple(inputs.MESH)).double().to(workload.device())
        over = {dim: "all" if over_all else dim for dim in inputs.MESH}
        sums = {dim: reduce(number, name) for dim, name in over.items()}
        average = reduce(number, over["dp"], average=True)
    observe("sum_dp", values(sums["dp"]))
    observe("sum_tp", values(sums["tp"]))
    observe("average_dp", values(average))


def reduced_in_actors(dim: str = "dp") -> None:
    """Average each rank's number over a dimension of PyTorch's own mesh, in SPMD code."""
    observe("average_dp", list(get(ranks().reduced.call(dim)).values()))


def tensor_reduce() -> None:
    """Average by Monarch's own reduction over one named dimension of CUDA tensors."""
    needs.gpus(inputs.RANKS)
    if workload.backend() != "nccl":
        raise Unavailable(f"needs CUDA and NCCL: torch {torch.__version__} has no GPU for each rank")
    mesh = two_dimensions()
    with mesh.activate():
        number = mesh.rank(tuple(inputs.MESH)).double().cuda()
        average = number.reduce("dp", reduction="avg")
    observe("average_dp", values(average))


def native_reduction() -> None:
    """Reduce CPU tensors by Monarch's own reduction, in processes of its own: their tensor engine fails."""
    failures = faults_at_root()  # for good: more may come later
    mesh = this_host().spawn_procs(per_host={LINE: 1})
    actor = mesh.spawn("rank", Rank)
    get(actor.pid.call_one(), inputs.START)
    with mesh.activate():
        get(fetch_shard(torch.full((), 5.0)), inputs.START)  # the tensor engine works until then
        pending = fetch_shard(torch.full((), 10.0).reduce(LINE, reduction="avg"))
        later = fetch_shard(torch.full((), 7.0))
    observe("answer", answer(pending, inputs.WINDOW))
    observe("failure_at_root", happens(lambda: failures, inputs.WINDOW))
    observe("reason", inputs.cause(failures))
    observe("later_tensor", answer(later, 1.0))  # watched for WINDOW by now
    observe("actor_answers", finishes(actor.pid.call_one(), inputs.START))


def answer(pending: Any, window: float) -> str:
    """Return the value that comes within ``window`` seconds, or that none does."""
    try:
        return f"{float(get(pending, window)):g}"
    except TimeoutError:
        return "no value"
    except Exception as error:
        return type(error).__name__


def reduction_through_remote() -> None:
    """Reduce the same over all ranks by PyTorch's collective, with the same watch."""
    failures = faults_at_root()
    with procs().activate():
        total = reduce(torch.full((), 10.0, device=workload.device()), LINE, average=True)
        pending, later = fetch_shard(total), fetch_shard(torch.full((), 7.0))
    observe("answer", answer(pending, inputs.WINDOW))
    observe("failure_at_root", happens(lambda: failures, inputs.WINDOW))
    observe("later_tensor", answer(later, 1.0))
    observe("actor_answers", finishes(ranks().pid.call(), inputs.START))
