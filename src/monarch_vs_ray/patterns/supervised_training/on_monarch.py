"""Train data-parallel in Monarch, and start the group again from its checkpoint when a rank is killed.

The supervisor owns the ranks and drives them, a call for each step. When a rank dies, the collective of the
others fails, and so does their answer. The supervisor then stops the whole group and spawns another on fresh
processes, which load the last checkpoint: a process group cannot lose a rank and go on.

What surprises: ``call`` raises when all ranks have answered or died, and a death is known at Monarch's next
poll, up to 10 s later. ``stream`` raises with the first answer that is an error. Ranks that do not talk leave
only the poll.

Run it: python on_monarch.py, and kill the processes that it names.
"""

import argparse
import hashlib
import os
import socket
import struct
import tempfile
from pathlib import Path

import torch
from monarch.actor import Actor, ActorError, MeshFailure, current_rank, endpoint, shutdown_context, this_host
from monarch.spmd import setup_torch_elastic_env_async
from torch import nn
from torch.nn.parallel import DistributedDataParallel

RANKS, STEPS, EVERY = 2, 200, 40  # a checkpoint every 40 steps
TIMEOUT = 120  # seconds; a run takes some 6, and a restart of the group some 5


class Trainer(Actor):
    """One rank: its model, its optimizer and its share of the data."""

    def __init__(self, seed: int, checkpoint: Path) -> None:
        self.seed, self.checkpoint, self.rank = seed, checkpoint, current_rank().rank

    @endpoint
    def start(self) -> tuple[int, int, list[float]]:
        """Join the group and load the checkpoint, if any. Return process, next step, losses until then."""
        torch.set_num_threads(1)
        torch.distributed.init_process_group("gloo")
        torch.manual_seed(self.seed)
        self.model = DistributedDataParallel(nn.Sequential(nn.Linear(64, 512), nn.Tanh(), nn.Linear(512, 1)))
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3)
        if not self.checkpoint.exists():
            return os.getpid(), 0, []
        saved = torch.load(self.checkpoint)
        self.model.load_state_dict(saved["model"])
        self.optimizer.load_state_dict(saved["optimizer"])
        return os.getpid(), saved["step"], saved["losses"]

    @endpoint
    def step(self, step: int) -> float:
        """Take one step. Return the loss, averaged over the ranks."""
        data = torch.Generator().manual_seed(self.seed * 1_000_000 + step * RANKS + self.rank)
        inputs = torch.randn(2048, 64, generator=data)
        loss = nn.functional.mse_loss(self.model(inputs), inputs[:, :8].sin().sum(1, keepdim=True))
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        mean = loss.detach() / RANKS
        torch.distributed.all_reduce(mean)
        return mean.item()

    @endpoint
    def save(self, step: int, losses: list[float]) -> None:
        state = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}
        partial = self.checkpoint.with_suffix(".partial")
        torch.save({**state, "step": step, "losses": losses}, partial)
        os.replace(partial, self.checkpoint)  # whole or not at all, whenever this process is killed


class Supervisor(Actor):
    def __init__(self, seed: int, checkpoint: Path) -> None:
        self.seed, self.checkpoint = seed, checkpoint

    async def __supervise__(self, failure: MeshFailure) -> bool:
        return True  # handled: the call under way or the next one raises, and `train` acts on it

    @endpoint
    async def train(self) -> tuple[list[float], int]:
        """Return the loss of each step, and how many steps were taken, those that were repeated included."""
        losses: list[float] = []
        taken = group = 0
        while len(losses) < STEPS:
            group += 1
            procs = this_host().spawn_procs(per_host={"gpus": RANKS}, name=f"procs{group}")
            trainers = procs.spawn(f"trainers{group}", Trainer, self.seed, self.checkpoint)
            try:
                await setup_torch_elastic_env_async(procs, "127.0.0.1", free_port())  # this machine only
                started = list((await trainers.start.call()).values())
                _, step, losses = started[0]
                for rank, (process, _, _) in enumerate(started):
                    print(f"rank {rank} is process {process}", flush=True)
                while len(losses) < STEPS:
                    loss, *_ = [await one for one in trainers.step.stream(step)]  # the same on all ranks
                    losses.append(loss)
                    step, taken = step + 1, taken + 1
                    if step % EVERY == 0:
                        print(f"step {step} of {STEPS}, loss {losses[-1]:.4f}, group {group}", flush=True)
                        await trainers.slice(gpus=0).save.call_one(step, losses)
            except (ActorError, RuntimeError) as error:  # RuntimeError: SupervisionError, a rank is dead
                print(f"group {group} is lost in step {len(losses) + 1}: {type(error).__name__}", flush=True)
                await procs.stop()  # the survivors, too: their process group has lost a rank
        return losses, taken


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def main(seed: int, checkpoint: Path) -> None:
    supervisor = this_host().spawn_procs().spawn("supervisor", Supervisor, seed, checkpoint)
    losses, taken = supervisor.train.call_one().get(TIMEOUT)

    print(f"{len(losses)} steps, {taken - STEPS} of them repeated, final loss {losses[-1]:.4f}")
    print(f"loss curve {hashlib.sha256(struct.pack(f'{len(losses)}d', *losses)).hexdigest()}")
    assert len(losses) == STEPS
    assert losses[-1] < losses[0] / 4, "the model learns"
    shutdown_context().get(TIMEOUT)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    with tempfile.TemporaryDirectory() as folder:
        main(parser.parse_args().seed, Path(folder, "checkpoint.pt"))
