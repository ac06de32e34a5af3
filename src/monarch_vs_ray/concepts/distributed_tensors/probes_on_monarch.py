"""What the claims on distributed tensors rest on, on Monarch: one function puts one thing to the test.

Helpers are those of ``on_monarch.py``. All probes share four processes, since importing torch in each takes
seconds: what one of them makes there, the others do not see. Only the reduction that ends its tensor engine
gets a process of its own.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache, wraps
from pathlib import Path
from typing import Any

import monarch
import monarch.actor
from monarch.actor import Actor, ProcMesh, current_rank, endpoint, this_host

from monarch_vs_ray.concepts.distributed_tensors import spec
from monarch_vs_ray.concepts.distributed_tensors.on_monarch import (
    LINE,
    composed,
    coordinates,
    everywhere,
    furthest,
    own_gradients,
    reduce,
    spawn_trainers,
    train_from_here,
    values,
)
from monarch_vs_ray.engines import machine
from monarch_vs_ray.engines.family import members
from monarch_vs_ray.side import Unavailable, observe

if spec.has_torch():
    import torch
    from monarch import Simulator, fetch_shard, inspect, remote
    from monarch.builtins.random import seed_remote, set_manual_seed_remote
    from torch import Tensor

    from monarch_vs_ray.concepts.distributed_tensors import workload
    from monarch_vs_ray.concepts.distributed_tensors.on_monarch import share

    process_ids = remote(lambda: torch.tensor(os.getpid()), propagate=lambda: torch.tensor(0))
    place = remote(
        lambda at, parts: torch.tensor(parts[int(at)], dtype=torch.double),
        propagate=lambda at, parts: torch.tensor(parts[0], dtype=torch.double),
    )
    """Put one of several parts, which the caller holds as numbers, on each rank."""

STAGES = ("dp", "pp")
"""The mesh as a pipeline: two rows of two stages."""


def needs_torch(probe: Callable[[], None]) -> Callable[[], None]:
    """A probe that cannot run without torch, and says so."""

    @wraps(probe)
    def with_torch() -> None:
        if not spec.has_torch():
            raise Unavailable(spec.NEEDS_TORCH)
        probe()

    return with_torch


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
def _procs() -> ProcMesh:
    """The processes of all probes; torch's process group is up in them, as the tensor engine is."""
    mesh = this_host().spawn_procs(per_host={LINE: spec.RANKS})
    spawn_trainers(mesh)
    return mesh


@cache
def _ranks() -> Any:
    """Actors on the same processes."""
    return _procs().spawn("rank", Rank)


@cache
def _elsewhere() -> tuple[ProcMesh, Any]:
    """One process more, and an actor on it; torch is imported there before tensors come."""
    mesh = this_host().spawn_procs(per_host={LINE: 1})
    actor = mesh.spawn("rank", Rank)
    actor.gradient.call().get(timeout=spec.PATIENCE)
    return mesh, actor


def _mesh_of(*names: str, **sizes: int) -> Any:
    """The same processes as a mesh of tensors with these dimensions; the attribute is private."""
    return _procs()._device_mesh.split(**{LINE: names}, **sizes)


def _two_dimensions() -> Any:
    return _mesh_of(*spec.MESH, tp=spec.MESH["tp"])


# -- tensors -------------------------------------------------------------------------------------------


@needs_torch
def one_tensor_on_all_ranks() -> None:
    with _procs().activate():
        number = _procs().rank_tensor(LINE) + torch.full((), 10.0)
        x, _ = share(_procs().rank_tensor(LINE))
        result = workload.operations(x)
    observe("type", _name(number))
    observe("values", values(number))
    expected = [workload.operations(workload.share(rank)[0]) for rank in range(spec.RANKS)]
    observe("operations", furthest(everywhere(result), expected))


@needs_torch
def same_lines_after_fetching() -> None:
    """The control: the rank was fetched, so the same lines make an ordinary tensor of the caller's."""
    with _procs().activate():
        rank = inspect(_procs().rank_tensor(LINE), **{LINE: 1})
    number = rank + torch.full((), 10.0)
    observe("type", _name(number))
    observe("values", [float(number)])


