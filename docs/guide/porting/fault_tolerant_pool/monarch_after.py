"""A pool on Monarch that survives the death of a worker: its owner spawns a new one and repeats the call."""

import asyncio
import os
import signal
import tempfile
from pathlib import Path

os.environ["HYPERACTOR_MESH_SUPERVISION_POLL_FREQUENCY"] = "1s"  # a death is noticed within 1 s, not 10 s

import monarch.actor
from monarch.actor import Actor, MeshFailure, endpoint, shutdown_context, this_host


class Worker(Actor):
    def __init__(self, folder: str) -> None:
        self.killed = Path(folder, "killed")

    @endpoint
    def square(self, item: int) -> int:
        if item == 7 and not self.killed.exists():
            self.killed.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return item * item


class Pool(Actor):
    """Owns the workers, so that it is told of their deaths."""

    def __init__(self, size: int, folder: str) -> None:
        self.folder, self.spawned = folder, 0
        self.workers = [self.spawn_worker() for _ in range(size)]

    def spawn_worker(self) -> Worker:
        self.spawned += 1
        return this_host().spawn_procs().spawn(f"worker{self.spawned}", Worker, self.folder)

    def __supervise__(self, failure: MeshFailure) -> bool:
        return True  # the call that failed replaces the worker

    @endpoint
    async def map_squares(self, items: list[int]) -> list[int]:
        left, results = list(enumerate(items)), [0] * len(items)

        async def keep_busy(place: int) -> None:
            while left:
                number, item = left.pop(0)
                try:
                    results[number] = await self.workers[place].square.call_one(item)
                except Exception:
                    self.workers[place] = self.spawn_worker()
                    left.append((number, item))

        await asyncio.gather(*[keep_busy(place) for place in range(len(self.workers))])
        return results


def main(folder: str) -> None:
    monarch.actor.unhandled_fault_hook = print  # the default ends the program
    pool = this_host().spawn_procs().spawn("pool", Pool, 2, folder)

    squares = pool.map_squares.call_one(list(range(20))).get(timeout=120)

    assert Path(folder, "killed").exists(), "a worker died on the way"
    assert squares == [item * item for item in range(20)], "no item is lost, none is there twice"
    print(f"{len(squares)} items, one death")
    shutdown_context().get(timeout=60)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(folder)
