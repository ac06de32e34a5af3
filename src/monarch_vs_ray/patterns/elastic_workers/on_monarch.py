"""Let workers join and leave during a run in Monarch, planned or by a kill, while their state moves.

Rendezvous hashing says which worker owns which partition of the state: one that joins or leaves moves only
its own share. The new owner reads a partition out of the old one's memory, through an ``RDMABuffer``. What a
killed worker owned is restored from checkpoints, and the rounds since are repeated.

What surprises: a mesh does not grow or shrink. Each worker has a mesh of its own, and the controller keeps
the list. Until Monarch's next poll, up to 10 s by default, a killed worker looks like a slow one.

Run it: python on_monarch.py, and kill the processes that it names.
"""

import argparse
import asyncio
import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

import numpy as np
from monarch.actor import Actor, ActorError, MeshFailure, endpoint, shutdown_context, this_host
from monarch.rdma import RDMABuffer

PARTITIONS, SIZE, ROUNDS, EVERY = 8, 100_000, 120, 10  # numbers of 8 bytes; a checkpoint every 10 rounds
JOIN, LEAVE = {30, 60}, {80, 100}  # before these rounds, a worker joins or leaves


def save(folder: Path, partition: int, number: int, numbers: np.ndarray) -> None:
    np.savez(partial := folder / f"{partition}.partial.npz", round=number, numbers=numbers)
    os.replace(partial, folder / f"{partition}.npz")  # whole or not at all, whenever this process is killed


class Worker(Actor):
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.states: dict[int, tuple[int, np.ndarray]] = {}  # of each partition: its round, its numbers

    @endpoint
    def pid(self) -> int:
        return os.getpid()

    @endpoint
    def restore(self, partition: int) -> int:
        with np.load(self.folder / f"{partition}.npz") as file:
            self.states[partition] = int(file["round"]), file["numbers"]
        return self.states[partition][0]

    @endpoint
    def give(self, partition: int) -> tuple[int, RDMABuffer]:
        number, numbers = self.states[partition]
        return number, RDMABuffer(memoryview(numbers).cast("B"))

    @endpoint
    def take(self, partition: int, number: int, source: RDMABuffer) -> None:
        numbers = np.empty(SIZE, np.uint64)
        source.read_into(memoryview(numbers).cast("B"), timeout=10).get(10)
        self.states[partition] = number, numbers

    @endpoint  # bring partitions to a round, from wherever they are
    def advance(self, partitions: list[int], to: int) -> None:
        for partition in partitions:
            number, numbers = self.states[partition]
            while number < to:
                number += 1
                for _ in range(20):  # the work
                    numbers = np.roll(numbers, 1) * np.uint64(6364136223846793005) + np.uint64(number)
                self.states[partition] = number, numbers
                if number % EVERY == 0:
                    save(self.folder, partition, number, numbers)


class Controller(Actor):
    def __init__(self, folder: Path) -> None:
        self.folder, self.procs, self.workers = folder, [], []
        self.members: list[int] = []  # the numbers of the workers that may own something
        self.owners: dict[int, int | None] = dict.fromkeys(range(PARTITIONS))
        self.round = self.repeated = 0

    async def __supervise__(self, failure: MeshFailure) -> bool:
        return True  # handled: the call under way or the next one raises, and `call` acts on it

    async def call(self, number: int, endpoint: str, *arguments):
        """Call a worker. If it is dead, what it owned has no owner any more."""
        try:
            return await getattr(self.workers[number], endpoint).call_one(*arguments)
        except RuntimeError:  # SupervisionError, which has no public name
            print(f"worker {number} is lost", flush=True)
            self.members = [member for member in self.members if member != number]
            self.owners = {p: None if owner == number else owner for p, owner in self.owners.items()}
            raise

    async def join(self) -> None:
        number = len(self.workers)
        self.procs.append(this_host().spawn_procs())
        self.workers.append(self.procs[number].spawn(f"worker{number}", Worker, self.folder))
        self.members.append(number)
        print(f"worker {number} is process {await self.call(number, 'pid')}", flush=True)

    async def settle(self, to: int) -> None:  # give each partition to its owner, bring it to a round
        for partition in range(PARTITIONS):
            new = max(self.members, key=lambda m: hashlib.sha256(b"%d %d" % (partition, m)).digest())
            old, self.owners[partition] = self.owners[partition], None  # should a call fail
            if old is None:
                number = await self.call(new, "restore", partition)
                self.repeated += to - 1 - number
                print(f"partition {partition} is restored by worker {new} from round {number}", flush=True)
            elif old != new:
                await self.call(new, "take", partition, *await self.call(old, "give", partition))
                print(f"partition {partition} moves from worker {old} to worker {new}", flush=True)
            self.owners[partition] = new
        shares = {m: [p for p, owner in self.owners.items() if owner == m] for m in self.members}
        await asyncio.gather(*(self.call(m, "advance", share, to) for m, share in shares.items()))
        self.round = to

    @endpoint
    async def run(self) -> None:
        await asyncio.gather(self.join(), self.join(), self.join())
        for number in range(1, ROUNDS + 1):
            if number in JOIN:
                await self.join()
            leaving = self.members.pop(0) if number in LEAVE else None
            while self.round < number:
                with suppress(ActorError, RuntimeError):  # a worker died: settle the rest again
                    await self.settle(number)
            if leaving is not None:
                await self.procs[leaving].stop()
                print(f"worker {leaving} leaves", flush=True)
            if number % EVERY == 0:
                print(f"round {number} of {ROUNDS} done by workers {self.members}", flush=True)
        print(f"{self.repeated} rounds repeated", flush=True)


def main(seed: int, folder: Path) -> None:
    for partition in range(PARTITIONS):
        random = np.random.default_rng([seed, partition])
        save(folder, partition, 0, random.integers(2**63, size=SIZE, dtype=np.uint64))
    this_host().spawn_procs().spawn("controller", Controller, folder).run.call_one().get()
    ends = [np.load(folder / f"{p}.npz") for p in range(PARTITIONS)]  # the last round has a checkpoint
    assert [end["round"] for end in ends] == [ROUNDS] * PARTITIONS, "no round is missing"
    digest = hashlib.sha256(b"".join(end["numbers"].tobytes() for end in ends)).hexdigest()
    print(f"{PARTITIONS} partitions in round {ROUNDS}, state {digest}")
    shutdown_context().get()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    with tempfile.TemporaryDirectory() as folder:
        main(parser.parse_args().seed, Path(folder))
