"""Interactive development with Monarch: the session is the controller, and its processes stay.

What to watch: a call made in the session runs on the actors at once, with the arguments of that call. A
class that is defined anew is spawned on the processes that are there, in milliseconds. A *module* is
another matter: who has imported it keeps it until somebody reloads it in that process. SPMDActor runs a
torchrun-style script in those processes too, again and again; serve() makes a job of the same command.
Actors on the session's own host end with it; those on a job's hosts stay, and a second session can call
them if it is handed a reference, since there is no directory of names.

Run it alone: python -m monarch_vs_ray.concepts.interactive_devx.on_monarch
"""

from __future__ import annotations

import importlib
import os
import pickle
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from monarch.actor import Actor, current_rank, endpoint, this_host

from monarch_vs_ray.concepts.interactive_devx import spec
from monarch_vs_ray.engines.alone import run_alone
from monarch_vs_ray.engines.monarch import stop
from monarch_vs_ray.side import log, metric, observe, operation, step

JOB, REFERENCE = "hosts.job", "kept.actor"
FIRST_SESSION = "from monarch_vs_ray.concepts.interactive_devx import on_monarch; on_monarch.first_session()"


class Learner(Actor):
    """Takes steps along its gradient; there is a mistake in it."""

    def __init__(self) -> None:
        self.gradient = current_rank().rank + 1.0
        self.weight = 0.0
        self.steps = 0

    @endpoint
    def step(self, rate: float) -> float:
        self.weight += rate * self.gradient
        self.steps += 1
        return self.weight

    @endpoint
    def state(self) -> tuple[int, float]:
        return self.steps, self.weight

    @endpoint
    def pid(self) -> int:
        return os.getpid()


class Cook(Actor):
    """Uses a module of the project."""

    @endpoint
    def recipe(self) -> str:
        return importlib.import_module(spec.RECIPE).NAME


class Reloader(Actor):
    """Reloads a module in its process, for all actors there."""

    @endpoint
    def reload(self, module: str) -> None:
        importlib.reload(sys.modules[module])


class Counter(Actor):
    """Counts its calls, whoever makes them."""

    def __init__(self) -> None:
        self.calls = 0

    @endpoint
    def count(self) -> int:
        self.calls += 1
        return self.calls

    @endpoint
    def pid(self) -> int:
        return os.getpid()


def main() -> None:
    """Tell the story: call, change, look, change code, run scripts, leave and come back."""
    project = spec.make_project()
    spec.enter(project)

    with step("Spawn actors, and call them from the session"):
        procs = this_host().spawn_procs(per_host={"gpus": spec.RANKS})
        learners = procs.spawn("learners", Learner)
        observe("first_call", values(learners.step.call(spec.RATES[0])))

    with step("Change a hyperparameter: it is in the next call"):
        with operation("step", rate=spec.RATES[1]):
            weights = values(learners.step.call(spec.RATES[1]))
        observe("changed_rate", weights)

    with step("Look at the state"):
        observe("state", [list(state) for state in values(learners.state.call())])

    with step("Change the class, and spawn it on the same processes"):

        class Corrected(Learner):
            @endpoint
            def step(self, rate: float) -> float:
                self.weight -= rate * self.gradient
                return self.weight

        corrected = procs.spawn("learners", Corrected)
        observe("new_code", values(corrected.step.call(spec.RATES[0])))
        observe("same_processes", values(corrected.pid.call()) == values(learners.pid.call()))
        observe("task_processes", "no tasks")
        observe("edit_seconds", round(statistics.median(edits(procs)), 3))

    with step("Change a module on disk"):
        cook = procs.spawn("cook", Cook)
        cook.recipe.call().get(timeout=spec.PATIENCE)
        spec.write_recipe(project, spec.NEW)
        observe("module_running", recipe_of(cook))
        observe("module_new_actor", recipe_of(procs.spawn("cook", Cook)))
        procs.spawn("reloader", Reloader).reload.call(spec.RECIPE).get(timeout=spec.PATIENCE)
        observe("module_reloaded", recipe_of(cook))
        log(f"HostMesh.sync_workspace, for other hosts, calls rsync; here: {shutil.which('rsync')}")

    with step("Run a torchrun-style script in the same processes, twice"):
        run_script_twice(procs)

    with step("Look into one rank's tensor"):
        observe("inspected", spec.missing("torch") or inspected(procs))

    with step("Launch the same script as a job"):
        launch(project)

    with step("A second session finds what the first one left"):
        two_sessions()

    with step("Stop"):
        procs.stop().get(timeout=spec.PATIENCE)  # processes that have loaded torch take their time
        stop()


