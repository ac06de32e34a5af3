"""What ``concepts/interactive_devx/on_monarch.py`` does, with nothing of this project around it.

The demo's wall time is compared with this script's: python benchmarks/bare/interactive_devx_on_monarch.py
It prints what it saw, as JSON, and how long it took.
"""

from __future__ import annotations

import importlib
import json
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from glob import glob
from pathlib import Path
from tempfile import TemporaryDirectory

BEGAN = time.perf_counter()
FIRST_SESSION = "--first-session"
ALONE = __name__ == "__main__" and FIRST_SESSION not in sys.argv
if ALONE:
    FOLDER = TemporaryDirectory(prefix="mvr-")
    MARK = os.path.basename(FOLDER.name)
    # SPMDActor sets these in running processes; where they are new, Monarch's telemetry may crash (0.7.0).
    os.environ.update(dict.fromkeys(("MASTER_ADDR", "MASTER_PORT", "RANK", "WORLD_SIZE"), ""))
    os.environ.update({f"{kind}_RANK": "" for kind in ("LOCAL", "GROUP", "ROLE")} | {"ROLE_NAME": ""})
    os.environ.update({f"{kind}_WORLD_SIZE": "" for kind in ("LOCAL", "GROUP", "ROLE")})
    os.environ.update(
        TMPDIR=FOLDER.name,
        MONARCH_LOG_SUFFIX=MARK,
        MONARCH_FILE_LOG="warn",
        GLOO_SOCKET_IFNAME="lo",
        PYTHONDONTWRITEBYTECODE="1",
        OMP_NUM_THREADS="1",
    )
    tempfile.tempdir = FOLDER.name

import psutil  # noqa: E402
from monarch.actor import Actor, current_rank, endpoint, shutdown_context, this_host  # noqa: E402
from monarch.job import ProcessJob, job_load  # noqa: E402

RANKS, RATES, EDITS, PATIENCE = 2, (0.5, 0.25), 3, 90.0
SCRIPT, RECIPE, OLD, NEW, REPORT = "all_reduce.py", "recipe", "old", "new", "report: "
JOB, REFERENCE = "hosts.job", "kept.actor"
SCRIPT_TEXT = '''\
"""Sum a number of each rank. Starts under torchrun, or whatever sets the same variables."""

import os
import socket
import sys
from pathlib import Path

import recipe
import torch
import torch.distributed as dist

rank, world, port = (int(os.environ[name]) for name in ("RANK", "WORLD_SIZE", "MASTER_PORT"))
# Without a socket of ours torch would listen on all interfaces; all ranks are on this machine.
listener = socket.create_server(("127.0.0.1", port)).detach() if rank == 0 else None
store = dist.TCPStore("127.0.0.1", port, world, rank == 0, master_listen_fd=listener)
dist.init_process_group("gloo", store=store, rank=rank, world_size=world)
total = torch.tensor([rank + 1.0])
dist.all_reduce(total)
sys.stdout.write(f"rank {rank} of {world}: sum {total.item():g}\\n")
with Path(sys.argv[1], f"rank-{rank}").open("a") as results:
    results.write(f"{os.getpid()} {total.item()} {recipe.NAME}\\n")
dist.destroy_process_group()
'''


class Learner(Actor):
    def __init__(self):
        self.gradient = current_rank().rank + 1.0
        self.weight = 0.0
        self.steps = 0

    @endpoint
    def step(self, rate):
        self.weight += rate * self.gradient
        self.steps += 1
        return self.weight

    @endpoint
    def state(self):
        return self.steps, self.weight

    @endpoint
    def pid(self):
        return os.getpid()


class Cook(Actor):
    @endpoint
    def recipe(self):
        return importlib.import_module(RECIPE).NAME


class Reloader(Actor):
    @endpoint
    def reload(self, module):
        importlib.reload(sys.modules[module])


class Counter(Actor):
    def __init__(self):
        self.calls = 0

    @endpoint
    def count(self):
        self.calls += 1
        return self.calls

    @endpoint
    def pid(self):
        return os.getpid()


