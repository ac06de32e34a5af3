"""Generate and train at the same time in Ray, while a generator is killed.

Shows a driver that lets generators run ahead of the trainer, as far as rollouts may be stale, and replaces a
dead generator. Weights go from the trainer through the object store to the generators, not to the driver.

What surprises:

- An object never changes: each version of the weights is a new one, and its reference has to reach the
  generators. In return no reader ever sees half a version.
- With ``max_restarts`` the broken call raises a second later. Here the driver makes a new generator.

Run it: python on_ray.py    (needs torch and numpy)
"""

import argparse
import asyncio
import itertools
import os
import time

import ray
import torch
from ray import ObjectRef
from ray.actor import ActorHandle
from ray.exceptions import ActorDiedError
from torch.distributions import Categorical

GENERATORS, STEPS, SAMPLES, ACTIONS = 2, 120, 128, 16  # which action is right in each of 16 contexts?
WORK, STEP = 0.05, 0.15  # seconds that a rollout and a step take besides, as with a larger model
Samples = list[torch.Tensor]  # contexts, actions, their log-probabilities, rewards


@ray.remote
class Trainer:
    def __init__(self) -> None:
        self.policy = torch.nn.Parameter(torch.zeros(ACTIONS, ACTIONS, dtype=torch.double))  # logits
        self.optimizer = torch.optim.Adam([self.policy], lr=0.1)
        self.policies, self.used = [self.policy.detach().clone()], set[bytes]()  # to check the rollouts

    def weights(self) -> torch.Tensor:
        return self.policy.detach()

    @ray.method(num_returns=2)  # the reward goes to the driver, the weights stay in the object store
    def step(self, versions: list[int], samples: list[Samples]) -> tuple[float, torch.Tensor]:
        contexts, actions, old, rewards = map(torch.cat, zip(*samples, strict=True))
        named = torch.cat([self.policies[v][each[0]] for v, each in zip(versions, samples, strict=True)])
        assert torch.allclose(Categorical(logits=named).log_prob(actions), old), "of the version it names"
        self.used |= {each[0].numpy().tobytes() for each in samples}
        assert len(self.used) == GENERATORS * len(self.policies), "no rollout is used twice"
        new = Categorical(logits=self.policy[contexts]).log_prob(actions)
        self.optimizer.zero_grad()  # the ratio of probabilities corrects for staleness
        (-(new.detach() - old).exp() * (rewards - rewards.mean()) * new).mean().backward()
        self.optimizer.step()
        self.policies.append(self.policy.detach().clone())
        time.sleep(STEP)
        return rewards.mean().item(), self.policy.detach()


@ray.remote
class Generator:
    def __init__(self, seed: int) -> None:
        self.right = torch.randperm(ACTIONS, generator=torch.Generator().manual_seed(seed))
        torch.seed()  # each generator samples differently

    def pid(self) -> int:
        return os.getpid()

    def rollout(self, policy: torch.Tensor, version: int) -> tuple[int, Samples]:
        contexts = torch.randint(ACTIONS, (SAMPLES,))
        choices = Categorical(logits=policy[contexts])
        actions = choices.sample()
        rewards = (actions == self.right[contexts]).double()
        time.sleep(WORK)
        return version, [contexts, actions, choices.log_prob(actions), rewards]


class Controller:
    def __init__(self, weights: ObjectRef, max_staleness: int) -> None:
        self.weights, self.max_staleness = weights, max_staleness
        self.version = self.taken = 0
        self.rollouts: list[tuple[int, int, Samples]] = []  # generator, version, samples
        self.under_way: set[int] = set()  # generators with a rollout

    def fresh(self) -> list[tuple[int, int, Samples]]:
        return [rollout for rollout in self.rollouts if self.version - rollout[1] <= self.max_staleness]

    def ahead(self) -> int:  # of the trainer
        return self.taken + len(self.fresh()) + len(self.under_way) - self.version * GENERATORS

    async def generate(self, number: int, seed: int) -> None:
        """Keep a generator at work, and replace it when it dies."""
        for start in itertools.count():
            generator = Generator.remote(seed)
            try:
                print(f"generator {number}.{start} is process {await generator.pid.remote()}", flush=True)
                while True:
                    self.under_way.discard(number)  # also that of a dead one
                    while self.ahead() >= (self.max_staleness + 1) * GENERATORS:
                        await asyncio.sleep(0.002)
                    self.under_way.add(number)
                    self.rollouts.append(
                        (number, *await generator.rollout.remote(self.weights, self.version))
                    )
            except ActorDiedError as error:
                print(f"generator {number} is lost: {type(error).__name__}", flush=True)

    async def train(self, trainer: ActorHandle) -> list[tuple]:
        history, asked = [], time.monotonic()  # begin, seconds waited, mean reward, staleness, generators
        while len(history) < STEPS or len(set().union(*(of for *_, of in history[-10:]))) < GENERATORS:
            while len(self.fresh()) < GENERATORS:
                await asyncio.sleep(0.002)
            assert self.ahead() <= (self.max_staleness + 1) * GENERATORS, "the bound holds"
            batch, self.rollouts[:] = self.fresh()[:GENERATORS], self.fresh()[GENERATORS:]
            self.taken += GENERATORS
            begun, generators, versions, samples = time.monotonic(), *zip(*batch, strict=True)
            reward, weights = trainer.step.remote(versions, samples)
            history.append((begun, begun - asked, await reward, self.version - min(versions), generators))
            self.version, self.weights, asked = self.version + 1, weights, time.monotonic()
        return history


async def run(max_staleness: int, seed: int) -> list[tuple]:
    trainer = Trainer.remote()
    controller = Controller(trainer.weights.remote(), max_staleness)
    generators = [asyncio.create_task(controller.generate(number, seed)) for number in range(GENERATORS)]
    history = await controller.train(trainer)
    for generator in generators:
        generator.cancel()
    return history


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--max-staleness", type=int, default=2, help="in steps")
    options = parser.parse_args()
    ray.init()

    history = asyncio.run(run(options.max_staleness, options.seed))
    begun, waited, rewards, staleness, _ = zip(*history, strict=True)
    first, last, seconds = sum(rewards[:10]) / 10, sum(rewards[-10:]) / 10, begun[-1] - begun[0]
    print(f"{len(begun)} steps; the reward rose from {first:.2f} to {last:.2f}")
    print(f"staleness {sum(staleness) / len(begun):.1f}, at most {max(staleness)} steps")
    print(f"{len(begun) / seconds:.1f} steps a second; the trainer waited {sum(waited[1:]) / seconds:.0%}")
    assert max(staleness) <= options.max_staleness
    ray.shutdown()


if __name__ == "__main__":
    main()
