"""The actors of all experiments, and the one run of Ray Train: torch takes seconds in each process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from monarch_vs_ray.concepts.distributed_tensors import inputs, workload
from monarch_vs_ray.concepts.distributed_tensors.ray.actors import Rank
from monarch_vs_ray.engines.ray import running
from monarch_vs_ray.instruments.flags import Tally, new_path
from monarch_vs_ray.instruments.ray import get
from monarch_vs_ray.side import shared


@contextmanager
def session() -> Iterator[None]:
    """Run Ray for the block, with a CPU for each of Ray Train's workers."""
    workload.device()  # decided here, and inherited by every worker
    with running(cpus=inputs.RANKS):
        yield


@shared
def ranks() -> list[Any]:
    """Return four actors."""
    on_device = Rank.options(num_gpus=int(workload.device() == "cuda"))
    actors = [on_device.remote(rank) for rank in range(inputs.RANKS)]
    get([actor.pid.remote() for actor in actors], inputs.START)
    return actors


def call(method: str, *arguments: Any) -> list[Any]:
    """Call a method on all actors, one by one; return what each answered."""
    return list(get([getattr(actor, method).remote(*arguments) for actor in ranks()], inputs.START))


@shared
def fitted() -> tuple[Any, Tally]:
    """Return what Ray Train brought back from four workers, and which processes entered its function."""
    from monarch_vs_ray.concepts.distributed_tensors.ray import (
        training,
    )  # takes as long as torch; not all need it

    tally, storage = Tally.new(), new_path("storage")
    config = {"tally": str(tally.path)}
    return training.fit(training.training_function, inputs.RANKS, storage, config), tally


def reported() -> dict[str, Any]:
    """Return the last metrics that the training function reported."""
    metrics: dict[str, Any] = fitted()[0].metrics
    return metrics
