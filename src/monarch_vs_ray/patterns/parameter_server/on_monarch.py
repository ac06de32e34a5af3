"""Train with a parameter server in Monarch while a worker is killed.

Shows workers that pull weights and push gradients, and an owner that replaces a dead one. The server makes a
step when it has the gradient of each shard, once: the result is that of a run without faults, bit by bit.

What surprises:

- A worker may die after its gradient has arrived. Its replacement computes it again, so a push names its step
  and shard, and a second one changes nothing.
- All workers wait for the dead one until the next poll, up to 10 s by default. README.md recommends less.
- Endpoints run one at a time: a pull that waits for the next step would keep every push out, for good.
  ``concurrent_endpoint`` lets them overlap.

Run it: python on_monarch.py    (needs torch)
"""

import argparse
import asyncio
import itertools
import os
import time

import monarch.actor
import torch
from monarch.actor import Actor, MeshFailure, concurrent_endpoint, endpoint, shutdown_context, this_host

SHARDS, STEPS, FEATURES = 3, 60, 20
WORK = 0.03  # seconds that a gradient takes besides, as with a larger model
RATE = 0.1
TIMEOUT = 120  # seconds


def batch(*seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return inputs and targets of a linear model with noise, the same ones for the same seed."""
    random = torch.Generator().manual_seed(hash(seed))
    inputs = torch.randn(64, FEATURES, generator=random)
    return inputs, inputs.sum(dim=1) + 0.1 * torch.randn(64, generator=random)


def loss_of(weights: torch.Tensor, *seed: int) -> torch.Tensor:
    inputs, targets = batch(*seed)
    return ((inputs @ weights - targets) ** 2).mean()


class ParameterServer(Actor):
    def __init__(self) -> None:
        torch.set_num_threads(1)  # several processes share the cores
        self.weights, self.step = torch.zeros(FEATURES), 0
        self.gradients: dict[int, torch.Tensor] = {}
        self.stepped = asyncio.Condition()

    @concurrent_endpoint
    async def pull(self, step: int) -> tuple[int, torch.Tensor]:
        """Return the current step and its weights, as soon as ``step`` is reached."""
        async with self.stepped:
            await self.stepped.wait_for(lambda: self.step >= step)
            return self.step, self.weights

    @concurrent_endpoint
    async def push(self, step: int, shard: int, gradient: torch.Tensor) -> None:
        async with self.stepped:
            if step != self.step:
                return  # pushed by a worker that died after it, and again by its replacement
            self.gradients[shard] = gradient
            if len(self.gradients) == SHARDS:
                self.weights = (
                    self.weights - RATE * sum(self.gradients[shard] for shard in range(SHARDS)) / SHARDS
                )
                self.gradients, self.step = {}, self.step + 1
                self.stepped.notify_all()


class Worker(Actor):
    def __init__(self, shard: int, seed: int) -> None:
        torch.set_num_threads(1)
        self.shard, self.seed = shard, seed

    @endpoint
    async def work(self, server: ParameterServer) -> None:
        step, weights = await server.pull.call_one(0)
        print(f"worker {self.shard} is process {os.getpid()}, and begins at step {step}", flush=True)
        while step < STEPS:
            weights.requires_grad_()
            loss_of(weights, self.seed, step, self.shard).backward()
            await asyncio.sleep(WORK)
            await server.push.call_one(step, self.shard, weights.grad)
            step, weights = await server.pull.call_one(step + 1)


class Owner(Actor):
    """Owns the workers, and replaces dead ones."""

    @concurrent_endpoint
    async def keep(self, shard: int, seed: int, server: ParameterServer) -> None:
        for spawned in itertools.count():
            worker = this_host().spawn_procs().spawn(f"worker{shard}_{spawned}", Worker, shard, seed)
            try:
                await worker.work.call_one(server)
                return
            except Exception as error:  # SupervisionError has no public name
                print(f"worker {shard} is lost: {type(error).__name__}", flush=True)

    def __supervise__(self, failure: MeshFailure) -> bool:
        return True  # handled in ``keep``, whose call raises


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    seed = parser.parse_args().seed
    monarch.actor.unhandled_fault_hook = print  # by default an unhandled failure interrupts the program

    server = this_host().spawn_procs().spawn("server", ParameterServer)
    owner = this_host().spawn_procs().spawn("owner", Owner)
    begun = time.monotonic()
    for work in [owner.keep.call_one(shard, seed, server) for shard in range(SHARDS)]:
        work.get(TIMEOUT)

    steps, weights = server.pull.call_one(STEPS).get(TIMEOUT)
    loss = loss_of(weights, seed, STEPS, 0).item()
    print(f"{steps} of {STEPS} steps")
    print(f"final loss {loss:.9f}")
    print(f"{time.monotonic() - begun:.1f} seconds")
    assert steps == STEPS, "no step twice"
    assert loss < 0.03, "the noise is 0.01"
    shutdown_context().get(TIMEOUT)


if __name__ == "__main__":
    main()
