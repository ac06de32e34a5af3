"""A worker on Monarch that its owner replaces, and that goes on from what it had saved."""

import asyncio
import os
import signal
import tempfile
from pathlib import Path

os.environ["HYPERACTOR_MESH_SUPERVISION_POLL_FREQUENCY"] = "1s"  # a death is noticed within 1 s, not 10 s

import monarch.actor
from monarch.actor import Actor, MeshFailure, endpoint, shutdown_context, this_host


class Worker(Actor):
    def __init__(self, checkpoint: Path) -> None:
        self.checkpoint = checkpoint
        self.done = int(checkpoint.read_text()) if checkpoint.exists() else 0

    @endpoint
    def work(self) -> int:
        self.done += 1
        self.checkpoint.write_text(str(self.done))
        return self.done

    @endpoint
    def pid(self) -> int:
        return os.getpid()


class Owner(Actor):
    def __init__(self, checkpoint: Path) -> None:
        self.checkpoint, self.spawned = checkpoint, 0
        self.replaced = asyncio.Event()
        self.spawn_worker()

    def spawn_worker(self) -> None:
        self.spawned += 1
        procs = this_host().spawn_procs()
        self.worker = procs.spawn(f"worker{self.spawned}", Worker, self.checkpoint)

    async def __supervise__(self, failure: MeshFailure) -> bool:
        if failure.mesh_name.startswith(f"worker{self.spawned}-"):  # the current worker, reported once
            self.spawn_worker()
            self.replaced.set()
        return True

    @endpoint
    async def work(self) -> int:
        return await self.worker.work.call_one()

    @endpoint
    async def kill_worker(self) -> None:
        self.replaced.clear()
        os.kill(await self.worker.pid.call_one(), signal.SIGKILL)
        await asyncio.wait_for(self.replaced.wait(), timeout=60)  # nobody calls the worker meanwhile


def main(checkpoint: Path) -> None:
    monarch.actor.unhandled_fault_hook = print  # the default ends the program
    owner = this_host().spawn_procs().spawn("owner", Owner, checkpoint)

    assert [owner.work.call_one().get(timeout=60) for _ in range(3)] == [1, 2, 3]
    owner.kill_worker.call_one().get(timeout=90)
    assert owner.work.call_one().get(timeout=60) == 4, "the new worker goes on"

    print("replaced; the worker went on from 3")
    shutdown_context().get(timeout=60)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(Path(folder, "done"))
