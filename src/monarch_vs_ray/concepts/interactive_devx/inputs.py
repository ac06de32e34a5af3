"""Interactive development: the project that both sides work on, its inputs, and what both must observe."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from monarch_vs_ray.core.concept import Concept, Row, Seen

RANKS = 2
RATES = (0.5, 0.25)
"""Learning rates, first one and then the other; halves, so that sums are exact."""
EDITS = 3
PATIENCE = 90.0
"""Seconds to wait for what must come: when it has come, nobody waits any longer."""

SCRIPT = "all_reduce.py"
RECIPE = "recipe"
"""The module that is changed on disk while the session runs."""
OLD, NEW = "old", "new"
REPORT = "report: "
"""How a job's line of results begins in its log."""
NEEDS = "needs "
"""How an observation begins where something is not installed."""

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


class Result(NamedTuple):
    """What one rank wrote in one run of the script."""

    pid: int
    total: float
    recipe: str


def make_project() -> Path:
    """A folder with the script and the module, both as they are before any change."""
    project = Path(tempfile.mkdtemp(prefix="project-"))
    (project / SCRIPT).write_text(SCRIPT_TEXT)
    write_recipe(project, OLD)
    return project


def write_recipe(project: Path, name: str) -> None:
    """Change the module on disk."""
    (project / f"{RECIPE}.py").write_text(f'NAME = "{name}"\n')


def enter(project: Path) -> None:
    """Work in the project as one does in a shell: this folder, its modules, this Python's commands.

    Processes started from now on inherit all three.
    """
    os.chdir(project)
    for name, first in (("PYTHONPATH", str(project)), ("PATH", str(Path(sys.executable).parent))):
        rest = os.environ.get(name)
        os.environ[name] = f"{first}{os.pathsep}{rest}" if rest else first
    sys.path.insert(0, str(project))


def missing(*modules: str) -> str:
    """``needs torch`` if it cannot be imported; empty if all the modules are there."""
    return "".join(f"{NEEDS}{module}" for module in [m for m in modules if find_spec(m) is None][:1])


def read_runs(results: Path) -> list[list[Result]]:
    """What the script wrote, run by run and rank by rank, into the folder it was told to write to."""
    lines = [(results / f"rank-{rank}").read_text().splitlines() for rank in range(RANKS)]
    return [[_parse(line) for line in of_one_run] for of_one_run in zip(*lines, strict=True)]


def _parse(line: str) -> Result:
    pid, total, recipe = line.split()
    return Result(int(pid), float(total), recipe)


def sums(run: Sequence[Result]) -> list[float]:
    """The sums of a run, by rank."""
    return [result.total for result in run]


def same_processes(run: Sequence[Result], another: Sequence[Result]) -> bool:
    """Whether two runs were in the same processes."""
    return {result.pid for result in run} == {result.pid for result in another}


def one_of(values: Iterable[str]) -> str:
    """The one value that all of them are; else all that there are, in words."""
    return " and ".join(sorted(set(values)))


def report(values: dict[str, object]) -> str:
    """A line for a job to print; ``reported`` finds it again in the log."""
    return REPORT + json.dumps(values)


def reported(lines: Sequence[str]) -> dict[str, Any]:
    """What a job reported in these lines of its log. Raises ValueError with the log if it did not."""
    for line in lines:
        if line.startswith(REPORT):
            values: dict[str, Any] = json.loads(line.removeprefix(REPORT))
            return values
    raise ValueError("the job reported nothing; its log: " + "\n".join(lines))


@contextmanager
def other_session(code: str) -> Iterator[dict[str, Any]]:
    """Another Python program that runs ``code``; the block gets what it reported, and it ends with the block.

    The code prints a report and then waits for its standard input to close.
    """
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        with _killed_after(process, PATIENCE, "the other session's report"):
            lines = iter(process.stdout.readline, "")
            first = next((line for line in lines if line.startswith(REPORT)), "")
        try:
            yield reported([first])
        finally:
            process.stdin.close()
            with _killed_after(process, PATIENCE, "the other session's end"):
                process.wait()


@contextmanager
def _killed_after(process: subprocess.Popen[str], seconds: float, what: str) -> Iterator[None]:
    """Do not let the block wait for the process longer than that. Raises TimeoutError if it would have."""
    timer = threading.Timer(seconds, process.kill)
    timer.start()
    try:
        yield
    finally:
        late = not timer.is_alive()
        timer.cancel()
    if late:
        raise TimeoutError(f"waited {seconds:g} s for {what}")


def ended(pid: int, seconds: float = PATIENCE) -> str:
    """Whether the process ends within that time, in words."""
    deadline = time.monotonic() + seconds
    while _runs(pid):
        if time.monotonic() > deadline:
            return f"still runs after {seconds:g} s"
        time.sleep(0.02)
    return "its process ended"


