"""Programs that run elsewhere with Monarch: a second session, and training typed in or run as a job."""

from __future__ import annotations

import os
import pickle
import sys
from pathlib import Path
from typing import Any

import psutil
from monarch.actor import HostMesh, get_or_spawn_controller, shutdown_context, this_host
from monarch.job import LocalJob, ProcessJob

from monarch_vs_ray.concepts.interactive_devx import inputs
from monarch_vs_ray.concepts.interactive_devx.monarch.actors import Counter, Learner
from monarch_vs_ray.instruments.monarch import get

THIS = "monarch_vs_ray.concepts.interactive_devx.monarch.programs"
FIRST_SESSION = f"from {THIS} import first_session; first_session()"
TRAINING = f"from {THIS} import print_training; print_training()\n"
TRAINING_SCRIPT = "training.py"
JOB, REFERENCES = "hosts.job", "actors.pickle"
NAME = "named"


def values(future: Any) -> list[Any]:
    """Return what the actors of a mesh answered, by rank."""
    return list(get(future).values())


def train(hosts: HostMesh) -> dict[str, Any]:
    """Take one step on given hosts; return the weights, and whether this program started the processes."""
    procs = hosts.spawn_procs(per_host={"gpus": inputs.RANKS})
    learners = procs.spawn("learners", Learner)
    weights = values(learners.step.call(inputs.RATES[0]))
    own = all(psutil.Process(pid).ppid() == os.getpid() for pid in values(learners.pid.call()))
    get(procs.stop())
    return {"weights": weights, "in_processes_of_its_own": own}


def print_training() -> None:
    """Train on the hosts of a LocalJob, and report it."""
    found = train(LocalJob().state(cached_path=None).hosts)
    print(inputs.report({**found, "interactive": hasattr(sys, "ps1")}), flush=True)
    get(shutdown_context())


def first_session() -> None:
    """Make an actor on hosts that are to outlive this program, two on its own, and wait to be ended."""
    hosts = ProcessJob({"workers": 1}).state(cached_path=JOB).workers
    kept = hosts.spawn_procs().spawn("kept", Counter)
    own = this_host().spawn_procs().spawn("own", Counter)
    named = get(get_or_spawn_controller(NAME, Counter))
    for counter in (kept, own, named):
        get(counter.count.call_one())
    Path(REFERENCES).write_bytes(pickle.dumps((kept, own)))  # there is no directory to look a name up in
    pids = {"kept": get(kept.pid.call_one()), "own": get(own.pid.call_one())}
    print(inputs.report(pids), flush=True)
    sys.stdin.read()
    get(shutdown_context())  # at exit, Monarch allows it one second, and a busy machine may need more
