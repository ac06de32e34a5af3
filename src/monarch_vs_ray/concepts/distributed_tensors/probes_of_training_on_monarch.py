"""What the claims on training, random numbers and checkpoints rest on, on Monarch."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import monarch
import monarch.actor

from monarch_vs_ray.concepts.distributed_tensors import spec
from monarch_vs_ray.concepts.distributed_tensors.on_monarch import (
    LINE,
    composed,
    everywhere,
    furthest,
    own_gradients,
    reduce,
    train_from_here,
    values,
)
from monarch_vs_ray.concepts.distributed_tensors.probe_tools import needs_torch
from monarch_vs_ray.concepts.distributed_tensors.subjects_on_monarch import (
    STAGES,
    equal,
    mesh_of,
    mesh_of_two_dimensions,
    shared_procs,
)
from monarch_vs_ray.engines.family import members
from monarch_vs_ray.side import observe

if spec.has_torch():
    import torch
    from monarch import Simulator, inspect
    from monarch.builtins.random import seed_remote, set_manual_seed_remote
    from torch import Tensor

    from monarch_vs_ray.concepts.distributed_tensors import workload
    from monarch_vs_ray.concepts.distributed_tensors.on_monarch import share
    from monarch_vs_ray.concepts.distributed_tensors.subjects_on_monarch import place, process_ids


@needs_torch
def split_over_dp_and_tp() -> None:
    observe("differs_by", workload.difference(composed(mesh_of_two_dimensions()), workload.alone().gradient))
    observe("pipeline_differs_by", workload.difference(_pipelined(), workload.alone().gradient))


@needs_torch
def not_averaged() -> None:
    """The control: each rank has its share of the batch, and nothing is put together."""
    gradients = own_gradients(shared_procs())
    observe("differs_by", furthest(gradients, workload.alone().gradient))
    observe("pipeline_differs_by", furthest(gradients, workload.alone().gradient))


def _pipelined() -> Tensor:
    """The gradient where the layers are split over pp and the batch over dp; the caller hands over."""
    mesh = mesh_of(*STAGES, pp=2)
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
    gradients, weights = train_from_here(shared_procs())
    observe("gradient", furthest(gradients, workload.alone().gradient))
    observe("weights", furthest(weights, workload.alone().weights))


@needs_torch
def trained_without_average() -> None:
    """The control: the same loop, in which nobody averages."""
    with shared_procs().activate():
        trained = workload.train(workload.network(), *share(shared_procs().rank_tensor(LINE)))
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
    with shared_procs().activate():
        model = workload.network()
        optimizer = torch.optim.SGD(model.parameters(), lr=spec.LEARNING_RATE)
        loss = workload.loss_of(model, *share(shared_procs().rank_tensor(LINE)))
        if fetched:
            loss = inspect(loss)
        observe("backward", spec.refusal(loss.backward))
        optimizer.step()
        weights = workload.weights_of(model)
    start = workload.weights_of(workload.network())
    wanted = [start - spec.LEARNING_RATE * workload.local_gradient(r) for r in range(spec.RANKS)]
    pairs = zip(everywhere(weights), wanted, strict=True)
    observe("ranks_that_learned", sum(equal(*pair) for pair in pairs))


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
    with shared_procs().activate():
        seed_remote()


def _drawn(draw: Callable[[], Tensor]) -> None:
    with shared_procs().activate():
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
    with shared_procs().activate():
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
    with shared_procs().activate():
        total = reduce(torch.full((spec.BATCH,), 10.0), LINE, average=True)
        value, where = inspect(total), process_ids()
    observe("processes", len(set(values(where)) - {os.getpid()}))
    observe("shape", list(value.shape))
    observe("value", float(value.max()))
