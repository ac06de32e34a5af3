"""Arrange actors in Monarch.

Shows four workers as a mesh of two by two: asked as a whole, by column and as a flat list, and asked again
while one of them hangs.

What surprises:

- The mesh is one object. Slices and other shapes are views of it: no process moves, none is started.
- Nothing is counted or refused. You say which processes run on a host, however many cores it has.
- A message to all travels down a tree that follows the mesh, dimension by dimension. So one worker that
  hangs can cut off others behind it, which are well. On the flattened mesh it cuts off nobody.

Run it: python example.py
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from monarch.actor import Actor, current_rank, endpoint, shutdown_context, this_host


class Worker(Actor):
    def __init__(self) -> None:
        self.rank = current_rank()  # the place in the mesh, such as {dp: 1, tp: 0}

    @endpoint
    def total(self, numbers: list[int]) -> int:
        """Return the sum of this worker's share."""
        return sum(numbers[self.rank.rank :: self.rank.extent.nelements])

    @endpoint
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


def replying(workers: Worker) -> set[int]:
    """Ask all workers, and return the pids of those that reply: it takes milliseconds, or longer than 5 s."""
    pids = set()
    with suppress(TimeoutError):
        for reply in workers.pid.stream():  # in the order in which they come
            pids.add(reply.get(timeout=5))
    return pids


def main() -> None:
    procs = this_host().spawn_procs(per_host={"dp": 2, "tp": 2})
    workers = procs.spawn("worker", Worker)

    totals = workers.total.call(list(range(8))).get()  # the replies have the shape of the mesh
    assert totals.item(dp=1, tp=0) == 2 + 6
    assert sum(totals.values()) == sum(range(8))

    pids = workers.pid.call().get()
    column = workers.slice(tp=1)
    assert column.sizes == {"dp": 2}
    assert list(column.pid.call().get().values()) == [pids.item(dp=0, tp=1), pids.item(dp=1, tp=1)]
    flat = workers.flatten("rank")
    assert flat.sizes == {"rank": 4}
    assert list(flat.pid.call().get().values()) == list(pids.values()), "another view, the same processes"

    this_host().spawn_procs(per_host={"more": 4}).spawn("worker", Worker).pid.call().get()
    print(f"8 workers run on {os.cpu_count()} cores; nobody counted")

    straggler, behind = pids.item(dp=1, tp=0), pids.item(dp=1, tp=1)
    with hanging(straggler):
        assert replying(flat) == set(pids.values()) - {straggler}
        assert replying(workers) == set(pids.values()) - {straggler, behind}
    workers.pid.call().get()  # all of them catch up; a message under way at the shutdown is an error
    print("worker dp=1 tp=0 hangs: 3 of 4 reply on the flattened mesh, 2 of 4 on the mesh of two by two")

    shutdown_context().get()


if __name__ == "__main__":
    main()
