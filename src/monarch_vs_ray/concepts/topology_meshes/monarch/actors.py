"""A group of actors in Monarch, over hosts and the processes on them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from monarch.actor import Actor, HostMesh, ProcMesh, current_rank, endpoint, shutdown_context

from monarch_vs_ray.concepts.topology_meshes import inputs
from monarch_vs_ray.engines.monarch import stop
from monarch_vs_ray.instruments import faults
from monarch_vs_ray.instruments.monarch import get
from monarch_vs_ray.instruments.wait import PATIENCE


class Member(Actor):
    """One of the group; it knows its place and counts what it hears."""

    def __init__(self) -> None:
        self.place = dict(current_rank())
        self.rank = current_rank().rank
        self.heard = 0

    @endpoint
    def where(self) -> tuple[int, int]:
        """Return this process, and the one that started it: its host."""
        return os.getpid(), os.getppid()

    @endpoint
    def who(self) -> int:
        return self.rank

    @endpoint
    def find(self) -> str:
        return f"current_rank(): {inputs.shape(self.place)}"

    @endpoint
    def hear(self) -> int:
        self.heard += 1
        return self.rank

    @endpoint
    def count(self) -> int:
        return self.heard


class Group:
    """Eight actors, and what experiments with the broadcast tree need to know of them."""

    def __init__(self, rack: HostMesh) -> None:
        self.procs: ProcMesh = rack.spawn_procs(per_host={"procs": inputs.PROCS})
        self.actors = self.procs.spawn("member", Member)
        where = get(self.actors.where.call()).values()
        self.pids, self.hosts = (list(column) for column in zip(*where, strict=True))
        self.sent = 0

    def held_up(self, view: Member, victim: int) -> list[int]:
        """Return the actors that do not answer a call of all while the victim's process is stopped."""
        late = set(range(inputs.ACTORS))
        stopped = faults.stopped(self.pids[victim], f"the process of actor {victim}")
        with stopped, suppress(TimeoutError):
            for answer in view.hear.stream():
                late.remove(get(answer, inputs.QUIET))
        get(view.hear.call())  # all go on
        self.sent += 2
        return sorted(late)

    def lost(self) -> int:
        """Return how many of the messages sent have not been heard."""
        heard = get(self.actors.count.call()).values()
        return sum(self.sent - count for count in heard)


@contextmanager
def rented(hosts: dict[str, int]) -> Iterator[dict[str, HostMesh]]:
    """Run further hosts for the block. They outlive their program unless the job is killed."""
    from monarch.job import ProcessJob  # takes 0.3 s, and only this process needs it

    job = ProcessJob(hosts)
    try:
        state = job.state(cached_path=None)
        yield {name: getattr(state, name) for name in hosts}
    finally:
        try:  # the processes first: with their hosts gone, Monarch would wait 10 s for them
            shutdown_context().get(timeout=PATIENCE)
        finally:
            job.kill()
            stop()


def land(hosts: HostMesh) -> int:
    """Spawn one process there, and return the host on which it really runs."""
    piece = hosts.spawn_procs(per_host={"procs": 1}).spawn("piece", Member)
    return int(get(piece.where.call()).flatten("rank").item(rank=0)[1])
