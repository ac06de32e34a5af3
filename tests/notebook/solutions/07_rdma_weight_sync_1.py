import os

os.environ["HYPERACTOR_MESH_GET_ACTOR_STATE_MAX_IDLE"] = "2m"

import torch
from monarch.actor import Actor, Channel, Port, endpoint, shutdown_context, this_host
from monarch.rdma import RDMABuffer

SIZE = 1_000_000


class Trainer(Actor):
    def __init__(self) -> None:
        self.weights = torch.full((SIZE,), 7.0)
        self.published = self.weights.clone()

    @endpoint
    def buffer(self) -> RDMABuffer:
        return RDMABuffer(self.published.view(torch.uint8))

    @endpoint
    def train(self, started: Port[None]) -> None:
        for step in range(2000):
            self.weights += 1
            if step == 0:
                started.send(None)


class Generator(Actor):
    @endpoint
    def pull(self, source: RDMABuffer) -> list[float]:
        weights = torch.empty(SIZE)
        source.read_into(weights.view(torch.uint8)).get(timeout=60)
        return weights.unique().tolist()


if __name__ == "__main__":
    trainer = this_host().spawn_procs().spawn("trainer", Trainer)
    generator = this_host().spawn_procs().spawn("generator", Generator)
    source = trainer.buffer.call_one().get(60)
    started, first_step = Channel.open()
    training = trainer.train.call_one(started)
    first_step.recv().get(60)
    values = generator.pull.call_one(source).get(60)
    print(f"{len(values)} values, the first is {values[0]:g}")
    training.get(60)
    shutdown_context().get(60)
