"""An asynchronous parameter server on Ray: a gradient is applied when it comes, its worker goes on."""

import random

import ray


@ray.remote
class ParameterServer:
    def __init__(self, rate: float) -> None:
        self.weight, self.rate, self.updates = 0.0, rate, 0

    def apply(self, gradient: float) -> float:
        self.weight -= self.rate * gradient
        self.updates += 1
        return self.weight

    def get_weight(self) -> float:
        return self.weight

    def size(self) -> int:
        return self.updates


@ray.remote
class Worker:
    def __init__(self, rank: int) -> None:
        self.random = random.Random(rank)

    def gradient(self, weight: float) -> float:
        """Return the gradient of the squared error on a batch of y = 3 x."""
        batch = [self.random.uniform(-1, 1) for _ in range(16)]
        return sum(2 * (weight * x - 3 * x) * x for x in batch) / len(batch)


def main() -> None:
    ray.init()
    server = ParameterServer.remote(0.5)
    workers = [Worker.remote(rank) for rank in range(2)]

    weight = server.get_weight.remote()
    running = {worker.gradient.remote(weight): worker for worker in workers}
    for _ in range(60):
        (done,), _ = ray.wait(list(running))
        worker = running.pop(done)
        weight = server.apply.remote(done)  # the reference is passed on, its value never comes here
        running[worker.gradient.remote(weight)] = worker

    weight, updates = ray.get([server.get_weight.remote(), server.size.remote()])
    assert abs(weight - 3) < 0.1
    assert updates == 60
    print(f"weight {weight:.2f} after {updates} updates")
    ray.shutdown()


if __name__ == "__main__":
    main()
