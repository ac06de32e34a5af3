"""A synchronous parameter server on Monarch: workers read the weights from its memory, all at once."""

import random
from array import array

from monarch.actor import Actor, current_rank, endpoint, shutdown_context, this_host
from monarch.rdma import RDMABuffer


class ParameterServer(Actor):
    def __init__(self, rate: float) -> None:
        self.weights, self.rate = array("d", [0.0, 0.0]), rate

    @endpoint
    def publish(self) -> RDMABuffer:
        return RDMABuffer(memoryview(self.weights).cast("B"))

    @endpoint
    def apply(self, gradients: list[list[float]]) -> list[float]:
        for gradient in gradients:
            for place, value in enumerate(gradient):
                self.weights[place] -= self.rate * value / len(gradients)
        return list(self.weights)


class Worker(Actor):
    def __init__(self, buffer: RDMABuffer) -> None:
        self.buffer, self.random = buffer, random.Random(current_rank().rank)

    @endpoint
    async def gradient(self) -> list[float]:
        """Return the gradient of the squared error on a batch of y = 3 x + 1."""
        weights = array("d", [0.0, 0.0])
        await self.buffer.read_into(memoryview(weights).cast("B"))
        batch = [self.random.uniform(-1, 1) for _ in range(16)]
        errors = [weights[0] * x + weights[1] - (3 * x + 1) for x in batch]
        slope = sum(2 * error * x for error, x in zip(errors, batch))
        return [slope / len(batch), sum(2 * error for error in errors) / len(batch)]


def main() -> None:
    server = this_host().spawn_procs().spawn("server", ParameterServer, 0.5)
    buffer = server.publish.call_one().get()
    workers = this_host().spawn_procs(per_host={"gpus": 2}).spawn("workers", Worker, buffer)

    for _ in range(60):
        gradients = workers.gradient.call().get()
        weights = server.apply.call_one(list(gradients.values())).get()

    assert abs(weights[0] - 3) < 0.1
    assert abs(weights[1] - 1) < 0.1
    print(f"weights {weights[0]:.2f} and {weights[1]:.2f} after 60 steps")
    shutdown_context().get(timeout=60)


if __name__ == "__main__":
    main()
