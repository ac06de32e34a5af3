"""Generate and train at the same time in Monarch, while a generator is killed.

Shows a controller that lets generators run ahead of the trainer, but no further than the rollouts may be stale, and
that replaces a generator when it dies. Weights go from the trainer's memory to the generators, not through the
controller. With ``--max-staleness 0`` the same program is synchronous.

What surprises:

- An ``RDMABuffer`` is live memory: one handle for all versions, and no method of the trainer has to run. A pull
  that meets the next version half-way holds both; a checksum notices it, and the pull is repeated.
- A rollout under way counts against the bound. If a dead generator's is not given back, each death leaves less to
  train on, and with staleness 0 nothing.
- The call of a dead generator raises at the next poll, up to 10 s later by default. README.md recommends less.

Run it: python on_monarch.py    (needs torch and numpy)
"""

import argparse
import asyncio
import itertools
import os
import time
import zlib

# After 30 s without an answer a process counts as dead: too soon where importing torch takes long.
os.environ.setdefault("HYPERACTOR_MESH_GET_ACTOR_STATE_MAX_IDLE", "2m")

import monarch.actor
import torch
from monarch.actor import Actor, MeshFailure, concurrent_endpoint, endpoint, shutdown_context, this_host
from monarch.rdma import RDMABuffer
from torch.distributions import Categorical
from torch.nn.utils import parameters_to_vector, vector_to_parameters

GENERATORS, STEPS, SAMPLES = 2, 120, 128  # a step trains on one rollout of so many samples for each generator
ACTIONS = 16  # the task: learn which of 16 actions is right in each of 16 contexts
WORK = 0.05  # seconds that a rollout and a step take besides, as with a larger model
TIMEOUT = 120  # seconds
Rollout = tuple[int, list[torch.Tensor]]  # version; contexts, actions, their log-probabilities, rewards


def new_policy() -> torch.nn.Module:
    torch.set_num_threads(1)  # several processes share the cores
    return torch.nn.Sequential(torch.nn.Embedding(ACTIONS, 32), torch.nn.Tanh(), torch.nn.Linear(32, ACTIONS))


class Trainer(Actor):
    def __init__(self, seed: int) -> None:
        torch.manual_seed(seed)
        self.policy, self.version = new_policy(), 0
        self.optimizer = torch.optim.Adam(self.policy.parameters(), lr=0.02)
        self.published = self.packed()

    def packed(self) -> torch.Tensor:
        """Return a checksum, the version and the weights."""
        weights = parameters_to_vector(self.policy.parameters()).detach()
        content = torch.cat([torch.tensor([self.version]), weights]).double()
        return torch.cat([torch.tensor([zlib.crc32(content.numpy())]), content])

    @endpoint
    async def weights(self) -> RDMABuffer:
        return RDMABuffer(self.published.view(torch.uint8))

    @endpoint
    async def step(self, rollouts: list[Rollout]) -> float:
        """Train on the rollouts, publish the next version, and return the mean reward."""
        contexts, actions, old, rewards = map(torch.cat, zip(*(samples for _, samples in rollouts)))
        new = Categorical(logits=self.policy(contexts)).log_prob(actions)
        ratio = (new.detach() - old).exp().clamp(max=2)  # corrects for staleness
        (-ratio * (rewards - rewards.mean()) * new).mean().backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        await asyncio.sleep(WORK)
        self.version += 1
        self.published.copy_(self.packed())
        return rewards.mean().item()


