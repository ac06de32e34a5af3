"""What the probes on Monarch look at: actors, programs that run elsewhere, and what came of those."""

from __future__ import annotations

import os
import pickle
import runpy
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from monarch.actor import Actor, HostMesh, endpoint, get_or_spawn_controller, this_host

from monarch_vs_ray.concepts.interactive_devx import spec
from monarch_vs_ray.concepts.interactive_devx.on_monarch import JOB, REFERENCE, Counter, Learner, values
from monarch_vs_ray.concepts.interactive_devx.probe_tools import PATIENCE, interactive_python, is_in_a_log
from monarch_vs_ray.engines.monarch import running
from monarch_vs_ray.side import Unavailable

if TYPE_CHECKING:
    from monarch.job import ProcessJob

THIS = "monarch_vs_ray.concepts.interactive_devx.subjects_on_monarch"
FIRST_SESSION = f"from {THIS} import first_session; first_session()"
TRAIN = f"from {THIS} import print_training; print_training()\n"
BATCH_SCRIPT = "batch.py"
RANKS_SCRIPT = "ranks.py"
SAID = "said by rank"
WRITE_RANKS = f"""\
import os, sys
rank, ranks = os.environ.get("RANK"), os.environ.get("WORLD_SIZE")
print("{SAID}", rank, flush=True)
with open(sys.argv[1] + f"/rank-{{rank}}", "a") as file:
    file.write(f"rank {{rank}} of {{ranks}}\\n")
"""


class Reader(Actor):
    """Tells what is in its process's environment, and runs a script there."""

    @endpoint
    def variable(self, name: str) -> str:
        return os.environ.get(name, "")

    @endpoint
    def run(self, script: str, *arguments: str) -> None:
        sys.argv = [script, *arguments]
        runpy.run_path(script, run_name="__main__")


class Fixed(Learner):
    """Has its rate from the beginning, and takes no other."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    @endpoint
    def step(self, rate: float) -> float:
        self.weight += self.rate * self.gradient
        return self.weight


@contextmanager
def session() -> Iterator[None]:
    """Monarch, in a project of its own; the jobs that probes share end with it."""
    project = spec.make_project()
    (project / RANKS_SCRIPT).write_text(WRITE_RANKS)
    (project / BATCH_SCRIPT).write_text(TRAIN)
    spec.enter(project)
    try:
        with running():
            yield
            if job.cache_info().currsize:
                job().kill()
    finally:
        # Earlier, it would delay Monarch's own end, which takes 10 s to give up an actor that is gone.
        if Path(JOB).exists():
            from monarch.job import job_load

            job_load(JOB).kill()


@cache
def shared_procs() -> Any:
    return this_host().spawn_procs(per_host={"gpus": spec.RANKS})


@cache
def tensor() -> Any:
    """A mesh with a dimension called gpu, and a tensor that is on both of its ranks."""
    mesh = this_host().spawn_procs(per_host={"gpu": spec.RANKS})
    import torch

    with mesh.activate():
        return mesh, torch.ones(2) + mesh.rank_tensor("gpu")


@cache
def job() -> ProcessJob:
    from monarch.job import ProcessJob  # takes 0.3 s, and only this process needs it

    return ProcessJob({"workers": 1})


def hosts_of_the_job() -> HostMesh:
    workers: HostMesh = job().state(cached_path=None).workers
    return workers


# -- scripts and jobs ----------------------------------------------------------------------------------


def ranks_of(run: Callable[[str], object]) -> list[str]:
    """What each rank of the script took itself to be."""
    folder = Path(tempfile.mkdtemp())
    run(str(folder))
    return sorted(line for path in folder.iterdir() for line in path.read_text().splitlines())


@cache
def served() -> tuple[list[str], bool]:
    """What the ranks took themselves to be, and whether a file has what they printed."""
    if needs := spec.missing("torch", "torchx"):
        raise Unavailable(needs)
    from monarch.job.spmd import serve

    def run(folder: str) -> None:
        command = ["torchrun", f"--nproc-per-node={spec.RANKS}", "--standalone", RANKS_SCRIPT, folder]
        spmd = serve(command, scheduler="local_cwd")
        try:
            spmd.run_spmd()
        finally:
            spmd.kill()

    return ranks_of(run), is_in_a_log(f"{SAID} 0")


def train(hosts: HostMesh) -> dict[str, Any]:
    """The program that is to run everywhere; where it runs is its argument."""
    mesh = hosts.spawn_procs(per_host={"gpus": spec.RANKS})
    learners = mesh.spawn("learners", Learner)
    weights = values(learners.step.call(spec.RATES[0]))
    own = all(psutil.Process(pid).ppid() == os.getpid() for pid in values(learners.pid.call()))
    mesh.stop().get(timeout=PATIENCE)
    return {"weights": weights, "in_processes_of_its_own": own}


def print_training() -> None:
    """What the interactive session and the batch job run."""
    from monarch.job import LocalJob

    found = train(LocalJob().state(cached_path=None).hosts)
    print(spec.report({**found, "interactive": hasattr(sys, "ps1")}), flush=True)


@cache
def interactively_and_as_a_batch() -> dict[str, Any]:
    """The same lines, typed into an interactive Python and run as the script of a job."""
    from monarch.job import LocalJob

    with interactive_python() as python:
        batch = LocalJob()
        batch.apply(client_script=BATCH_SCRIPT)
        typed, _ = python.communicate(TRAIN, timeout=PATIENCE)
        exit_code = batch.process.wait(timeout=PATIENCE)
    (log,) = Path(".monarch", "logs").glob("*/stdout.log")
    return {
        "interactive": spec.reported(typed.splitlines()),
        "batch": spec.reported(log.read_text().splitlines()),
        "exit_code": exit_code,
    }


# -- two sessions ----------------------------------------------------------------------------------------


def first_session() -> None:
    """A session of its own: actors on its own host, one of them with a name, and one on hosts of a job."""
    from monarch.job import ProcessJob

    kept = ProcessJob({"workers": 1}).state(cached_path=JOB).workers.spawn_procs().spawn("kept", Counter)
    plain = this_host().spawn_procs().spawn("plain", Counter)
    named = get_or_spawn_controller("named", Counter).get(timeout=PATIENCE)
    for counter in (kept, plain, named):
        counter.count.call_one().get(timeout=PATIENCE)
    Path(REFERENCE).write_bytes(pickle.dumps((kept, plain)))
    print(spec.report({"plain": plain.pid.call_one().get(timeout=PATIENCE)}), flush=True)
    sys.stdin.read()


@cache
def two_sessions() -> dict[str, Any]:
    """What this session meets of the other one: while that one is there, and after it has ended."""
    with spec.other_session(FIRST_SESSION) as first:
        kept, plain = pickle.loads(Path(REFERENCE).read_bytes())
        named = get_or_spawn_controller("named", Counter).get(timeout=PATIENCE)
        counts = [each.count.call_one().get(timeout=PATIENCE) for each in (kept, plain, named)]
    found = dict(zip(("kept", "plain", "named"), counts, strict=True))
    ended = spec.ended(first["plain"], PATIENCE) == "its process ended"
    afterwards = kept.count.call_one().get(timeout=PATIENCE)
    return {**found, "plain_ended": ended, "kept_afterwards": afterwards}
