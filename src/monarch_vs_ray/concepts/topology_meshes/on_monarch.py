"""A group of actors in Monarch: one mesh with named dimensions, over hosts and the processes on them.

What to watch: the caller names the hosts and slices them, and so decides where everything lands; slicing,
splitting and renaming make new views of the same processes, for actors and for replies alike; a message to
all travels down a tree that follows the mesh, so one stopped process can hold up others.

Run it alone: python -m monarch_vs_ray.concepts.topology_meshes.on_monarch
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from monarch.actor import Actor, HostMesh, ProcMesh, current_rank, endpoint, shutdown_context

from monarch_vs_ray.concepts.topology_meshes import spec
from monarch_vs_ray.engines.alone import run_alone
from monarch_vs_ray.engines.monarch import stop
from monarch_vs_ray.side import fault, log, observe, operation, step

FANOUT = "HYPERACTOR_MESH_MAX_CAST_FANOUT"
TREE_ONLY = "tree-only"


class Member(Actor):
    """One of the group; it knows its place and counts what it hears."""

    def __init__(self) -> None:
        self.place = dict(current_rank())
        self.rank = current_rank().rank
        self.heard = 0

    @endpoint
    def where(self) -> tuple[int, int]:
        """This process, and the one that started it: its host."""
        return os.getpid(), os.getppid()

    @endpoint
    def who(self) -> int:
        return self.rank

    @endpoint
    def find(self) -> str:
        return f"current_rank(): {spec.shape(self.place)}"

    @endpoint
    def hear(self) -> int:
        self.heard += 1
        return self.rank

    @endpoint
    def count(self) -> int:
        return self.heard

    @endpoint
    def squares(self, numbers: list[int]) -> list[int]:
        """Its share of the work, which it finds by its place."""
        return [number**2 for number in numbers[self.rank :: spec.ACTORS]]


class Group:
    """The actors, and what the probes of the tree need to know of them."""

    def __init__(self, rack: HostMesh) -> None:
        self.procs: ProcMesh = rack.spawn_procs(per_host={"procs": spec.PROCS})
        self.actors = self.procs.spawn("member", Member)
        where = self.actors.where.call().get(timeout=spec.PATIENCE).values()
        self.pids, self.hosts = (list(column) for column in zip(*where, strict=True))
        self.sent = 0

    def held_up(self, view: Member, victim: int) -> list[int]:
        """The actors that do not answer a call of all while the victim's process is stopped."""
        late = set(range(spec.ACTORS))
        with spec.stopped(self.pids[victim]), suppress(TimeoutError):
            for answer in view.hear.stream():
                late.remove(answer.get(timeout=spec.QUIET))
        view.hear.call().get(timeout=spec.PATIENCE)  # all go on
        self.sent += 2
        return sorted(late)

    def lost(self) -> int:
        """How many of the messages sent have not been heard."""
        heard = self.actors.count.call().get(timeout=spec.PATIENCE).values()
        return sum(self.sent - count for count in heard)


def main() -> None:
    """Tell the story, from the first host to the last."""
    with step("Start three hosts in two racks"), rented({"rack_a": spec.HOSTS, "rack_b": 1}) as racks:
        log("Each host is a process here; with SLURM or Kubernetes jobs it is a machine.")
        tell(racks)


