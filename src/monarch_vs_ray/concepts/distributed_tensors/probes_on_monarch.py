"""What the claims on distributed tensors rest on, on Monarch: one function puts one thing to the test.

Helpers are those of ``on_monarch.py``. All probes share four processes, since importing torch in each takes
seconds: what one of them makes there, the others do not see. Only the reduction that ends its tensor engine
gets a process of its own.
"""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import monarch
import monarch.actor

from monarch_vs_ray.concepts.distributed_tensors import spec
from monarch_vs_ray.concepts.distributed_tensors.on_monarch import (
    LINE,
    coordinates,
    everywhere,
    furthest,
    reduce,
    values,
)
from monarch_vs_ray.concepts.distributed_tensors.probe_tools import needs_torch
from monarch_vs_ray.concepts.distributed_tensors.probes_of_training_on_monarch import (  # noqa: F401 - they are found here
    backward_from_a_fetched_loss,
    backward_from_the_caller,
    not_averaged,
    random_numbers,
    random_numbers_with_one_seed,
    reduced_for_real,
    saved_after_training,
    saved_before_training,
    simulated,
    split_over_dp_and_tp,
    trained_with_average,
    trained_without_average,
)
from monarch_vs_ray.concepts.distributed_tensors.subjects_on_monarch import (
    equal,
    learned,
    mesh_of,
    mesh_of_two_dimensions,
    ranks_elsewhere,
    shared_procs,
    shared_ranks,
)
from monarch_vs_ray.engines import machine
from monarch_vs_ray.side import Unavailable, observe

if spec.has_torch():
    import torch
    from monarch import fetch_shard, inspect
    from torch import Tensor

    from monarch_vs_ray.concepts.distributed_tensors import workload
    from monarch_vs_ray.concepts.distributed_tensors.on_monarch import share
    from monarch_vs_ray.concepts.distributed_tensors.subjects_on_monarch import process_ids


# -- tensors -------------------------------------------------------------------------------------------


@needs_torch
def one_tensor_on_all_ranks() -> None:
    with shared_procs().activate():
        number = shared_procs().rank_tensor(LINE) + torch.full((), 10.0)
        x, _ = share(shared_procs().rank_tensor(LINE))
        result = workload.operations(x)
    observe("type", _name(number))
    observe("values", values(number))
    expected = [workload.operations(workload.share(rank)[0]) for rank in range(spec.RANKS)]
    observe("operations", furthest(everywhere(result), expected))


@needs_torch
def same_lines_after_fetching() -> None:
    """The control: the rank was fetched, so the same lines make an ordinary tensor of the caller's."""
    with shared_procs().activate():
        rank = inspect(shared_procs().rank_tensor(LINE), **{LINE: 1})
    number = rank + torch.full((), 10.0)
    observe("type", _name(number))
    observe("values", [float(number)])


