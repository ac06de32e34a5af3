"""Let workers join and leave during a run in Ray, planned or by a kill, while their state moves.

Rendezvous hashing says which worker owns which partition of the state: one that joins or leaves moves only
its own share. What the old owner returns is an argument of the new one, by reference, and does not pass the
driver. What a killed worker owned is restored from checkpoints, and the rounds since are repeated.

What surprises: ``max_restarts`` would bring a killed worker back without its state. A program that goes on
with the rest leaves it at 0, the default. What comes out of the object store is read-only.

Run it: python on_ray.py, and kill the processes that it names.
"""

import argparse
import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import ray
from ray.exceptions import RayActorError, RayTaskError

PARTITIONS, SIZE, ROUNDS, EVERY = 8, 100_000, 120, 10  # numbers of 8 bytes; a checkpoint every 10 rounds
JOIN, LEAVE = {30, 60}, {80, 100}  # before these rounds, a worker joins or leaves


def save(folder: Path, partition: int, number: int, numbers: np.ndarray) -> None:
    np.savez(partial := folder / f"{partition}.partial.npz", round=number, numbers=numbers)
    os.replace(partial, folder / f"{partition}.npz")  # whole or not at all, whenever this process is killed


@ray.remote
class Worker:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.states: dict[int, tuple[int, np.ndarray]] = {}  # of each partition: its round, its numbers

    def pid(self) -> int:
        return os.getpid()

    def restore(self, partition: int) -> int:
        with np.load(self.folder / f"{partition}.npz") as file:
            self.states[partition] = int(file["round"]), file["numbers"]
        return self.states[partition][0]

    def give(self, partition: int) -> tuple[int, np.ndarray]:
        return self.states.pop(partition)

    def take(self, partition: int, state: tuple[int, np.ndarray]) -> None:
        self.states[partition] = state  # read-only, out of the object store

    def advance(self, partitions: list[int], to: int) -> None:
        """Bring partitions to a round, from wherever they are."""
        for partition in partitions:
            number, numbers = self.states[partition]
            while number < to:
                number += 1
                for _ in range(20):  # the work
                    numbers = np.roll(numbers, 1) * np.uint64(6364136223846793005) + np.uint64(number)
                self.states[partition] = number, numbers
                if number % EVERY == 0:
                    save(self.folder, partition, number, numbers)


class Controller:  # who is there, and who owns what; it runs in the driver
    def __init__(self, folder: Path) -> None:
        self.folder, self.workers = folder, []
        self.members: list[int] = []  # the numbers of the workers that may own something
        self.owners: dict[int, int | None] = dict.fromkeys(range(PARTITIONS))
        self.round = self.repeated = 0

    def wait(self, calls: dict[int, ray.ObjectRef]) -> list:
        """Return the results of calls to workers. If one is dead, what it owned has no owner any more."""
        results, error = [], None
        for number, call in calls.items():
            try:
                results.append(ray.get(call))
            except RayTaskError as failed:  # the worker lives; what it was given died with another one
                error = failed
            except RayActorError as dead:
                error = dead
                print(f"worker {number} is lost", flush=True)
                self.members = [member for member in self.members if member != number]
                self.owners = {p: None if owner == number else owner for p, owner in self.owners.items()}
        if error:
            raise error
        return results

    def join(self) -> None:
        number = len(self.workers)
        self.workers.append(Worker.remote(self.folder))
        self.members.append(number)
        [process] = self.wait({number: self.workers[number].pid.remote()})
        print(f"worker {number} is process {process}", flush=True)

    def settle(self, to: int) -> None:
        """Give each partition to its owner, and bring it to a round."""
        for partition in range(PARTITIONS):
            new = max(self.members, key=lambda m: hashlib.sha256(b"%d %d" % (partition, m)).digest())
            old, self.owners[partition] = self.owners[partition], None  # should a call fail
            if old is None:
                [number] = self.wait({new: self.workers[new].restore.remote(partition)})
                self.repeated += to - 1 - number
                print(f"partition {partition} is restored by worker {new} from round {number}", flush=True)
            elif old != new:
                state = self.workers[old].give.remote(partition)
                self.wait({new: self.workers[new].take.remote(partition, state)})
                print(f"partition {partition} moves from worker {old} to worker {new}", flush=True)
            self.owners[partition] = new
        shares = {m: [p for p, owner in self.owners.items() if owner == m] for m in self.members}
        self.wait({m: self.workers[m].advance.remote(share, to) for m, share in shares.items()})
        self.round = to

    def run(self) -> None:
        for _ in range(3):
            self.join()
        for number in range(1, ROUNDS + 1):
            if number in JOIN:
                self.join()
            leaving = self.members.pop(0) if number in LEAVE else None
            while self.round < number:
                with suppress(RayActorError, RayTaskError):  # a worker died: settle the rest again
                    self.settle(number)
            if leaving is not None:
                ray.kill(self.workers[leaving])
                print(f"worker {leaving} leaves", flush=True)
            if number % EVERY == 0:
                print(f"round {number} of {ROUNDS} done by workers {self.members}", flush=True)
        print(f"{self.repeated} rounds repeated", flush=True)


def main(seed: int, folder: Path) -> None:
    ray.init(num_cpus=3 + len(JOIN))  # one for each worker, also on a smaller machine
    for partition in range(PARTITIONS):
        random = np.random.default_rng([seed, partition])
        save(folder, partition, 0, random.integers(2**63, size=SIZE, dtype=np.uint64))
    Controller(folder).run()
    ends = [np.load(folder / f"{p}.npz") for p in range(PARTITIONS)]  # the last round has a checkpoint
    assert [end["round"] for end in ends] == [ROUNDS] * PARTITIONS, "no round is missing"
    digest = hashlib.sha256(b"".join(end["numbers"].tobytes() for end in ends)).hexdigest()
    print(f"{PARTITIONS} partitions in round {ROUNDS}, state {digest}")
    ray.shutdown()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    with tempfile.TemporaryDirectory() as folder:
        main(parser.parse_args().seed, Path(folder))