def values(future: Any) -> list[Any]:
    """What the actors answered, by rank."""
    return list(future.get(timeout=spec.PATIENCE).values())


def recipe_of(cook: Any) -> str:
    return spec.one_of(values(cook.recipe.call()))


def edits(procs: Any) -> list[float]:
    """For each of several changes of a class, the seconds until the new code has answered."""
    return [edit(procs, factor) for factor in range(spec.EDITS)]


def edit(procs: Any, factor: int) -> float:
    began = time.perf_counter()

    class Edited(Actor):
        @endpoint
        def multiply(self, number: int) -> int:
            return factor * number

    edited = procs.spawn("edited", Edited)
    assert values(edited.multiply.call(2)) == [factor * 2] * spec.RANKS
    seconds = time.perf_counter() - began
    edited.stop().get(timeout=spec.PATIENCE)
    metric("edit", seconds, "s")
    return seconds


def run_script_twice(procs: Any) -> None:
    if needs := spec.missing("torch"):
        observe("spmd_sums", needs)
        observe("spmd_again", needs)
        return
    results = Path(tempfile.mkdtemp())
    for _ in range(2):
        with operation("SPMDActor.main"):
            run_script(procs, spec.SCRIPT, str(results))
    first, second = spec.read_runs(results)
    observe("spmd_sums", spec.sums(second))
    observe("spmd_again", spec.same_processes(first, second))


def run_script(procs: Any, *command: str) -> None:
    """Run a script on all processes of the mesh, as torchrun would on processes of its own."""
    from monarch.spmd import SPMDActor

    ranks = procs.spawn("ranks", SPMDActor)
    address, port = ranks.slice(gpus=0).get_host_port.call_one(None).get(timeout=spec.PATIENCE)
    ranks.main.call(address, port, list(command)).get(timeout=spec.PATIENCE)


def inspected(procs: Any) -> list[float]:
    """The session computes on all ranks, and looks at what one of them has."""
    import monarch
    import torch

    with procs.activate():
        tensor = torch.ones(2) + procs.rank_tensor("gpus")
        seen = monarch.inspect(tensor, gpus=1)
    return seen.tolist()


def launch(project: Path) -> None:
    """What torchrun would be told, told to serve(); its processes are new ones."""
    if needs := spec.missing("torch", "torchx"):
        for key in ("job_sums", "job_status", "job_module"):
            observe(key, needs)
        return
    from monarch.job.spmd import serve

    results = Path(tempfile.mkdtemp())
    command = ["torchrun", f"--nproc-per-node={spec.RANKS}", "--standalone", spec.SCRIPT, str(results)]
    job = serve(command, scheduler="local_cwd")
    with operation("run_spmd"):
        job.run_spmd()
    (run,) = spec.read_runs(results)
    observe("job_sums", spec.sums(run))
    observe("job_module", spec.one_of(result.recipe for result in run))
    observe("job_status", f"active: {job.active}")
    job.kill()


def first_session() -> None:
    """A session of its own: an actor on its own host, and one on hosts that are to outlive it."""
    from monarch.job import ProcessJob

    job = ProcessJob({"workers": 1})
    workers = job.state(cached_path=JOB).workers
    plain = this_host().spawn_procs().spawn("plain", Counter)
    kept = workers.spawn_procs().spawn("kept", Counter)
    kept.count.call_one().get(timeout=spec.PATIENCE)
    Path(REFERENCE).write_bytes(pickle.dumps(kept))  # there is no directory to look a name up in
    pid = plain.pid.call_one().get(timeout=spec.PATIENCE)
    print(spec.report({"plain": pid}), flush=True)
    sys.stdin.read()


def two_sessions() -> None:
    """This session meets the first one's actor, while that one is there and after it has ended."""
    from monarch.job import job_load  # takes 0.3 s, and only this process needs it

    with spec.other_session(FIRST_SESSION) as first:
        kept = pickle.loads(Path(REFERENCE).read_bytes())
        observe("found", kept.count.call_one().get(timeout=spec.PATIENCE))
        observe("found_by", "a pickled reference")
    observe("plain_after", spec.ended(first["plain"]))
    observe("kept_after", kept.count.call_one().get(timeout=spec.PATIENCE))
    job_load(JOB).kill()  # without this the job's hosts would outlive this session too


if __name__ == "__main__":
    run_alone(main, spec.CONCEPT.environment)
