"""The torch part that both sides share: a tiny network, its data, and what one process makes of them.

The engines split the batch or the network over their ranks; all of that must come out as in here. Everything
is in double precision and seeded, so that a difference above 1e-6 is a mistake and no rounding.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh

from monarch_vs_ray.concepts.distributed_tensors import spec

# Each rank is a process of its own; with more threads than that they only wait for each other.
torch.set_num_threads(1)


def device() -> str:
    """``cuda`` where every rank can have a GPU of its own, else ``cpu``.

    The caller decides, and its ranks inherit that: each of them may see one GPU alone, or none.
    """
    enough = torch.cuda.device_count() >= spec.RANKS
    return os.environ.setdefault("MVR_DEVICE_OF_RANKS", "cuda" if enough else "cpu")


def backend() -> str:
    """The library that carries collectives between tensors of that device."""
    return "nccl" if device() == "cuda" else "gloo"


def network(on: str = "cpu") -> nn.Sequential:
    """The same network wherever it is made: its first weights are no random numbers."""
    options = {"dtype": torch.double, "device": on}
    layers = nn.Linear(spec.FEATURES, spec.HIDDEN, **options), nn.Linear(spec.HIDDEN, 1, **options)
    with torch.no_grad():
        for weights in (weights for layer in layers for weights in layer.parameters()):
            weights.copy_(torch.sin(torch.arange(weights.numel(), **options)).view_as(weights) / 2)
    return nn.Sequential(layers[0], nn.Tanh(), layers[1])


def batch() -> tuple[Tensor, Tensor]:
    """The whole batch: inputs and targets."""
    random = torch.Generator().manual_seed(spec.SEED + 1)
    x = torch.randn(spec.BATCH, spec.FEATURES, generator=random, dtype=torch.double)
    return x, torch.sin(x.sum(dim=1, keepdim=True))


def share(rank: int | Tensor, ranks: int = spec.RANKS) -> tuple[Tensor, Tensor]:
    """The part of the batch that is one rank's: as large as everybody else's."""
    x, y = batch()
    return x[int(rank) :: ranks].clone(), y[int(rank) :: ranks].clone()


def loss_of(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Mean square error, so that the mean over equal shares is the value of the whole batch."""
    return nn.functional.mse_loss(model(x), y)


def gradient_of(model: nn.Module) -> Tensor:
    """All gradients in one vector."""
    return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None]).cpu()


def weights_of(model: nn.Module) -> Tensor:
    """All weights in one vector."""
    return torch.cat([p.detach().flatten() for p in model.parameters()]).cpu()


def read(path: Path) -> Tensor:
    """The weights in a checkpoint that was saved from this network."""
    model = network()
    model.load_state_dict(torch.load(path, weights_only=True, map_location="cpu"))
    return weights_of(model)


@dataclass(frozen=True)
class Trained:
    """What a training loop left: its first gradient, its last loss, its weights in the end."""

    gradient: Tensor
    loss: Tensor
    weights: Tensor


def train(model: nn.Module, x: Tensor, y: Tensor) -> Trained:
    """The training loop, in ordinary PyTorch. A model wrapped in DDP is trained by the same lines."""
    optimizer = torch.optim.SGD(model.parameters(), lr=spec.LEARNING_RATE)
    gradients = []
    for _ in range(spec.STEPS):
        optimizer.zero_grad()
        loss = loss_of(model, x, y)
        loss.backward()
        gradients.append(gradient_of(model))
        optimizer.step()
    return Trained(gradients[0], loss.detach().cpu(), weights_of(model))


def alone() -> Trained:
    """What one process computes on the whole batch: the reference for everything here."""
    return train(network(), *batch())


def local_gradient(rank: int) -> Tensor:
    """The gradient of one rank's share, computed in this process."""
    model = network()
    loss_of(model, *share(rank)).backward()
    return gradient_of(model)


def operations(x: Tensor) -> Tensor:
    """A few ordinary operations, the same on any kind of tensor."""
    return torch.relu(x @ x.T - 1).sum(dim=0).sqrt()


def difference(a: Tensor, b: Tensor) -> float:
    """The largest absolute difference of two tensors of the same shape."""
    if a.shape != b.shape:
        raise ValueError(f"shapes {tuple(a.shape)} and {tuple(b.shape)} cannot be compared")
    return float((a.detach() - b.detach()).abs().max())


def named_mesh() -> DeviceMesh:
    """The ranks of this process group as a mesh with named dimensions; made once in each process."""
    if "mesh" not in _joined:
        shape, names = tuple(spec.MESH.values()), tuple(spec.MESH)
        _joined["mesh"] = init_device_mesh(device(), shape, mesh_dim_names=names)
    return _joined["mesh"]


_joined: dict[str, DeviceMesh] = {}


def all_reduce(tensor: Tensor, dim: str, average: bool = False) -> Tensor:
    """Sum up over one dimension of the mesh by its name; over all ranks for any other name."""
    mesh = named_mesh()
    group = mesh.get_group(dim) if dim in spec.MESH else dist.group.WORLD
    total = tensor.clone()
    dist.all_reduce(total, group=group)
    return total / dist.get_world_size(group) if average else total


def gathered(value: object) -> list:
    """What every rank has, in the order of ranks."""
    values: list = [None] * dist.get_world_size()
    dist.all_gather_object(values, value)
    return values


def compared(trained: Trained) -> dict[str, object]:
    """How what the ranks have trained compares with one process; the same answer on every rank."""
    reference, ranks = alone(), gathered(trained)
    return {
        "spmd": {"ranks": gathered(dist.get_rank()), "processes": len(set(gathered(os.getpid())))},
        "averaged_gradient": max(difference(r.gradient, reference.gradient) for r in ranks),
        "weights_equal": max(difference(r.weights, ranks[0].weights) for r in ranks),
        "weights_reference": max(difference(r.weights, reference.weights) for r in ranks),
        "loss": float(torch.stack([r.loss for r in ranks]).mean()),
    }


def redistributed(mesh: DeviceMesh) -> tuple[list[int], float]:
    """Split a tensor over both dimensions and put it together: the shape of a shard, the difference after."""
    # Imported here: it takes as long as a third of torch, and few processes need it.
    from torch.distributed.tensor import Replicate, Shard, distribute_tensor

    full, _ = batch()
    sharded = distribute_tensor(full.to(mesh.device_type), mesh, [Shard(0), Shard(1)])
    again = sharded.redistribute(mesh, [Replicate(), Replicate()]).to_local()
    return list(sharded.to_local().shape), difference(again.cpu(), full)
