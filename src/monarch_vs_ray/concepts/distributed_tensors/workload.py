"""The torch part that both sides share: a tiny network, its data, and what one process makes of them.

The engines split the batch or the network over their ranks; all of that must come out as in here. Everything
is in double precision and seeded, so that a difference above 1e-6 is a mistake and no rounding.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh

from monarch_vs_ray.concepts.distributed_tensors import inputs
from monarch_vs_ray.instruments.flags import Tally
from monarch_vs_ray.side import Unavailable, metric, seen

# Each rank is a process of its own; with more threads than that they only wait for each other.
torch.set_num_threads(1)

LIMIT = datetime.timedelta(seconds=60)
"""How long a rank waits for the others of a group."""


def device() -> str:
    """Return ``cuda`` where every rank can have a GPU of its own, else ``cpu``.

    The caller decides, and its ranks inherit that: each of them may see one GPU alone, or none.
    """
    enough = torch.cuda.device_count() >= inputs.RANKS
    return os.environ.setdefault("MVR_DEVICE_OF_RANKS", "cuda" if enough else "cpu")


def backend() -> str:
    """Return the library that carries collectives between tensors of that device."""
    return "nccl" if device() == "cuda" else "gloo"


def network(on: str = "cpu") -> nn.Sequential:
    """Return the network, the same wherever it is made: its first weights are no random numbers."""
    options = {"dtype": torch.double, "device": on}
    layers = nn.Linear(inputs.FEATURES, inputs.HIDDEN, **options), nn.Linear(inputs.HIDDEN, 1, **options)
    with torch.no_grad():
        for weights in (weights for layer in layers for weights in layer.parameters()):
            weights.copy_(torch.sin(torch.arange(weights.numel(), **options)).view_as(weights) / 2)
    return nn.Sequential(layers[0], nn.Tanh(), layers[1])


def batch() -> tuple[Tensor, Tensor]:
    """Return the whole batch: inputs and targets."""
    random = torch.Generator().manual_seed(inputs.SEED + 1)
    x = torch.randn(inputs.BATCH, inputs.FEATURES, generator=random, dtype=torch.double)
    return x, torch.sin(x.sum(dim=1, keepdim=True))


def share(rank: int | Tensor, ranks: int = inputs.RANKS) -> tuple[Tensor, Tensor]:
    """Return one rank's part of the batch, as large as everybody else's."""
    x, y = batch()
    return x[int(rank) :: ranks].clone(), y[int(rank) :: ranks].clone()


def loss_of(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Return the mean square error: its mean over equal shares is the value of the whole batch."""
    return nn.functional.mse_loss(model(x), y)


def gradient_of(model: nn.Module) -> Tensor:
    """Return all gradients in one vector."""
    return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None]).cpu()


def weights_of(model: nn.Module) -> Tensor:
    """Return all weights in one vector."""
    return torch.cat([p.detach().flatten() for p in model.parameters()]).cpu()


def read(path: Path) -> Tensor:
    """Return the weights in a checkpoint that was saved from this network."""
    model = network()
    model.load_state_dict(torch.load(path, weights_only=True, map_location="cpu"))
    return weights_of(model)


@dataclass(frozen=True)
class Trained:
    """What a training loop left: its first gradient, its losses, its weights in the end."""

    gradient: Tensor
    losses: list[float]
    weights: Tensor

    @property
    def loss(self) -> Tensor:
        """Return the loss of the last step."""
        return torch.tensor(self.losses[-1], dtype=torch.double)


def train(model: nn.Module, x: Tensor, y: Tensor) -> Trained:
    """Train, in ordinary PyTorch; a model wrapped in DDP is trained by the same lines."""
    optimizer = torch.optim.SGD(model.parameters(), lr=inputs.LEARNING_RATE)
    gradients, losses = [], []
    for _ in range(inputs.STEPS):
        optimizer.zero_grad()
        loss = loss_of(model, x, y)
        loss.backward()
        gradients.append(gradient_of(model))
        losses.append(float(loss.detach()))
        optimizer.step()
    return Trained(gradients[0], losses, weights_of(model))


def alone() -> Trained:
    """Train on the whole batch in this process: the reference for everything here."""
    return train(network(), *batch())


def local_gradient(rank: int) -> Tensor:
    """Return the gradient of one rank's share, computed in this process."""
    model = network()
    loss_of(model, *share(rank)).backward()
    return gradient_of(model)


def operations(x: Tensor) -> Tensor:
    """Apply a few ordinary operations, the same on any kind of tensor."""
    return torch.relu(x @ x.T - 1).sum(dim=0).sqrt()


def difference(a: Tensor, b: Tensor) -> float:
    """Return the largest absolute difference of two tensors. Raises ValueError when their shapes differ."""
    if a.shape != b.shape:
        raise ValueError(f"shapes {tuple(a.shape)} and {tuple(b.shape)} cannot be compared")
    return float((a.detach() - b.detach()).abs().max())


