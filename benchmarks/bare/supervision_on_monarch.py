"""What ``concepts/supervision/on_monarch.py`` does, with nothing of this project around it.

The demo's wall time is compared with this script's: python benchmarks/bare/supervision_on_monarch.py
It prints what it saw, as JSON, and how long it took.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from glob import glob
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

import psutil

BEGAN = time.perf_counter()
FOLDER = TemporaryDirectory(prefix="mvr-") if len(sys.argv) == 1 else None
SETTINGS = {
    "HYPERACTOR_MESH_SUPERVISION_POLL_FREQUENCY": "500ms",
    "HYPERACTOR_MESH_GET_ACTOR_STATE_MAX_IDLE": "3s",
    "HYPERACTOR_MESH_ORPHAN_TIMEOUT": "10s",
}
if FOLDER:  # the other programs below inherit it
    MARK = os.path.basename(FOLDER.name)
    os.environ.update(SETTINGS, MVR_RUN_DIR=FOLDER.name, TMPDIR=FOLDER.name)
    os.environ.update(MONARCH_LOG_SUFFIX=MARK, MONARCH_FILE_LOG="warn")

import monarch.actor  # noqa: E402 - reads its settings when imported
from monarch._rust_bindings.monarch_hyperactor.supervision import SupervisionError  # noqa: E402
from monarch.actor import (  # noqa: E402
    Actor,
    ActorError,
    MeshFailure,
    endpoint,
    shutdown_context,
    this_host,
)

WORKERS, EXIT_CODE, PATIENCE, LOOK_AWAY = 2, 3, 30.0, 8.0
POLL, ORPHAN = 0.5, 10.0
SEEN: dict[str, object] = {}
FIRED: Counter[str] = Counter()
AT_ROOT: list[MeshFailure] = []


def seen(key: str, value: object) -> None:
    SEEN[key] = value


def break_down(how: str) -> NoReturn:
    """One of the faults, where it is called."""
    if how == "os._exit":
        os._exit(EXIT_CODE)
    raise ValueError("no ball")


def leave_mark(path: str) -> int:
    """Add one mark to a file, which outlives whoever does it; gives the number of marks."""
    with open(path, "a") as file:
        file.write("x")
    return Path(path).stat().st_size


def runs(pid: int) -> bool:
    """Whether a process is there and not a zombie."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def wait_for(met: Callable[[], object], what: str, seconds: float = PATIENCE) -> float:
    """Wait until ``met()`` is true; gives how long that took. Raises TimeoutError with ``what`` in it."""
    began = time.monotonic()
    while not met():
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(0.005)
    return time.monotonic() - began


def kill_process(pid: int) -> None:
    """SIGKILL a process, and return once it is gone."""
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not runs(pid), f"the end of process {pid}")


def marks(name: str) -> str:
    """Where marks of this name are left: in the run's own folder."""
    return os.path.join(os.environ["MVR_RUN_DIR"], f"marks-{name}")


