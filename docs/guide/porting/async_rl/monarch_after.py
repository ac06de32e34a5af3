"""Asynchronous RL on Monarch: generators play a bandit while a trainer learns from what they played."""

import asyncio
import math
import random

from monarch.actor import Actor, concurrent_endpoint, current_rank, endpoint, shutdown_context, this_host

Batch = list[tuple[int, float]]


def probabilities(preferences: list[float]) -> list[float]:
    weights = [math.exp(value) for value in preferences]
    return [weight / sum(weights) for weight in weights]


class Queue(Actor):
    def __init__(self, maxsize: int) -> None:
        self.items: asyncio.Queue = asyncio.Queue(maxsize)

    @concurrent_endpoint
    async def put(self, item: tuple[int, Batch]) -> None:
        await self.items.put(item)

    @concurrent_endpoint
    async def get(self) -> tuple[int, Batch]:
        return await self.items.get()


class Trainer(Actor):
    def __init__(self) -> None:
        self.version, self.preferences, self.baseline = 0, [0.0, 0.0], 0.0

    @endpoint
    def weights(self) -> tuple[int, list[float]]:
        return self.version, self.preferences

    @endpoint
    def learn(self, batch: Batch) -> float:
        for arm, reward in batch:
            chances = probabilities(self.preferences)
            for place in range(2):
                self.preferences[place] += 0.1 * (reward - self.baseline) * ((place == arm) - chances[place])
            self.baseline += 0.05 * (reward - self.baseline)
        self.version += 1
        return sum(reward for _, reward in batch) / len(batch)


class Generator(Actor):
    def __init__(self, trainer: Trainer, replay: Queue) -> None:
        self.random, self.trainer, self.replay = random.Random(current_rank().rank), trainer, replay

    @endpoint
    async def play(self, batches: int) -> None:
        for _ in range(batches):
            version, preferences = await self.trainer.weights.call_one()
            arms = self.random.choices([0, 1], probabilities(preferences), k=32)
            batch = [(arm, float(self.random.random() < (0.2, 0.8)[arm])) for arm in arms]
            await self.replay.put.call_one((version, batch))  # waits while four batches are there


def main() -> None:
    replay = this_host().spawn_procs().spawn("replay", Queue, 4)
    trainer = this_host().spawn_procs().spawn("trainer", Trainer)
    generators = this_host().spawn_procs(per_host={"gpus": 2}).spawn("generators", Generator, trainer, replay)
    playing = generators.play.call(30)

    rewards, staleness = [], []
    for step in range(60):
        version, batch = replay.get.call_one().get(timeout=60)
        staleness.append(step - version)
        rewards.append(trainer.learn.call_one(batch).get())
    playing.get()

    assert sum(rewards[-10:]) / 10 > sum(rewards[:4]) / 4 + 0.1, "the reward rises"
    assert sorted(staleness)[30] <= 8, "half of the batches are at most eight steps old"
    print(f"reward {sum(rewards[:4]) / 4:.2f} -> {sum(rewards[-10:]) / 10:.2f}, staleness {max(staleness)}")
    shutdown_context().get(timeout=60)


if __name__ == "__main__":
    main()