def _name(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"


@needs_torch
def inspected_by_coordinate() -> None:
    """Of a mesh whose dimension is called gpu, as in the first document."""
    mesh = _procs()._device_mesh.rename(**{LINE: "gpu"})
    with mesh.activate():
        rank = mesh.rank("gpu")
        fetched = [inspect(rank, gpu=at) for at in range(spec.RANKS)]
    observe("values", [int(one) for one in fetched])
    observe("type", _name(fetched[0]))


@needs_torch
def used_before_fetching() -> None:
    with _procs().activate():
        rank = _procs().rank_tensor(LINE)
        observe("values", spec.refusal(lambda: int(rank)))
    observe("type", _name(rank))
    observe("used", spec.refusal(lambda: bool(rank > 0)))


@needs_torch
def used_after_fetching() -> None:
    with _procs().activate():
        fetched = inspect(_procs().rank_tensor(LINE), **{LINE: 1})
    observe("used", spec.refusal(lambda: bool(fetched > 0)))


@needs_torch
def inspected_in_part() -> None:
    mesh = _two_dimensions()
    with mesh.activate():
        rank = mesh.rank(tuple(spec.MESH))
        observe("some", spec.refusal(lambda: inspect(rank, dp=1)))
        observe("none", int(inspect(rank)))


@needs_torch
def inspected_in_full() -> None:
    mesh = _two_dimensions()
    with mesh.activate():
        rank = mesh.rank(tuple(spec.MESH))
        observe("some", spec.refusal(lambda: inspect(rank, dp=1, tp=0)))
        observe("none", int(inspect(rank, dp=1, tp=0)))


# -- who runs the program ------------------------------------------------------------------------------


@needs_torch
def loop_in_the_caller() -> None:
    """The training step is entered within ``activate``, by the caller."""
    journal = Path(tempfile.mkdtemp(), "journal")
    with _procs().activate():
        gradient = learned(journal, *share(_procs().rank_tensor(LINE)))
    _who_ran(journal, everywhere(gradient))


@needs_torch
def loop_on_every_rank() -> None:
    """The control: the same function as SPMD code, in actors on the same processes."""
    journal = Path(tempfile.mkdtemp(), "journal")
    gradients = _ranks().learn.call(str(journal)).get(timeout=spec.PATIENCE).values()
    _who_ran(journal, list(gradients))


def _who_ran(journal: Path, gradients: list[Tensor]) -> None:
    entered = [int(line) for line in journal.read_text().split()]
    observe("entered", len(entered))
    observe("by_the_caller", os.getpid() in entered)
    own = [workload.local_gradient(rank) for rank in range(spec.RANKS)]
    observe("ranks", sum(_equal(*pair) for pair in zip(gradients, own, strict=True)))


def _equal(one: Tensor, other: Tensor) -> bool:
    return workload.difference(one, other) <= spec.TOLERANCE


@needs_torch
def tensors_and_actors_share_processes() -> None:
    with _procs().activate():
        tensors = process_ids()
    _shared({int(one) for one in values(tensors)}, _ranks())


@needs_torch
def actors_on_another_mesh() -> None:
    with _procs().activate():
        tensors = process_ids()
    _, actor = _elsewhere()
    _shared({int(one) for one in values(tensors)}, actor)


def _shared(of_tensors: set[int], actors: Any) -> None:
    of_actors = set(actors.process.call().get(timeout=spec.PATIENCE).values())
    observe("shared", len(of_tensors & of_actors))


@needs_torch
def answers_of_all_ranks() -> None:
    _answers(_ranks())


@needs_torch
def answer_of_one_rank() -> None:
    _answers(_ranks().slice(**{LINE: 0}))


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
    mesh = _two_dimensions()
    with mesh.activate():
        mean = reduce(mesh.rank(tuple(spec.MESH)).double().to(workload.device()), dim, average=True)
    observe("average", values(mean))


@needs_torch
def averaged_by_tensor_reduce() -> None:
    """Monarch's own reduction, over one named dimension."""
    if machine.nccl().state != "works" or workload.device() != "cuda":
        raise Unavailable(f"needs NCCL and {spec.RANKS} GPUs")
    mesh = _two_dimensions()
    with mesh.activate():
        number = mesh.rank(tuple(spec.MESH)).double().cuda()
        mean = number.reduce("dp", reduction="avg")
    observe("average", values(mean))


@needs_torch
def three_named_dimensions() -> None:
    _dimensions(_mesh_of("dp", "tp", "pp", tp=1, pp=2), {"pp": 1})


@needs_torch
def one_dimension() -> None:
    """The control: the mesh as it was spawned."""
    _dimensions(_procs()._device_mesh, {LINE: slice(1, 4, 2)})


def _dimensions(mesh: Any, part: dict[str, Any]) -> None:
    observe("names", list(mesh.names))
    with mesh.activate():
        rank = mesh.rank(tuple(mesh.names))
        observe("unknown_name", spec.refusal(lambda: rank.reduce("no such dimension")))
    some = mesh.slice(**part)
    with some.activate():
        number = torch.full((), 10.0) + some.rank(tuple(some.names))
    observe("on_a_part", {"dims": list(some.names), "values": values(number)})
    both = _two_dimensions()
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
    averages = _ranks().averaged.call(dim).get(timeout=spec.PATIENCE).values()
    observe("average", list(averages))
    observe("places", coordinates(_two_dimensions()))


@needs_torch
def reduced_by_the_engine() -> None:
    """Monarch's own reduction on a CPU, in a process of its own: it ends the tensor engine there."""
    failures: list[monarch.actor.MeshFailure] = []
    before, monarch.actor.unhandled_fault_hook = monarch.actor.unhandled_fault_hook, failures.append
    mesh, _ = _elsewhere()
    with mesh.activate():
        number = torch.full((), 10.0, device=workload.device())
        pending = fetch_shard(number.reduce(LINE, reduction="avg"))
    observe("answer", _value_or_reason(pending, failures))
    monarch.actor.unhandled_fault_hook = before


def _value_or_reason(pending: Any, failures: list[monarch.actor.MeshFailure]) -> str:
    deadline = time.monotonic() + spec.PATIENCE / 3
    while not failures:
        if time.monotonic() > deadline:
            raise TimeoutError(f"reduce gave neither a value nor a failure within {spec.PATIENCE / 3:g} s")
        with suppress(TimeoutError):
            return f"averages to {float(pending.get(timeout=0.2)):g}"
    return spec.reason(str(failures[0]))


@needs_torch
def reduced_through_remote() -> None:
    """The control: the same over all ranks by torch's collective."""
    with _procs().activate():
        total = reduce(torch.full((), 10.0, device=workload.device()), LINE, average=True)
        observe("answer", f"averages to {float(inspect(total)):g}")


# -- training ------------------------------------------------------------------------------------------


@needs_torch
def split_over_dp_and_tp() -> None:
    observe("differs_by", workload.difference(composed(_two_dimensions()), workload.alone().gradient))
    observe("pipeline_differs_by", workload.difference(_pipelined(), workload.alone().gradient))


@needs_torch
def not_averaged() -> None:
    """The control: each rank has its share of the batch, and nothing is put together."""
    gradients = own_gradients(_procs())
    observe("differs_by", furthest(gradients, workload.alone().gradient))
    observe("pipeline_differs_by", furthest(gradients, workload.alone().gradient))


def _pipelined() -> Tensor:
    """The gradient where the layers are split over pp and the batch over dp; the caller hands over."""
    mesh = _mesh_of(*STAGES, pp=2)
    front, back = (mesh.slice(pp=stage) for stage in range(2))
    with front.activate():
        first, squash, _ = workload.network()
        x, _ = share(front.rank("dp"), spec.MESH["dp"])
        sent = squash(first(x))
        leaving = sent.detach()
    with back.activate():
        _, _, second = workload.network()
        _, y = share(back.rank("dp"), spec.MESH["dp"])
        received = place(back.rank("dp"), _numbers(leaving)).requires_grad_()
        torch.nn.functional.mse_loss(second(received), y).backward()
        of_back = workload.gradient_of(second)
    with front.activate():
        sent.backward(place(front.rank("dp"), _numbers(received.grad)))
        of_front = workload.gradient_of(first)
    parts = [torch.stack(everywhere(each)).mean(dim=0) for each in (of_front, of_back)]
    return torch.cat(parts)


def _numbers(tensor: Tensor) -> list[Any]:
    return [one.tolist() for one in everywhere(tensor)]


@needs_torch
def trained_with_average() -> None:
    gradients, weights = train_from_here(_procs())
    observe("gradient", furthest(gradients, workload.alone().gradient))
    observe("weights", furthest(weights, workload.alone().weights))


@needs_torch
def trained_without_average() -> None:
    """The control: the same loop, in which nobody averages."""
    with _procs().activate():
        trained = workload.train(workload.network(), *share(_procs().rank_tensor(LINE)))
    observe("gradient", furthest(everywhere(trained.gradient), workload.alone().gradient))
    observe("weights", furthest(everywhere(trained.weights), workload.alone().weights))


@needs_torch
def backward_from_the_caller() -> None:
    _one_step(fetched=False)


@needs_torch
def backward_from_a_fetched_loss() -> None:
    _one_step(fetched=True)


def _one_step(fetched: bool) -> None:
    """``backward`` and one step of the optimizer: how many ranks have learned from their own share?"""
    with _procs().activate():
        model = workload.network()
        optimizer = torch.optim.SGD(model.parameters(), lr=spec.LEARNING_RATE)
        loss = workload.loss_of(model, *share(_procs().rank_tensor(LINE)))
        if fetched:
            loss = inspect(loss)
        observe("backward", spec.refusal(loss.backward))
        optimizer.step()
        weights = workload.weights_of(model)
    start = workload.weights_of(workload.network())
    wanted = [start - spec.LEARNING_RATE * workload.local_gradient(r) for r in range(spec.RANKS)]
    pairs = zip(everywhere(weights), wanted, strict=True)
    observe("ranks_that_learned", sum(_equal(*pair) for pair in pairs))


@needs_torch
def random_numbers() -> None:
    """The same seed twice, in the caller's program alone."""

    def draw() -> Tensor:
        torch.manual_seed(spec.SEED)
        return torch.rand((), dtype=torch.double)

    _drawn(draw)


@needs_torch
def random_numbers_with_one_seed() -> None:
    """The control: the same seed twice, on every rank; afterwards each gets one of its own again."""

    def draw() -> Tensor:
        set_manual_seed_remote(spec.SEED)
        return torch.rand((), dtype=torch.double)

    _drawn(draw)
    with _procs().activate():
        seed_remote()


def _drawn(draw: Callable[[], Tensor]) -> None:
    with _procs().activate():
        first, second = draw(), draw()
    observe("different", len(set(values(first))))
    observe("different_in_both", len({*values(first), *values(second)}))


@needs_torch
def saved_after_training() -> None:
    _saved(steps=spec.STEPS)


@needs_torch
def saved_before_training() -> None:
    _saved(steps=0)


def _saved(steps: int) -> None:
    """What a user writes: fetch each tensor of rank 0, and save them."""
    path = Path(tempfile.mkdtemp(), "weights.pt")
    with _procs().activate():
        model = workload.network()
        x, y = (part.to(workload.device()) for part in share(0, 1))
        optimizer = torch.optim.SGD(model.parameters(), lr=spec.LEARNING_RATE)
        for _ in range(steps):
            optimizer.zero_grad()
            workload.loss_of(model, x, y).backward()
            optimizer.step()
        state = {name: inspect(tensor) for name, tensor in model.state_dict().items()}
    torch.save(state, path)
    observe("differ_by", workload.difference(workload.read(path), workload.alone().weights))
    public = [*monarch.__all__, *monarch.actor.__all__]
    observe("named_for_it", [name for name in public if "checkpoint" in name.lower()])


@needs_torch
def simulated() -> None:
    """A reduction over a mesh of four, none of which exists."""
    before, folder = len(members()), Path(tempfile.mkdtemp())
    with spec.inside(folder):  # it writes its traces where it is
        simulator = Simulator(hosts=2, gpus=2, trace_mode="everything")
        with simulator.mesh.activate():
            total = torch.full((spec.BATCH,), 10.0).reduce("gpu", reduction="avg")
            value = inspect(total, host=0, gpu=0)
            observe("processes", len(members()) - before)
        simulator.mesh.exit()
    observe("reductions", sum(spec.collectives(trace) for trace in folder.glob("trace*.json")))
    observe("shape", list(value.shape))
    observe("value", float(value.max()))


@needs_torch
def reduced_for_real() -> None:
    """The control: four real ranks, and a real value."""
    with _procs().activate():
        total = reduce(torch.full((spec.BATCH,), 10.0), LINE, average=True)
        value, where = inspect(total), process_ids()
    observe("processes", len(set(values(where)) - {os.getpid()}))
    observe("shape", list(value.shape))
    observe("value", float(value.max()))
