"""Generate and train at the same time in Ray, while a generator is killed.

Shows a driver that lets generators run ahead of the trainer, but no further than the rollouts may be stale, and that
replaces a generator when it dies. Weights go from the trainer through the object store to the generators, not
through the driver. With ``--max-staleness 0`` the same program is synchronous.

What surprises:

- An object never changes: each version of the weights is a new one, and its reference has to reach the generators.
  In return no reader ever sees half a version.
- A rollout under way counts against the bound. If a dead generator's is not given back, each death leaves less to
  train on, and with staleness 0 nothing.
- ``max_restarts`` would bring the generator back, but the driver would have to repeat the broken call, and would
  learn of the death a second later. Here it makes a new generator.

Run it: python on_ray.py    (needs torch and numpy)
"""

import argparse
import asyncio
import os
import time

import ray
import torch
from ray import ObjectRef
from ray.actor import ActorHandle
from ray.exceptions import ActorDiedError
from torch.distributions import Categorical

GENERATORS, STEPS, SAMPLES = 2, 120, 128  # a step trains on one rollout of so many samples for each generator
ACTIONS = 16  # the task: learn which of 16 actions is right in each of 16 contexts
WORK = 0.05  # seconds that a rollout and a step take besides, as with a larger model
Rollout = tuple[int, list[torch.Tensor]]  # version; contexts, actions, their log-probabilities, rewards


def new_policy() -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Embedding(ACTIONS, 32), torch.nn.Tanh(), torch.nn.Linear(32, ACTIONS))


@ray.remote
class Trainer:
    def __init__(self, seed: int) -> None:
        torch.manual_seed(seed)
        self.policy = new_policy()
        self.optimizer = torch.optim.Adam(self.policy.parameters(), lr=0.02)

    def weights(self) -> dict[str, torch.Tensor]:
        return self.policy.state_dict()

    @ray.method(num_returns=2)  # the weights stay in the object store, the reward goes to the driver
    def step(self, rollouts: list[Rollout]) -> tuple[float, dict[str, torch.Tensor]]:
        """Train on the rollouts; return the mean reward, and the next version of the weights."""
        contexts, actions, old, rewards = map(torch.cat, zip(*(samples for _, samples in rollouts)))
        new = Categorical(logits=self.policy(contexts)).log_prob(actions)
        ratio = (new.detach() - old).exp().clamp(max=2)  # corrects for staleness
        (-ratio * (rewards - rewards.mean()) * new).mean().backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        time.sleep(WORK)
        return rewards.mean().item(), self.weights()


@ray.remote
class Generator:
    def __init__(self, seed: int) -> None:
        self.policy = new_policy()
        self.right = torch.randperm(ACTIONS, generator=torch.Generator().manual_seed(seed))
        torch.seed()  # each generator samples differently

    def process(self) -> int:
        return os.getpid()

    def rollout(self, weights: dict[str, torch.Tensor], version: int) -> Rollout:
        self.policy.load_state_dict(weights)
        contexts = torch.randint(ACTIONS, (SAMPLES,))
        with torch.no_grad():
            choices = Categorical(logits=self.policy(contexts))
        actions = choices.sample()
        time.sleep(WORK)
        return version, [
            contexts,
            actions,
            choices.log_prob(actions),
            (actions == self.right[contexts]).float(),
        ]


class Controller:
    """Owns the generators, and holds their rollouts until the trainer takes them."""

    def __init__(self, weights: ObjectRef, max_staleness: int, seed: int) -> None:
        self.weights, self.max_staleness, self.seed = weights, max_staleness, seed
        self.version, self.under_way, self.taken = 0, 0, 0
        self.rollouts: list[Rollout] = []
        self.changed = asyncio.Condition()

    def has_room(self) -> bool:
        begun = self.taken + len(self.rollouts) + self.under_way
        return begun < (self.version + self.max_staleness + 1) * GENERATORS

    def is_fresh(self, rollout: Rollout) -> bool:
        return self.version - rollout[0] <= self.max_staleness

    async def generate(self, number: int) -> None:
        """Keep a generator at work, and replace it when it dies."""
        while True:
            generator = Generator.remote(self.seed)
            try:
                print(f"generator {number} is process {await generator.process.remote()}", flush=True)
                while True:
                    async with self.changed:
                        await self.changed.wait_for(self.has_room)
                        self.under_way += 1
                    rollout = None
                    try:
                        rollout = await generator.rollout.remote(self.weights, self.version)
                    finally:
                        async with self.changed:
                            self.under_way -= 1
                            if rollout and self.is_fresh(rollout):
                                self.rollouts.append(rollout)
                            self.changed.notify_all()
            except ActorDiedError as error:
                print(f"generator {number} is lost: {type(error).__name__}", flush=True)

    async def train(self, trainer: ActorHandle) -> list[tuple[float, float, float, int]]:
        """Return for each step its begin, the seconds that the trainer waited, the mean reward and the staleness."""
        history = []
        for step in range(STEPS):
            asked = time.monotonic()
            async with self.changed:
                await self.changed.wait_for(lambda: len(self.rollouts) >= GENERATORS)
                batch = [self.rollouts.pop(0) for _ in range(GENERATORS)]
                self.taken += GENERATORS
            begun = time.monotonic()
            if step == 0:
                print("training begins", flush=True)
            reward, weights = trainer.step.remote(batch)
            history.append((begun, begun - asked, await reward, step - min(version for version, _ in batch)))
            async with self.changed:
                self.version, self.weights = self.version + 1, weights
                self.rollouts = list(filter(self.is_fresh, self.rollouts))
                self.changed.notify_all()
        return history


async def run(max_staleness: int, seed: int) -> list[tuple[float, float, float, int]]:
    trainer = Trainer.remote(seed)
    controller = Controller(trainer.weights.remote(), max_staleness, seed)
    generators = [asyncio.create_task(controller.generate(number)) for number in range(GENERATORS)]
    history = await controller.train(trainer)
    for generator in generators:
        generator.cancel()
    return history


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--max-staleness", type=int, default=2, help="in steps; with 0 all wait for each other"
    )
    options = parser.parse_args()
    ray.init()
    begun, waited, rewards, staleness = zip(*asyncio.run(run(options.max_staleness, options.seed)))

    seconds, first, last = begun[-1] - begun[0], sum(rewards[:10]) / 10, sum(rewards[-10:]) / 10
    print(f"{STEPS} steps; the reward rose from {first:.2f} to {last:.2f}")
    print(f"staleness {sum(staleness) / STEPS:.1f}, at most {max(staleness)} steps")
    print(
        f"{(STEPS - 1) / seconds:.1f} steps a second; the trainer waited {sum(waited[1:]) / seconds:.0%} of the time"
    )
    assert first < 0.4 and last > 0.9, "the policy learns"
    assert max(staleness) <= options.max_staleness
    ray.shutdown()


if __name__ == "__main__":
    main()
