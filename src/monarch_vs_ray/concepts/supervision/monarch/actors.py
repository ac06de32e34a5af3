"""Parents and workers in Monarch: whoever spawns actors owns them, and is notified of their failures."""

from __future__ import annotations

import asyncio
import os
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from monarch._rust_bindings.monarch_hyperactor.supervision import SupervisionError  # no public name yet
from monarch.actor import Actor, ActorError, MeshFailure, endpoint, this_host

from monarch_vs_ray.concepts.supervision import inputs
from monarch_vs_ray.instruments.flags import Tally
from monarch_vs_ray.instruments.monarch import get
from monarch_vs_ray.instruments.wait import PATIENCE

AT_ROOT: list[MeshFailure] = []
"""The failures that nobody handled; ``session`` lets them come here."""


class Worker(Actor):
    """Counts its calls, and breaks in several ways."""

    def __init__(self) -> None:
        self.calls = 0

    @endpoint
    def pid(self) -> int:
        return os.getpid()

    @endpoint
    def host_pid(self) -> int:
        return os.getppid()

    @endpoint
    def count(self) -> int:
        self.calls += 1
        return self.calls

    @endpoint
    def fail(self, trace: Tally) -> None:
        self.calls += 1
        inputs.break_down("exception", trace)

    @endpoint
    def once(self, executions: Tally, how: str) -> int:
        return inputs.break_once(executions, how)

    @endpoint
    def stay(self, begun: Tally) -> None:
        """Do not return; the process is killed before."""
        begun.add()
        time.sleep(2 * PATIENCE)


class Parent(Actor):
    """Owns two workers on processes of their own; ``policy`` is what it does when they fail."""

    def __init__(self, policy: str, reports: Tally) -> None:
        self.policy = policy
        self.reports = reports
        self.generation = 0
        self.respawn()

    def respawn(self) -> None:
        self.generation += 1
        self.procs = this_host().spawn_procs(per_host={"procs": inputs.WORKERS})
        self.workers = self.procs.spawn(f"workers{self.generation}", Worker)

    async def __supervise__(self, failure: MeshFailure) -> bool:
        """Decide on a failure; called twice for a dead process, since that also carried a logger."""
        self.reports.add(f"{time.monotonic()} {failure.mesh_name} {cause(failure)}")
        if self.policy == "respawn" and failure.mesh_name.startswith(f"workers{self.generation}-"):
            dead = self.procs
            self.respawn()  # on fresh processes: the old ones take no more actors
            await dead.stop()
        return self.policy != "let go"

    @endpoint
    async def pids(self) -> list[int]:
        return [os.getpid(), *(await self.workers.pid.call()).values()]

    @endpoint
    async def owned(self) -> tuple[int, Any]:
        return self.generation, self.workers

    @endpoint
    async def count(self, rank: int) -> int:
        return await self.workers.slice(procs=rank).count.call_one()

    @endpoint
    async def ask(self, rank: int | None, method: str, *arguments: object) -> str:
        """Call one worker, or all of them, and catch what comes."""
        workers = self.workers if rank is None else self.workers.slice(procs=rank)
        try:
            return f"answered {list((await getattr(workers, method).call(*arguments)).values())}"
        except Exception as error:
            return type(error).__name__

    @endpoint
    async def catches_its_type(self, rank: int, trace: Tally) -> bool:
        """Call a worker that raises a ValueError; return whether ``except ValueError`` catches it."""
        try:
            await self.workers.slice(procs=rank).fail.call_one(trace)
        except ValueError:
            return True
        except ActorError:
            return False
        raise AssertionError("the worker did not raise")

    @endpoint
    async def fail_unawaited(self, rank: int, trace: Tally) -> None:
        self.workers.slice(procs=rank).fail.broadcast(trace)

    @endpoint
    async def repeat(self, executions: Tally, how: str) -> int:
        """Call until it succeeds: on the same workers if one raised, on the new ones if one died."""
        while True:
            generation = self.generation
            try:
                return await self.workers.slice(procs=0).once.call_one(executions, how)
            except ActorError:
                continue
            except SupervisionError:
                await asyncio.wait_for(self.respawned(generation), PATIENCE)

    async def respawned(self, generation: int) -> None:
        while self.generation == generation:
            await asyncio.sleep(0.01)

    @endpoint
    async def stop_workers(self) -> None:
        await self.procs.stop()


@dataclass(frozen=True)
class Family:
    """A parent, its process and its workers' processes, and the reports that its ``__supervise__`` got."""

    name: str
    parent: Any
    reports: Tally
    pids: list[int]

    @classmethod
    def new(cls, name: str, policy: str = "handle") -> Family:
        """Spawn a parent in a process of its own; return once its workers run."""
        reports = Tally.new()
        parent = this_host().spawn_procs(name=name).spawn(name, Parent, policy, reports)
        return cls(name, parent, reports, get(parent.pids.call_one()))

    def was_told(self) -> bool:
        """Return whether the parent's ``__supervise__`` was called."""
        return self.reports.count() > 0

    def report(self, since: float = 0.0) -> tuple[float, str]:
        """Return when the first report on a worker came after a moment of the monotonic clock, and its cause.

        Raises:
            StopIteration: If there is none yet.
        """
        lines = [line.split(" ", 2) for line in self.reports.lines()]
        times = [(float(when), why) for when, mesh, why in lines if mesh.startswith("workers")]
        return next(each for each in times if each[0] > since)

    def reported(self, since: float) -> bool:
        """Return whether a report on a worker came after that moment."""
        with suppress(StopIteration):
            return bool(self.report(since))
        return False

    def at_root(self) -> list[str]:
        """Return the failures of this parent that came to the root of the program."""
        return [f.report() for f in AT_ROOT if f.mesh_name.startswith(f"{self.name}-")]

    def end(self) -> None:
        """Stop the parent, and its workers with it."""
        get(self.parent.stop())


def cause(failure: MeshFailure) -> str:
    """Return the cause that a failure's report gives: its last line, without what every report says."""
    last = failure.report().strip().splitlines()[-1].strip()
    return re.sub(r"^(the process this actor was running on )?(failed: )?", "", last)
