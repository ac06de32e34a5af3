"""Interactive development with Ray: the session is a client of a cluster, where jobs can be sent too.

What to watch: a call made in the session runs on the actors at once, with the arguments of that call. A
class that is decorated anew gets new actors, and those get new processes; a changed task runs on in the
worker processes that are there. A module on disk is read by processes that have not imported it yet; who
has, keeps it until it reloads. A job is a command that the cluster runs, with its own copy of the folder
(working_dir) and its own environment (env_vars). Named actors are found by any session of the namespace;
they end with the session that made them, except detached ones.

Run it alone: python -m monarch_vs_ray.concepts.interactive_devx.on_ray
"""

from __future__ import annotations

import asyncio
import importlib
import os
import runpy
import shlex
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ray
from ray.cluster_utils import Cluster

from monarch_vs_ray.concepts.interactive_devx import spec
from monarch_vs_ray.engines.alone import run_alone
from monarch_vs_ray.engines.environment import RAY_ADDRESS
from monarch_vs_ray.engines.family import members, wait_until_gone
from monarch_vs_ray.engines.ports import free_port
from monarch_vs_ray.engines.ray import OBJECT_STORE_BYTES, STOP_SECONDS, interpreter, start, write_token
from monarch_vs_ray.side import log, metric, observe, operation, step

if TYPE_CHECKING:
    import torch

NAMESPACE = "interactive_devx"
PLAIN, KEPT = "plain", "kept"
THIS = "from monarch_vs_ray.concepts.interactive_devx import on_ray; on_ray."
JOB_RATE = "LEARNING_RATE"
DASHBOARD = "aiohttp_cors"
"""A package that comes with ray[default] and nothing else here; jobs go through the dashboard."""


class Learner:
    """Takes steps along its gradient; there is a mistake in it."""

    def __init__(self, rank: int) -> None:
        self.gradient = rank + 1.0
        self.weight = 0.0
        self.steps = 0

    def step(self, rate: float) -> float:
        self.weight += rate * self.gradient
        self.steps += 1
        return self.weight

    def state(self) -> tuple[int, float]:
        return self.steps, self.weight

    def pid(self) -> int:
        return os.getpid()


@ray.remote
class Cook:
    """Uses a module of the project."""

    def recipe(self) -> str:
        return importlib.import_module(spec.RECIPE).NAME

    def reload(self) -> None:
        importlib.reload(sys.modules[spec.RECIPE])


@ray.remote
class Rank:
    """Runs torchrun-style scripts, again and again; one of as many as there are ranks."""

    def __init__(self, rank: int) -> None:
        self.rank = rank

    def address(self) -> tuple[str, int]:
        return ray.util.get_node_ip_address(), free_port()

    def run(self, address: tuple[str, int], script: str, *arguments: str) -> None:
        host, port = address
        ranks = {"RANK": self.rank, "LOCAL_RANK": self.rank, "WORLD_SIZE": spec.RANKS}
        rendezvous = {"MASTER_ADDR": host, "MASTER_PORT": port}
        os.environ.update({name: str(value) for name, value in {**ranks, **rendezvous}.items()})
        sys.argv = [script, *arguments]
        runpy.run_path(script, run_name="__main__")

    def tensor(self) -> torch.Tensor:
        import torch

        return torch.ones(2) + self.rank


@ray.remote
class Counter:
    """Counts its calls, whoever makes them."""

    def __init__(self) -> None:
        self.calls = 0

    def count(self) -> int:
        self.calls += 1
        return self.calls

    def pid(self) -> int:
        return os.getpid()


def main() -> None:
    """Tell the story: call, change, look, change code, run scripts, leave and come back."""
    project = spec.make_project()
    spec.enter(project)

    with step("Start a head node with its dashboard, and join it"):
        began = time.perf_counter()
        head = start_cluster()
        metric("start", time.perf_counter() - began, "s")
    try:
        tell(project)
    finally:
        with step("Shut Ray down"):
            stop_cluster(head)


