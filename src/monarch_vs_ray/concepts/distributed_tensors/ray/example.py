"""Train data-parallel with Ray Train.

Shows one training function that ``TorchTrainer`` runs on each worker, on that worker's share of the data.
``prepare_model`` wraps the model in DDP, which averages the gradients during ``backward``, so all workers end
with the weights of one process that trains on all the data.

What surprises:

- The driver holds no tensor and no model. What comes back is what the workers report: each must report, one
  of them with a checkpoint.
- Metrics come back only with a checkpoint: after reports without one, ``result.metrics`` is None.
- Reports are kept, by default in ~/ray_results.

Run it: python example.py    (needs ray[train] and torch)
"""

import tempfile
from pathlib import Path

import ray.train
import torch
from ray.train.torch import TorchTrainer, prepare_model
from torch import Tensor, nn

RANKS = 2
STEPS = 20


def dataset() -> tuple[Tensor, Tensor]:
    x = torch.randn(16, 3, dtype=torch.double, generator=torch.Generator().manual_seed(0))
    return x, x.sin().sum(dim=1, keepdim=True)


def share_of(rank: int) -> tuple[Tensor, Tensor]:
    x, y = dataset()
    return x[rank::RANKS], y[rank::RANKS]


def new_model() -> nn.Module:
    model = nn.Linear(3, 1, bias=False, dtype=torch.double)
    nn.init.zeros_(model.weight)
    return model


def train(model: nn.Module, x: Tensor, y: Tensor) -> float:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
    return loss.item()


def train_on_worker() -> None:
    rank = ray.train.get_context().get_world_rank()
    model = prepare_model(new_model())
    loss = train(model, *share_of(rank))
    with tempfile.TemporaryDirectory() as folder:
        torch.save(model.module.state_dict(), Path(folder, "model.pt"))
        checkpoint = ray.train.Checkpoint.from_directory(folder) if rank == 0 else None
        ray.train.report({"loss": loss}, checkpoint=checkpoint)


def main() -> None:
    with tempfile.TemporaryDirectory() as storage:  # not ~/ray_results: this run is not worth keeping
        trainer = TorchTrainer(
            train_on_worker,
            scaling_config=ray.train.ScalingConfig(num_workers=RANKS),
            run_config=ray.train.RunConfig(storage_path=storage),
        )
        result = trainer.fit()
        with result.checkpoint.as_directory() as folder:
            trained = torch.load(Path(folder, "model.pt"))

    expected, alone = new_model(), new_model()
    train(expected, *dataset())  # the same loop, in this process
    assert torch.allclose(trained["weight"], expected.weight)
    train(alone, *share_of(0))
    assert not torch.allclose(alone.weight, expected.weight), "without the average, a share leads elsewhere"
    print(f"{RANKS} workers have the weights of one process; rank 0 reported {result.metrics}.")
    ray.shutdown()


if __name__ == "__main__":
    main()
