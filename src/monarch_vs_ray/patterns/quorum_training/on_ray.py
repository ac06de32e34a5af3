"""Train in Ray with a quorum of replicas: one is killed, the others go on, it returns with their weights.

TorchFT does the training's part: a lighthouse says in each step which replicas take part, a step counts if
its collective was whole, and a replica that joins gets the weights of another. Ray Train does the processes'
part: its ``TorchftConfig`` starts the lighthouse in an actor, and makes each worker a replica group that is
replaced alone.

What surprises: ``ray.train.report`` waits for all workers, so a loop that goes on without one cannot use it.
The others wait only for the lighthouse, which gives a silent replica up after `heartbeat_timeout_ms`, 5 s by
default.

Run it: python on_ray.py, and kill the processes that it names. It needs TorchFT 0.2.0.
"""

import argparse
import hashlib
import json
import os
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

os.environ["RAY_DEDUP_LOGS"] = (
    "0"  # print what each worker prints, also if it is alike; read when Ray is imported
)

import ray
import ray.train
import torch
from ray.train import FailureConfig, RunConfig, ScalingConfig
from ray.train.torch import TorchTrainer

try:
    from ray.train.v2.torch.torchft_config import TorchftConfig  # no public name yet
    from torchft import Manager, Optimizer, ProcessGroupGloo
    from torchft.checkpointing.pg_transport import PGTransport
except ImportError as error:
    sys.exit(f"{error}: pip install torchft==0.2.0")

REPLICAS, QUORUM, STEPS = 3, 2, 200  # at least 200 steps, and until all replicas take part


def train(config: dict) -> None:
    """Train one replica, in a worker of its own; in earnest it would be a group of workers."""
    number = ray.train.get_context().get_world_rank()
    print(f"replica {number} is process {os.getpid()}", flush=True)
    Path(config["folder"], f"{os.getpid()}.started").touch()
    torch.manual_seed(config["seed"])
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
        replica_id=f"replica_{number}",
        hostname="127.0.0.1",
        timeout=timedelta(seconds=20),
        checkpoint_transport=PGTransport(group, timedelta(seconds=20), torch.device("cpu")),
    )
    optimizer = Optimizer(manager, inner)
    participants = 0
    while manager.current_step() < STEPS or participants < REPLICAS:
        step = manager.current_step()
        data = torch.Generator().manual_seed(config["seed"] * 1_000_000 + step * REPLICAS + number)
        inputs = torch.randn(2048, 64, generator=data)
        optimizer.zero_grad()  # and ask the lighthouse for the quorum of this step
        loss = torch.nn.functional.mse_loss(model(inputs), inputs[:, :8].sin().sum(1, keepdim=True))
        loss.backward()
        for weight in model.parameters():  # TorchFT 0.2.0's DistributedDataParallel does not bear errors
            manager.allreduce(weight.grad).wait()
        optimizer.step()  # if all of the quorum got through the collective
        if manager.num_participants() != participants:
            participants = manager.num_participants()
            print(f"replica {number} in step {step}: {participants} take part", flush=True)
        elif number == 0 and step % 20 == 0:
            print(f"step {step}, loss {loss.item():.4f}", flush=True)
    manager.shutdown(wait=False)
    weights = b"".join(weight.numpy().tobytes() for weight in model.state_dict().values())
    end = [manager.current_step(), loss.item(), hashlib.sha256(weights).hexdigest()]
    Path(config["folder"], f"{number}.json").write_text(json.dumps(end))


def main(seed: int, folder: str) -> None:
    ray.init(
        num_cpus=REPLICAS + 1
    )  # one for each worker and one for the controller, also on a smaller machine
    TorchTrainer(
        train,
        train_loop_config={"seed": seed, "folder": folder},
        scaling_config=ScalingConfig(num_workers=REPLICAS),
        torch_config=TorchftConfig(
            {"bind": "127.0.0.1:0", "min_replicas": QUORUM, "heartbeat_timeout_ms": 1000}, backend="gloo"
        ),
        run_config=RunConfig(storage_path=folder, failure_config=FailureConfig(max_failures=-1)),
    ).fit()

    ends = [json.loads(Path(folder, f"{number}.json").read_text()) for number in range(REPLICAS)]
    steps, weights = {step for step, _, _ in ends}, {digest for _, _, digest in ends}
    print(f"{len(ends)} replicas end, in {len(steps)} step and with {len(weights)} set of weights")
    print(f"{len(list(Path(folder).glob('*.started')))} processes started")
    print(f"final loss {ends[0][1]:.4f} after {max(steps)} steps")
    assert len(steps) == len(weights) == 1
    ray.shutdown()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    with tempfile.TemporaryDirectory() as folder:
        main(parser.parse_args().seed, folder)
