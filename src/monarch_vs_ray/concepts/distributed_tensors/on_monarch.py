"""Distributed tensors in Monarch: one program writes PyTorch, and every line of it runs on all ranks.

What to watch: within ``procs.activate()`` the caller's tensors live on all ranks; autograd and the optimizer
are the ordinary ones; ``inspect`` brings one rank's value here; dimensions have names, and reductions go by
them. ``tensor.reduce`` goes over NCCL alone: where there is none, ``monarch.remote`` calls torch's own
collective on every rank. SPMD code, DDP for one, runs in actors on the very same processes.

Run it alone: python -m monarch_vs_ray.concepts.distributed_tensors.on_monarch
"""

from __future__ import annotations

import itertools
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import monarch.actor
from monarch.actor import Actor, ProcMesh, current_rank, endpoint, this_host

from monarch_vs_ray.concepts.distributed_tensors import spec
from monarch_vs_ray.engines import machine
from monarch_vs_ray.engines.alone import run_alone
from monarch_vs_ray.engines.monarch import stop
from monarch_vs_ray.engines.ports import free_port
from monarch_vs_ray.side import log, observe, operation, step

if spec.has_torch():  # Monarch's actors and meshes work without it, its tensors do not
    import torch
    import torch.distributed as dist
    from monarch import Simulator, fetch_shard, inspect, remote
    from monarch.spmd import setup_torch_elastic_env
    from torch import Tensor
    from torch.nn.parallel import DistributedDataParallel

    from monarch_vs_ray.concepts.distributed_tensors import workload

    # These run on every rank; `propagate` says what their results look like.
    share = remote(workload.share, propagate=lambda rank, ranks=spec.RANKS: workload.share(0, ranks))
    all_reduce = remote(workload.all_reduce, propagate=lambda tensor, dim, average=False: tensor.clone())

HALF = spec.HIDDEN // spec.MESH["tp"]
LINE = "gpus"
"""The one dimension that the processes are spawned with; the tensor engine gives each its own GPU by it."""


class Trainer(Actor):
    """One rank of ordinary SPMD code: torch.distributed, DDP, DTensor."""

    def __init__(self) -> None:
        self.rank = current_rank().rank

    @endpoint
    def join(self) -> tuple[int, str]:
        """Become a rank of torch's process group, which the environment describes."""
        dist.init_process_group(workload.backend())
        workload.named_mesh()
        return dist.get_rank(), dist.get_backend()

    @endpoint
    def train(self, checkpoint: str) -> dict[str, Any]:
        """The training function: DDP averages the gradients while `backward` runs."""
        model = DistributedDataParallel(workload.network(workload.device()))
        x, y = workload.share(self.rank)
        trained = workload.train(model, x.to(workload.device()), y.to(workload.device()))
        if self.rank == 0:
            torch.save(model.module.state_dict(), checkpoint)
        return {"rank": self.rank, "wrapped": type(model).__name__, **workload.compared(trained)}

    @endpoint
    def redistribute(self) -> tuple[list[int], float]:
        return workload.redistributed(workload.named_mesh())

    @endpoint
    def leave(self) -> None:
        dist.destroy_process_group()


class Place(Actor):
    """Knows its place in the mesh; needs no torch."""

    @endpoint
    def where(self) -> list[int]:
        return list(dict(current_rank()).values())


def main() -> None:
    """Tell the story: tensors, training from here, named dimensions, SPMD, and reduce itself."""
    with step(f"Spawn {spec.RANKS} processes"):
        log(f"CUDA: {machine.cuda().detail}. NCCL: {machine.nccl().detail}.")
        if spec.has_torch():
            observe("device", f"{workload.device()} over {workload.backend()}")
        procs = this_host().spawn_procs(per_host={LINE: spec.RANKS})

    if not spec.has_torch():
        without_torch(procs)
        return

    with step("Actors on these processes form torch's process group"):
        # First, since they import torch: on a busy machine the tensor engine may fail to start before that.
        trainers = spawn_trainers(procs)

    with step("Ordinary PyTorch, on every rank"):
        per_rank_tensors(procs)

    with step("Fetch by coordinates, from a mesh that was split"):
        # Only this private attribute splits a mesh of tensors; `ProcMesh.split` is for actors.
        mesh = procs._device_mesh.split(**{LINE: tuple(spec.MESH)}, tp=spec.MESH["tp"])
        observe("by_coordinates", fetched_by_coordinates(mesh))
        observe("coordinates", coordinates(mesh))

    with step("Autograd: each rank's own gradient"):
        gradients = own_gradients(procs)
        expected = [workload.local_gradient(rank) for rank in range(spec.RANKS)]
        observe("local_gradients", furthest(gradients, expected))
        observe("unsynced", furthest(gradients, workload.alone().gradient))

    with step("A training loop that runs here: averaged over all ranks"):
        gradients, weights = train_from_here(procs)
        observe("led_gradient", furthest(gradients, workload.alone().gradient))
        observe("led_weights", furthest(weights, workload.alone().weights))

    with step("Reduce over dp, over tp: by name"):
        with mesh.activate():
            number = mesh.rank(tuple(spec.MESH)).double().to(workload.device())
            totals = {dim: reduce(number, dim) for dim in spec.MESH}
            mean = reduce(number, "dp", average=True)
        observe("sum_dp", values(totals["dp"]))
        observe("sum_tp", values(totals["tp"]))
        observe("average_dp", values(mean))

    with step("Split the network over tp, and the batch over dp"):
        observe("composed_gradient", workload.difference(composed(mesh), workload.alone().gradient))

    with step("SPMD in those actors: DDP, a checkpoint, DTensor"):
        spmd(trainers)

    with step("Simulate a reduction: no ranks, no NCCL"):
        observe("simulated", simulated(Path(tempfile.mkdtemp())))

    with step("tensor.reduce itself: NCCL alone"):
        observe("native_reduce", reduced(mesh))

    with step("Stop"):
        stop()


