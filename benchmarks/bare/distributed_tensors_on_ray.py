"""What ``concepts/distributed_tensors/on_ray.py`` does, with no event API and no launcher around it.

The demo's wall time is compared with this script's: python benchmarks/bare/distributed_tensors_on_ray.py
It prints what it saw, as JSON, and how long it took. The network, the inputs and the training function, which
emits no events either, are the project's, since Ray's workers import them.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import shlex
import sys
import tempfile
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

BEGAN = time.perf_counter()
FOLDER = TemporaryDirectory(prefix="mvr-", ignore_cleanup_errors=True)
TOKEN = Path(FOLDER.name, "ray-token")
TOKEN.write_text(secrets.token_hex(32))
os.environ.pop("RAY_ADDRESS", None)
os.environ.pop("RAY_AUTH_TOKEN", None)
os.environ.update(
    TMPDIR=FOLDER.name,
    RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER="0",  # listen on loopback only
    RAY_AUTH_MODE="token",
    RAY_AUTH_TOKEN_PATH=str(TOKEN),
    RAY_USAGE_STATS_ENABLED="0",
    RAY_ENABLE_UV_RUN_RUNTIME_ENV="0",
    RAY_worker_niceness="0",
    RAY_TRAIN_HEALTH_CHECK_INTERVAL_S="0.2",
    RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S="150",
    GLOO_SOCKET_IFNAME="lo",
    PYTHONWARNINGS="ignore",
)
tempfile.tempdir = FOLDER.name

import ray  # noqa: E402 - reads its settings when imported
import torch  # noqa: E402
from ray.util import collective  # noqa: E402

from monarch_vs_ray.concepts.distributed_tensors import spec, workload  # noqa: E402

GROUP = "ranks"

SEEN: dict[str, Any] = {}

# Ray 2.60 does not quote the interpreter of workers that have a runtime environment.
QUOTED = shlex.quote(sys.executable)
INTERPRETER = {} if sys.executable == QUOTED else {"py_executable": QUOTED}


def see(key, value):
    SEEN[key] = value


def main():
    see("device", f"{workload.device()} over {workload.backend()}")
    ray.init(
        address="local",
        num_cpus=2 * spec.RANKS,
        object_store_memory=256 * 1024 * 1024,
        include_dashboard=False,
        _temp_dir=FOLDER.name,
        log_to_driver=False,
        logging_level=logging.ERROR,
        runtime_env=INTERPRETER or None,
    )
    on_ranks = Rank.options(num_gpus=int(workload.device() == "cuda"))
    ranks = [on_ranks.remote(rank) for rank in range(spec.RANKS)]
    per_rank_tensors(ranks)

    gradients = own_gradients(ranks)
    expected = [workload.local_gradient(rank) for rank in range(spec.RANKS)]
    see("local_gradients", furthest(gradients, expected))
    see("unsynced", furthest(gradients, workload.alone().gradient))

    gradient, weights = train_from_here(ranks)
    see("led_gradient", workload.difference(gradient, workload.alone().gradient))
    see("led_weights", furthest(weights, workload.alone().weights))

    see("native_reduce", reduced(ranks))
    for rank in ranks:
        ray.kill(rank)

    # Imported here, so that the actors above need not have it.
    from monarch_vs_ray.concepts.distributed_tensors.training_on_ray import fit

    result = fit(Path(tempfile.mkdtemp()))

    for key in ("spmd", "wrapped", "averaged_gradient", "weights_equal", "weights_reference"):
        see(key, result.metrics[key])
    see("loss", abs(result.metrics["loss"] - float(workload.alone().loss)))
    answer = result.return_value
    see("answers", [answer.pop("rank")])
    with result.checkpoint.as_directory() as folder:
        saved = workload.read(Path(folder, "weights.pt"))
    see("checkpoint", workload.difference(saved, workload.alone().weights))

    for key, value in answer.items():
        see(key, value)
    see("by_coordinates", "no such call")
    see("simulated", "no simulator")

    ray.shutdown()


@ray.remote
class Rank:
    def __init__(self, rank):
        self.rank = rank
        self.model = workload.network(workload.device())
        self.share = [part.to(workload.device()) for part in workload.share(rank)]
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=spec.LEARNING_RATE)

    def number(self):
        return torch.full((), 10.0) + self.rank

    def operations(self):
        return workload.operations(self.share[0]).cpu()

    def gradient(self):
        self.optimizer.zero_grad()
        workload.loss_of(self.model, *self.share).backward()
        return [parameter.grad.cpu() for parameter in self.model.parameters()]

    def apply(self, gradients):
        for parameter, gradient in zip(self.model.parameters(), gradients, strict=True):
            parameter.grad = gradient.to(workload.device())
        self.optimizer.step()
        return workload.weights_of(self.model)

    def average(self):
        collective.init_collective_group(spec.RANKS, self.rank, workload.backend(), GROUP)
        total = torch.tensor([float(self.rank)], device=workload.device())
        collective.allreduce(total, group_name=GROUP)
        collective.destroy_collective_group(GROUP)
        return float(total) / spec.RANKS


def furthest(tensors, expected):
    wanted = expected if isinstance(expected, list) else [expected] * len(tensors)
    return max(workload.difference(a, b) for a, b in zip(tensors, wanted, strict=True))


def per_rank_tensors(ranks):
    references = [rank.number.remote() for rank in ranks]
    see("held", f"{len(references)} {type(references[0]).__module__}.{type(references[0]).__name__}")
    see("unfetched", spec.refusal(lambda: float(references[0])))
    see("per_rank", [float(number) for number in ray.get(references, timeout=spec.PATIENCE)])
    results = ray.get([rank.operations.remote() for rank in ranks], timeout=spec.PATIENCE)
    expected = [workload.operations(workload.share(rank)[0]) for rank in range(spec.RANKS)]
    see("operations", furthest(results, expected))


def vector(gradients):
    return torch.cat([gradient.flatten() for gradient in gradients])


def own_gradients(ranks):
    gradients = ray.get([rank.gradient.remote() for rank in ranks], timeout=spec.PATIENCE)
    return [vector(one) for one in gradients]


def train_from_here(ranks):
    first, weights = None, []
    for _ in range(spec.STEPS):
        gradients = ray.get([rank.gradient.remote() for rank in ranks], timeout=spec.PATIENCE)
        average = [torch.stack(parts).mean(dim=0) for parts in zip(*gradients, strict=True)]
        first = vector(average) if first is None else first
        shared = ray.put(average)  # once in the object store, not once for each rank
        weights = ray.get([rank.apply.remote(shared) for rank in ranks], timeout=spec.PATIENCE)
    assert first is not None
    return first, weights


def reduced(ranks):
    averages = ray.get([rank.average.remote() for rank in ranks], timeout=spec.PATIENCE)
    return f"averages to {', '.join(f'{average:g}' for average in sorted(set(averages)))}, over all ranks"


if __name__ == "__main__":
    try:
        main()
        print(json.dumps(SEEN, indent=1))
    finally:
        FOLDER.cleanup()
    print(f"{time.perf_counter() - BEGAN:.2f} s")
