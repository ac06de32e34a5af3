"""Data-parallel training in Monarch: two workers as one mesh of actors, led step by step from one program.

What to watch: the training loop is here, in the program that you run, and each step is one call of the whole
mesh. The trainer owns the workers, so their failures come to its __supervise__. When a worker is killed, the
step that it was to take raises here, and the loop does what it likes: it asks for new workers, on fresh
processes, who begin with the last checkpoint.

Run it: mvr train --engine monarch
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import monarch.actor
import torch
import torch.distributed as dist
from monarch.actor import Actor, ActorError, MeshFailure, current_rank, endpoint, this_host
from monarch.spmd import setup_torch_elastic_env_async
from torch.nn.parallel import DistributedDataParallel

from monarch_vs_ray.engines.monarch import stop
from monarch_vs_ray.instruments import faults
from monarch_vs_ray.instruments.ports import free_port
from monarch_vs_ray.side import log, observe, operation, step
from monarch_vs_ray.transformer import language, settings, workload
from monarch_vs_ray.transformer.settings import Training
from monarch_vs_ray.transformer.workload import Trained, Trainee, Transformer

UNHANDLED: list[MeshFailure] = []


class Worker(Actor):
    """One rank of the data-parallel training."""

    def __init__(self, training: Training, checkpoints: Path) -> None:
        self.training, self.checkpoints = training, checkpoints
        self.rank = current_rank().rank

    @endpoint
    def prepare(self) -> int:
        """Join the others, with the last checkpoint's model if there is one; gives its step."""
        workload.be_deterministic(self.training)
        device = workload.device(self.rank)
        if device.type == "cuda":
            torch.cuda.set_device(device)
        dist.init_process_group(workload.backend())
        model = DistributedDataParallel(Transformer(self.training).to(device))
        self.trainee = Trainee(self.training, model, self.rank, device)
        self.trainee.restore(self.checkpoints)
        return self.trainee.step

    @endpoint
    def pid(self) -> int:
        return os.getpid()

    @endpoint
    def learn(self) -> Trained:
        """Take one step together with the other workers."""
        trained = self.trainee.learn()
        if self.rank == 0 and trained.step % self.training.checkpoint_every == 0:
            self.trainee.save(self.checkpoints)
        return trained

    @endpoint
    def write(self, length: int) -> str:
        return self.trainee.write(length)


class Trainer(Actor):
    """Owns the workers."""

    def __init__(self, training: Training, checkpoints: Path) -> None:
        self.training, self.checkpoints = training, checkpoints
        self.procs: Any = None

    def __supervise__(self, failure: MeshFailure) -> bool:
        """Handled: whoever awaits the step learns of it too, and asks for new workers."""
        return True

    @endpoint
    async def start(self) -> int:
        """Workers on fresh processes, in place of those before; gives the step they go on from."""
        if self.procs is not None:
            await self.procs.stop()  # a process that outlives its sibling would keep its GPU
        self.procs = this_host().spawn_procs(per_host={"gpus": settings.WORKERS})
        await setup_torch_elastic_env_async(self.procs, "127.0.0.1", free_port())
        self.workers = self.procs.spawn("workers", Worker, self.training, self.checkpoints)
        return min((await self.workers.prepare.call()).values())

    @endpoint
    async def pids(self) -> list[int]:
        return list((await self.workers.pid.call()).values())

    @endpoint
    async def learn(self) -> Trained:
        """One step of all workers; their losses are the same, since they have averaged them."""
        return next(iter((await self.workers.learn.call()).values()))

    @endpoint
    async def write(self, length: int) -> str:
        return await self.workers.slice(gpus=0).write.call_one(length)


def get(future: Any) -> Any:
    """What a call gave; in this program nothing is waited for without end."""
    return future.get(timeout=settings.PATIENCE)


def start(trainer: Trainer) -> int:
    """Have new workers; gives the step they go on from."""
    with operation("start workers"):
        done = get(trainer.start.call_one())
    observe("started", done)
    return done


def train(trainer: Trainer, training: Training) -> int:
    """Take all steps, however often that needs new workers; gives how often it did."""
    recoveries, to_kill = 0, training.kill_after
    done = start(trainer)
    while done < training.steps:
        try:
            with operation("step"):
                trained = get(trainer.learn.call_one())
        except ActorError as error:
            log(f"Step {done + 1} failed: {str(error).strip().splitlines()[-1].strip()}")
            recoveries += 1
            if recoveries > settings.MOST_FAILURES:
                raise
            done = start(trainer)
            continue
        done = trained.step
        observe("trained", {"step": done, "loss": trained.loss, "seconds": trained.seconds})
        if done == to_kill:
            to_kill = 0
            faults.kill(get(trainer.pids.call_one())[-1], f"worker {settings.WORKERS - 1}")
    return recoveries


def main() -> None:
    """Train to the end, whoever dies on the way."""
    monarch.actor.unhandled_fault_hook = UNHANDLED.append
    training = settings.from_environment()
    observe("training", workload.describe(training))

    with step("Start a trainer"), tempfile.TemporaryDirectory(prefix="checkpoints-") as checkpoints:
        trainer = (
            this_host().spawn_procs(name="trainer").spawn("trainer", Trainer, training, Path(checkpoints))
        )

        with step("Train, with new workers whenever one has died"):
            observe("recoveries", train(trainer, training))

        with step("Let the model write"):
            observe("written", language.judged(get(trainer.write.call_one(settings.SAMPLE))))

    with step("Stop"):
        stop()
        observe("unhandled", len(UNHANDLED))
