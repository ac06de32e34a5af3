"""Train in Monarch with a quorum of replicas: one is killed, the others go on, it returns with their weights.

TorchFT does the training's part: a lighthouse says in each step which replicas take part, a step counts if
its collective was whole, and a replica that joins gets the weights of another. Monarch does the processes'
part: the supervisor owns the replicas, each on a process of its own, and spawns another for one that is lost.

What surprises: the others wait for neither Monarch's poll nor the new process, only for the lighthouse, which
gives a silent replica up after `heartbeat_timeout_ms`, 5 s by default.

Run it: python on_monarch.py, and kill the processes that it names. It needs TorchFT 0.2.0.
"""

import argparse
import asyncio
import hashlib
import os
import sys
from datetime import timedelta

import torch
from monarch.actor import Actor, ActorError, MeshFailure, endpoint, shutdown_context, this_host

try:
    from torchft import Manager, Optimizer, ProcessGroupGloo
    from torchft.checkpointing.pg_transport import PGTransport
    from torchft.coordination import LighthouseServer
except ImportError as error:
    sys.exit(f"{error}: pip install torchft==0.2.0")

REPLICAS, QUORUM, STEPS = 3, 2, 200  # at least 200 steps, and until all replicas take part
TIMEOUT = 120  # seconds; a run takes some 10


def say(line: str) -> None:
    print(f"{line}\n", end="", flush=True)  # in one write: the replicas share stdout


class Replica(Actor):
    """A replica of the model, on one process; in earnest it would be a mesh of processes."""

    def __init__(self, number: int, lighthouse: str) -> None:
        self.number, self.lighthouse = number, lighthouse

    @endpoint
    def train(self, seed: int) -> tuple[int, float, str]:
        """Return the last step, its loss, and a digest of the weights."""
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        model = torch.nn.Sequential(torch.nn.Linear(64, 512), torch.nn.Tanh(), torch.nn.Linear(512, 1))
        inner = torch.optim.Adam(model.parameters(), lr=1e-3)

        def load(state: dict) -> None:
            model.load_state_dict(state["model"])
            inner.load_state_dict(state["optimizer"])

        def state() -> dict:
            return {"model": model.state_dict(), "optimizer": inner.state_dict()}

        store = torch.distributed.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
        group = ProcessGroupGloo(timedelta(seconds=5))  # a survivor may wait for another that gave up
        manager = Manager(
            group,
            load,
            state,
            min_replica_size=QUORUM,
            rank=0,
            world_size=1,
            store_addr="127.0.0.1",
            store_port=store.port,
            lighthouse_addr=self.lighthouse,
            replica_id=f"replica_{self.number}",
            hostname="127.0.0.1",
            timeout=timedelta(seconds=20),
            checkpoint_transport=PGTransport(group, timedelta(seconds=20), torch.device("cpu")),
        )
        optimizer = Optimizer(manager, inner)
        participants = 0
        while manager.current_step() < STEPS or participants < REPLICAS:
            step = manager.current_step()
            data = torch.Generator().manual_seed(seed * 1_000_000 + step * REPLICAS + self.number)
            inputs = torch.randn(2048, 64, generator=data)
            optimizer.zero_grad()  # and ask the lighthouse for the quorum of this step
            loss = torch.nn.functional.mse_loss(model(inputs), inputs[:, :8].sin().sum(1, keepdim=True))
            loss.backward()
            for weight in model.parameters():  # TorchFT 0.2.0's DistributedDataParallel does not bear errors
                manager.allreduce(weight.grad).wait()
            optimizer.step()  # if all of the quorum got through the collective
            if manager.num_participants() != participants:
                participants = manager.num_participants()
                say(f"replica {self.number} in step {step}: {participants} take part")
            elif self.number == 0 and step % 20 == 0:
                say(f"step {step}, loss {loss.item():.4f}")
        manager.shutdown(wait=False)
        weights = b"".join(weight.numpy().tobytes() for weight in model.state_dict().values())
        return manager.current_step(), loss.item(), hashlib.sha256(weights).hexdigest()

    @endpoint
    def pid(self) -> int:
        return os.getpid()


class Supervisor(Actor):
    def __init__(self, lighthouse: str) -> None:
        self.lighthouse = lighthouse
        self.spawned = 0

    async def __supervise__(self, failure: MeshFailure) -> bool:
        return True  # handled: the call under way raises, and `keep` acts on it

    async def keep(self, number: int, seed: int) -> tuple[int, float, str]:
        """Keep one replica training until it is done, on as many processes as that takes."""
        while True:
            self.spawned += 1
            replica = this_host().spawn_procs().spawn(f"replica{number}", Replica, number, self.lighthouse)
            try:
                say(f"replica {number} is process {await replica.pid.call_one()}")
                return await replica.train.call_one(seed)
            except (ActorError, RuntimeError) as error:  # RuntimeError: SupervisionError, it is dead
                say(f"replica {number} is lost: {type(error).__name__}")

    @endpoint
    async def train(self, seed: int) -> tuple[int, list[tuple[int, float, str]]]:
        ends = await asyncio.gather(*(self.keep(number, seed) for number in range(REPLICAS)))
        return self.spawned, ends


def main(seed: int) -> None:
    lighthouse = LighthouseServer(bind="127.0.0.1:0", min_replicas=QUORUM, heartbeat_timeout_ms=1000)
    address = f"http://127.0.0.1:{lighthouse.address().rsplit(':', 1)[1]}"
    supervisor = this_host().spawn_procs().spawn("supervisor", Supervisor, address)
    spawned, ends = supervisor.train.call_one(seed).get(TIMEOUT)

    steps, weights = {step for step, _, _ in ends}, {digest for _, _, digest in ends}
    print(f"{len(ends)} replicas end, in {len(steps)} step and with {len(weights)} set of weights")
    print(f"{spawned} processes started")
    print(f"final loss {ends[0][1]:.4f} after {max(steps)} steps")
    assert len(steps) == len(weights) == 1
    lighthouse.shutdown()
    shutdown_context().get(TIMEOUT)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    main(parser.parse_args().seed)
