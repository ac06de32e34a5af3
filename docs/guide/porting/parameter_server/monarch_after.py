"""An asynchronous parameter server on Monarch: a gradient is applied when it comes, its worker goes on."""

import asyncio
import random

from monarch.actor import Actor, current_rank, endpoint, shutdown_context, this_host


class ParameterServer(Actor):
    def __init__(self, rate: float) -> None:
        self.weight, self.rate, self.updates = 0.0, rate, 0

    @endpoint
    def apply(self, gradient: float) -> float:
        self.weight -= self.rate * gradient
        self.updates += 1
        return self.weight

    @endpoint
    def get_weight(self) -> float:
        return self.weight

    @endpoint
    def get_updates(self) -> int:
        return self.updates


class Worker(Actor):
    def __init__(self) -> None:
        self.random = random.Random(current_rank().rank)

    @endpoint
    def gradient(self, weight: float) -> float:
        """Return the gradient of the squared error on a batch of y = 3 x."""
        batch = [self.random.uniform(-1, 1) for _ in range(16)]
        return sum(2 * (weight * x - 3 * x) * x for x in batch) / len(batch)


async def train(server: ParameterServer, workers: Worker) -> None:
    async def keep_busy(worker: Worker) -> None:
        weight = await server.get_weight.call_one()
        for _ in range(30):
            gradient = await worker.gradient.call_one(weight)
            weight = await server.apply.call_one(gradient)

    await asyncio.gather(*[keep_busy(workers.slice(gpus=rank)) for rank in range(2)])


def main() -> None:
    server = this_host().spawn_procs().spawn("server", ParameterServer, 0.5)
    workers = this_host().spawn_procs(per_host={"gpus": 2}).spawn("workers", Worker)

    asyncio.run(train(server, workers))

    weight, updates = server.get_weight.call_one().get(), server.get_updates.call_one().get()
    assert abs(weight - 3) < 0.1
    assert updates == 60
    print(f"weight {weight:.2f} after {updates} updates")
    shutdown_context().get(timeout=60)


if __name__ == "__main__":
    main()