def beside(*arguments: str, settings: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start one of a native file's other programs, with ``settings`` and nothing of SETTINGS."""
    environment = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    return subprocess.Popen(
        [sys.executable, __file__, *arguments],
        env={**environment, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def told_by(program: subprocess.Popen[str]) -> float:
    """The number on its first line, once it has ended; it is killed if that takes too long."""
    try:
        return float(program.communicate(timeout=2 * PATIENCE)[0].splitlines()[0])
    finally:
        program.kill()


def carry_on() -> None:
    """Be busy with something else for a while; an interrupt gets through at once."""
    until = time.monotonic() + LOOK_AWAY
    while time.monotonic() < until:
        time.sleep(0.02)


def ending(code: int) -> str:
    """How a process ended, from what its parent gets."""
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


class Worker(Actor):
    """Counts its calls, and breaks in several ways."""

    def __init__(self) -> None:
        self.calls = 0

    @endpoint
    def pid(self) -> int:
        return os.getpid()

    @endpoint
    def count(self) -> int:
        self.calls += 1
        return self.calls

    @endpoint
    def fail(self) -> None:
        self.calls += 1
        break_down("exception")

    @endpoint
    def once(self, marks: str, how: str) -> int:
        """Breaks the first time; the marks tell how often it was executed."""
        if leave_mark(marks) == 1:
            break_down(how)
        return os.path.getsize(marks)

    @endpoint
    def stay(self, marks: str) -> None:
        """Never comes back: its process is killed before."""
        leave_mark(marks)
        time.sleep(PATIENCE)


class Parent(Actor):
    """Owns two workers on processes of their own; ``policy`` is what it does when they fail."""

    def __init__(self, policy: str) -> None:
        self.policy = policy
        self.generation = 0
        self.told: list[tuple[float, str]] = []
        self.news = asyncio.Condition()
        self.respawn()

    def respawn(self) -> None:
        self.generation += 1
        self.procs = this_host().spawn_procs(per_host={"procs": WORKERS})
        self.workers = self.procs.spawn(f"workers{self.generation}", Worker)

    async def __supervise__(self, failure: MeshFailure) -> bool:
        """Called for each failed rank of each mesh: twice for a dead process, which has a logger too."""
        if self.policy == "raise":
            raise RuntimeError("no idea what to do")
        if self.policy == "respawn" and failure.mesh_name.startswith(f"workers{self.generation}-"):
            dead = self.procs
            self.respawn()  # on fresh processes: the old ones take no more actors
            await dead.stop()
        async with self.news:
            self.told.append((time.time(), failure.report()))
            self.news.notify_all()
        return self.policy != "let go"

    @endpoint
    async def pids(self) -> list[int]:
        return [os.getpid(), *(await self.workers.pid.call()).values()]

    @endpoint
    async def counts(self) -> list[int]:
        return list((await self.workers.count.call()).values())

    @endpoint
    async def count(self, rank: int) -> int:
        return await self.workers.slice(procs=rank).count.call_one()

    @endpoint
    async def ask(self, rank: int | None, method: str, *arguments: str) -> str:
        """Call one worker, or all of them, and catch what comes."""
        workers = self.workers if rank is None else self.workers.slice(procs=rank)
        try:
            return f"answered {await getattr(workers, method).call(*arguments)}"
        except Exception as error:
            return type(error).__name__

    @endpoint
    async def fail_unawaited(self, rank: int) -> None:
        self.workers.slice(procs=rank).fail.broadcast()

    @endpoint
    async def until_done(self, marks: str, how: str) -> int:
        """What a user of Monarch writes for retries: again, on the new workers if the old ones died."""
        while True:
            generation = self.generation
            try:
                return await self.workers.slice(procs=0).once.call_one(marks, how)
            except ActorError:
                continue  # the worker raised, and lives
            except SupervisionError:
                await asyncio.wait_for(self.past(generation), PATIENCE)

    async def past(self, generation: int) -> None:
        async with self.news:
            await self.news.wait_for(lambda: self.generation > generation)

    @endpoint
    async def hear(self, calls: int) -> tuple[list[tuple[float, str]], int]:
        """Wait for so many calls of __supervise__; gives when and why, and the workers' generation."""
        async with self.news:
            await asyncio.wait_for(self.news.wait_for(lambda: len(self.told) >= calls), PATIENCE)
        return self.told, self.generation

    @endpoint
    async def stop_workers(self) -> int:
        """End them on purpose; gives how often __supervise__ was called for it, some polls later."""
        await self.procs.stop()
        await asyncio.sleep(3 * POLL)
        return len(self.told)


def get(future: Any) -> Any:
    """What a call gave; in this program nothing is waited for without end."""
    return future.get(timeout=2 * PATIENCE)


def parent(name: str, policy: str) -> tuple[Parent, list[int]]:
    """A parent in a process of its own; gives its process and its workers' too, once they run."""
    made = this_host().spawn_procs(name=name).spawn(name, Parent, policy)
    return made, get(made.pids.call_one())


def kill(pid: int, target: str) -> float:
    """SIGKILL a process and count it; gives when."""
    when = time.time()
    kill_process(pid)
    FIRED["SIGKILL"] += 1
    return when


def at_root(name: str) -> str:
    """What the root was told of the failure of the mesh with this name, if it was."""
    return "".join(failure.report() for failure in AT_ROOT if failure.mesh_name.startswith(f"{name}-"))


def cause(report: str) -> str:
    """The cause in a failure's report: its last line, without what every report says."""
    return re.sub(r"^the process this actor was running on ", "", report.strip().splitlines()[-1].strip())


def detect() -> None:
    """A program: how long it takes until the death of an idle process is told."""
    told: list[float] = []
    monarch.actor.unhandled_fault_hook = lambda failure: told.append(time.monotonic())
    worker = this_host().spawn_procs(name="alone").spawn("worker", Worker)
    kill_process(get(worker.pid.call_one()))
    killed = time.monotonic()
    wait_for(lambda: told, "the failure at the root", 2 * PATIENCE)
    print(round(told[0] - killed, 3))
    shutdown_context().get()


def look_away() -> None:
    """A program: one of its actors dies while it is busy; the hook is Monarch's own."""
    workers = this_host().spawn_procs(per_host={"procs": 2}).spawn("workers", Worker)
    pid, stays = get(workers.pid.call()).values()
    workers.slice(procs=0).once.broadcast(marks("alone"), "os._exit")
    wait_for(lambda: not runs(pid), "the end of the actor")
    print(stays, flush=True)
    carry_on()


PROGRAMS = {"detect": detect, "look_away": look_away}


def main() -> None:
    """Tell the story, from the first parent to the last orphan."""
    monarch.actor.unhandled_fault_hook = AT_ROOT.append
    supervise_calls: list[int] = []

    defaults = beside("detect", settings={})
    first, _ = parent("first", "handle")
    _orphaned, orphans = parent("orphaned", "handle")

    get(first.counts.call_one())
    caught = get(first.ask.call_one(0, "fail"))
    seen("exception_caught", caught)
    FIRED["exception"] += not caught.startswith("answered")
    seen("count_after_exception", get(first.count.call_one(0)))
    supervise_calls.append(len(get(first.hear.call_one(0))[0]))
    get(first.fail_unawaited.call_one(0))
    told, _ = get(first.hear.call_one(1))
    FIRED["exception"] += "no ball" in told[0][1]
    seen("unawaited", "died" if FIRED["exception"] == 2 else "failed of something else")
    supervise_calls.append(len(told))

    first.ask.call_one(0, "count")  # its answer races with the parent's own end
    wait_for(lambda: at_root("first"), "the end of the parent")
    seen("caller_of_dead", "dies of it too" if "undeliverable" in at_root("first") else "lives")

    second, pids = parent("second", "handle")
    get(second.counts.call_one())
    began = time.perf_counter()
    caught = get(second.ask.call_one(0, "once", marks("default"), "os._exit"))
    seen("exit_caught", caught)
    seen("exit_delay", time.perf_counter() - began)
    FIRED["os._exit"] += not runs(pids[1])
    seen("executions", os.path.getsize(marks("default")))
    told, _ = get(second.hear.call_one(2))
    supervise_calls.append(len(told))

    seen("sibling_count", get(second.count.call_one(1)))
    seen("call_all", get(second.ask.call_one(None, "count")))
    get(second.stop())  # its workers stop with it

    third, pids = parent("third", "handle")
    when = kill(pids[1], "worker 0")
    told, _ = get(third.hear.call_one(2))
    supervise_calls.append(len(told))
    seen("supervise_calls", supervise_calls)
    seen("kill_noticed", "the parent's __supervise__")
    seen("kill_delay", round(told[0][0] - when, 3))
    seen("kill_reason", cause(told[0][1]))
    seen("parent_handles", "lives" if get(third.count.call_one(1)) else "")
    get(third.stop())

    family = [parent("let-go", "let go")[1], parent("raises", "raise")[1]]
    AT_ROOT.clear()
    for pids in family:
        kill(pids[1], "worker 0")
    wait_for(lambda: at_root("let-go") and at_root("raises"), "both parents' failures at the root")
    seen("parent_lets_go", "died")
    seen("parent_raises", "died" if "no idea what to do" in at_root("raises") else "another reason")
    wait_for(lambda: not runs(family[0][2]), "the end of the sibling")
    seen("workers_after", sum(map(runs, family[0][1:])))
    seen("escalated", "the parent's failure, to unhandled_fault_hook")

    orphaned_at = kill(orphans[0], "the parent")
    program = beside("look_away", settings=SETTINGS)
    other_actor = int(told_by(program))
    FIRED["os._exit"] += os.path.exists(marks("alone"))
    seen("root_exit", ending(program.returncode))
    wait_for(lambda: not runs(other_actor), "the end of the program's other actor")
    seen("outlives", "none on this_host(): all ended with it")

    fourth, pids = parent("fourth", "respawn")
    get(fourth.counts.call_one())
    on_its_way = fourth.ask.call_one(0, "stay", marks("stay"))
    wait_for(lambda: os.path.exists(marks("stay")), "the call inside worker 0")
    when = kill(pids[1], "worker 0")
    seen("during_restart", get(on_its_way))
    told, generation = get(fourth.hear.call_one(2))
    counts = get(fourth.counts.call_one())
    seen("recovery", round(time.time() - when, 3))
    seen("recovered_by", "the parent's __supervise__")
    seen("recovered_count", counts[0])
    seen("recovered_sibling", counts[1])
    seen("restarts", generation - 1)

    kill(get(fourth.pids.call_one())[1], "worker 0")
    _, generation = get(fourth.hear.call_one(4))
    seen("limit", f"again: {generation - 1} respawns for 2 kills")

    executions = []
    for retried in ("once", "again"):
        pids = get(fourth.pids.call_one())
        get(fourth.until_done.call_one(marks(retried), "os._exit"))
        executions.append(os.path.getsize(marks(retried)))
        FIRED["os._exit"] += not runs(pids[1])
    seen("executions_retried", executions)
    seen("retry_by", "a loop in the parent")
    get(fourth.until_done.call_one(marks("exception"), "exception"))
    executed = os.path.getsize(marks("exception"))
    seen("exception_retried", executed)
    FIRED["exception"] += executed > 1

    before = len(get(fourth.hear.call_one(0))[0])
    seen("stopped", get(fourth.stop_workers.call_one()) > before)
    get(fourth.stop())

    seen("kill_delay_default", told_by(defaults))
    wait_for(lambda: not any(map(runs, orphans)), "the end of the orphans", 2 * PATIENCE)
    delay = time.time() - orphaned_at
    seen("children", f"{'after' if delay > ORPHAN else 'before'} the orphan timeout")
    seen("children_delay", round(delay, 1))
    seen("faults", dict(FIRED))

    shutdown_context().get()


if __name__ == "__main__":
    if FOLDER is None:
        PROGRAMS[sys.argv[1]]()
        sys.exit()
    try:
        main()
        print(json.dumps(SEEN, indent=1))
    finally:
        for log in glob(f"/tmp/*/monarch_log_{MARK}*.log"):
            os.unlink(log)
            with suppress(OSError):  # somebody else's logs are there too
                os.rmdir(os.path.dirname(log))
        FOLDER.cleanup()
    print(f"{time.perf_counter() - BEGAN:.2f} s")
