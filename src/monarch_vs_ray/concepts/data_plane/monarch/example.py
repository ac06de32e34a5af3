"""Pull weights out of a trainer that goes on training, in Monarch.

Shows a generator that reads 16 MB from the trainer's memory while the trainer is inside one long method.
An ``RDMABuffer`` is a small handle on memory that stays where it is. Whoever holds it reads and writes that
memory, as often as needed, and no method of the owner has to run.

What surprises:

- The buffer is live memory. Weights that are pulled during training are a mix of steps, over TCP even within
  one number. To publish a version, copy it into a second buffer.
- Without an RDMA card the bytes go over TCP, with a warning, and threads of the owner's process send them.

Run it: python example.py    (needs torch)
"""

import os

# After 30 s without an answer a process counts as dead: too soon where importing torch takes long.
os.environ["HYPERACTOR_MESH_GET_ACTOR_STATE_MAX_IDLE"] = "2m"

import torch
from monarch.actor import Actor, Channel, Port, endpoint, shutdown_context, this_host
from monarch.rdma import RDMABuffer

SIZE = 4_000_000  # weights, 4 bytes each
TIMEOUT = 60  # seconds; a pull takes milliseconds


def buffer_of(tensor: torch.Tensor) -> RDMABuffer:
    return RDMABuffer(tensor.view(torch.uint8))  # one-dimensional and contiguous


class Trainer(Actor):
    def __init__(self) -> None:
        self.weights = torch.zeros(SIZE)
        self.published = torch.zeros(SIZE)
        self.stopped = torch.zeros(1)

    @endpoint
    def buffers(self) -> list[RDMABuffer]:
        return [buffer_of(self.weights), buffer_of(self.published), buffer_of(self.stopped)]

    @endpoint
    def publish(self) -> None:
        self.published.copy_(self.weights)

    @endpoint
    def train(self, started: Port[None]) -> int:
        """Take steps until somebody writes into ``stopped``."""
        steps = 0
        while not self.stopped:
            self.weights += 1
            steps += 1
            if steps == 1:
                started.send(None)
        return steps


class Generator(Actor):
    def __init__(self) -> None:
        self.weights = torch.empty(SIZE)

    @endpoint
    def pull(self, source: RDMABuffer) -> tuple[float, float]:
        """Return the smallest and the largest weight: each step adds 1 to all of them."""
        source.read_into(self.weights.view(torch.uint8)).get(timeout=TIMEOUT)
        return self.weights.min().item(), self.weights.max().item()

    @endpoint
    def write_one(self, target: RDMABuffer) -> None:
        target.write_from(torch.ones(1).view(torch.uint8)).get(timeout=TIMEOUT)


def main() -> None:
    trainer = this_host().spawn_procs().spawn("trainer", Trainer)
    generator = this_host().spawn_procs().spawn("generator", Generator)
    weights, published, stopped = trainer.buffers.call_one().get(TIMEOUT)

    started, first_step = Channel.open()
    training = trainer.train.call_one(started)
    first_step.recv().get(TIMEOUT)  # from here on the trainer answers no calls
    assert generator.pull.call_one(published).get(TIMEOUT) == (0, 0), "what was published holds still"
    smallest, largest = generator.pull.call_one(weights).get(TIMEOUT)
    assert largest > 0, "the live weights do not"
    generator.write_one.call_one(stopped).get(TIMEOUT)
    steps = training.get(TIMEOUT)

    trainer.publish.call_one().get(TIMEOUT)
    assert generator.pull.call_one(published).get(TIMEOUT) == (steps, steps), "the same handle, a new version"
    print(f"{steps} steps: pulled one published version, and live weights from {smallest:g} to {largest:g}")
    shutdown_context().get(TIMEOUT)


if __name__ == "__main__":
    main()
