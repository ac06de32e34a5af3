"""Asynchronous RL on Ray: generators play a bandit while a trainer learns from what they played."""

import math
import random

import ray
from ray.util.queue import Queue

Batch = list[tuple[int, float]]


def probabilities(preferences: list[float]) -> list[float]:
    weights = [math.exp(value) for value in preferences]
    return [weight / sum(weights) for weight in weights]


@ray.remote
class Trainer:
    def __init__(self) -> None:
        self.version, self.preferences, self.baseline = 0, [0.0, 0.0], 0.0

    def weights(self) -> tuple[int, list[float]]:
        return self.version, self.preferences

    def learn(self, batch: Batch) -> float:
        for arm, reward in batch:
            chances = probabilities(self.preferences)
            for place in range(2):
                self.preferences[place] += 0.1 * (reward - self.baseline) * ((place == arm) - chances[place])
            self.baseline += 0.05 * (reward - self.baseline)
        self.version += 1
        return sum(reward for _, reward in batch) / len(batch)


@ray.remote
class Generator:
    def __init__(self, seed: int, trainer: ray.actor.ActorHandle, replay: Queue) -> None:
        self.random, self.trainer, self.replay = random.Random(seed), trainer, replay

    def play(self, batches: int) -> None:
        for _ in range(batches):
            version, preferences = ray.get(self.trainer.weights.remote())
            arms = self.random.choices([0, 1], probabilities(preferences), k=32)
            batch = [(arm, float(self.random.random() < (0.2, 0.8)[arm])) for arm in arms]
            self.replay.put((version, batch))  # waits while four batches are there


def main() -> None:
    ray.init()
    replay = Queue(maxsize=4)
    trainer = Trainer.remote()
    generators = [Generator.remote(seed, trainer, replay) for seed in range(2)]
    playing = [generator.play.remote(30) for generator in generators]

    rewards, staleness = [], []
    for step in range(60):
        version, batch = replay.get(timeout=60)
        staleness.append(step - version)
        rewards.append(ray.get(trainer.learn.remote(batch)))
    ray.get(playing)

    assert sum(rewards[-10:]) / 10 > sum(rewards[:4]) / 4 + 0.1, "the reward rises"
    assert sorted(staleness)[30] <= 8, "half of the batches are at most eight steps old"
    print(f"reward {sum(rewards[:4]) / 4:.2f} -> {sum(rewards[-10:]) / 10:.2f}, staleness {max(staleness)}")
    ray.shutdown()


if __name__ == "__main__":
    main()