def tell(racks: dict[str, HostMesh]) -> None:
    """Everything that happens while the hosts are there."""
    with step("Spawn processes on each host of a rack, and actors on them"):
        with operation("spawn"):
            group = Group(racks["rack_a"])
        procs, actors = group.procs, group.actors
        observe("held", f"one ActorMesh: {spec.shape(actors.sizes)}")
        observe("per_host", spec.per_host(group.hosts))
        observe("processes", len(set(group.pids)))

    with step("Ask all of them, and slice the replies"):
        with operation("ask all"):
            replies = actors.who.call().get()
        observe("replies_as", f"one ValueMesh: {spec.shape(replies.sizes)}")
        observe("one_host", list(replies.slice(hosts=1).values()))
        last = {"hosts": spec.HOSTS - 1, "procs": spec.PROCS - 1}
        observe("place", actors.find.call().get().item(**last))

    with step("Slice the actors, split a dimension, rename: the same processes"):
        observe("column", list(actors.slice(procs=1).who.call().get().values()))
        regrouped = actors.split(procs=("dp", "tp"), tp=spec.TP)
        values = regrouped.who.call().get()
        log(f"Split, the actors are {spec.shape(regrouped.sizes)}, their replies {spec.shape(values.sizes)}.")
        observe("regrouped", list(regrouped.slice(tp=1).who.call().get().values()))
        observe("same_pids", [pid for pid, _ in regrouped.where.call().get().values()] == group.pids)
        observe("renamed", f"rename(): {spec.shape(procs.rename(hosts='pp', procs='tp').sizes)}")

    with step("Flatten"):
        observe("flattened", list(actors.flatten("rank").who.call().get().values()))
        observe("flattened_slice", spec.refusal(lambda: regrouped.slice(tp=1).flatten("rank").sizes))
        for mesh in (procs, actors, replies):  # all three know the same operations
            half = mesh.split(procs=("dp", "tp"), tp=spec.TP).slice(tp=1)
            flat = mesh.flatten("rank")
            log(f"{type(mesh).__name__}: a half {spec.shape(half.sizes)}, flat {spec.shape(flat.sizes)}")

    with step("Spawn more actors on a slice of the processes"):
        more = procs.slice(procs=1).spawn("more", Member)
        pids, hosts = zip(*more.where.call().get().values(), strict=True)
        observe("beside", [spec.places(group.hosts)[group.hosts.index(host)] for host in hosts])
        observe("beside_processes", len(set(pids) - set(group.pids)))

    with step("Share work: every actor takes its part, by its place"):
        log("Monarch has no pool; all get the same message, and each knows which part is its own.")
        shares = list(actors.squares.call(spec.NUMBERS).get().values())
        observe("squares", [square for row in zip(*shares, strict=True) for square in row])
        observe("fan_out", spec.median_microseconds(lambda: actors.who.call().get()), "us")

    with step("Stop one process after the other: who gets the message all the same?"):
        fault("SIGSTOP", f"the processes of actors {spec.VICTIMS}, in turn")
        observe("held_up", spec.held_up(probe(group)))
        with spec.stopped(group.pids[1]):
            observe("gather", spec.refusal(lambda: actors.who.call().get(timeout=spec.QUIET)))

    with step("The same with the mesh flattened: every actor a neighbour of the caller"):
        fault("SIGSTOP", "the process of actor 4")
        observe("held_up_flat", spec.held_up({4: group.held_up(actors.flatten("rank"), 4)}))
        observe("lost", group.lost())

    with step(f"Again in a second program, with {FANOUT}={spec.SMALL_FANOUT} (the default is 16)"):
        fault("SIGSTOP", f"its own actors {spec.VICTIMS}, in turn")
        observe("held_up_fanout", in_another_program({FANOUT: str(spec.SMALL_FANOUT)}))

    with step("Place more pieces: the caller slices the hosts"):
        landed = [land(racks["rack_a"].slice(hosts=1)), land(racks["rack_b"])]
        where_asked = landed[0] == group.hosts[-1] and landed[1] not in group.hosts
        observe("landed", "where the caller sliced: host 1, rack b" if where_asked else "elsewhere")
        running = len(set(group.pids)) + len(landed)
        observe("too_large", f"not counted; {running} processes run on {os.cpu_count()} cores")
        observe("racks", ", ".join(f"{name}: a mesh of {len(rack)}" for name, rack in racks.items()))

    with step("Draw the processes as a table"):
        table = spec.refusal(procs.to_table)
        log(f"to_table() belongs to the tensor engine, which needs torch. Here:\n{table}")
        observe("table", f"to_table(): {len(table.splitlines())} lines" if "\n" in table else table)


@contextmanager
def rented(hosts: dict[str, int]) -> Iterator[dict[str, HostMesh]]:
    """Hosts for the time of the block. They outlive their program unless the job is killed."""
    from monarch.job import ProcessJob  # takes 0.3 s, and only this process needs it

    job = ProcessJob(hosts)
    try:
        state = job.state(cached_path=None)
        yield {name: getattr(state, name) for name in hosts}
    finally:
        try:  # the processes first: with their hosts gone, Monarch would wait 10 s for them
            shutdown_context().get(timeout=spec.PATIENCE)
        finally:
            job.kill()
            stop()


def probe(group: Group) -> dict[int, list[int]]:
    """For each victim, whom it holds up."""
    return {victim: group.held_up(group.actors, victim) for victim in spec.VICTIMS}


def land(hosts: HostMesh) -> int:
    """The host on which a process spawned there really runs."""
    piece = hosts.spawn_procs(per_host={"procs": 1}).spawn("piece", Member)
    return int(piece.where.call().get(timeout=spec.PATIENCE).flatten("rank").item(rank=0)[1])


def in_another_program(settings: dict[str, str]) -> object:
    """What the same probe finds in a process that was started with other settings."""
    command = [sys.executable, "-m", "monarch_vs_ray.concepts.topology_meshes.on_monarch", TREE_ONLY]
    done = subprocess.run(
        command,
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=spec.PATIENCE,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def tree_only() -> None:
    """The second program: a mesh of the same shape, and the probe of its tree."""
    with rented({"rack_a": spec.HOSTS}) as racks:
        found = spec.held_up(probe(Group(racks["rack_a"])))
    print(json.dumps(found))


if __name__ == "__main__":
    run_alone(tree_only if TREE_ONLY in sys.argv else main)
