"""Generate and train at the same time in Monarch, while a generator is killed.

Shows a controller that lets generators run ahead of the trainer within a bound, and replaces a dead one.

What surprises:

- An ``RDMABuffer`` is live memory: a pull that meets the next version holds both; a checksum notices it.

Run it: python on_monarch.py    (needs torch and numpy)
"""

import argparse
import asyncio
import itertools
import os
import time
import zlib

import monarch.actor
import torch
from monarch.actor import Actor, MeshFailure, concurrent_endpoint, endpoint, shutdown_context, this_host
from monarch.rdma import RDMABuffer
from torch.distributions import Categorical

GENERATORS, STEPS, SAMPLES, ACTIONS = 2, 120, 128, 16  # which action is right in each of 16 contexts?
WORK, STEP = 0.05, 0.15  # seconds that a rollout and a step take besides, as with a larger model
Samples = list[torch.Tensor]  # contexts, actions, their log-probabilities, rewards


class Trainer(Actor):
    def __init__(self) -> None:
        torch.set_num_threads(1)  # several processes share the cores
        self.policy = torch.nn.Parameter(torch.zeros(ACTIONS, ACTIONS, dtype=torch.double))  # logits
        self.optimizer = torch.optim.Adam([self.policy], lr=0.1)
        self.policies, self.used = list[torch.Tensor](), set[bytes]()  # to check the rollouts
        self.published = self.packed()

    def packed(self) -> torch.Tensor:  # a checksum, the version, the weights
        self.policies.append(self.policy.detach().clone())
        content = torch.cat([torch.tensor([len(self.policies) - 1]), self.policies[-1].flatten()])
        return torch.cat([torch.tensor([zlib.crc32(content.numpy())]), content])

    @endpoint
    async def weights(self) -> RDMABuffer:
        return RDMABuffer(self.published.view(torch.uint8))

    @endpoint
    async def step(self, versions: list[int], samples: list[Samples]) -> float:
        contexts, actions, old, rewards = map(torch.cat, zip(*samples, strict=True))
        named = torch.cat([self.policies[v][each[0]] for v, each in zip(versions, samples, strict=True)])
        assert torch.allclose(Categorical(logits=named).log_prob(actions), old), "of the version it names"
        self.used |= {each[0].numpy().tobytes() for each in samples}
        assert len(self.used) == GENERATORS * len(self.policies), "no rollout is used twice"
        new = Categorical(logits=self.policy[contexts]).log_prob(actions)
        self.optimizer.zero_grad()  # the ratio of probabilities corrects for staleness
        (-(new.detach() - old).exp() * (rewards - rewards.mean()) * new).mean().backward()
        self.optimizer.step()
        await asyncio.sleep(STEP)
        for half, packed in zip(self.published.chunk(2), self.packed().chunk(2), strict=True):
            half.copy_(packed)
            await asyncio.sleep(0.005)  # a pull may come in between, as with a larger model
        return rewards.mean().item()


class Generator(Actor):
    def __init__(self, number: int, start: int, seed: int) -> None:
        self.right = torch.randperm(ACTIONS, generator=torch.Generator().manual_seed(seed))
        torch.seed()  # each generator samples differently
        print(f"generator {number}.{start} is process {os.getpid()}", flush=True)

    @endpoint
    async def rollout(self, weights: RDMABuffer) -> tuple[int, Samples]:
        pulled = torch.ones(weights.size() // 8, dtype=torch.double)
        while pulled[0] != zlib.crc32(pulled[1:].numpy()):
            await weights.read_into(pulled.view(torch.uint8))
        contexts = torch.randint(ACTIONS, (SAMPLES,))
        choices = Categorical(logits=pulled[2:].view(ACTIONS, ACTIONS)[contexts])
        actions = choices.sample()
        rewards = (actions == self.right[contexts]).double()
        await asyncio.sleep(WORK)
        return int(pulled[1]), [contexts, actions, choices.log_prob(actions), rewards]


class Controller(Actor):
    def __init__(self, max_staleness: int) -> None:
        self.max_staleness, self.version, self.taken = max_staleness, 0, 0
        self.rollouts: list[tuple[int, int, Samples]] = []  # generator, version, samples
        self.under_way: set[int] = set()  # generators with a rollout

    def fresh(self) -> list[tuple[int, int, Samples]]:
        return [rollout for rollout in self.rollouts if self.version - rollout[1] <= self.max_staleness]

    def ahead(self) -> int:  # of the trainer
        return self.taken + len(self.fresh()) + len(self.under_way) - self.version * GENERATORS

    @concurrent_endpoint
    async def generate(self, number: int, seed: int, weights: RDMABuffer) -> None:
        for start in itertools.count():
            generator = this_host().spawn_procs().spawn(f"g{number}_{start}", Generator, number, start, seed)
            try:
                while True:
                    self.under_way.discard(number)  # also that of a dead one
                    while self.ahead() >= (self.max_staleness + 1) * GENERATORS:
                        await asyncio.sleep(0.002)
                    self.under_way.add(number)
                    self.rollouts.append((number, *await generator.rollout.call_one(weights)))
            except Exception as error:  # SupervisionError has no public name
                print(f"generator {number} is lost: {type(error).__name__}", flush=True)

    def __supervise__(self, failure: MeshFailure) -> bool:
        return True  # handled in ``generate``, whose call raises

    @concurrent_endpoint
    async def train(self, trainer: Trainer) -> list[tuple]:
        history, asked = [], time.monotonic()  # begin, seconds waited, mean reward, staleness, generators
        while len(history) < STEPS or len(set().union(*(of for *_, of in history[-10:]))) < GENERATORS:
            while len(self.fresh()) < GENERATORS:
                await asyncio.sleep(0.002)
            assert self.ahead() <= (self.max_staleness + 1) * GENERATORS, "the bound holds"
            batch, self.rollouts[:] = self.fresh()[:GENERATORS], self.fresh()[GENERATORS:]
            self.taken += GENERATORS
            begun, generators, versions, samples = time.monotonic(), *zip(*batch, strict=True)
            reward = await trainer.step.call_one(versions, samples)
            history.append((begun, begun - asked, reward, self.version - min(versions), generators))
            self.version, asked = self.version + 1, time.monotonic()
        return history


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--max-staleness", type=int, default=2, help="in steps")
    options = parser.parse_args()
    monarch.actor.unhandled_fault_hook = print  # by default an unhandled failure interrupts the program
    trainer = this_host().spawn_procs().spawn("trainer", Trainer)
    controller = this_host().spawn_procs().spawn("controller", Controller, options.max_staleness)
    for number in range(GENERATORS):  # they go on until the program ends
        controller.generate.call_one(number, options.seed, trainer.weights.call_one().get(150))
    begun, waited, rewards, staleness, _ = zip(*controller.train.call_one(trainer).get(150), strict=True)

    first, last, seconds = sum(rewards[:10]) / 10, sum(rewards[-10:]) / 10, begun[-1] - begun[0]
    print(f"{len(begun)} steps; the reward rose from {first:.2f} to {last:.2f}")
    print(f"staleness {sum(staleness) / len(begun):.1f}, at most {max(staleness)} steps")
    print(f"{len(begun) / seconds:.1f} steps a second; the trainer waited {sum(waited[1:]) / seconds:.0%}")
    assert max(staleness) <= options.max_staleness
    shutdown_context().get(150)


if __name__ == "__main__":
    main()
