"""Let workers join and leave during a run in Monarch, planned or by a kill, while their state moves.

The state is cut into partitions. Rendezvous hashing says which worker owns which, so that a worker that joins or
leaves moves only its own share. The new owner reads a partition out of the old one's memory through an
``RDMABuffer``; what a killed worker had is restored from its checkpoint, and the rounds since are repeated.

What surprises: a Monarch mesh does not grow or shrink. Each worker has a mesh of its own, and the controller keeps
the list. Until Monarch's next poll, up to 10 s by default, a killed worker looks like a slow one.

Run it: python on_monarch.py, and kill the processes that it names.
"""

import argparse
import asyncio
import hashlib
import os
import tempfile
import warnings
import zlib
from pathlib import Path

import numpy as np
from monarch.actor import Actor, ActorError, MeshFailure, endpoint, shutdown_context, this_host
from monarch.rdma import RDMABuffer

PARTITIONS, SIZE, ROUNDS, EVERY = 8, 100_000, 120, 10  # 8 bytes each; a checkpoint every 10 rounds
JOIN, LEAVE = {30, 60}, {80, 100}  # the rounds before which a worker joins or leaves
TIMEOUT = 120  # seconds; a run takes some 5, and 10 more for a killed worker


class Worker(Actor):
    def __init__(self, seed: int, folder: Path) -> None:
        self.seed, self.folder = seed, folder
        self.states: dict[int, tuple[int, np.ndarray]] = {}  # of each partition: its round, its numbers
        warnings.simplefilter("ignore")  # without an RDMA card, RDMABuffer warns that it uses TCP

    @endpoint
    def pid(self) -> int:
        return os.getpid()

    @endpoint
    def restore(self, partition: int) -> int:
        """Load a partition from its checkpoint, or begin it. Return its round."""
        saved = self.folder / f"{partition}.npz"
        if saved.exists():
            with np.load(saved) as file:
                self.states[partition] = int(file["round"]), file["numbers"]
        else:
            random = np.random.default_rng([self.seed, partition])
            self.states[partition] = 0, random.integers(2**63, size=SIZE, dtype=np.uint64)
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

    @endpoint
    def forget(self, partition: int) -> None:
        del self.states[partition]

    @endpoint
    def advance(self, partitions: list[int], to: int) -> int:
        """Bring partitions to a round, from wherever they are. Return how many rounds that took."""
        taken = 0
        for partition in partitions:
            number, numbers = self.states[partition]
            while number < to:
                number, taken = number + 1, taken + 1
                for _ in range(4):
                    numbers = np.roll(numbers, 1) * np.uint64(6364136223846793005) + np.uint64(number)
                self.states[partition] = number, numbers
                if number % EVERY == 0:
                    np.savez(partial := self.folder / f"{partition}.partial.npz", round=number, numbers=numbers)
                    os.replace(partial, self.folder / f"{partition}.npz")
        return taken

    @endpoint
    def digest(self, partition: int) -> str:
        return hashlib.sha256(self.states[partition][1]).hexdigest()


class Controller(Actor):
    def __init__(self, seed: int, folder: Path) -> None:
        self.seed, self.folder = seed, folder
        self.procs, self.workers, self.members = {}, {}, []
        self.owners: dict[int, int | None] = dict.fromkeys(range(PARTITIONS))

    async def __supervise__(self, failure: MeshFailure) -> bool:
        return True  # handled: the call under way or the next one raises, and `call` acts on it

    async def call(self, number: int, name: str, *arguments: object) -> object:
        """Call an endpoint of a worker. If it fails, its partition or, if the worker is dead, all are lost."""
        try:
            return await getattr(self.workers[number], name).call_one(*arguments)
        except RuntimeError:  # SupervisionError, which has no public name: the worker is dead
            if number in self.members:
                self.members.remove(number)
                print(f"worker {number} is lost", flush=True)
            self.owners = {partition: owner if owner != number else None for partition, owner in self.owners.items()}
            raise

    async def join(self) -> None:
        number = len(self.workers)
        self.procs[number] = this_host().spawn_procs(name=f"procs{number}")
        self.workers[number] = self.procs[number].spawn(f"worker{number}", Worker, self.seed, self.folder)
        self.members.append(number)
        print(f"worker {number} is process {await self.call(number, 'pid')}", flush=True)

    async def place(self, partition: int, new: int) -> None:
        """Move a partition to its owner, out of the old one's memory or, if that is lost, out of the checkpoint."""
        old, self.owners[partition] = self.owners[partition], None
        if old is None:
            number = await self.call(new, "restore", partition)
            print(f"partition {partition} is restored by worker {new} from round {number}", flush=True)
        else:
            await self.call(new, "take", partition, *await self.call(old, "give", partition))
            await self.call(old, "forget", partition)
            print(f"partition {partition} moves from worker {old} to worker {new}", flush=True)
        self.owners[partition] = new

    async def settle(self, to: int) -> int:
        """Place all partitions and bring them to a round, until no worker was lost over it. Return the rounds taken."""
        taken = 0
        while True:
            try:
                for partition in range(PARTITIONS):
                    new = max(self.members, key=lambda number: zlib.crc32(b"%d %d" % (partition, number)))
                    if new != self.owners[partition]:
                        await self.place(partition, new)
                shares = {number: [p for p, owner in self.owners.items() if owner == number] for number in self.members}
                done = await asyncio.gather(
                    *(self.call(number, "advance", share, to) for number, share in shares.items()), return_exceptions=True
                )
                taken += sum(rounds for rounds in done if isinstance(rounds, int))
                if all(isinstance(rounds, int) for rounds in done):
                    return taken
            except (ActorError, RuntimeError):
                continue
