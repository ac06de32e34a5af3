"""Train data-parallel from one program, in Monarch.

Shows one training loop, the one in this file, whose tensors live on all ranks: inside ``procs.activate()``
each line of it runs on every rank, on that rank's share of the data. The gradients are averaged over the
ranks, so all of them end with the weights of one process that trains on all the data.

What surprises:

- A tensor's value is not here. To print it or to branch on it, fetch it with ``inspect``.
- Monarch's own reduction, ``tensor.reduce("gpus")``, is NCCL only, and fails the mesh on CPUs. So this
  program calls torch's gloo collective on every rank, through ``monarch.remote``.
- The dimension has to be called "gpus", on CPUs too.

Run it: python example.py    (needs torch)
"""

import os
import tempfile
from collections.abc import Callable

# After 30 s without an answer a process counts as dead: too soon where importing torch takes long.
os.environ["HYPERACTOR_MESH_GET_ACTOR_STATE_MAX_IDLE"] = "2m"

import torch
import torch.distributed as dist
from monarch import inspect, remote
from monarch.actor import shutdown_context, this_host
from torch import Tensor

RANKS = 2
STEPS = 20


def dataset() -> tuple[Tensor, Tensor]:
    x = torch.randn(16, 3, dtype=torch.double, generator=torch.Generator().manual_seed(0))
    return x, x.sin().sum(dim=1, keepdim=True)


def share_of(rank: Tensor | int) -> tuple[Tensor, Tensor]:
    x, y = dataset()
    return x[int(rank) :: RANKS].clone(), y[int(rank) :: RANKS].clone()


# ``remote`` runs a function on every rank. ``propagate`` is what it looks like from here: shapes, no values.
load_share = remote(share_of, propagate=lambda rank: share_of(0))


@remote(propagate=lambda rank, folder: None)
def join_group(rank: Tensor, folder: str) -> None:
    dist.init_process_group("gloo", f"file://{folder}/rendezvous", rank=int(rank), world_size=RANKS)


@remote(propagate=torch.clone)
def average_over_ranks(tensor: Tensor) -> Tensor:
    total = tensor.clone()
    dist.all_reduce(total)
    return total / RANKS


def train(x: Tensor, y: Tensor, average: Callable[[Tensor], Tensor]) -> Tensor:
    weights = torch.zeros(3, 1, dtype=torch.double, requires_grad=True)
    optimizer = torch.optim.SGD([weights], lr=0.1)
    for _ in range(STEPS):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(x @ weights, y).backward()
        weights.grad = average(weights.grad)
        optimizer.step()
    return weights.detach()


def main() -> None:
    procs = this_host().spawn_procs(per_host={"gpus": RANKS})
    with tempfile.TemporaryDirectory() as folder, procs.activate():
        rank = procs.rank_tensor("gpus")
        join_group(rank, folder)
        x, y = load_share(rank)
        weights = train(x, y, average_over_ranks)
        trained = [inspect(weights, gpus=at) for at in range(RANKS)]

    expected = train(*dataset(), average=torch.clone)  # the same loop in one process: nothing to average
    assert all(torch.allclose(found, expected) for found in trained)
    alone = train(*share_of(0), average=torch.clone)
    assert not torch.allclose(alone, expected), "without the average, a share leads elsewhere"
    print(f"All {RANKS} ranks have the weights of one process: {expected.flatten().tolist()}")
    shutdown_context().get(timeout=60)


if __name__ == "__main__":
    main()
