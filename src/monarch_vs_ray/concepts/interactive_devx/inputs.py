"""Interactive development: the project that both sides work on, and how other programs are run and read."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

RANKS = 2
RATES = (0.5, 0.25)
"""Learning rates, first one and then the other; halves, so that sums are exact."""
EDITS = 3
PROGRAM = 150.0
"""Seconds that another program may take, which imports an engine and perhaps torch on a busy machine."""
LIVES_ON = 5.0
"""Seconds for which a process that is to outlive its session is watched."""
KEEPS = 2.0
"""Seconds for which is watched what is not to happen: an actor has the new module, a log has a line."""
RATE_VARIABLE = "LEARNING_RATE"
RATE = "0.25"

SCRIPT = "all_reduce.py"
RECIPE = "recipe"
"""The module that is changed on disk while the session runs."""
OLD, NEW = "old", "new"
REPORT = "report: "
"""How a program's line of results begins."""

SCRIPT_TEXT = '''\
"""Sum a number of each rank. Starts under torchrun, or whatever sets the same variables."""

import os
import socket
import sys
from pathlib import Path

rank, world, port = (int(os.environ[name]) for name in ("RANK", "WORLD_SIZE", "MASTER_PORT"))

import recipe
import torch
import torch.distributed as dist

# Without a socket of ours torch would listen on all interfaces; all ranks are on this machine.
listener = socket.create_server(("127.0.0.1", port)).detach() if rank == 0 else None
store = dist.TCPStore("127.0.0.1", port, world, rank == 0, master_listen_fd=listener)
dist.init_process_group("gloo", store=store, rank=rank, world_size=world)
total = torch.tensor([rank + 1.0])
dist.all_reduce(total)
print(f"rank {rank} of {world}: sum {total.item():g}", flush=True)
with Path(sys.argv[1], f"rank-{rank}").open("a") as results:
    results.write(f"{os.getpid()} {total.item()} {recipe.NAME}\\n")
dist.destroy_process_group()
'''
PRINTED = "rank 0 of 2: sum 3"


class Result(NamedTuple):
    """What one rank wrote in one run of the script."""

    pid: int
    total: float
    recipe: str


class Cell(NamedTuple):
    """The value of a notebook's cell, and how many warnings about the event loop it caused."""

    reply: object
    warnings: int


def make_project() -> Path:
    """Return a new folder with the script and the module, both as they are before any change."""
    project = Path(tempfile.mkdtemp(prefix="project-"))
    (project / SCRIPT).write_text(SCRIPT_TEXT)
    write_recipe(OLD, project)
    return project


def write_recipe(name: str, project: Path = Path()) -> None:
    """Change the module on disk."""
    (project / f"{RECIPE}.py").write_text(f'NAME = "{name}"\n')


def enter(project: Path) -> None:
    """Work in the project as one does in a shell: its folder, its modules, this Python's commands.

    Processes started from now on inherit all three.
    """
    os.chdir(project)
    for name, first in (("PYTHONPATH", str(project)), ("PATH", str(Path(sys.executable).parent))):
        rest = os.environ.get(name)
        os.environ[name] = f"{first}{os.pathsep}{rest}" if rest else first
    sys.path.insert(0, str(project))


def weights(*rates: float) -> list[float]:
    """Return the ranks' weights after steps of these rates: rank r's gradient is r + 1."""
    return [sum(rates) * (rank + 1) for rank in range(RANKS)]


def read_runs(results: Path) -> list[list[Result]]:
    """Return what the script wrote into the folder it was told to write to, run by run and rank by rank."""
    lines = [(results / f"rank-{rank}").read_text().splitlines() for rank in range(RANKS)]
    return [[_parse(line) for line in of_one_run] for of_one_run in zip(*lines, strict=True)]


def _parse(line: str) -> Result:
    pid, total, recipe = line.split()
    return Result(int(pid), float(total), recipe)


def sums(run: Sequence[Result]) -> list[float]:
    """Return the sums of a run, by rank."""
    return [result.total for result in run]


def same_processes(run: Sequence[Result], another: Sequence[Result]) -> bool:
    """Return whether two runs were in the same processes."""
    return {result.pid for result in run} == {result.pid for result in another}


def one_of(values: Iterable[str]) -> str:
    """Return the one value that all of them are; else all that there are, in words."""
    return " and ".join(sorted(set(values)))


def run_cell(cell: Callable[[], object]) -> Cell:
    """Run a cell as a notebook does, within an event loop; a cell may return something to await."""

    async def run() -> object:
        found = cell()
        return await found if inspect.isawaitable(found) else found

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        reply = asyncio.run(run())
    return Cell(reply, sum("event loop" in str(warning.message) for warning in caught))


def is_in_a_log(text: str) -> bool:
    """Return whether a log file of this run has this text; the project lies in the run's folder too."""
    logs = [path for path in Path(tempfile.gettempdir()).rglob("*.log") if path.is_file()]
    return any(text in path.read_text(errors="replace") for path in logs)


def report(values: dict[str, object]) -> str:
    """Return a line for a program to print; ``reported`` finds it again in its output."""
    return REPORT + json.dumps(values)


def reported(output: str) -> dict[str, Any]:
    """Return what a program reported. Raises ValueError with its output if it did not."""
    for line in output.splitlines():
        if line.startswith(REPORT):
            values: dict[str, Any] = json.loads(line.removeprefix(REPORT))
            return values
    raise ValueError(f"the program reported nothing; its output: {output}")


def typed(code: str, **settings: Any) -> dict[str, Any]:
    """Return what a line reports that is typed into an interactive Python. Raises TimeoutExpired."""
    done = subprocess.run(
        [sys.executable, "-i", "-q"],
        input=code,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        timeout=PROGRAM,
        **settings,
    )
    return reported(done.stdout)


@contextmanager
def other_session(code: str) -> Iterator[dict[str, Any]]:
    """Run another Python program; the block gets what it reported, and the program ends with the block.

    The code prints a report and then waits for its standard input to close.

    Raises:
        TimeoutError: If it does not report, or does not end, within PROGRAM seconds.
    """
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        with _killed_after(process, PROGRAM, "the other session's report"):
            lines = iter(process.stdout.readline, "")
            first = next((line for line in lines if line.startswith(REPORT)), "")
        try:
            yield reported(first)
        finally:
            process.stdin.close()
            with _killed_after(process, PROGRAM, "the other session's end"):
                process.wait()


@contextmanager
def _killed_after(process: subprocess.Popen[str], seconds: float, what: str) -> Iterator[None]:
    """Kill the process if the block waits for it longer than that, and raise TimeoutError."""
    timer = threading.Timer(seconds, process.kill)
    timer.start()
    try:
        yield
    finally:
        late = not timer.is_alive()
        timer.cancel()
    if late:
        raise TimeoutError(f"waited {seconds:g} s for {what}")
