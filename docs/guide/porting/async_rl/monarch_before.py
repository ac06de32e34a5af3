"""Asynchronous RL on Monarch: a mesh of generators streams what it plays through a port to the program."""

import math
import random

from monarch.actor import (
    Actor,
    Channel,
    Port,
    current_rank,
    current_size,
    endpoint,
    shutdown_context,
    this_host,
)

Batch = list[tuple[int, float]]


def probability(preference: float) -> float:
    return 1 / (1 + math.exp(-preference))


class Generator(Actor):
    def __init__(self) -> None:
        self.rank, self.size = current_rank().rank, current_size()["gpus"]
        self.random = random.Random(self.rank)
        self.version, self.preference = 0, 0.0

    @endpoint
    def load(self, version: int, preference: float) -> None:
        self.version, self.preference = version, preference

    @endpoint
    def play(self, batches: int, port: Port) -> None:
        for _ in range(batches // self.size):
            arms = [int(self.random.random() < probability(self.preference)) for _ in range(32)]
            batch = [(arm, float(self.random.random() < (0.2, 0.8)[arm])) for arm in arms]
            port.send((self.version, batch))


class Trainer(Actor):
    def __init__(self) -> None:
        self.preference = 0.0

    @endpoint
    def learn(self, batch: Batch) -> float:
        for arm, reward in batch:
            self.preference += 0.1 * (reward - 0.5) * (arm - probability(self.preference))
        return self.preference


def main() -> None:
    trainer = this_host().spawn_procs().spawn("trainer", Trainer)
    generators = this_host().spawn_procs(per_host={"gpus": 2}).spawn("generators", Generator)
    port, receiver = Channel.open()

    rewards = []
    for version in range(15):
        generators.play.broadcast(4, port)
        for _ in range(4):
            _, batch = receiver.recv().get(timeout=60)
            rewards.append(sum(reward for _, reward in batch) / len(batch))
            preference = trainer.learn.call_one(batch).get()
        generators.load.broadcast(version + 1, preference)  # arrives before the next play: one sender's order

    assert sum(rewards[-10:]) / 10 > sum(rewards[:4]) / 4 + 0.1, "the reward rises"
    print(f"reward {sum(rewards[:4]) / 4:.2f} -> {sum(rewards[-10:]) / 10:.2f}")
    shutdown_context().get(timeout=60)


if __name__ == "__main__":
    main()