def _name(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"


@needs_torch
def inspected_by_coordinate() -> None:
    """Of a mesh whose dimension is called gpu, as in the first document."""
    mesh = shared_procs()._device_mesh.rename(**{LINE: "gpu"})
    with mesh.activate():
        rank = mesh.rank("gpu")
        fetched = [inspect(rank, gpu=at) for at in range(spec.RANKS)]
    observe("values", [int(one) for one in fetched])
    observe("type", _name(fetched[0]))


@needs_torch
def used_before_fetching() -> None:
    with shared_procs().activate():
        rank = shared_procs().rank_tensor(LINE)
        observe("values", spec.refusal(lambda: int(rank)))
    observe("type", _name(rank))
    observe("used", spec.refusal(lambda: bool(rank > 0)))


@needs_torch
def used_after_fetching() -> None:
    with shared_procs().activate():
        fetched = inspect(shared_procs().rank_tensor(LINE), **{LINE: 1})
    observe("used", spec.refusal(lambda: bool(fetched > 0)))


@needs_torch
def inspected_in_part() -> None:
    mesh = mesh_of_two_dimensions()
    with mesh.activate():
        rank = mesh.rank(tuple(spec.MESH))
        observe("some", spec.refusal(lambda: inspect(rank, dp=1)))
        observe("none", int(inspect(rank)))


@needs_torch
def inspected_in_full() -> None:
    mesh = mesh_of_two_dimensions()
    with mesh.activate():
        rank = mesh.rank(tuple(spec.MESH))
        observe("some", spec.refusal(lambda: inspect(rank, dp=1, tp=0)))
        observe("none", int(inspect(rank, dp=1, tp=0)))


# -- who runs the program ------------------------------------------------------------------------------


@needs_torch
def loop_in_the_caller() -> None:
    """The training step is entered within ``activate``, by the caller."""
    journal = Path(tempfile.mkdtemp(), "journal")
    with shared_procs().activate():
        gradient = learned(journal, *share(shared_procs().rank_tensor(LINE)))
    _who_ran(journal, everywhere(gradient))


@needs_torch
def loop_on_every_rank() -> None:
    """The control: the same function as SPMD code, in actors on the same processes."""
    journal = Path(tempfile.mkdtemp(), "journal")
    gradients = shared_ranks().learn.call(str(journal)).get(timeout=spec.PATIENCE).values()
    _who_ran(journal, list(gradients))


def _who_ran(journal: Path, gradients: list[Tensor]) -> None:
    entered = [int(line) for line in journal.read_text().split()]
    observe("entered", len(entered))
    observe("by_the_caller", os.getpid() in entered)
    own = [workload.local_gradient(rank) for rank in range(spec.RANKS)]
    observe("ranks", sum(equal(*pair) for pair in zip(gradients, own, strict=True)))


@needs_torch
def tensors_and_actors_share_processes() -> None:
    with shared_procs().activate():
        tensors = process_ids()
    _shared({int(one) for one in values(tensors)}, shared_ranks())


@needs_torch
def actors_on_another_mesh() -> None:
    with shared_procs().activate():
        tensors = process_ids()
    _, actor = ranks_elsewhere()
    _shared({int(one) for one in values(tensors)}, actor)


def _shared(of_tensors: set[int], actors: Any) -> None:
    of_actors = set(actors.process.call().get(timeout=spec.PATIENCE).values())
    observe("shared", len(of_tensors & of_actors))


@needs_torch
def answers_of_all_ranks() -> None:
    _answers(shared_ranks())


@needs_torch
def answer_of_one_rank() -> None:
    _answers(shared_ranks().slice(**{LINE: 0}))


def _answers(actors: Any) -> None:
    """Tensors that SPMD code returns."""
    gradients = list(actors.gradient.call().get(timeout=spec.PATIENCE).values())
    observe("answers", len(gradients))
    observe("type", _name(gradients[0]))
    expected = [workload.local_gradient(rank) for rank in range(len(gradients))]
    observe("differ_by", furthest(gradients, expected))


# -- dimensions and collectives ------------------------------------------------------------------------


@needs_torch
def averaged_over_dp() -> None:
    _averaged("dp")


@needs_torch
def averaged_over_tp() -> None:
    _averaged("tp")


def _averaged(dim: str) -> None:
    """Through ``monarch.remote`` where there is no NCCL."""
    mesh = mesh_of_two_dimensions()
    with mesh.activate():
        mean = reduce(mesh.rank(tuple(spec.MESH)).double().to(workload.device()), dim, average=True)
    observe("average", values(mean))


@needs_torch
def averaged_by_tensor_reduce() -> None:
    """Monarch's own reduction, over one named dimension."""
    if machine.nccl().state != "works" or workload.device() != "cuda":
        raise Unavailable(f"needs NCCL and {spec.RANKS} GPUs")
    mesh = mesh_of_two_dimensions()
    with mesh.activate():
        number = mesh.rank(tuple(spec.MESH)).double().cuda()
        mean = number.reduce("dp", reduction="avg")
    observe("average", values(mean))


@needs_torch
def three_named_dimensions() -> None:
    _dimensions(mesh_of("dp", "tp", "pp", tp=1, pp=2), {"pp": 1})


@needs_torch
def one_dimension() -> None:
    """The control: the mesh as it was spawned."""
    _dimensions(shared_procs()._device_mesh, {LINE: slice(1, 4, 2)})


def _dimensions(mesh: Any, part: dict[str, Any]) -> None:
    observe("names", list(mesh.names))
    with mesh.activate():
        rank = mesh.rank(tuple(mesh.names))
        observe("unknown_name", spec.refusal(lambda: rank.reduce("no such dimension")))
    some = mesh.slice(**part)
    with some.activate():
        number = torch.full((), 10.0) + some.rank(tuple(some.names))
    observe("on_a_part", {"dims": list(some.names), "values": values(number)})
    both = mesh_of_two_dimensions()
    with both.activate():
        sums = {dim: reduce(both.rank(tuple(spec.MESH)).double(), dim) for dim in spec.MESH}
    observe("sums", {dim: values(total) for dim, total in sums.items()})


@needs_torch
def averaged_in_actors_over_dp() -> None:
    _averaged_in_actors("dp")


@needs_torch
def averaged_in_actors_over_all() -> None:
    _averaged_in_actors("all")


def _averaged_in_actors(dim: str) -> None:
    averages = shared_ranks().averaged.call(dim).get(timeout=spec.PATIENCE).values()
    observe("average", list(averages))
    observe("places", coordinates(mesh_of_two_dimensions()))


@needs_torch
def reduced_by_the_engine() -> None:
    """Monarch's own reduction on a CPU, in a process of its own: it ends the tensor engine there."""
    failures: list[monarch.actor.MeshFailure] = []
    monarch.actor.unhandled_fault_hook = failures.append  # for good: more of them may come later
    mesh, _ = ranks_elsewhere()
    with mesh.activate():
        number = torch.full((), 10.0, device=workload.device())
        pending = fetch_shard(number.reduce(LINE, reduction="avg"))
    observe("answer", _value_or_fault(pending, failures))
    observe("reason", spec.cause(failures) if failures else "")


def _value_or_fault(pending: Any, failures: list[monarch.actor.MeshFailure]) -> str:
    deadline = time.monotonic() + spec.PATIENCE / 3
    while not failures:
        if time.monotonic() > deadline:
            raise TimeoutError(f"reduce gave neither a value nor a fault within {spec.PATIENCE / 3:g} s")
        with suppress(TimeoutError):
            return f"averages to {float(pending.get(timeout=0.2)):g}"
    return "a fault"


@needs_torch
def reduced_through_remote() -> None:
    """The control: the same over all ranks by torch's collective."""
    with shared_procs().activate():
        total = reduce(torch.full((), 10.0, device=workload.device()), LINE, average=True)
        observe("answer", f"averages to {float(inspect(total)):g}")