def furthest(tensors: Sequence[Tensor], expected: Tensor | Sequence[Tensor]) -> float:
    """Return how far the worst of them is from what is expected, of each or of all."""
    wanted = [expected] * len(tensors) if isinstance(expected, Tensor) else expected
    return max(difference(a.cpu(), b) for a, b in zip(tensors, wanted, strict=True))


def ranks_with(tensors: Sequence[Tensor], expected: Sequence[Tensor]) -> list[int]:
    """Return the ranks whose tensor is what is expected of that rank."""
    pairs = enumerate(zip(tensors, expected, strict=False))
    return [rank for rank, (a, b) in pairs if difference(a.cpu(), b) <= inputs.TOLERANCE]


def local_gradients() -> list[Tensor]:
    """Return the gradient of each rank's share."""
    return [local_gradient(rank) for rank in range(inputs.RANKS)]


def after_one_step() -> list[Tensor]:
    """Return the weights of each rank after one step by the gradient of its own share."""
    start = weights_of(network())
    return [start - inputs.LEARNING_RATE * gradient for gradient in local_gradients()]


def step_noted(tally: str, x: Tensor, y: Tensor) -> Tensor:
    """Write down which process entered this training step, and return its gradient."""
    Tally(Path(tally)).add(os.getpid())
    model = network(device())
    loss_of(model, x.to(device()), y.to(device())).backward()
    return gradient_of(model)


def named_mesh(dims: Mapping[str, int] = inputs.MESH) -> DeviceMesh:
    """Return the ranks of this process group as a mesh with named dimensions, those of the first call."""
    if "mesh" not in _joined:
        _joined["mesh"] = init_device_mesh(device(), tuple(dims.values()), mesh_dim_names=tuple(dims))
    return _joined["mesh"]


_joined: dict[str, DeviceMesh] = {}


def all_reduce(tensor: Tensor, dim: str, average: bool = False) -> Tensor:
    """Sum up over one dimension of the mesh by its name; over all ranks for any other name."""
    mesh = named_mesh()
    group = mesh.get_group(dim) if dim in (mesh.mesh_dim_names or ()) else dist.group.WORLD
    total = tensor.clone()
    dist.all_reduce(total, group=group)
    return total / dist.get_world_size(group) if average else total


def gathered(value: object) -> list:
    """Return what every rank has, in the order of ranks."""
    values: list = [None] * dist.get_world_size()
    dist.all_gather_object(values, value)
    return values


def compared(trained: Trained) -> dict[str, object]:
    """Compare what the ranks have trained with one process; the same answer on every rank."""
    reference, ranks = alone(), gathered(trained)
    return {
        "gradient": furthest([each.gradient for each in ranks], reference.gradient),
        "weights": furthest([each.weights for each in ranks], reference.weights),
        "ranks_differ_by": furthest([each.weights for each in ranks], ranks[0].weights),
        "loss": abs(float(torch.stack([each.loss for each in ranks]).mean() - reference.loss)),
        "processes": len(set(gathered(os.getpid()))),
        "losses": {"alone": [reference.losses], "ranks": [each.losses for each in ranks]},
    }


def show_tensors(tensors: Sequence[Tensor], dim: str) -> None:
    """Emit what each rank has: type, shape and value, at its place along a dimension."""
    for rank, tensor in enumerate(tensors):
        kind = f"{str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}"
        seen(f"rank {rank}", kind, f"{float(tensor):g}", coordinates={dim: rank})


def show_losses(losses: Mapping[str, Sequence[Sequence[float]]]) -> None:
    """Emit the loss of each step, of every rank and of one process that has the whole batch."""
    for name, metric_name in (("ranks", "loss"), ("alone", "loss_of_one_process")):
        for rank, steps in enumerate(losses[name]):
            for step, loss in enumerate(steps):
                metric(metric_name, loss, "", x=step, rank=rank)


def needs_cuda() -> None:
    """Return if this torch can use a GPU. Raises Unavailable if it cannot."""
    if not torch.cuda.is_available():
        raise Unavailable(f"needs CUDA: torch {torch.__version__} sees no GPU")


def total(backend: str, rank: int, ranks: int, store: str, device: str) -> str:
    """Sum up 1 + rank over a new process group.

    Args:
        backend: The library that carries the collective.
        rank: This process's rank, from 0.
        ranks: How many processes take part.
        store: A file by which they find each other; new for each group.
        device: Where the tensor lies, the same for all.

    Returns:
        The sum, or the type of the error that came in its place.
    """
    dist.init_process_group(
        backend, init_method=f"file://{store}", rank=rank, world_size=ranks, timeout=LIMIT
    )
    try:
        number = torch.tensor([1.0 + rank], device=device)
        dist.all_reduce(number)
        return f"{float(number):g}"
    except Exception as error:
        return type(error).__name__
    finally:
        dist.destroy_process_group()
