"""What ``concepts/distributed_tensors/on_monarch.py`` does, with no event API and no launcher around it.

The demo's wall time is compared with this script's: python benchmarks/bare/distributed_tensors_on_monarch.py
It prints what it saw, as JSON, and how long it took. The network and the inputs are the project's, since
Monarch's workers import remote functions by their module's name.
"""

from __future__ import annotations

import itertools
import json
import os
import socket
import tempfile
import time
from contextlib import suppress
from glob import glob
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

BEGAN = time.perf_counter()
FOLDER = TemporaryDirectory(prefix="mvr-")
MARK = os.path.basename(FOLDER.name)
# SPMDActor sets these in running processes; where they are new, Monarch's telemetry thread may crash (0.7.0).
os.environ.update(dict.fromkeys(("MASTER_ADDR", "MASTER_PORT", "RANK", "WORLD_SIZE"), ""))
os.environ.update({f"{kind}_RANK": "" for kind in ("LOCAL", "GROUP", "ROLE")} | {"ROLE_NAME": ""})
os.environ.update({f"{kind}_WORLD_SIZE": "" for kind in ("LOCAL", "GROUP", "ROLE")})
os.environ.update(
    TMPDIR=FOLDER.name,
    MONARCH_LOG_SUFFIX=MARK,
    MONARCH_FILE_LOG="warn",
    HYPERACTOR_MESH_PROC_SPAWN_MAX_IDLE="150s",
    HYPERACTOR_MESH_ACTOR_SPAWN_MAX_IDLE="150s",
    HYPERACTOR_MESH_GET_ACTOR_STATE_MAX_IDLE="150s",
    GLOO_SOCKET_IFNAME="lo",
    PYTHONWARNINGS="ignore",
)
tempfile.tempdir = FOLDER.name

import monarch.actor  # noqa: E402 - reads its settings when imported
import torch  # noqa: E402
import torch.distributed as dist  # noqa: E402
from monarch import Simulator, fetch_shard, inspect, remote  # noqa: E402
from monarch.actor import Actor, current_rank, endpoint, shutdown_context, this_host  # noqa: E402
from monarch.spmd import setup_torch_elastic_env  # noqa: E402
from torch.nn.parallel import DistributedDataParallel  # noqa: E402

from monarch_vs_ray.concepts.distributed_tensors import spec, workload  # noqa: E402

share = remote(workload.share, propagate=lambda rank, ranks=spec.RANKS: workload.share(0, ranks))
all_reduce = remote(workload.all_reduce, propagate=lambda tensor, dim, average=False: tensor.clone())
LINE = "gpus"
HALF = spec.HIDDEN // spec.MESH["tp"]

SEEN: dict[str, Any] = {}


def see(key, value):
    SEEN[key] = value


def main():
    see("device", f"{workload.device()} over {workload.backend()}")
    procs = this_host().spawn_procs(per_host={LINE: spec.RANKS})
    trainers = spawn_trainers(procs)

    per_rank_tensors(procs)

    # Only this private attribute splits a mesh of tensors; `ProcMesh.split` is for actors.
    mesh = procs._device_mesh.split(**{LINE: tuple(spec.MESH)}, tp=spec.MESH["tp"])
    see("by_coordinates", fetched_by_coordinates(mesh))
    see("coordinates", coordinates(mesh))

    gradients = own_gradients(procs)
    expected = [workload.local_gradient(rank) for rank in range(spec.RANKS)]
    see("local_gradients", furthest(gradients, expected))
    see("unsynced", furthest(gradients, workload.alone().gradient))

    gradients, weights = train_from_here(procs)
    see("led_gradient", furthest(gradients, workload.alone().gradient))
    see("led_weights", furthest(weights, workload.alone().weights))

    with mesh.activate():
        number = mesh.rank(tuple(spec.MESH)).double().to(workload.device())
        totals = {dim: reduce(number, dim) for dim in spec.MESH}
        mean = reduce(number, "dp", average=True)
    see("sum_dp", values(totals["dp"]))
    see("sum_tp", values(totals["tp"]))
    see("average_dp", values(mean))

    see("composed_gradient", workload.difference(composed(mesh), workload.alone().gradient))

    spmd(trainers)

    see("simulated", simulated(Path(tempfile.mkdtemp())))

    see("native_reduce", reduced(mesh))

    shutdown_context().get()


class Trainer(Actor):
    def __init__(self):
        self.rank = current_rank().rank

    @endpoint
    def join(self):
        dist.init_process_group(workload.backend())
        workload.named_mesh()
        return dist.get_rank(), dist.get_backend()

    @endpoint
    def train(self, checkpoint):
        model = DistributedDataParallel(workload.network(workload.device()))
        x, y = workload.share(self.rank)
        trained = workload.train(model, x.to(workload.device()), y.to(workload.device()))
        if self.rank == 0:
            torch.save(model.module.state_dict(), checkpoint)
        return {"rank": self.rank, "wrapped": type(model).__name__, **workload.compared(trained)}

    @endpoint
    def redistribute(self):
        return workload.redistributed(workload.named_mesh())

    @endpoint
    def leave(self):
        dist.destroy_process_group()


