"""Distributed tensors in Ray: the caller holds handles and references, and tensor code runs on the ranks.

What to watch: there is no tensor that spans actors, so shards, gradients and averages are moved by hand, or
by collectives of a named group. Training runs as SPMD: ``TorchTrainer`` starts one function on every worker
and sets up torch's process group; in it DDP averages the gradients, and torch's own DeviceMesh and DTensor
give dimensions their names. What comes back is what was reported, and rank 0's return value.

Run it alone: python -m monarch_vs_ray.concepts.distributed_tensors.on_ray
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import ray
from ray.util import collective

from monarch_vs_ray.concepts.distributed_tensors import spec
from monarch_vs_ray.engines import machine
from monarch_vs_ray.engines.alone import run_alone
from monarch_vs_ray.engines.ray import start, stop
from monarch_vs_ray.side import log, observe, operation, step

if spec.has_torch():  # Ray's actors work without it, Ray Train does not
    import torch
    from torch import Tensor

    from monarch_vs_ray.concepts.distributed_tensors import workload

GROUP = "ranks"
"""The name of the actors' collective group; a group has a name, its dimensions have none."""


@ray.remote
class Rank:
    """One rank with its share of the batch and a copy of the network."""

    def __init__(self, rank: int) -> None:
        self.rank = rank
        self.model = workload.network(workload.device())
        self.share = [part.to(workload.device()) for part in workload.share(rank)]
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=spec.LEARNING_RATE)

    def number(self) -> Tensor:
        return torch.full((), 10.0) + self.rank

    def operations(self) -> Tensor:
        return workload.operations(self.share[0]).cpu()

    def gradient(self) -> list[Tensor]:
        """Of this rank's share alone."""
        self.optimizer.zero_grad()
        workload.loss_of(self.model, *self.share).backward()
        return [parameter.grad.cpu() for parameter in self.model.parameters()]

    def apply(self, gradients: list[Tensor]) -> Tensor:
        """One optimizer step with the gradients that the caller averaged."""
        for parameter, gradient in zip(self.model.parameters(), gradients, strict=True):
            parameter.grad = gradient.to(workload.device())
        self.optimizer.step()
        return workload.weights_of(self.model)

    def average(self) -> float:
        """Ray's own collective: over the whole group, by the group's name. For NCCL it needs CuPy."""
        collective.init_collective_group(spec.RANKS, self.rank, workload.backend(), GROUP)
        total = torch.tensor([float(self.rank)], device=workload.device())
        collective.allreduce(total, group_name=GROUP)
        collective.destroy_collective_group(GROUP)
        return float(total) / spec.RANKS


@ray.remote
class Place:
    """Knows its place because it was told; needs no torch."""

    def __init__(self, place: list[int]) -> None:
        self.place = place

    def where(self) -> list[int]:
        return self.place


def main() -> None:
    """Tell the story: actors and references, training from here, then one function on every worker."""
    with step("Start Ray, for this run only"):
        log(f"CUDA: {machine.cuda().detail}. NCCL: {machine.nccl().detail}.")
        if spec.has_torch():
            observe("device", f"{workload.device()} over {workload.backend()}")
        start(cpus=2 * spec.RANKS)

    if not spec.has_torch():
        without_torch()
        return

    with step(f"{spec.RANKS} actors: PyTorch inside each"):
        on_ranks = Rank.options(num_gpus=int(workload.device() == "cuda"))
        ranks = [on_ranks.remote(rank) for rank in range(spec.RANKS)]
        per_rank_tensors(ranks)

    with step("Autograd: each actor's own gradient"):
        gradients = own_gradients(ranks)
        expected = [workload.local_gradient(rank) for rank in range(spec.RANKS)]
        observe("local_gradients", furthest(gradients, expected))
        observe("unsynced", furthest(gradients, workload.alone().gradient))

    with step("A training loop that runs here: gradients in, averages out"):
        gradient, weights = train_from_here(ranks)
        observe("led_gradient", workload.difference(gradient, workload.alone().gradient))
        observe("led_weights", furthest(weights, workload.alone().weights))

    with step("Ray's own collective: a group of actors by name"):
        observe("native_reduce", reduced(ranks))
        for rank in ranks:
            ray.kill(rank)

    with step(f"TorchTrainer: one function on {spec.RANKS} workers"), operation("fit", workers=spec.RANKS):
        # Imported here, so that the actors above need not have it.
        from monarch_vs_ray.concepts.distributed_tensors.training_on_ray import fit

        result = fit(Path(tempfile.mkdtemp()))

    with step("What came back: DDP's training, metrics, a checkpoint"):
        for key in ("spmd", "wrapped", "averaged_gradient", "weights_equal", "weights_reference"):
            observe(key, result.metrics[key])
        observe("loss", abs(result.metrics["loss"] - float(workload.alone().loss)))
        answer = result.return_value
        observe("answers", [answer.pop("rank")])
        with result.checkpoint.as_directory() as folder:
            saved = workload.read(Path(folder, "weights.pt"))
        observe("checkpoint", workload.difference(saved, workload.alone().weights))

    with step("What came back: named dimensions by torch's DeviceMesh, DTensor"):
        for key, value in answer.items():
            observe(key, value)
        observe("by_coordinates", "no such call")
        observe("simulated", "no simulator")

    with step("Shut Ray down"):
        stop()