def tell(project: Path) -> None:
    """What a session does, once it has joined."""
    with step("Create actors, and call them from the session"):
        learners = [ray.remote(Learner).remote(rank) for rank in range(spec.RANKS)]
        observe("first_call", get([learner.step.remote(spec.RATES[0]) for learner in learners]))

    with step("Change a hyperparameter: it is in the next call"):
        with operation("step", rate=spec.RATES[1]):
            weights = get([learner.step.remote(spec.RATES[1]) for learner in learners])
        observe("changed_rate", weights)

    with step("Look at the state"):
        observe("state", [list(state) for state in get([learner.state.remote() for learner in learners])])

    with step("Change the class, and create its actors anew"):

        class Corrected(Learner):
            def step(self, rate: float) -> float:
                self.weight -= rate * self.gradient
                return self.weight

        corrected = [ray.remote(Corrected).remote(rank) for rank in range(spec.RANKS)]
        observe("new_code", get([learner.step.remote(spec.RATES[0]) for learner in corrected]))
        observe("same_processes", pids(corrected) == pids(learners))
        del learners, corrected  # an actor ends with its last handle
        observe("task_processes", changed_task_is_in_same_processes())
        observe("edit_seconds", round(statistics.median(edits()), 3))

    with step("Change a module on disk"):
        cook = Cook.remote()
        get(cook.recipe.remote())
        spec.write_recipe(project, spec.NEW)
        observe("module_running", get(cook.recipe.remote()))
        observe("module_new_actor", get(Cook.remote().recipe.remote()))
        get(cook.reload.remote())
        observe("module_reloaded", get(cook.recipe.remote()))

    with step("Run a torchrun-style script in actors, twice; look at a tensor"):
        run_script_twice()

    with step("Submit a job that runs the same script, and follow its log"):
        submit(project)

    with step("A second session finds what the first one left"):
        two_sessions()


def start_cluster() -> Cluster | None:
    """Join the user's own cluster; or a head node with its dashboard, on loopback, which is started first.

    ray.init() alone can start both too, but then every dashboard agent wants the same port.
    """
    if os.environ.get(RAY_ADDRESS):
        start(namespace=NAMESPACE)
        return None
    head = start_head()
    join(head.address)
    return head


def stop_cluster(head: Cluster | None) -> None:
    family = members()
    ray.shutdown()
    if head:
        head.shutdown()
    wait_until_gone(family, "Ray", STOP_SECONDS)


def join(address: str) -> None:
    """Become a session of a cluster that runs: what a cluster has been started with is not said again."""
    start(
        address=address,
        namespace=NAMESPACE,
        num_cpus=None,
        object_store_memory=None,
        include_dashboard=None,
        _temp_dir=None,
    )


def start_head() -> Cluster:
    write_token()
    head = Cluster(shutdown_at_exit=False)
    head.add_node(
        num_cpus=4,
        object_store_memory=OBJECT_STORE_BYTES,
        include_dashboard=not spec.missing(DASHBOARD),
        dashboard_host="127.0.0.1",
        dashboard_port=free_port(),
        dashboard_agent_listen_port=0,  # a free one
    )
    return head


def get(refs: Any) -> Any:
    """What must come, with a limit on how long it may take."""
    return ray.get(refs, timeout=spec.PATIENCE)


def pids(actors: list[Any]) -> set[int]:
    return set(get([actor.pid.remote() for actor in actors]))


def changed_task_is_in_same_processes() -> bool:
    """A task is defined, run, defined anew and run: was the second one where the first one was?"""
    before = pid_of_task(spec.OLD)
    return pid_of_task(spec.NEW) == before


def pid_of_task(version: str) -> int:
    @ray.remote
    def task() -> tuple[str, int]:
        return version, os.getpid()

    answer, pid = get(task.remote())
    assert answer == version
    return pid


def edits() -> list[float]:
    """For each of several changes of a class, the seconds until the new code has answered."""
    return [edit(factor) for factor in range(spec.EDITS)]


def edit(factor: int) -> float:
    began = time.perf_counter()

    @ray.remote
    class Edited:
        def multiply(self, number: int) -> int:
            return factor * number

    edited = [Edited.remote() for _ in range(spec.RANKS)]
    assert get([actor.multiply.remote(2) for actor in edited]) == [factor * 2] * spec.RANKS
    seconds = time.perf_counter() - began
    metric("edit", seconds, "s")
    return seconds