def everywhere(tensor):
    names, sizes = tensor.mesh.names, tensor.mesh.processes.sizes
    places = [dict(zip(names, place, strict=True)) for place in itertools.product(*map(range, sizes))]
    with tensor.mesh.activate():
        pending = [fetch_shard(tensor, **place) for place in places]
    return [fetched.get(timeout=spec.PATIENCE) for fetched in pending]


def values(tensor):
    return [float(one) for one in everywhere(tensor)]


def furthest(tensors, expected):
    wanted = expected if isinstance(expected, list) else [expected] * len(tensors)
    return max(workload.difference(a, b) for a, b in zip(tensors, wanted, strict=True))


def per_rank_tensors(procs):
    with procs.activate():
        number = procs.rank_tensor(LINE) + torch.full((), 10.0, device=workload.device())
        x, _ = share(procs.rank_tensor(LINE))
        result = workload.operations(x.to(workload.device()))
        see("held", f"1 {type(number).__module__}.{type(number).__qualname__}")
        see("unfetched", spec.refusal(lambda: float(number)))
    see("per_rank", values(number))
    expected = [workload.operations(workload.share(rank)[0]) for rank in range(spec.RANKS)]
    see("operations", furthest([one.cpu() for one in everywhere(result)], expected))


def fetched_by_coordinates(mesh):
    with mesh.activate():
        rank = mesh.rank(tuple(spec.MESH))
        one, first = inspect(rank, dp=1, tp=0), inspect(rank)
        partly = spec.refusal(lambda: inspect(rank, dp=1))
    return f"dp=1, tp=0: {one:d}; none: {first:d}; dp=1 alone: {partly}"


def coordinates(mesh):
    with mesh.activate():
        columns = [mesh.rank(dim) for dim in spec.MESH]
    places = zip(*(map(int, values(column)) for column in columns), strict=True)
    return [spec.place(place) for place in places]


def own_gradients(procs):
    with procs.activate():
        model = workload.network(workload.device())
        x, y = share(procs.rank_tensor(LINE))
        workload.loss_of(model, x.to(workload.device()), y.to(workload.device())).backward()
        gradient = workload.gradient_of(model)
    return everywhere(gradient)


def train_from_here(procs):
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


def reduce(tensor, dim, average=False):
    if workload.backend() == "nccl":
        return tensor.reduce(dim, reduction="avg" if average else "sum")
    return all_reduce(tensor, dim, average)


def composed(mesh):
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


def spawn_trainers(procs):
    setup_torch_elastic_env(procs, master_addr="127.0.0.1", master_port=free_port())
    trainers = procs.spawn("trainer", Trainer)
    trainers.join.call().get(timeout=spec.PATIENCE)
    return trainers


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def spmd(trainers):
    path = Path(tempfile.mkdtemp(), "weights.pt")
    answers = list(trainers.train.call(str(path)).get(timeout=spec.PATIENCE).values())
    see("answers", [answer["rank"] for answer in answers])
    for key in ("spmd", "wrapped", "averaged_gradient", "weights_equal", "weights_reference"):
        see(key, answers[0][key])
    see("loss", abs(answers[0]["loss"] - float(workload.alone().loss)))
    see("checkpoint", workload.difference(workload.read(path), workload.alone().weights))
    shapes, differences = zip(*trainers.redistribute.call().get(timeout=spec.PATIENCE).values(), strict=True)
    see("shard", shapes[0])
    see("full_tensor", max(differences))
    trainers.leave.call().get(timeout=spec.PATIENCE)


def simulated(folder):
    with spec.inside(folder):  # it writes its traces where it is
        simulator = Simulator(hosts=spec.MESH["dp"], gpus=spec.MESH["tp"], trace_mode="everything")
        with simulator.mesh.activate():
            total = torch.ones(spec.BATCH, spec.FEATURES).reduce("gpu", reduction="avg")
            value = inspect(total, host=0, gpu=0)
        simulator.mesh.exit()
        count = sum(spec.collectives(trace) for trace in folder.glob("trace*.json"))
    return f"{count} ranks, shape {list(value.shape)}, all {float(value.max()):g}"


def reduced(mesh):
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
    try:
        main()
        print(json.dumps(SEEN, indent=1))
    finally:
        for log in glob(f"/tmp/*/monarch_log_{MARK}*.log"):
            os.unlink(log)
            with suppress(OSError):  # somebody else's logs are there too
                os.rmdir(os.path.dirname(log))
        FOLDER.cleanup()
    print(f"{time.perf_counter() - BEGAN:.2f} s")
