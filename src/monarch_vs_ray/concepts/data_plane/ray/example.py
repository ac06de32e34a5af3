"""Pull weights out of a trainer that goes on training, in Ray.

Shows a generator that gets 16 MB while the trainer is inside one long method, in two ways. What a method
returns is copied into the object store: a snapshot, for any reader. With a tensor transport (Ray Direct
Transport, alpha) the tensor stays with the trainer, and goes from there to the actor that is passed the
reference: by gloo here; with GPUs, or the package nixl, by "nccl" or "nixl" in the same place.

What surprises:

- A tensor that is shared this way is live memory. The reference is older than the training, yet the generator
  gets what the trainer has now: a mix of steps, with gloo even within one number (508 between 127 and 128 was
  seen). To publish a version, return a copy or use the object store.
- An object never changes: each version has a new reference, which has to reach every reader.

Run it: python example.py    (needs torch and numpy)
"""

import threading

import ray
import torch
from ray.experimental.collective import create_collective_group, destroy_collective_group

SIZE = 4_000_000  # weights, 4 bytes each


@ray.remote(max_concurrency=2)  # a second thread, for ``stop`` while ``train`` runs
class Trainer:
    def __init__(self) -> None:
        self.weights = torch.zeros(SIZE)
        self.started, self.stopped = threading.Event(), threading.Event()

    def publish(self) -> torch.Tensor:
        return self.weights  # copied into the object store

    @ray.method(tensor_transport="gloo")
    def share(self) -> torch.Tensor:
        return self.weights  # stays here; ``.clone()`` would hold still

    def train(self) -> int:
        """Take steps until ``stop`` is called."""
        steps = 0
        while not self.stopped.is_set():
            self.weights += 1
            steps += 1
            self.started.set()
        return steps

    def wait_for_first_step(self) -> None:
        self.started.wait()

    def stop(self) -> None:
        self.stopped.set()


@ray.remote
class Generator:
    def pull(self, weights: torch.Tensor) -> tuple[float, float]:
        """Return the smallest and the largest weight: each step adds 1 to all of them."""
        return weights.min().item(), weights.max().item()


def main() -> None:
    ray.init()
    trainer, generator = Trainer.remote(), Generator.remote()
    group = create_collective_group([trainer, generator], backend="gloo")  # nixl needs no group

    published, shared = trainer.publish.remote(), trainer.share.remote()
    ray.wait([published, shared], num_returns=2)
    training = trainer.train.remote()
    ray.get(trainer.wait_for_first_step.remote())
    assert ray.get(generator.pull.remote(published)) == (0, 0), "what was published holds still"
    smallest, largest = ray.get(generator.pull.remote(shared))
    assert largest > 0, "the shared weights do not"
    ray.get(trainer.stop.remote())
    steps = ray.get(training)

    published = trainer.publish.remote()
    assert ray.get(generator.pull.remote(published)) == (steps, steps), "a new reference, a new version"
    print(f"{steps} steps: pulled one published version, and live weights from {smallest:g} to {largest:g}")
    destroy_collective_group(group)
    ray.shutdown()


if __name__ == "__main__":
    main()
