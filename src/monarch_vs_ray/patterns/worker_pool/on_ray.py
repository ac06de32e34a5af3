"""Run tasks on a pool of workers in Ray; lose none, and count none twice, when workers are killed.

``max_restarts`` restarts a killed worker, ``max_task_retries`` repeats the call that was under way on it, and
``ActorPool`` gives the next task to an idle worker. The program does nothing about a death, and is not
notified.

What surprises: both options are 0 by default; without them the error comes to the caller. Tasks that need no
state are shorter as plain ``@ray.remote`` functions, which Ray repeats up to 3 times by default.

Run it: python on_ray.py, and kill the processes that it names.
"""

import argparse
import hashlib
import os
import tempfile
from collections import Counter
from pathlib import Path

import ray
from ray.util import ActorPool

WORKERS, TASKS = 3, 240


# -1 is no limit: a small number of retries may be used up before the restart is done.
@ray.remote(max_restarts=-1, max_task_retries=-1)
class Worker:
    def __init__(self, number: int, journal: Path) -> None:
        self.number, self.journal = number, journal

    def pid(self) -> int:
        return os.getpid()

    def run(self, seed: int, task: int) -> tuple[int, int, int, str]:
        """Compute for some 30 ms. Return worker, process, task, and a result of the arguments only."""
        with self.journal.open("a") as journal:
            journal.write(f"{task}\n")
        result = hashlib.pbkdf2_hmac("sha256", b"%d" % task, b"%d" % seed, 100_000).hex()
        return self.number, os.getpid(), task, result


def main(seed: int, journal: Path) -> None:
    ray.init(num_cpus=WORKERS)  # one for each worker, also on a smaller machine
    workers = [Worker.remote(number, journal) for number in range(WORKERS)]
    processes = ray.get([worker.pid.remote() for worker in workers])
    for number, process in enumerate(processes):
        print(f"worker {number} is process {process}", flush=True)

    results: dict[int, str] = {}
    counted: Counter[int] = Counter()
    pool = ActorPool(workers)
    for number, by, task, result in pool.map_unordered(
        lambda worker, task: worker.run.remote(seed, task), range(TASKS)
    ):
        results[task] = result
        counted[task] += 1
        if by != processes[number]:
            processes[number] = by
            print(f"worker {number} works again as process {by}", flush=True)

    twice = sum(times > 1 for times in counted.values())
    print(f"{len(results)} of {TASKS} tasks done, {twice} twice")
    print(f"{len(journal.read_text().split()) - TASKS} tasks begun again")
    print("results", hashlib.sha256("".join(results[task] for task in sorted(results)).encode()).hexdigest())
    assert (len(results), twice) == (TASKS, 0)
    ray.shutdown()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    with tempfile.TemporaryDirectory() as folder:
        main(parser.parse_args().seed, Path(folder, "journal"))
