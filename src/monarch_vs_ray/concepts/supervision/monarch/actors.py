"""Supervision in Monarch: whoever spawns actors owns them, and is told of their failures.

What to watch: an awaited exception goes to its caller alone; everything else goes to the owner's
__supervise__, which says whether it is handled; what is not climbs to the owner's owner, and at the root
it interrupts the program. A dead process is noticed by polling, so a setting rules how soon. Nothing is
restarted or repeated for you: the parent here does both, in a few lines.

Run it alone: python -m monarch_vs_ray.concepts.supervision.on_monarch
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from collections import Counter
from typing import Any

import monarch.actor
from monarch._rust_bindings.monarch_hyperactor.supervision import SupervisionError
from monarch.actor import Actor, ActorError, MeshFailure, endpoint, this_host

from monarch_vs_ray.concepts.supervision import spec
from monarch_vs_ray.engines.alone import run_alone
from monarch_vs_ray.engines.monarch import stop
from monarch_vs_ray.side import fault, log, observe, operation, step

MODULE = "monarch_vs_ray.concepts.supervision.on_monarch"
FIRED: Counter[str] = Counter()
AT_ROOT: list[MeshFailure] = []


class Worker(Actor):
    """Counts its calls, and breaks in several ways."""

    def __init__(self) -> None:
        self.calls = 0

    @endpoint
    def pid(self) -> int:
        return os.getpid()

    @endpoint
    def parent_pid(self) -> int:
        return os.getppid()

    @endpoint
    def count(self) -> int:
        self.calls += 1
        return self.calls

    @endpoint
    def fail(self) -> None:
        self.calls += 1
        spec.break_down("exception")

    @endpoint
    def once(self, marks: str, how: str) -> int:
        """Breaks the first time; the marks tell how often it was executed."""
        if spec.leave_mark(marks) == 1:
            spec.break_down(how)
        return os.path.getsize(marks)

    @endpoint
    def stay(self, marks: str) -> None:
        """Never comes back: its process is killed before."""
        spec.leave_mark(marks)
        time.sleep(spec.PATIENCE)


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
        self.procs = this_host().spawn_procs(per_host={"procs": spec.WORKERS})
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
                await asyncio.wait_for(self.past(generation), spec.PATIENCE)

    async def past(self, generation: int) -> None:
        async with self.news:
            await self.news.wait_for(lambda: self.generation > generation)

    @endpoint
    async def hear(self, calls: int) -> tuple[list[tuple[float, str]], int]:
        """Wait for so many calls of __supervise__; gives when and why, and the workers' generation."""
        async with self.news:
            await asyncio.wait_for(self.news.wait_for(lambda: len(self.told) >= calls), spec.PATIENCE)
        return self.told, self.generation

    @endpoint
    async def stop_workers(self) -> int:
        """End them on purpose; gives how often __supervise__ was called for it, some polls later."""
        await self.procs.stop()
        await asyncio.sleep(3 * spec.POLL)
        return len(self.told)


def get(future: Any) -> Any:
    """What a call gave; in this program nothing is waited for without end."""
    return future.get(timeout=2 * spec.PATIENCE)


def parent(name: str, policy: str) -> tuple[Parent, list[int]]:
    """A parent in a process of its own; gives its process and its workers' too, once they run."""
    made = this_host().spawn_procs(name=name).spawn(name, Parent, policy)
    return made, get(made.pids.call_one())


def kill(pid: int, target: str) -> float:
    """SIGKILL a process and count it; gives when."""
    fault("SIGKILL", target)
    when = time.time()
    spec.kill(pid)
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
    spec.kill(get(worker.pid.call_one()))
    killed = time.monotonic()
    spec.wait_for(lambda: told, "the failure at the root", 2 * spec.PATIENCE)
    print(round(told[0] - killed, 3))
    stop()


