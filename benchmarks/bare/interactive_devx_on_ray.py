"""What ``concepts/interactive_devx/on_ray.py`` does, with nothing of this project around it.

The demo's wall time is compared with this script's: python benchmarks/bare/interactive_devx_on_ray.py
It prints what it saw, as JSON, and how long it took. Ray gets the same settings as in the demo.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import os
import runpy
import secrets
import shlex
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

BEGAN = time.perf_counter()
FIRST_SESSION, JOB = "--first-session", "--job"
ALONE = __name__ == "__main__" and not {FIRST_SESSION, JOB} & set(sys.argv)
if ALONE:
    FOLDER = TemporaryDirectory(prefix="mvr-", ignore_cleanup_errors=True)
    TOKEN = Path(FOLDER.name, "ray-token")
    TOKEN.write_text(secrets.token_hex(32))
    os.environ.pop("RAY_ADDRESS", None)
    os.environ.pop("RAY_AUTH_TOKEN", None)
    os.environ.update(
        TMPDIR=FOLDER.name,
        RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER="0",  # listen on loopback only
        RAY_AUTH_MODE="token",
        RAY_AUTH_TOKEN_PATH=str(TOKEN),
        RAY_USAGE_STATS_ENABLED="0",
        RAY_ENABLE_UV_RUN_RUNTIME_ENV="0",
        RAY_worker_niceness="0",
        GLOO_SOCKET_IFNAME="lo",
        PYTHONDONTWRITEBYTECODE="1",
        OMP_NUM_THREADS="1",
    )
    tempfile.tempdir = FOLDER.name

import psutil  # noqa: E402
import ray  # noqa: E402 - reads its settings when imported
from ray.cluster_utils import Cluster  # noqa: E402

# Ray 2.60 does not quote the interpreter of workers that have a runtime environment.
QUOTED = shlex.quote(sys.executable)
INTERPRETER = {} if sys.executable == QUOTED else {"py_executable": QUOTED}

RANKS, RATES, EDITS, PATIENCE = 2, (0.5, 0.25), 3, 90.0
SCRIPT, RECIPE, OLD, NEW, REPORT = "all_reduce.py", "recipe", "old", "new", "report: "
NAMESPACE, PLAIN, KEPT, JOB_RATE = "interactive_devx", "plain", "kept", "LEARNING_RATE"
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


class Learner:
    def __init__(self, rank):
        self.gradient = rank + 1.0
        self.weight = 0.0
        self.steps = 0

    def step(self, rate):
        self.weight += rate * self.gradient
        self.steps += 1
        return self.weight

    def state(self):
        return self.steps, self.weight

    def pid(self):
        return os.getpid()


@ray.remote
class Cook:
    def recipe(self):
        return importlib.import_module(RECIPE).NAME

    def reload(self):
        importlib.reload(sys.modules[RECIPE])


@ray.remote
class Rank:
    def __init__(self, rank):
        self.rank = rank

    def address(self):
        return ray.util.get_node_ip_address(), free_port()

    def run(self, address, script, *arguments):
        host, port = address
        ranks = {"RANK": self.rank, "LOCAL_RANK": self.rank, "WORLD_SIZE": RANKS}
        rendezvous = {"MASTER_ADDR": host, "MASTER_PORT": port}
        os.environ.update({name: str(value) for name, value in {**ranks, **rendezvous}.items()})
        sys.argv = [script, *arguments]
        runpy.run_path(script, run_name="__main__")

    def tensor(self):
        import torch

        return torch.ones(2) + self.rank


@ray.remote
class Counter:
    def __init__(self):
        self.calls = 0

    def count(self):
        self.calls += 1
        return self.calls

    def pid(self):
        return os.getpid()


def main():
    project = make_project()
    enter(project)
    head = Cluster(shutdown_at_exit=False)
    head.add_node(
        num_cpus=4,
        object_store_memory=256 * 1024 * 1024,
        include_dashboard=True,
        dashboard_host="127.0.0.1",
        dashboard_port=free_port(),
        dashboard_agent_listen_port=0,
    )
    join(head.address)
    try:
        return session(project)
    finally:
        family = psutil.Process().children(recursive=True)
        ray.shutdown()
        head.shutdown()
        psutil.wait_procs(family, timeout=PATIENCE)


def session(project):
    seen = {}
    learners = [ray.remote(Learner).remote(rank) for rank in range(RANKS)]
    seen["first_call"] = get([learner.step.remote(RATES[0]) for learner in learners])
    seen["changed_rate"] = get([learner.step.remote(RATES[1]) for learner in learners])
    seen["state"] = get([learner.state.remote() for learner in learners])

    class Corrected(Learner):
        def step(self, rate):
            self.weight -= rate * self.gradient
            return self.weight

    corrected = [ray.remote(Corrected).remote(rank) for rank in range(RANKS)]
    seen["new_code"] = get([learner.step.remote(RATES[0]) for learner in corrected])
    seen["same_processes"] = pids(corrected) == pids(learners)
    del learners, corrected
    before = pid_of_task(OLD)
    seen["task_processes"] = pid_of_task(NEW) == before
    seen["edit_seconds"] = statistics.median(edit(factor) for factor in range(EDITS))
    cook = Cook.remote()
    get(cook.recipe.remote())
    write_recipe(project, NEW)
    seen["module_running"] = get(cook.recipe.remote())
    seen["module_new_actor"] = get(Cook.remote().recipe.remote())
    get(cook.reload.remote())
    seen["module_reloaded"] = get(cook.recipe.remote())
    results = Path(tempfile.mkdtemp())
    ranks = [Rank.remote(rank) for rank in range(RANKS)]
    for _ in range(2):
        run_script(ranks, SCRIPT, str(results))
    first, second = read_runs(results)
    seen["spmd_sums"] = sums(second)
    seen["spmd_again"] = {pid for pid, _, _ in first} == {pid for pid, _, _ in second}
    seen["inspected"] = get(ranks[1].tensor.remote()).tolist()
    seen["job"], seen["job_status"] = submit(project)
    address = ray.get_runtime_context().gcs_address
    with other_session(FIRST_SESSION, address) as theirs:
        seen["found"] = get(ray.get_actor(KEPT).count.remote())
    seen["plain_after"] = ended(theirs["plain"])
    kept = ray.get_actor(KEPT)
    seen["kept_after"] = get(kept.count.remote())
    ray.kill(kept)
    return seen


def join(address):
    ray.init(
        address,
        namespace=NAMESPACE,
        log_to_driver=False,
        logging_level=logging.ERROR,
        runtime_env=INTERPRETER or None,
    )


def get(refs):
    return ray.get(refs, timeout=PATIENCE)


def pids(actors):
    return set(get([actor.pid.remote() for actor in actors]))


def pid_of_task(version):
    @ray.remote
    def task():
        return version, os.getpid()

    answer, pid = get(task.remote())
    assert answer == version
    return pid


def edit(factor):
    began = time.perf_counter()

    @ray.remote
    class Edited:
        def multiply(self, number):
            return factor * number

    edited = [Edited.remote() for _ in range(RANKS)]
    assert get([actor.multiply.remote(2) for actor in edited]) == [factor * 2] * RANKS
    return time.perf_counter() - began


def run_script(ranks, *command):
    address = get(ranks[0].address.remote())
    get([rank.run.remote(address, *command) for rank in ranks])


def submit(project):
    from ray.job_submission import JobSubmissionClient

    jobs = JobSubmissionClient(ray.get_runtime_context().gcs_address)
    environment = {"working_dir": str(project), "env_vars": {JOB_RATE: str(RATES[1])}, **INTERPRETER}
    command = shlex.join([sys.executable, os.path.abspath(__file__), JOB])
    job_id = jobs.submit_job(entrypoint=command, runtime_env=environment)
    lines = asyncio.run(asyncio.wait_for(log_of(jobs, job_id), PATIENCE))
    return reported(lines), str(jobs.get_job_status(job_id))


async def log_of(jobs, job_id):
    return "".join([piece async for piece in jobs.tail_job_logs(job_id)]).splitlines()


def job():
    ray.init(log_to_driver=False)
    learner = ray.remote(Learner).remote(rank=0)
    weight = get(learner.step.remote(float(os.environ[JOB_RATE])))
    results = Path(tempfile.mkdtemp())
    run_script([Rank.remote(rank) for rank in range(RANKS)], SCRIPT, str(results))
    (run,) = read_runs(results)
    module = importlib.import_module(RECIPE).NAME
    print(REPORT + json.dumps({"weight": weight, "module": module, "sums": sums(run)}), flush=True)


def first_session(address):
    join(address)
    plain = Counter.options(name=PLAIN).remote()
    kept = Counter.options(name=KEPT, lifetime="detached").remote()
    get(kept.count.remote())
    print(REPORT + json.dumps({"plain": get(plain.pid.remote())}), flush=True)
    sys.stdin.read()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


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
        job() if JOB in sys.argv else first_session(sys.argv[-1])
        sys.exit()
    try:
        print(json.dumps(main(), indent=1))
    finally:
        os.chdir("/")
        FOLDER.cleanup()
    print(f"{time.perf_counter() - BEGAN:.2f} s")
