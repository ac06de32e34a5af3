"""Programs that run elsewhere with Ray: a second session, training typed in or submitted, Ray Train."""

from __future__ import annotations

import importlib
import logging
import os
import socket
import sys
import tempfile
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import psutil
import ray

from monarch_vs_ray.concepts.interactive_devx import inputs
from monarch_vs_ray.concepts.interactive_devx.ray.actors import Counter, Learner, Rank
from monarch_vs_ray.engines.ray import interpreter
from monarch_vs_ray.instruments.ports import free_port
from monarch_vs_ray.instruments.ray import get

NAMESPACE = "interactive_devx"
OWN, KEPT = "own", "kept"
THIS = "monarch_vs_ray.concepts.interactive_devx.ray.programs"
TRAINING = f"from {THIS} import print_training; print_training()\n"
JOB = f"from {THIS} import print_job; print_job()\n"
JOB_SCRIPT = "job.py"
RANKS_OF_RAY_TRAIN = f"from {THIS} import ranks_of_ray_train; ranks_of_ray_train()"
LOADING = 120.0
"""Seconds for a call whose processes import torch first."""


def join(address: str = "auto") -> None:
    """Become a session of a cluster that runs."""
    ray.init(
        address,
        namespace=NAMESPACE,
        log_to_driver=False,
        logging_level=logging.ERROR,
        runtime_env=interpreter() or None,
    )


def first_session(address: str) -> None:
    """Make two named actors, of which one is detached, and wait to be ended."""
    join(address)
    own = Counter.options(name=OWN).remote()
    kept = Counter.options(name=KEPT, lifetime="detached").remote()
    get([own.count.remote(), kept.count.remote()])
    print(inputs.report({"own": get(own.pid.remote()), "kept": get(kept.pid.remote())}), flush=True)
    sys.stdin.read()


def training() -> dict[str, Any]:
    """Take one step in the cluster that the environment names; say how this program was started."""
    ray.init(log_to_driver=False)
    learner = ray.remote(Learner).remote(rank=0)
    return {
        "weight": get(learner.step.remote(inputs.RATES[0])),
        "interactive": hasattr(sys, "ps1"),
        "started_by_the_cluster": started_by_the_cluster(),
    }


def print_training() -> None:
    """Train, and report it."""
    print(inputs.report(training()), flush=True)


def print_job() -> None:
    """Do the same; use the module and the script of the job's copy of the project, too."""
    recipe = importlib.import_module(inputs.RECIPE)
    found = {**training(), "module": recipe.NAME, "module_file": recipe.__file__}
    if find_spec("torch"):
        results = tempfile.mkdtemp()
        run_script([Rank.remote(rank) for rank in range(inputs.RANKS)], inputs.SCRIPT, results)
        (run,) = inputs.read_runs(Path(results))
        found["sums"] = inputs.sums(run)
    print(inputs.report(found), flush=True)


def run_script(ranks: list[Any], *command: str) -> None:
    """Run a script in all of these actors, as torchrun would in processes of its own."""
    address = get(ranks[0].address.remote())
    get([rank.run.remote(address, *command) for rank in ranks], LOADING)


def started_by_the_cluster() -> bool:
    """Return whether this process is below a raylet, which starts all of a node's processes."""
    return any(parent.name() == "raylet" for parent in psutil.Process().parents())


def ranks_of_ray_train() -> None:
    """Run two ranks, of which rank 0 reports.

    To import torch and Ray Train takes seconds, so it is done once, before the process divides.
    """
    import ray.train.torch  # noqa: F401

    os.environ |= {
        **dict.fromkeys(("WORLD_SIZE", "LOCAL_WORLD_SIZE"), str(inputs.RANKS)),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(free_port()),
        "TORCHELASTIC_USE_AGENT_STORE": "True",  # somebody else, rank 0's first lines, serves the store
    }
    ranks = [get_context("fork").Process(target=_rank, args=(rank,)) for rank in range(inputs.RANKS)]
    for rank in ranks:
        rank.start()
    for rank in ranks:
        rank.join()


def _rank(rank: int) -> None:
    import ray.train.torch
    from torch.distributed import TCPStore

    os.environ |= dict.fromkeys(("RANK", "LOCAL_RANK"), str(rank))
    host, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    serves = rank == 0
    listener = socket.create_server((host, port)).detach() if serves else None
    store = TCPStore(host, port, inputs.RANKS, serves, wait_for_workers=False, master_listen_fd=listener)
    found: dict[str, Any] = {}
    ray.train.torch.TorchTrainer(
        lambda: found.update({str(strategy): _prepared(strategy) for strategy in ("ddp", "fsdp", None)}),
        scaling_config=ray.train.ScalingConfig(num_workers=0),  # its local mode: in this process
    ).fit()
    if serves:
        print(inputs.report(found), flush=True)
    del store


def _prepared(strategy: str | None) -> str:
    """Return the type of a model that Ray Train has prepared, or its refusal."""
    import ray.train.torch
    import torch

    try:
        model = ray.train.torch.prepare_model(torch.nn.Linear(1, 1), parallel_strategy=strategy)
    except RuntimeError as error:
        return str(error)
    return type(model).__name__