def look_away() -> None:
    """A program: one of its actors dies while it is busy; the hook is Monarch's own."""
    workers = this_host().spawn_procs(per_host={"procs": 2}).spawn("workers", Worker)
    pid, stays = get(workers.pid.call()).values()
    workers.slice(procs=0).once.broadcast(spec.marks("alone"), "os._exit")
    spec.wait_for(lambda: not spec.runs(pid), "the end of the actor")
    print(stays, flush=True)
    spec.carry_on()


PROGRAMS = {"detect": detect, "look_away": look_away}


def main() -> None:
    """Tell the story, from the first parent to the last orphan."""
    monarch.actor.unhandled_fault_hook = AT_ROOT.append
    supervise_calls: list[int] = []

    with step("Parents, each with two workers; beside them a program with Monarch's default settings"):
        defaults = spec.beside(MODULE, "detect", settings={})
        first, _ = parent("first", "handle")
        _orphaned, orphans = parent("orphaned", "handle")

    with step("An exception in a call that somebody awaits: for the caller alone"):
        get(first.counts.call_one())
        fault("exception", "worker 0")
        with operation("exception"):
            caught = get(first.ask.call_one(0, "fail"))
        observe("exception_caught", caught)
        FIRED["exception"] += not caught.startswith("answered")
        observe("count_after_exception", get(first.count.call_one(0)))
        supervise_calls.append(len(get(first.hear.call_one(0))[0]))

    with step("An exception in a call that nobody awaits: the actor dies, the parent is told"):
        fault("exception", "worker 0")
        get(first.fail_unawaited.call_one(0))
        told, _ = get(first.hear.call_one(1))
        FIRED["exception"] += "no ball" in told[0][1]
        observe("unawaited", "died" if FIRED["exception"] == 2 else "failed of something else")
        supervise_calls.append(len(told))
        log("The parent now calls the dead worker, and catches the error:")
        first.ask.call_one(0, "count")  # its answer races with the parent's own end
        spec.wait_for(lambda: at_root("first"), "the end of the parent")
        observe("caller_of_dead", "dies of it too" if "undeliverable" in at_root("first") else "lives")

    with step("os._exit during a call: the caller is told once the poll has found it"):
        second, pids = parent("second", "handle")
        get(second.counts.call_one())
        fault("os._exit", "worker 0")
        with operation("os._exit") as call:
            caught = get(second.ask.call_one(0, "once", spec.marks("default"), "os._exit"))
        observe("exit_caught", caught)
        observe("exit_delay", call.seconds)
        FIRED["os._exit"] += not spec.runs(pids[1])
        observe("executions", os.path.getsize(spec.marks("default")))
        told, _ = get(second.hear.call_one(2))
        supervise_calls.append(len(told))
        log(f"The cause, as the parent is told: {cause(told[0][1])}")
        observe("sibling_count", get(second.count.call_one(1)))
        observe("call_all", get(second.ask.call_one(None, "count")))
        get(second.stop())  # its workers stop with it

    with step("SIGKILL of an idle process: the parent is told, at the next poll"):
        third, pids = parent("third", "handle")
        when = kill(pids[1], "worker 0")
        told, _ = get(third.hear.call_one(2))
        supervise_calls.append(len(told))
        observe("supervise_calls", supervise_calls)
        observe("kill_noticed", "the parent's __supervise__" if told else "nobody")
        observe("kill_delay", round(told[0][0] - when, 3))
        observe("kill_reason", cause(told[0][1]))
        observe("parent_handles", "lives" if get(third.count.call_one(1)) else "")
        get(third.stop())

    with step("A parent that does not handle it, and one whose handler raises: both die of it"):
        family = [parent("let-go", "let go")[1], parent("raises", "raise")[1]]
        AT_ROOT.clear()
        for pids in family:
            kill(pids[1], "worker 0")
        spec.wait_for(lambda: at_root("let-go") and at_root("raises"), "both parents' failures at the root")
        observe("parent_lets_go", "died" if at_root("let-go") else "lives")
        observe("parent_raises", "died" if "no idea what to do" in at_root("raises") else "another reason")
        spec.wait_for(lambda: not spec.runs(family[0][2]), "the end of the sibling")
        observe("workers_after", sum(map(spec.runs, family[0][1:])))
        reached = at_root("let-go") and at_root("raises")
        observe("escalated", "the parent's failure, to unhandled_fault_hook" if reached else "nothing")

    with step("Kill a parent; its workers are orphans now, and we come back to them"):
        orphaned_at = kill(orphans[0], "the parent")

    with step("At the root, by default: the program is interrupted"):
        fault("os._exit", "an actor of a program of its own")
        program = spec.beside(MODULE, "look_away", settings=spec.SETTINGS)
        other_actor = int(spec.told_by(program))
        FIRED["os._exit"] += os.path.exists(spec.marks("alone"))
        observe("root_exit", spec.ending(program.returncode))
        spec.wait_for(lambda: not spec.runs(other_actor), "the end of the program's other actor")
        survives = spec.runs(other_actor)
        observe("outlives", "one that should not" if survives else "none on this_host(): all ended with it")

    with step("A parent that respawns: on fresh processes, once for each death"):
        fourth, pids = parent("fourth", "respawn")
        get(fourth.counts.call_one())
        on_its_way = fourth.ask.call_one(0, "stay", spec.marks("stay"))
        spec.wait_for(lambda: os.path.exists(spec.marks("stay")), "the call inside worker 0")
        when = kill(pids[1], "worker 0")
        observe("during_restart", get(on_its_way))
        told, generation = get(fourth.hear.call_one(2))
        counts = get(fourth.counts.call_one())
        observe("recovery", round(time.time() - when, 3))
        observe("recovered_by", "the parent's __supervise__" if generation == 2 else "nobody")
        observe("recovered_count", counts[0])
        observe("recovered_sibling", counts[1])
        observe("restarts", generation - 1)
        log(f"__supervise__ was called {len(told)} times for it.")
        kill(get(fourth.pids.call_one())[1], "worker 0")
        _, generation = get(fourth.hear.call_one(4))
        observe("limit", f"again: {generation - 1} respawns for 2 kills")

    with step("Retries: the parent's own loop"):
        executions = []
        for retried in ("once", "again"):
            pids = get(fourth.pids.call_one())
            fault("os._exit", "worker 0")
            with operation("retried"):
                get(fourth.until_done.call_one(spec.marks(retried), "os._exit"))
            executions.append(os.path.getsize(spec.marks(retried)))
            FIRED["os._exit"] += not spec.runs(pids[1])
        observe("executions_retried", executions)
        observe("retry_by", "a loop in the parent")
        fault("exception", "worker 0")
        get(fourth.until_done.call_one(spec.marks("exception"), "exception"))
        executed = os.path.getsize(spec.marks("exception"))
        observe("exception_retried", executed)
        FIRED["exception"] += executed > 1

    with step("Stop on purpose: that is no failure"):
        before = len(get(fourth.hear.call_one(0))[0])
        observe("stopped", get(fourth.stop_workers.call_one()) > before)
        get(fourth.stop())

    with step("Meanwhile: the default settings, and the orphans"):
        observe("kill_delay_default", spec.told_by(defaults))
        spec.wait_for(lambda: not any(map(spec.runs, orphans)), "the end of the orphans", 2 * spec.PATIENCE)
        delay = time.time() - orphaned_at
        observe("children", f"{'after' if delay > spec.ORPHAN else 'before'} the orphan timeout")
        observe("children_delay", round(delay, 1))
        observe("faults", dict(FIRED))

    with step("Stop"):
        stop()


if __name__ == "__main__":
    run_alone(PROGRAMS[sys.argv[1]] if sys.argv[1:] else main, spec.CONCEPT.environment)