def without_torch(procs: ProcMesh) -> None:
    """What is left without torch: actors and their mesh, but no tensor in it."""
    with step("Without torch: named dimensions, but no tensors"):
        places = procs.split(**{LINE: tuple(spec.MESH)}, tp=spec.MESH["tp"]).spawn("place", Place)
        found = places.where.call().get(timeout=spec.PATIENCE).values()
        observe("coordinates", [spec.place(coordinates) for coordinates in found])
        log("The rest needs torch: pip install torch")
        for key in spec.needing_torch(["coordinates"]):
            observe(key, spec.NEEDS_TORCH)
    with step("Stop"):
        stop()


def everywhere(tensor: Tensor) -> list[Tensor]:
    """What each rank has, in the order of ranks."""
    names, sizes = tensor.mesh.names, tensor.mesh.processes.sizes
    places = [dict(zip(names, place, strict=True)) for place in itertools.product(*map(range, sizes))]
    with tensor.mesh.activate():
        pending = [fetch_shard(tensor, **place) for place in places]
    return [fetched.get(timeout=spec.PATIENCE) for fetched in pending]


def values(tensor: Tensor) -> list[float]:
    """The number that each rank has."""
    return [float(one) for one in everywhere(tensor)]


def furthest(tensors: list[Tensor], expected: Tensor | list[Tensor]) -> float:
    """How far the worst of them is from what was expected, of each or of all."""
    wanted = expected if isinstance(expected, list) else [expected] * len(tensors)
    return max(workload.difference(a, b) for a, b in zip(tensors, wanted, strict=True))


def per_rank_tensors(procs: ProcMesh) -> None:
    """The same lines on all ranks; what differs comes from the rank."""
    with procs.activate():
        number = procs.rank_tensor(LINE) + torch.full((), 10.0, device=workload.device())
        x, _ = share(procs.rank_tensor(LINE))
        result = workload.operations(x.to(workload.device()))
        observe("held", f"1 {type(number).__module__}.{type(number).__qualname__}")
        observe("unfetched", spec.refusal(lambda: float(number)))
    observe("per_rank", values(number))
    expected = [workload.operations(workload.share(rank)[0]) for rank in range(spec.RANKS)]
    observe("operations", furthest([one.cpu() for one in everywhere(result)], expected))


def fetched_by_coordinates(mesh: Any) -> str:
    """Inspect wants all coordinates or none; none means rank 0."""
    with mesh.activate():
        rank = mesh.rank(tuple(spec.MESH))
        one, first = inspect(rank, dp=1, tp=0), inspect(rank)
        partly = spec.refusal(lambda: inspect(rank, dp=1))
    return f"dp=1, tp=0: {one:d}; none: {first:d}; dp=1 alone: {partly}"


def coordinates(mesh: Any) -> list[str]:
    with mesh.activate():
        columns = [mesh.rank(dim) for dim in spec.MESH]
    places = zip(*(map(int, values(column)) for column in columns), strict=True)
    return [spec.place(place) for place in places]


def own_gradients(procs: ProcMesh) -> list[Tensor]:
    """Each rank's gradient, of its share of the batch."""
    with procs.activate():
        model = workload.network(workload.device())
        x, y = share(procs.rank_tensor(LINE))
        workload.loss_of(model, x.to(workload.device()), y.to(workload.device())).backward()
        gradient = workload.gradient_of(model)
    return everywhere(gradient)


def train_from_here(procs: ProcMesh) -> tuple[list[Tensor], list[Tensor]]:
    """Data-parallel training written as one program; gives each rank's first gradient and last weights."""
    gradients = []
    with procs.activate():
        model = workload.network(workload.device())
        x, y = (part.to(workload.device()) for part in share(procs.rank_tensor(LINE)))
        optimizer = torch.optim.SGD(model.parameters(), lr=spec.LEARNING_RATE)
        for _ in range(spec.STEPS):
            optimizer.zero_grad()
            workload.loss_of(model, x, y).backward()
            for parameter in model.parameters():
                parameter.grad = reduce(parameter.grad, LINE, average=True)
            gradients.append(workload.gradient_of(model))
            optimizer.step()
        weights = workload.weights_of(model)
    return everywhere(gradients[0]), everywhere(weights)


