"""What the probes on Ray look at: actors, programs that run elsewhere, and what came of those."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import psutil
import ray

from monarch_vs_ray.concepts.interactive_devx import on_ray, spec
from monarch_vs_ray.concepts.interactive_devx.on_ray import Cook, Learner, get, start_cluster, stop_cluster
from monarch_vs_ray.concepts.interactive_devx.probe_tools import PATIENCE, interactive_python
from monarch_vs_ray.engines.ports import free_port
from monarch_vs_ray.engines.ray import interpreter
from monarch_vs_ray.side import Unavailable

THIS = "monarch_vs_ray.concepts.interactive_devx.subjects_on_ray"
TRAIN = f"from {THIS} import print_training; print_training()\n"
RANKS = f"from {THIS} import ranks_of_ray_train; ranks_of_ray_train()"
TRAIN_SCRIPT = "train.py"


class Fixed(Learner):
    """Has its rate from the beginning, and takes no other."""

    def __init__(self, rank: int, rate: float) -> None:
        super().__init__(rank)
        self.rate = rate

    def step(self, rate: float) -> float:
        self.weight += self.rate * self.gradient
        return self.weight


@ray.remote
class Reader:
    """Tells what is in its process's environment."""

    def variable(self, name: str) -> str:
        return os.environ.get(name, "")


@ray.remote
def recipe_of_a_task() -> tuple[int, str]:
    """Uses the module of the project in one of the processes that run tasks."""
    return os.getpid(), Cook.__ray_metadata__.modified_class().recipe()


@contextmanager
def session() -> Iterator[None]:
    """A head node with its dashboard, in a project of its own."""
    project = spec.make_project()
    (project / TRAIN_SCRIPT).write_text(TRAIN)
    spec.enter(project)
    head = start_cluster()
    try:
        yield
    finally:
        stop_cluster(head)


def address() -> str:
    return str(ray.get_runtime_context().gcs_address)


# -- one program, run interactively and as a job ---------------------------------------------------------


def print_training() -> None:
    """The program: it joins the cluster that it finds in its environment, and uses an actor there."""
    ray.init(log_to_driver=False)
    learner = ray.remote(Learner).remote(rank=0)
    found = {
        "weight": get(learner.step.remote(spec.RATES[0])),
        "interactive": hasattr(sys, "ps1"),
        "started_by_the_cluster": started_by_the_cluster(),
    }
    print(spec.report(found), flush=True)


def started_by_the_cluster() -> bool:
    """Whether this process is below a raylet, which starts all of a node's processes."""
    return any(parent.name() == "raylet" for parent in psutil.Process().parents())


def type_training(to: str) -> dict[str, Any]:
    """What the program reports when it is typed into an interactive Python."""
    with interactive_python(env={**os.environ, "RAY_ADDRESS": to}) as python:
        typed, _ = python.communicate(TRAIN, timeout=PATIENCE)
    return spec.reported(typed.splitlines())


def submit_training(to: str) -> int:
    """The exit code of the command that submits the program as a job."""
    if needs := spec.missing(on_ray.DASHBOARD):
        raise Unavailable(f"{needs}, which is part of ray[default]")
    return submit(to, sys.executable, str(Path(TRAIN_SCRIPT).resolve())).returncode


@cache
def programs() -> dict[str, Future[Any]]:
    """What came of programs that take long, and mostly wait: they run at the same time."""
    with ThreadPoolExecutor() as pool:
        return {
            "typed": pool.submit(type_training, address()),
            "submitted": pool.submit(submit_training, address()),
            "prepared": pool.submit(prepared_by_ray_train),
        }


def submit(to: str, *entrypoint: str) -> subprocess.CompletedProcess[str]:
    """Submit a job as one does in a shell; returns when it has ended."""
    settings = ["--runtime-env-json", json.dumps(interpreter())] if interpreter() else []
    command = ["ray", "job", "submit", "--address", to, *settings, "--", *entrypoint]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)


def jobs_kept() -> list[dict[str, Any]]:
    """What the cluster keeps of each job: whose it is, its status, its log, and what it reported."""
    from ray.job_submission import JobSubmissionClient

    client = JobSubmissionClient(address())
    return [_kept(client, job) for job in client.list_jobs()]


def _kept(client: Any, job: Any) -> dict[str, Any]:
    lines = client.get_job_logs(job.submission_id).splitlines() if job.submission_id else []
    reported = spec.reported(lines) if any(line.startswith(spec.REPORT) for line in lines) else {}
    return {"type": job.type.value, "status": str(job.status.value), "reported": reported}


# -- Ray Train -------------------------------------------------------------------------------------------


def prepared_by_ray_train() -> dict[str, str]:
    """What Ray Train makes of a model by each strategy, with two ranks.

    That is its local mode, which takes its ranks from torchrun's variables: it needs no cluster. Unlike the
    rendezvous of a cluster's workers, which listens on all interfaces, this one can be kept on loopback.
    """
    if needs := spec.missing("torch"):
        raise Unavailable(needs)
    said = subprocess.run(
        [sys.executable, "-c", RANKS],
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    found: dict[str, str] = spec.reported(said.stdout.splitlines())
    return found


def ranks_of_ray_train() -> None:
    """The program: two ranks, of which rank 0 says what it saw.

    To import torch and Ray Train takes seconds, so it is done once, before the process divides.
    """
    import ray.train.torch  # noqa: F401

    os.environ |= {
        **dict.fromkeys(("WORLD_SIZE", "LOCAL_WORLD_SIZE"), str(spec.RANKS)),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(free_port()),
        "TORCHELASTIC_USE_AGENT_STORE": "True",  # somebody else, rank 0's first lines, serves the store
    }
    ranks = [get_context("fork").Process(target=_rank_of_ray_train, args=(n,)) for n in range(spec.RANKS)]
    for rank in ranks:
        rank.start()
    for rank in ranks:
        rank.join()


def _rank_of_ray_train(rank: int) -> None:
    import ray.train.torch
    import torch
    from torch.distributed import TCPStore

    os.environ |= dict.fromkeys(("RANK", "LOCAL_RANK"), str(rank))

    host, port, ranks = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]), spec.RANKS
    serves = rank == 0
    listener = socket.create_server((host, port)).detach() if serves else None
    store = TCPStore(host, port, ranks, serves, wait_for_workers=False, master_listen_fd=listener)

    def prepared(strategy: str | None) -> str:
        try:
            model = ray.train.torch.prepare_model(torch.nn.Linear(1, 1), parallel_strategy=strategy)
        except RuntimeError as error:
            return str(error)
        return type(model).__name__

    found: dict[str, Any] = {}
    ray.train.torch.TorchTrainer(
        lambda: found.update({str(strategy): prepared(strategy) for strategy in ("ddp", "fsdp", None)}),
        scaling_config=ray.train.ScalingConfig(num_workers=0),  # its local mode: in this process
    ).fit()
    if serves:
        print(spec.report(found), flush=True)
    del store


# -- two sessions ----------------------------------------------------------------------------------------


@cache
def two_sessions() -> dict[str, Any]:
    """What this session meets of another one's actors: while that one is there, and after it has ended."""
    code = f"{on_ray.THIS}first_session({address()!r})"
    with spec.other_session(code) as first:
        count = get(ray.get_actor(on_ray.KEPT).count.remote())
    plain_ended = spec.ended(first["plain"], PATIENCE) == "its process ended"
    kept = ray.get_actor(on_ray.KEPT)
    afterwards = get(kept.count.remote())
    return {"kept": count, "plain_ended": plain_ended, "kept_afterwards": afterwards}
