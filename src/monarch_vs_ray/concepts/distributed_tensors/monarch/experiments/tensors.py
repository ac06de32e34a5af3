"""One tensor on all ranks: operations, fetching, random numbers; and who runs the program."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from monarch import Simulator, inspect
from monarch.builtins.random import seed_remote, set_manual_seed_remote
from torch import Tensor

from monarch_vs_ray.concepts.distributed_tensors import inputs, workload
from monarch_vs_ray.concepts.distributed_tensors.inputs import type_name
from monarch_vs_ray.concepts.distributed_tensors.monarch.actors import process_ids, share
from monarch_vs_ray.concepts.distributed_tensors.monarch.experiments.subjects import (
    LINE,
    elsewhere,
    everywhere,
    procs,
    ranks,
    reduce,
    two_dimensions,
    values,
)
from monarch_vs_ray.engines.family import members
from monarch_vs_ray.instruments.flags import Tally, new_path
from monarch_vs_ray.instruments.monarch import get
from monarch_vs_ray.instruments.outcome import error_type
from monarch_vs_ray.side import observe


def tensor_on_all_ranks() -> None:
    """Write ordinary PyTorch within ``activate``: each line runs on all ranks."""
    observe("device", f"{workload.device()} over {workload.backend()}")
    with procs().activate():
        rank = procs().rank_tensor(LINE)
        number = rank + torch.full((), 10.0, device=workload.device())
        x, _ = share(rank)
        result = workload.operations(x.to(workload.device()))
    observe("held", [type_name(number)])
    shards = everywhere(number)
    observe("values", [float(shard) for shard in shards])
    workload.show_tensors(shards, LINE)
    expected = [workload.operations(workload.share(each)[0]) for each in range(inputs.RANKS)]
    observe("operations", workload.furthest(everywhere(result), expected))


def tensor_after_fetching() -> None:
    """Write the same lines after the rank was fetched: they make an ordinary tensor of the caller's."""
    with procs().activate():
        rank = inspect(procs().rank_tensor(LINE), **{LINE: 1})
    number = rank + torch.full((), 10.0)
    observe("held", [type_name(number)])
    observe("values", [float(number)])


def fetched_by_the_caller(by_coordinate: bool = True) -> None:
    """Fetch each rank's value from a mesh whose dimension is called gpu, as in the first document."""
    mesh = procs()._device_mesh.rename(**{LINE: "gpu"})
    with mesh.activate():
        number = mesh.rank("gpu") + torch.full((), 10.0, device=workload.device())
        places = [{"gpu": at} if by_coordinate else {} for at in range(inputs.RANKS)]
        fetched = [inspect(number, **place) for place in places]
    observe("values", [float(one) for one in fetched])
    observe("type", type_name(fetched[0]))


def used_before_fetching(fetched: bool = False) -> None:
    """Branch on a value that is not here."""
    with procs().activate():
        number: Any = procs().rank_tensor(LINE)
        if fetched:
            number = inspect(number, **{LINE: 1})
    observe("used", error_type(lambda: bool(number > 0)))


def inspected_in_part(in_full: bool = False) -> None:
    """Inspect by one of two coordinates, and by none; the control gives both each time."""
    mesh, place = two_dimensions(), {"dp": 1, "tp": 0}
    with mesh.activate():
        rank = mesh.rank(tuple(inputs.MESH))
        observe("some", error_type(lambda: inspect(rank, **(place if in_full else {"dp": 1}))))
        observe("none", int(inspect(rank, **(place if in_full else {}))))


def random_numbers(on_the_ranks: bool = False) -> None:
    """Set the same seed twice: in the caller's program alone, or on every rank."""

    def draw() -> Tensor:
        if on_the_ranks:
            set_manual_seed_remote(inputs.SEED)
        else:
            torch.manual_seed(inputs.SEED)
        return torch.rand((), dtype=torch.double)

    with procs().activate():
        first, second = draw(), draw()
        if on_the_ranks:
            seed_remote()  # each gets a seed of its own again
    drawn = values(first), values(second)
    observe("different", len(set(drawn[0])))
    observe("different_in_both", len({*drawn[0], *drawn[1]}))


def who_runs_the_step() -> None:
    """Enter the training step within ``activate``, in the caller."""
    tally = Tally.new()
    with procs().activate():
        gradient = workload.step_noted(str(tally.path), *share(procs().rank_tensor(LINE)))
    observe_who_ran(tally, everywhere(gradient))


def step_on_every_rank() -> None:
    """Run the same step as SPMD code, in actors on the same processes."""
    tally = Tally.new()
    gradients = list(get(ranks().step.call(str(tally.path)), inputs.START).values())
    observe_who_ran(tally, gradients)


def observe_who_ran(tally: Tally, gradients: list[Tensor]) -> None:
    """Observe which processes entered the step, and which ranks have the gradient of their share."""
    observe("entered", tally.count())
    observe("by_the_caller", str(os.getpid()) in tally.lines())
    observe("ranks", workload.ranks_with(gradients, workload.local_gradients()))


def shared_processes(on_another_mesh: bool = False) -> None:
    """Compare the processes where tensors live with those of actors."""
    with procs().activate():
        of_tensors = {int(one) for one in values(process_ids())}
    actors = elsewhere()[1] if on_another_mesh else ranks()
    observe("shared", len(of_tensors & set(get(actors.pid.call()).values())))


def answers_of_actors(only: int | None = None) -> None:
    """Call an endpoint that returns a tensor, on all actors or on one of them."""
    called = ranks() if only is None else ranks().slice(**{LINE: only})
    gradients = list(get(called.gradient.call(), inputs.START).values())
    observe("answers", workload.ranks_with(gradients, workload.local_gradients()))
    observe("type", type_name(gradients[0]))


def tried_without_ranks() -> None:
    """Simulate a reduction over a mesh of four, none of which exists."""
    before, folder = members(), new_path("traces")
    folder.mkdir()
    with inputs.inside(folder):  # the simulator writes its traces where it is
        simulator = Simulator(hosts=2, gpus=2, trace_mode="everything")
        with simulator.mesh.activate():
            total = torch.full((inputs.BATCH,), 10.0).reduce("gpu", reduction="avg")
            value = inspect(total, host=0, gpu=0)
            observe("processes", len(members()) - len(before))
        simulator.mesh.exit()
    observe("reductions", reductions_in(folder))
    observe("shape", list(value.shape))
    observe("value", float(value.max()))


def reductions_in(folder: Path) -> int:
    """Count the reductions in the traces that a simulator left."""
    return sum(map(inputs.reductions_in, folder.glob("trace*.json")))


def tried_with_ranks() -> None:
    """Reduce the same over four real ranks."""
    with procs().activate():
        total = reduce(torch.full((inputs.BATCH,), 10.0, device=workload.device()), LINE, average=True)
        value, where = inspect(total), process_ids()
    observe("processes", len(set(values(where)) - {os.getpid()}))
    observe("reductions", inputs.RANKS)
    observe("shape", list(value.shape))
    observe("value", float(value.max()))