def without_torch() -> None:
    """What is left without torch: actors that are told their places."""
    with step("Without torch: actors, but no Ray Train"):
        actors = [Place.remote(place) for place in spec.places()]
        found = ray.get([actor.where.remote() for actor in actors], timeout=spec.PATIENCE)
        observe("coordinates", [spec.place(coordinates) for coordinates in found])
        log("The rest needs torch: pip install torch")
        for key in spec.needing_torch(["coordinates"]):
            observe(key, spec.NEEDS_TORCH)
    with step("Shut Ray down"):
        stop()


def furthest(tensors: list[Tensor], expected: Tensor | list[Tensor]) -> float:
    """How far the worst of them is from what was expected, of each or of all."""
    wanted = expected if isinstance(expected, list) else [expected] * len(tensors)
    return max(workload.difference(a, b) for a, b in zip(tensors, wanted, strict=True))


def per_rank_tensors(ranks: list[Any]) -> None:
    """The same method on all actors; the caller gets a reference to each result, and fetches it."""
    references = [rank.number.remote() for rank in ranks]
    observe("held", f"{len(references)} {type(references[0]).__module__}.{type(references[0]).__name__}")
    observe("unfetched", spec.refusal(lambda: float(references[0])))
    observe("per_rank", [float(number) for number in ray.get(references, timeout=spec.PATIENCE)])
    results = ray.get([rank.operations.remote() for rank in ranks], timeout=spec.PATIENCE)
    expected = [workload.operations(workload.share(rank)[0]) for rank in range(spec.RANKS)]
    observe("operations", furthest(results, expected))


def vector(gradients: list[Tensor]) -> Tensor:
    return torch.cat([gradient.flatten() for gradient in gradients])


def own_gradients(ranks: list[Any]) -> list[Tensor]:
    """Each rank's gradient, of its share of the batch."""
    gradients = ray.get([rank.gradient.remote() for rank in ranks], timeout=spec.PATIENCE)
    return [vector(one) for one in gradients]


def train_from_here(ranks: list[Any]) -> tuple[Tensor, list[Tensor]]:
    """Data-parallel training led by the caller: gradients come here, their average goes to every rank."""
    first, weights = None, []
    for _ in range(spec.STEPS):
        gradients = ray.get([rank.gradient.remote() for rank in ranks], timeout=spec.PATIENCE)
        average = [torch.stack(parts).mean(dim=0) for parts in zip(*gradients, strict=True)]
        first = vector(average) if first is None else first
        shared = ray.put(average)  # once in the object store, not once for each rank
        weights = ray.get([rank.apply.remote(shared) for rank in ranks], timeout=spec.PATIENCE)
    assert first is not None
    return first, weights


def reduced(ranks: list[Any]) -> str:
    """All ranks average their number, over NCCL or gloo; each must get the same."""
    averages = ray.get([rank.average.remote() for rank in ranks], timeout=spec.PATIENCE)
    return f"averages to {', '.join(f'{average:g}' for average in sorted(set(averages)))}, over all ranks"


if __name__ == "__main__":
    run_alone(main, spec.CONCEPT.environment)
