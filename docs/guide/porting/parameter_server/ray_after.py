"""A synchronous parameter server on Ray: workers get the weights from the object store, all at once."""

import random
from array import array

import ray


@ray.remote
class ParameterServer:
    def __init__(self, rate: float) -> None:
        self.weights, self.rate = array("d", [0.0, 0.0]), rate

    def publish(self) -> array:
        return self.weights

    def apply(self, *gradients: list[float]) -> list[float]:
        for gradient in gradients:
            for place, value in enumerate(gradient):
                self.weights[place] -= self.rate * value / len(gradients)
        return list(self.weights)


@ray.remote
class Worker:
    def __init__(self, rank: int) -> None:
        self.random = random.Random(rank)

    def gradient(self, weights: array) -> list[float]:
        """Return the gradient of the squared error on a batch of y = 3 x + 1."""
        batch = [self.random.uniform(-1, 1) for _ in range(16)]
        errors = [weights[0] * x + weights[1] - (3 * x + 1) for x in batch]
        slope = sum(2 * error * x for error, x in zip(errors, batch))
        return [slope / len(batch), sum(2 * error for error in errors) / len(batch)]


def main() -> None:
    ray.init()
    server = ParameterServer.remote(0.5)
    workers = [Worker.remote(rank) for rank in range(2)]

    for _ in range(60):
        weights = server.publish.remote()  # a new object each step: what is published does not change
        gradients = [worker.gradient.remote(weights) for worker in workers]
        weights = ray.get(server.apply.remote(*gradients))

    assert abs(weights[0] - 3) < 0.1
    assert abs(weights[1] - 1) < 0.1
    print(f"weights {weights[0]:.2f} and {weights[1]:.2f} after 60 steps")
    ray.shutdown()


if __name__ == "__main__":
    main()
