"""Arrange actors in Ray.

Shows four workers in a placement group, as two by two: asked as a whole and by column, and asked again while
one of them hangs.

What surprises:

- The group has no shape. Workers are a list of handles; rows and columns are your own arithmetic.
- The scheduler counts CPUs, as many as ``ray.init`` was told or found. A placement group that does not fit
  raises nothing: it waits.
- A call of all is one call for each handle, so a worker that hangs cuts off nobody else. ``ray.get`` of the
  whole list would wait for it; ``ray.wait`` returns the others.

Run it: python example.py
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ray
from ray.util.placement_group import placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy


@ray.remote(num_cpus=1)
class Worker:
    def __init__(self, rank: int, size: int) -> None:
        self.rank, self.size = rank, size  # Ray numbers nothing: whoever creates the workers does

    def total(self, numbers: list[int]) -> int:
        """Return the sum of this worker's share."""
        return sum(numbers[self.rank :: self.size])

    def pid(self) -> int:
        return os.getpid()


@contextmanager
def hanging(pid: int) -> Iterator[None]:
    """Let a process hang within the block."""
    os.kill(pid, signal.SIGSTOP)
    try:
        threads = Path(f"/proc/{pid}/task")  # the signal takes a moment to reach all of them
        while any("(stopped)" not in status.read_text() for status in threads.glob("*/status")):
            time.sleep(0.01)
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def replying(workers: list[ray.actor.ActorHandle]) -> set[int]:
    """Ask all workers, and return the pids of those that reply: it takes milliseconds, or longer than 5 s."""
    replies, _ = ray.wait([w.pid.remote() for w in workers], num_returns=len(workers), timeout=5)
    return set(ray.get(replies))


def main() -> None:
    ray.init(num_cpus=4)  # four workers want a CPU each; this machine may have fewer cores
    group = placement_group([{"CPU": 1}] * 4, strategy="STRICT_PACK")  # all on one node
    ray.get(group.ready())
    workers = []
    for rank in range(4):  # dp, tp = divmod(rank, 2)
        bundle = PlacementGroupSchedulingStrategy(group, placement_group_bundle_index=rank)
        workers.append(Worker.options(scheduling_strategy=bundle).remote(rank, size=4))

    totals = ray.get([worker.total.remote(list(range(8))) for worker in workers])
    assert totals[2] == 2 + 6  # dp=1, tp=0
    assert sum(totals) == sum(range(8))

    pids = ray.get([worker.pid.remote() for worker in workers])
    column = workers[1::2]  # tp=1
    assert ray.get([worker.pid.remote() for worker in column]) == [pids[1], pids[3]]

    assert not placement_group([{"CPU": 1}]).wait(timeout_seconds=2), "a fifth CPU is not there"
    print("4 workers took all 4 CPUs; a group for one more waits")

    straggler = pids[2]  # dp=1, tp=0
    with hanging(straggler):
        assert replying(workers) == set(pids) - {straggler}
    print("worker dp=1 tp=0 hangs: 3 of 4 reply")

    ray.shutdown()


if __name__ == "__main__":
    main()
