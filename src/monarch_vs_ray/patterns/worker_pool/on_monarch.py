"""Run tasks on a pool of workers in Monarch; lose none, and count none twice, when workers are killed.

Each worker has a process mesh of its own, so the death of one concerns no other. The pool owns them: a death
is reported to its ``__supervise__``, and the call that was under way raises. The pool then puts the task back
and spawns a worker on a fresh process. Monarch repeats and restarts nothing by itself.

What surprises: the caller of a killed worker waits for Monarch's next poll, up to 10 s by default. Run with
HYPERACTOR_MESH_SUPERVISION_POLL_FREQUENCY=1s to wait 1 s.

Run it: python on_monarch.py, and kill the processes that it names.
"""

import argparse
import asyncio
import hashlib
import os
import tempfile
from collections import Counter, deque
from pathlib import Path

from monarch.actor import Actor, MeshFailure, endpoint, shutdown_context, this_host

WORKERS, TASKS = 3, 240
TIMEOUT = 120  # seconds; a run takes some 5, and up to 10 more for each killed worker


class Worker(Actor):
    def __init__(self, journal: Path) -> None:
        self.journal = journal

    @endpoint
    def pid(self) -> int:
        return os.getpid()

    @endpoint
    def run(self, seed: int, task: int) -> tuple[int, str]:
        """Compute for some 30 ms. Return the process, and a result that depends on the arguments only."""
        with self.journal.open("a") as journal:
            journal.write(f"{task}\n")
        return os.getpid(), hashlib.pbkdf2_hmac("sha256", b"%d" % task, b"%d" % seed, 100_000).hex()


class Pool(Actor):
    """Owns the workers, and replaces each that dies."""

    def __init__(self, size: int, journal: Path) -> None:
        self.size, self.journal = size, journal
        self.spawned = 0

    async def __supervise__(self, failure: MeshFailure) -> bool:
        return True  # handled: the call that was under way raises, and `serve` acts on it

    def spawn_worker(self) -> Worker:
        self.spawned += 1  # on a fresh process: a mesh with a dead process takes no more actors
        procs = this_host().spawn_procs(name=f"procs{self.spawned}")
        return procs.spawn(f"worker{self.spawned}", Worker, self.journal)

    @endpoint
    async def map(self, seed: int, tasks: int) -> tuple[dict[int, str], Counter[int]]:
        """Return the result of each task, and how often it was counted."""
        self.waiting, self.tasks = deque(range(tasks)), tasks
        self.results: dict[int, str] = {}
        self.counted: Counter[int] = Counter()
        await asyncio.gather(*(self.serve(number, seed) for number in range(self.size)))
        return self.results, self.counted

    async def serve(self, number: int, seed: int) -> None:
        """Give tasks to one worker until all are done, also those that other workers hold."""
        worker = self.spawn_worker()
        process = await worker.pid.call_one()
        print(f"worker {number} is process {process}", flush=True)
        while len(self.results) < self.tasks:
            if not self.waiting:  # a task that another worker holds may come back
                await asyncio.sleep(0.05)
                continue
            task = self.waiting.popleft()
            try:
                by, result = await worker.run.call_one(seed, task)
            except RuntimeError:  # SupervisionError, which has no public name: the worker is dead
                print(f"worker {number} is lost with task {task}", flush=True)
                self.waiting.appendleft(task)
                worker = self.spawn_worker()
                continue
            self.results[task] = result
            self.counted[task] += 1
            if by != process:
                process = by
                print(f"worker {number} works again as process {process}", flush=True)


def main(seed: int, journal: Path) -> None:
    pool = this_host().spawn_procs().spawn("pool", Pool, WORKERS, journal)
    results, counted = pool.map.call_one(seed, TASKS).get(TIMEOUT)

    twice = sum(times > 1 for times in counted.values())
    print(f"{len(results)} of {TASKS} tasks done, {twice} twice")
    print(f"{len(journal.read_text().split()) - TASKS} tasks begun again")
    print("results", hashlib.sha256("".join(results[task] for task in sorted(results)).encode()).hexdigest())
    assert (len(results), twice) == (TASKS, 0)
    shutdown_context().get(TIMEOUT)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    with tempfile.TemporaryDirectory() as folder:
        main(parser.parse_args().seed, Path(folder, "journal"))