def reduce(tensor: Tensor, dim: str, average: bool = False) -> Tensor:
    """Reduce over a named dimension: Monarch's own way where NCCL is, else gloo's on every rank."""
    if workload.backend() == "nccl":
        return tensor.reduce(dim, reduction="avg" if average else "sum")
    return all_reduce(tensor, dim, average)


def composed(mesh: Any) -> Tensor:
    """The gradient with the hidden layer split over tp and the batch over dp, put together from all ranks."""
    with mesh.activate():
        first, _, second = workload.network(workload.device())
        hidden = mesh.rank("tp") * HALF + torch.arange(HALF, device=workload.device())
        up, up_bias, down = (
            part.detach().requires_grad_()
            for part in (first.weight[hidden], first.bias[hidden], second.weight[:, hidden])
        )
        bias = second.bias.detach().requires_grad_()
        x, y = (part.to(workload.device()) for part in share(mesh.rank("dp"), spec.MESH["dp"]))
        partial = torch.tanh(x @ up.T + up_bias) @ down.T
        # The sum over tp is no operation that autograd knows: its gradient, the identity, is passed by hand.
        total = reduce(partial.detach(), "tp").requires_grad_()
        torch.nn.functional.mse_loss(total + bias, y).backward()
        partial.backward(total.grad)
        grads = [reduce(part.grad, "dp", average=True) for part in (up, up_bias, down, bias)]
    up, up_bias, down, bias = (everywhere(grad)[: spec.MESH["tp"]] for grad in grads)
    parts = (torch.cat(up), torch.cat(up_bias), torch.cat(down, dim=1), bias[0])
    return torch.cat([part.flatten().cpu() for part in parts])


def spawn_trainers(procs: ProcMesh) -> Trainer:
    """Actors beside the tensors, which know each other as torch's ranks do."""
    setup_torch_elastic_env(procs, master_addr="127.0.0.1", master_port=free_port())
    trainers = procs.spawn("trainer", Trainer)
    ranks = trainers.join.call().get(timeout=spec.PATIENCE).values()
    log(f"torch.distributed: {', '.join(f'rank {rank} {backend}' for rank, backend in ranks)}")
    return trainers


def spmd(trainers: Trainer) -> None:
    """One function on every rank; each one's return value comes back."""
    path = Path(tempfile.mkdtemp(), "weights.pt")
    with operation("train", ranks=spec.RANKS):
        answers = list(trainers.train.call(str(path)).get(timeout=spec.PATIENCE).values())
    observe("answers", [answer["rank"] for answer in answers])
    for key in ("spmd", "wrapped", "averaged_gradient", "weights_equal", "weights_reference"):
        observe(key, answers[0][key])
    observe("loss", abs(answers[0]["loss"] - float(workload.alone().loss)))
    observe("checkpoint", workload.difference(workload.read(path), workload.alone().weights))
    shapes, differences = zip(*trainers.redistribute.call().get(timeout=spec.PATIENCE).values(), strict=True)
    observe("shard", shapes[0])
    observe("full_tensor", max(differences))
    trainers.leave.call().get(timeout=spec.PATIENCE)


def simulated(folder: Path) -> str:
    """Run a reduction in the simulator, which knows sizes and times, but no values."""
    with spec.inside(folder):  # it writes its traces where it is
        simulator = Simulator(hosts=spec.MESH["dp"], gpus=spec.MESH["tp"], trace_mode="everything")
        with simulator.mesh.activate():
            total = torch.ones(spec.BATCH, spec.FEATURES).reduce("gpu", reduction="avg")
            value = inspect(total, host=0, gpu=0)
        simulator.mesh.exit()
        count = sum(spec.collectives(trace) for trace in folder.glob("trace*.json"))
    return f"{count} ranks, shape {list(value.shape)}, all {float(value.max()):g}"


def reduced(mesh: Any) -> str:
    """What `reduce` answers: the average, or why there is none. Without NCCL it ends the tensor engine."""
    failures: list[monarch.actor.MeshFailure] = []
    monarch.actor.unhandled_fault_hook = failures.append
    with mesh.activate():
        rank = mesh.rank(tuple(spec.MESH)).double().to(workload.device())
        pending = fetch_shard(rank.reduce("dp", reduction="avg"), dp=0, tp=0)
    deadline = time.monotonic() + spec.PATIENCE
    while not failures:
        if time.monotonic() > deadline:
            raise TimeoutError(f"reduce gave neither a value nor a failure within {spec.PATIENCE:g} s")
        with suppress(TimeoutError):
            return f"averages to {float(pending.get(timeout=0.2)):g}"
    return f"failed: {spec.cause(failures)}"


if __name__ == "__main__":
    run_alone(main, spec.CONCEPT.environment)
