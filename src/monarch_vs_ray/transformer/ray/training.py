"""Data-parallel training in Ray: a function that each worker runs, in the hands of a TorchTrainer.

What to watch: the training loop is in the workers; the program that you run hands it over and listens. Losses
come back through a queue: `ray.train.report` would hold each step up until Ray Train's controller polls the
next time, so it carries the checkpoints only. When a worker is killed, the controller starts all of them
anew, and the function goes on from the checkpoint that it finds.

Run it: mvr train --engine ray
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ray.train
import ray.train.torch
from ray.train import Checkpoint, CheckpointConfig, FailureConfig, RunConfig, ScalingConfig
from ray.train.torch import TorchTrainer
from ray.util.queue import Empty, Queue

from monarch_vs_ray.engines.ray import start, stop
from monarch_vs_ray.instruments import faults
from monarch_vs_ray.side import observe, operation, step
from monarch_vs_ray.transformer import language, settings, workload
from monarch_vs_ray.transformer.settings import Training
from monarch_vs_ray.transformer.workload import Trained, Trainee, Transformer

POLL = 0.2


def train(config: dict[str, Any]) -> None:
    """What each worker runs, from the last checkpoint to the last step."""
    training, news = config["training"], config["news"]
    rank = ray.train.get_context().get_world_rank()
    workload.be_deterministic(training)
    model = ray.train.torch.prepare_model(Transformer(training))
    trainee = Trainee(training, model, rank, ray.train.torch.get_device())
    if checkpoint := ray.train.get_checkpoint():
        with checkpoint.as_directory() as folder:
            trainee.restore(Path(folder))
    news.put(("started", rank, trainee.step, os.getpid()))
    while trainee.step < training.steps:
        trained = trainee.learn()
        if rank == 0:
            news.put(("trained", trained))
        if trained.step % training.checkpoint_every == 0:
            report(trainee, trained)
    if rank == 0:
        news.put(("written", trainee.write(settings.SAMPLE)))


def report(trainee: Trainee, trained: Trained) -> None:
    """Hand a checkpoint over: all workers report, the first one with what it has saved."""
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = None
        if trainee.rank == 0:
            trainee.save(Path(folder))
            checkpoint = Checkpoint.from_directory(folder)
        ray.train.report({"step": trained.step, "loss": trained.loss}, checkpoint=checkpoint)


def make_trainer(training: Training, news: Queue, storage: str) -> TorchTrainer:
    """A trainer that survives its workers' deaths, a few times."""
    return TorchTrainer(
        train,
        train_loop_config={"training": training, "news": news},
        scaling_config=ScalingConfig(num_workers=settings.WORKERS, use_gpu=workload.use_gpus()),
        run_config=RunConfig(
            name="transformer",
            storage_path=storage,
            failure_config=FailureConfig(max_failures=settings.MOST_FAILURES),
            checkpoint_config=CheckpointConfig(num_to_keep=2),
        ),
    )


class Fitting(threading.Thread):
    """``trainer.fit()``, which returns when all is over, so that this program can listen meanwhile."""

    def __init__(self, trainer: TorchTrainer) -> None:
        super().__init__(daemon=True)
        self.trainer = trainer
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            self.trainer.fit()
        except Exception as error:
            self.error = error

    def result(self) -> None:
        self.join(timeout=settings.PATIENCE)
        if self.is_alive():
            raise TimeoutError(
                f"trainer.fit() did not return within {settings.PATIENCE:g} s of its last step"
            )
        if self.error:
            raise self.error


def listen(news: Queue, fitting: Fitting) -> Iterator[tuple[Any, ...]]:
    """What the workers tell, until the trainer is done."""
    while fitting.is_alive():
        try:
            yield news.get(timeout=POLL)
        except Empty:
            continue
    while not news.empty():
        yield news.get_nowait()


def follow(news: Queue, fitting: Fitting, training: Training) -> int:
    """Tell of each step, and kill a worker when it is time; gives how often the workers were started anew."""
    starts, to_kill, pids = 0, training.kill_after, {}
    for kind, *told in listen(news, fitting):
        if kind == "started":
            rank, done, pids[rank] = told
            if rank == 0:
                starts += 1
                observe("started", done)
        elif kind == "trained":
            (trained,) = told
            observe("trained", {"step": trained.step, "loss": trained.loss, "seconds": trained.seconds})
            if to_kill and trained.step >= to_kill:
                to_kill = 0
                faults.kill(pids[settings.WORKERS - 1], f"worker {settings.WORKERS - 1}")
        elif kind == "written":
            observe("written", language.judged(*told))
    return starts - 1


def main() -> None:
    """Train to the end, whoever dies on the way."""
    training = settings.from_environment()
    observe("training", workload.describe(training))

    with step("Start Ray"):
        start()

    with step("Train, with new workers whenever one has died"), tempfile.TemporaryDirectory() as storage:
        news = Queue(maxsize=1)  # the workers do not run ahead of who listens
        fitting = Fitting(make_trainer(training, news, storage))
        fitting.start()
        with operation("fit"):
            recoveries = follow(news, fitting, training)
            fitting.result()
        observe("recoveries", recoveries)

    with step("Stop"):
        stop()
