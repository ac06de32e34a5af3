"""Arrange actors in Monarch: four workers as a mesh of two by two, with names for its dimensions.

What may surprise you:

- The mesh is one object. Slices and other shapes are views of it: no process moves, none is started.
- Nothing is counted or refused. You say which processes run on a host, however many cores it has.
- A message to all travels down a tree that follows the mesh, dimension by dimension. So one worker that
  hangs can cut off others behind it, which are well. On the flattened mesh it cuts off nobody.

Run it: python example.py
"""

import os
import signal

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


def replying(workers: Worker, hanging: int) -> set[int]:
    """Stop one process, ask all workers, and return the pids of those that reply."""
    replies = set()
    os.kill(hanging, signal.SIGSTOP)
    try:
        for reply in workers.pid.stream():  # in the order in which they come
            replies.add(reply.get(timeout=3))
    except TimeoutError:
        pass  # no more replies for 3 s, where one takes milliseconds
    finally:
        os.kill(hanging, signal.SIGCONT)
    workers.pid.call().get()  # all go on, and catch up
    return replies


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

    everyone, hanging = set(pids.values()), pids.item(dp=1, tp=0)
    behind = pids.item(dp=1, tp=1)
    assert replying(workers, hanging) == everyone - {hanging, behind}
    assert replying(flat, hanging) == everyone - {hanging}
    print("worker dp=1 tp=0 hangs: 2 of 4 reply to a call of the mesh, 3 of 4 on the flattened mesh")

    shutdown_context().get()


if __name__ == "__main__":
    main()
