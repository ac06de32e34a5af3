"""Train with a parameter server in Ray while a worker is killed.

Shows workers that pull weights and push gradients; two options bring a dead one back. The server makes a step
when it has the gradient of each shard, once: the result is that of a run without faults, to the last bit.

What surprises:

- ``max_restarts`` starts the process again, and ``max_task_retries`` its ``work``, from the beginning: it has
  to find its place itself, by its first pull.
- A worker may die after its gradient has arrived, and push it again. So a push names its step and shard, and
  a second one changes nothing.
- Async methods of an actor overlap: a pull waits for the next step while the pushes for it arrive. Methods
  without ``async`` run one at a time: such a pull would keep every push out, for good.

Run it: python on_ray.py    (needs torch)
"""

import argparse
import asyncio
import os
import time

import ray
import torch
from ray.actor import ActorHandle

SHARDS, STEPS, FEATURES = 3, 60, 20
WORK = 0.03  # seconds that a gradient takes besides, as with a larger model
RATE = 0.1


def batch(*seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return inputs and targets of a linear model with noise, the same ones for the same seed."""
    random = torch.Generator().manual_seed(hash(seed))
    inputs = torch.randn(64, FEATURES, generator=random)
    return inputs, inputs.sum(dim=1) + 0.1 * torch.randn(64, generator=random)


def loss_of(weights: torch.Tensor, *seed: int) -> torch.Tensor:
    inputs, targets = batch(*seed)
    return ((inputs @ weights - targets) ** 2).mean()


@ray.remote
class ParameterServer:
    def __init__(self) -> None:
        self.weights, self.step = torch.zeros(FEATURES), 0
        self.gradients: dict[int, torch.Tensor] = {}
        self.stepped = asyncio.Condition()
        self.lines: asyncio.Queue[str] = asyncio.Queue()

    async def announce(self, line: str) -> None:
        self.lines.put_nowait(line)

    async def next_line(self) -> str:
        return await self.lines.get()

    async def pull(self, step: int) -> tuple[int, torch.Tensor]:
        """Return the current step and its weights, as soon as ``step`` is reached."""
        async with self.stepped:
            await self.stepped.wait_for(lambda: self.step >= step)
            return self.step, self.weights

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


@ray.remote(max_restarts=-1, max_task_retries=-1)  # without limit; both are 0 by default
class Worker:
    def __init__(self, shard: int, seed: int) -> None:
        self.shard, self.seed = shard, seed

    def work(self, server: ActorHandle) -> None:
        step, weights = ray.get(server.pull.remote(0))
        server.announce.remote(f"worker {self.shard} is process {os.getpid()}, and begins at step {step}")
        while step < STEPS:
            weights = weights.clone().requires_grad_()
            loss_of(weights, self.seed, step, self.shard).backward()
            time.sleep(WORK)
            ray.get(server.push.remote(step, self.shard, weights.grad))
            step, weights = ray.get(server.pull.remote(step + 1))


async def train(seed: int) -> tuple[int, torch.Tensor]:
    server = ParameterServer.remote()
    workers = [Worker.remote(shard, seed) for shard in range(SHARDS)]  # an actor ends with its last handle

    async def report() -> None:
        while True:
            print(await server.next_line.remote(), flush=True)

    reports = asyncio.create_task(report())
    await asyncio.gather(*(worker.work.remote(server) for worker in workers))
    reports.cancel()
    return await server.pull.remote(STEPS)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    seed = parser.parse_args().seed
    ray.init()

    begun = time.monotonic()
    steps, weights = asyncio.run(train(seed))
    loss = loss_of(weights, seed, STEPS, 0).item()
    print(f"{steps} of {STEPS} steps")
    print(f"final loss {loss:.9f}")
    print(f"{time.monotonic() - begun:.1f} seconds")
    assert steps == STEPS, "no step twice"
    assert loss < 0.03, "the noise is 0.01"
    ray.shutdown()


if __name__ == "__main__":
    main()