class Generator(Actor):
    def __init__(self, seed: int) -> None:
        self.policy = new_policy()
        self.right = torch.randperm(ACTIONS, generator=torch.Generator().manual_seed(seed))
        torch.seed()  # each generator samples differently

    @endpoint
    async def process(self) -> int:
        return os.getpid()

    @endpoint
    async def rollout(self, weights: RDMABuffer) -> Rollout:
        pulled = torch.ones(weights.size() // 8).double()
        while pulled[0] != zlib.crc32(pulled[1:].numpy()):  # until it met no version half-way
            await weights.read_into(pulled.view(torch.uint8))
        vector_to_parameters(pulled[2:].float(), self.policy.parameters())
        contexts = torch.randint(ACTIONS, (SAMPLES,))
        with torch.no_grad():
            choices = Categorical(logits=self.policy(contexts))
        actions = choices.sample()
        await asyncio.sleep(WORK)
        return int(pulled[1]), [
            contexts,
            actions,
            choices.log_prob(actions),
            (actions == self.right[contexts]).float(),
        ]


class Controller(Actor):
    """Owns the generators, and holds their rollouts until the trainer takes them."""

    def __init__(self, max_staleness: int, seed: int) -> None:
        self.max_staleness, self.seed = max_staleness, seed
        self.version, self.under_way, self.taken = 0, 0, 0
        self.rollouts: list[Rollout] = []
        self.changed = asyncio.Condition()

    def has_room(self) -> bool:
        begun = self.taken + len(self.rollouts) + self.under_way
        return begun < (self.version + self.max_staleness + 1) * GENERATORS

    def is_fresh(self, rollout: Rollout) -> bool:
        return self.version - rollout[0] <= self.max_staleness

    @concurrent_endpoint
    async def generate(self, number: int, weights: RDMABuffer) -> None:
        """Keep a generator at work, and replace it when it dies."""
        for spawned in itertools.count():
            generator = this_host().spawn_procs().spawn(f"generator{number}_{spawned}", Generator, self.seed)
            try:
                print(f"generator {number} is process {await generator.process.call_one()}", flush=True)
                while True:
                    async with self.changed:
                        await self.changed.wait_for(self.has_room)
                        self.under_way += 1
                    rollout = None
                    try:
                        rollout = await generator.rollout.call_one(weights)
                    finally:
                        async with self.changed:
                            self.under_way -= 1
                            if rollout and self.is_fresh(rollout):
                                self.rollouts.append(rollout)
                            self.changed.notify_all()
            except Exception as error:  # SupervisionError has no public name
                print(f"generator {number} is lost: {type(error).__name__}", flush=True)

    def __supervise__(self, failure: MeshFailure) -> bool:
        return True  # handled in ``generate``, whose call raises

    @concurrent_endpoint
    async def train(self, trainer: Trainer) -> list[tuple[float, float, float, int]]:
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
            reward = await trainer.step.call_one(batch)
            history.append((begun, begun - asked, reward, step - min(version for version, _ in batch)))
            async with self.changed:
                self.version += 1
                self.rollouts = list(filter(self.is_fresh, self.rollouts))
                self.changed.notify_all()
        return history


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--max-staleness", type=int, default=2, help="in steps; with 0 all wait for each other"
    )
    options = parser.parse_args()
    monarch.actor.unhandled_fault_hook = print  # by default an unhandled failure interrupts the program

    trainer = this_host().spawn_procs().spawn("trainer", Trainer, options.seed)
    weights = trainer.weights.call_one().get(TIMEOUT)
    controller = (
        this_host().spawn_procs().spawn("controller", Controller, options.max_staleness, options.seed)
    )
    generators = [controller.generate.call_one(number, weights) for number in range(GENERATORS)]
    begun, waited, rewards, staleness = zip(*controller.train.call_one(trainer).get(TIMEOUT))

    seconds, first, last = begun[-1] - begun[0], sum(rewards[:10]) / 10, sum(rewards[-10:]) / 10
    print(f"{STEPS} steps; the reward rose from {first:.2f} to {last:.2f}")
    print(f"staleness {sum(staleness) / STEPS:.1f}, at most {max(staleness)} steps")
    print(
        f"{(STEPS - 1) / seconds:.1f} steps a second; the trainer waited {sum(waited[1:]) / seconds:.0%} of the time"
    )
    assert first < 0.4 and last > 0.9, "the policy learns"
    assert max(staleness) <= options.max_staleness
    shutdown_context().get(TIMEOUT)


if __name__ == "__main__":
    main()
