"""Asynchronous RL on Ray: generators stream what they play as generator methods, which the program reads."""

import math
import random
from collections.abc import Iterator

import ray

Batch = list[tuple[int, float]]


def probability(preference: float) -> float:
    return 1 / (1 + math.exp(-preference))


@ray.remote
class Generator:
    def __init__(self, rank: int, size: int) -> None:
        self.rank, self.size = rank, size
        self.random = random.Random(self.rank)
        self.version, self.preference = 0, 0.0

    def load(self, version: int, preference: float) -> None:
        self.version, self.preference = version, preference

    def play(self, batches: int) -> Iterator[tuple[int, Batch]]:
        for _ in range(batches // self.size):
            arms = [int(self.random.random() < probability(self.preference)) for _ in range(32)]
            batch = [(arm, float(self.random.random() < (0.2, 0.8)[arm])) for arm in arms]
            yield self.version, batch


@ray.remote
class Trainer:
    def __init__(self) -> None:
        self.preference = 0.0

    def learn(self, batch: Batch) -> float:
        for arm, reward in batch:
            self.preference += 0.1 * (reward - 0.5) * (arm - probability(self.preference))
        return self.preference


def main() -> None:
    ray.init()
    trainer = Trainer.remote()
    generators = [Generator.remote(rank, 2) for rank in range(2)]

    rewards = []
    for version in range(15):
        streams = [generator.play.remote(4) for generator in generators]
        for ref in (ref for stream in streams for ref in stream):
            _, batch = ray.get(ref)
            rewards.append(sum(reward for _, reward in batch) / len(batch))
            preference = ray.get(trainer.learn.remote(batch))
        for generator in generators:
            generator.load.options(num_returns=0).remote(version + 1, preference)

    assert sum(rewards[-10:]) / 10 > sum(rewards[:4]) / 4 + 0.1, "the reward rises"
    print(f"reward {sum(rewards[:4]) / 4:.2f} -> {sum(rewards[-10:]) / 10:.2f}")
    ray.shutdown()


if __name__ == "__main__":
    main()