def run_script_twice() -> None:
    if needs := spec.missing("torch"):
        for key in ("spmd_sums", "spmd_again", "inspected"):
            observe(key, needs)
        return
    results = Path(tempfile.mkdtemp())
    ranks = [Rank.remote(rank) for rank in range(spec.RANKS)]
    for _ in range(2):
        with operation("run_script"):
            run_script(ranks, spec.SCRIPT, str(results))
    first, second = spec.read_runs(results)
    observe("spmd_sums", spec.sums(second))
    observe("spmd_again", spec.same_processes(first, second))
    observe("inspected", get(ranks[1].tensor.remote()).tolist())


def run_script(ranks: list[Any], *command: str) -> None:
    """Run a script in all of these actors, as torchrun would in processes of its own."""
    address = get(ranks[0].address.remote())
    get([rank.run.remote(address, *command) for rank in ranks])


def submit(project: Path) -> None:
    """The cluster gets a command and a copy of the project, runs it, and keeps its log and status."""
    if needs := spec.missing(DASHBOARD):
        for key in ("job_sums", "job_status", "job_module"):
            observe(key, f"{needs}, which is part of ray[default]")
        return
    from ray.job_submission import JobSubmissionClient

    jobs = JobSubmissionClient(ray.get_runtime_context().gcs_address)
    environment = {"working_dir": str(project), "env_vars": {JOB_RATE: str(spec.RATES[1])}, **interpreter()}
    command = shlex.join([sys.executable, "-c", f"{THIS}job()"])
    with operation("job"):
        job_id = jobs.submit_job(entrypoint=command, runtime_env=environment)
        lines = asyncio.run(asyncio.wait_for(log_of(jobs, job_id), spec.PATIENCE))
    found = spec.reported(lines)
    observe("job_sums", found["sums"])
    observe("job_module", found["module"])
    observe("job_status", str(jobs.get_job_status(job_id)))
    log(f"{len(lines)} lines of its log were followed; the weight with the job's own rate: {found['weight']}")


async def log_of(jobs: Any, job_id: str) -> list[str]:
    """The job's log, followed to its end."""
    text = "".join([piece async for piece in jobs.tail_job_logs(job_id)])
    return text.splitlines()


def job() -> None:
    """What the job runs: the session's classes and functions, settings from its own environment."""
    ray.init(log_to_driver=False)
    learner = ray.remote(Learner).remote(rank=0)
    weight = get(learner.step.remote(float(os.environ[JOB_RATE])))
    module = importlib.import_module(spec.RECIPE).NAME
    print(spec.report({"weight": weight, "module": module, "sums": sums_of_script()}), flush=True)


def sums_of_script() -> list[float] | str:
    if needs := spec.missing("torch"):
        return needs
    results = Path(tempfile.mkdtemp())
    run_script([Rank.remote(rank) for rank in range(spec.RANKS)], spec.SCRIPT, str(results))
    (run,) = spec.read_runs(results)
    return spec.sums(run)


def first_session(address: str) -> None:
    """A session of its own: an actor that ends with it, and a detached one, both with a name."""
    join(address)
    plain = Counter.options(name=PLAIN).remote()
    kept = Counter.options(name=KEPT, lifetime="detached").remote()
    get(kept.count.remote())
    print(spec.report({"plain": get(plain.pid.remote())}), flush=True)
    sys.stdin.read()


def two_sessions() -> None:
    """This session meets the first one's actors, while that one is there and after it has ended."""
    address = ray.get_runtime_context().gcs_address
    with spec.other_session(f"{THIS}first_session({address!r})") as first:
        observe("found", get(ray.get_actor(KEPT).count.remote()))
        observe("found_by", "its name and namespace")
    observe("plain_after", spec.ended(first["plain"]))
    kept = ray.get_actor(KEPT)
    observe("kept_after", get(kept.count.remote()))
    ray.kill(kept)  # without this it would live as long as the cluster


if __name__ == "__main__":
    run_alone(main, spec.CONCEPT.environment)
