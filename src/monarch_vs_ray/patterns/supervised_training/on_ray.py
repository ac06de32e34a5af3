"""Train data-parallel in Ray, and start the group again from its checkpoint when a rank is killed.

``FailureConfig`` restarts the group of workers, ``ray.train.report`` hands a checkpoint over, and a worker
that starts asks ``ray.train.get_checkpoint`` for the last one. The controller of the run, an actor of Ray's,
polls its workers every 2 s (RAY_TRAIN_HEALTH_CHECK_INTERVAL_S).

What surprises: `max_failures` is 0 by default. All ranks report together, with the same checkpoint or with
None.

Run it: python on_ray.py, and kill the processes that it names.
"""

import argparse
import hashlib
import os
import struct
import tempfile
from pathlib import Path

import ray
import ray.train
import torch
from ray.train import Checkpoint, FailureConfig, RunConfig, ScalingConfig, UserCallback
from ray.train.torch import TorchTrainer, prepare_model
from torch import nn

RANKS, STEPS, EVERY = 2, 200, 40  # a checkpoint every 40 steps


def train(config: dict) -> None:
    """Run one rank: its model, its optimizer and its share of the data."""
    rank = ray.train.get_context().get_world_rank()
    torch.set_num_threads(1)
    torch.manual_seed(config["seed"])
    model = prepare_model(nn.Sequential(nn.Linear(64, 512), nn.Tanh(), nn.Linear(512, 1)))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    step, losses = 0, []
    if checkpoint := ray.train.get_checkpoint():
        with checkpoint.as_directory() as folder:
            saved = torch.load(Path(folder, "checkpoint.pt"))
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        step, losses = saved["step"], saved["losses"]
    ray.train.report({"process": os.getpid()})

    while step < STEPS:
        data = torch.Generator().manual_seed(config["seed"] * 1_000_000 + step * RANKS + rank)
        inputs = torch.randn(2048, 64, generator=data)
        loss = nn.functional.mse_loss(model(inputs), inputs[:, :8].sin().sum(1, keepdim=True))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        mean = loss.detach() / RANKS
        torch.distributed.all_reduce(mean)
        losses.append(mean.item())
        step += 1
        if rank == 0:
            with open(config["journal"], "a") as journal:
                journal.write(f"{step}\n")
        if step % EVERY == 0:
            with tempfile.TemporaryDirectory() as folder:
                if rank == 0:
                    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
                    torch.save({**state, "step": step, "losses": losses}, Path(folder, "checkpoint.pt"))
                ray.train.report(
                    {"step": step, "losses": losses}, Checkpoint.from_directory(folder) if rank == 0 else None
                )


class Progress(UserCallback):
    """Prints what happens, in the controller of the run."""

    group = 1

    def after_report(self, run_context: object, metrics: list[dict], checkpoint: Checkpoint | None) -> None:
        for rank, report in enumerate(metrics):
            if "process" in report:
                print(f"rank {rank} is process {report['process']}", flush=True)
        if step := metrics[0].get("step"):
            print(
                f"step {step} of {STEPS}, loss {metrics[0]['losses'][-1]:.4f}, group {self.group}", flush=True
            )

    def after_exception(self, run_context: object, worker_exceptions: dict[int, Exception]) -> None:
        print(f"group {self.group} is lost: {sorted(worker_exceptions)}", flush=True)
        self.group += 1


def main(seed: int, storage: Path) -> None:
    journal = storage / "journal"
    ray.init(num_cpus=RANKS + 1)  # one for each worker and one for the controller, also on a smaller machine
    trainer = TorchTrainer(
        train,
        train_loop_config={"seed": seed, "journal": str(journal)},
        scaling_config=ScalingConfig(num_workers=RANKS),
        run_config=RunConfig(
            storage_path=str(storage), failure_config=FailureConfig(max_failures=-1), callbacks=[Progress()]
        ),
    )
    losses = trainer.fit().metrics["losses"]

    repeated = len(journal.read_text().split()) - STEPS
    print(f"{len(losses)} steps, {repeated} of them repeated, final loss {losses[-1]:.4f}")
    print(f"loss curve {hashlib.sha256(struct.pack(f'{len(losses)}d', *losses)).hexdigest()}")
    assert len(losses) == STEPS
    assert losses[-1] < losses[0] / 4, "the model learns"
    ray.shutdown()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    with tempfile.TemporaryDirectory() as folder:
        main(parser.parse_args().seed, Path(folder))