def _runs(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    return False


def _or_needs(wanted: object) -> Any:
    """An oracle for what torch is needed for: this value, or the word that something is not installed."""
    return lambda value: value == wanted or (isinstance(value, str) and value.startswith(NEEDS))


def weights(*rates: float) -> list[float]:
    """The ranks' weights after steps of these rates: rank r's gradient is r + 1."""
    return [sum(rates) * (rank + 1) for rank in range(RANKS)]


SUMS = [RANKS * (RANKS + 1) / 2] * RANKS
TENSOR = [2.0, 2.0]
"""Rank 1's tensor: rank r has r + 1 in it, twice."""


def _same(monarch: Seen, ray: Seen) -> str:
    return (
        f"After a class had been changed, its new actors ran in {_whose(monarch['same_processes'])} processes"
        f" on Monarch and in {_whose(ray['same_processes'])} ones on Ray; a changed task of Ray's ran in"
        f" {_whose(ray['task_processes'])} ones."
    )


def _whose(kept: object) -> str:
    if not isinstance(kept, bool):
        raise TypeError(kept)
    return "the same" if kept else "new"


def _scripts(monarch: Seen, ray: Seen) -> str:
    sums = [monarch["spmd_sums"], ray["spmd_sums"], monarch["job_sums"], ray["job_sums"]]
    if any(isinstance(found, str) for found in sums):
        return ""  # torch was not there
    return (
        f"One torchrun-style script gave {sums[0]} and {sums[1]} from the session and {sums[2]} and {sums[3]}"
        f" as a job; its second run in the session was in {_whose(monarch['spmd_again'])} processes on"
        f" Monarch and in {_whose(ray['spmd_again'])} ones on Ray."
    )


CONCEPT = Concept(
    number=8,
    name="interactive_devx",
    title="Interactive development",
    question="What does it take to change something and see the result, and what stays afterwards?",
    watch=(
        "On both engines the session calls actors, and a changed hyperparameter counts from the next call.",
        "A changed class: Monarch spawns it on the processes that are there, Ray starts new ones for actors.",
        "A changed module is not seen by a process that has imported it, on either engine.",
        "The same torchrun-style script runs from the session and as a job, with the same sums.",
        "A second session: Ray finds actors by name; Monarch needs a reference that was handed on.",
    ),
    rows=(
        Row("first_call", f"Weights after a step with rate {RATES[0]}", want=weights(RATES[0])),
        Row("changed_rate", f"... after the next call, with rate {RATES[1]}", want=weights(*RATES)),
        Row(
            "state",
            "The actors' state: steps, weight",
            want=[[len(RATES), weight] for weight in weights(*RATES)],
        ),
        Row("new_code", "The class is changed (the sign): weights", want=weights(-RATES[0])),
        Row("same_processes", "... its actors run in the processes of the old ones"),
        Row("task_processes", "A changed task runs in processes of the old one", described=("monarch",)),
        Row("edit_seconds", f"Changed class to first result, median of {EDITS} (indicative)", unit="s"),
        Row("module_running", "A module is changed on disk: an actor that runs has"),
        Row("module_new_actor", "... an actor made after the change has"),
        Row("module_reloaded", "... the actor that runs, once its process has reloaded, has", want=NEW),
        Row("inspected", "One rank's tensor, seen from the session", want=_or_needs(TENSOR)),
        Row("spmd_sums", "A torchrun-style script, called from the session: sums", want=_or_needs(SUMS)),
        Row("spmd_again", "... a second run is in the same processes"),
        Row("job_sums", "The same script launched as a job: sums", want=_or_needs(SUMS)),
        Row("job_status", "... what is said of the job afterwards"),
        Row("job_module", "... the changed module, in the job's processes", want=_or_needs(NEW)),
        Row("found", "A second session calls the first one's actor: it counts", want=2),
        Row("found_by", "... and had found it by", described=("monarch", "ray")),
        Row("plain_after", "The first session ends: an actor of its own"),
        Row("kept_after", "... an actor that is to outlive it counts", want=3),
    ),
    deadline=240.0,
    environment={
        # Ray Train as it is today, also in releases in which that was still a choice.
        "RAY_TRAIN_V2_ENABLED": "1",
        # Collectives between processes of this machine stay on it.
        "GLOO_SOCKET_IFNAME": "lo",
        # A module that is changed twice in a second must not be taken from an old .pyc file.
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        # An actor of the tensor engine imports torch first: on a busy machine longer than the usual 30 s.
        "HYPERACTOR_MESH_ACTOR_SPAWN_MAX_IDLE": f"{PATIENCE:g}s",
    },
    closing=(
        (
            "A changed hyperparameter counted from the next call on both: {monarch[changed_rate]} and"
            " {ray[changed_rate]}."
        ),
        _same,
        (
            f"From the changed class to its first result: {{monarch[edit_seconds]}} s on Monarch and"
            f" {{ray[edit_seconds]}} s on Ray (medians of {EDITS}, on shared cores, so indicative)."
        ),
        (
            "Of a module changed on disk a running actor had the {monarch[module_running]} one on Monarch and"
            " the {ray[module_running]} one on Ray, an actor made afterwards the {monarch[module_new_actor]}"
            " one and the {ray[module_new_actor]} one."
        ),
        _scripts,
        (
            "When the first session had ended, of an actor of its own: {monarch[plain_after]} (Monarch),"
            " {ray[plain_after]} (Ray); the actor that was to outlive it counted on, to {monarch[kept_after]}"
            " and {ray[kept_after]}."
        ),
    ),
)