def main():
    seen = {}
    project = make_project()
    enter(project)
    procs = this_host().spawn_procs(per_host={"gpus": RANKS})
    learners = procs.spawn("learners", Learner)
    seen["first_call"] = values(learners.step.call(RATES[0]))
    seen["changed_rate"] = values(learners.step.call(RATES[1]))
    seen["state"] = values(learners.state.call())

    class Corrected(Learner):
        @endpoint
        def step(self, rate):
            self.weight -= rate * self.gradient
            return self.weight

    corrected = procs.spawn("learners", Corrected)
    seen["new_code"] = values(corrected.step.call(RATES[0]))
    seen["same_processes"] = values(corrected.pid.call()) == values(learners.pid.call())
    seen["edit_seconds"] = statistics.median(edit(procs, factor) for factor in range(EDITS))
    cook = procs.spawn("cook", Cook)
    values(cook.recipe.call())
    write_recipe(project, NEW)
    seen["module_running"] = values(cook.recipe.call())
    seen["module_new_actor"] = values(procs.spawn("cook", Cook).recipe.call())
    values(procs.spawn("reloader", Reloader).reload.call(RECIPE))
    seen["module_reloaded"] = values(cook.recipe.call())
    results = Path(tempfile.mkdtemp())
    for _ in range(2):
        run_script(procs, SCRIPT, str(results))
    first, second = read_runs(results)
    seen["spmd_sums"] = sums(second)
    seen["spmd_again"] = {pid for pid, _, _ in first} == {pid for pid, _, _ in second}
    seen["inspected"] = inspected(procs)
    seen["job_sums"], seen["job_status"] = launch()
    with other_session(FIRST_SESSION) as theirs:
        kept = pickle.loads(Path(REFERENCE).read_bytes())
        seen["found"] = kept.count.call_one().get(timeout=PATIENCE)
    seen["plain_after"] = ended(theirs["plain"])
    seen["kept_after"] = kept.count.call_one().get(timeout=PATIENCE)
    job_load(JOB).kill()
    procs.stop().get(timeout=PATIENCE)
    shutdown_context().get(timeout=PATIENCE)
    return seen


def values(future):
    return list(future.get(timeout=PATIENCE).values())


def edit(procs, factor):
    began = time.perf_counter()

    class Edited(Actor):
        @endpoint
        def multiply(self, number):
            return factor * number

    edited = procs.spawn("edited", Edited)
    assert values(edited.multiply.call(2)) == [factor * 2] * RANKS
    seconds = time.perf_counter() - began
    edited.stop().get(timeout=PATIENCE)
    return seconds


def run_script(procs, *command):
    from monarch.spmd import SPMDActor

    ranks = procs.spawn("ranks", SPMDActor)
    address, port = ranks.slice(gpus=0).get_host_port.call_one(None).get(timeout=PATIENCE)
    ranks.main.call(address, port, list(command)).get(timeout=PATIENCE)


def inspected(procs):
    import monarch
    import torch

    with procs.activate():
        tensor = torch.ones(2) + procs.rank_tensor("gpus")
        seen = monarch.inspect(tensor, gpus=1)
    return seen.tolist()


def launch():
    from monarch.job.spmd import serve

    results = Path(tempfile.mkdtemp())
    command = ["torchrun", f"--nproc-per-node={RANKS}", "--standalone", SCRIPT, str(results)]
    job = serve(command, scheduler="local_cwd")
    job.run_spmd()
    (run,) = read_runs(results)
    active = job.active
    job.kill()
    return sums(run), active


def first_session():
    job = ProcessJob({"workers": 1})
    workers = job.state(cached_path=JOB).workers
    plain = this_host().spawn_procs().spawn("plain", Counter)
    kept = workers.spawn_procs().spawn("kept", Counter)
    kept.count.call_one().get(timeout=PATIENCE)
    Path(REFERENCE).write_bytes(pickle.dumps(kept))
    print(REPORT + json.dumps({"plain": plain.pid.call_one().get(timeout=PATIENCE)}), flush=True)
    sys.stdin.read()


def make_project():
    project = Path(tempfile.mkdtemp(prefix="project-"))
    (project / SCRIPT).write_text(SCRIPT_TEXT)
    write_recipe(project, OLD)
    return project


def write_recipe(project, name):
    (project / f"{RECIPE}.py").write_text(f'NAME = "{name}"\n')


def enter(project):
    os.chdir(project)
    for name, first in (("PYTHONPATH", str(project)), ("PATH", str(Path(sys.executable).parent))):
        rest = os.environ.get(name)
        os.environ[name] = f"{first}{os.pathsep}{rest}" if rest else first
    sys.path.insert(0, str(project))


def read_runs(results):
    lines = [(results / f"rank-{rank}").read_text().splitlines() for rank in range(RANKS)]
    return [[line.split() for line in of_one_run] for of_one_run in zip(*lines, strict=True)]


def sums(run):
    return [float(total) for _, total, _ in run]


@contextmanager
def other_session(*arguments):
    command = [sys.executable, __file__, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        lines = iter(process.stdout.readline, "")
        yield reported([next(line for line in lines if line.startswith(REPORT))])
        process.stdin.close()
        process.wait(timeout=PATIENCE)


def reported(lines):
    return next(json.loads(line.removeprefix(REPORT)) for line in lines if line.startswith(REPORT))


def ended(pid):
    deadline = time.monotonic() + PATIENCE
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > deadline:
            return "still runs"
        time.sleep(0.02)
    return "its process ended"


if __name__ == "__main__":
    if not ALONE:
        first_session()
        sys.exit()
    try:
        print(json.dumps(main(), indent=1))
    finally:
        for log in glob(f"/tmp/*/monarch_log_{MARK}*.log"):
            os.unlink(log)
            with suppress(OSError):  # somebody else's logs are there too
                os.rmdir(os.path.dirname(log))
        os.chdir("/")
        FOLDER.cleanup()
    print(f"{time.perf_counter() - BEGAN:.2f} s")
