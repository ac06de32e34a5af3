"""The settings of a training run, which both engines get."""

from __future__ import annotations

import os
from collections.abc import Mapping

import msgspec

SETTING = "MVR_TRAINING"
"""The environment variable that holds the run's ``Training`` as JSON."""
WORKERS = 2
SAMPLE = 160
"""How many characters the trained model writes."""
MOST_FAILURES = 3
"""How many deaths of workers a run survives; then something else is wrong."""
PATIENCE = 120.0
"""Seconds after which a wait is given up: a new worker imports torch, perhaps on a machine that is busy."""

ENVIRONMENT: Mapping[str, str] = {
    # Both engines' workers talk to each other over loopback only.
    "GLOO_SOCKET_IFNAME": "lo",
    "NCCL_SOCKET_IFNAME": "lo",
    # One thread for each worker: the same sums in the same order on both engines.
    "OMP_NUM_THREADS": "1",
    # cuBLAS gives the same result each time only with a workspace of its own.
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    # How soon a dead worker is noticed: both engines look by polling, every 10 s and 2 s by default.
    "HYPERACTOR_MESH_SUPERVISION_POLL_FREQUENCY": "500ms",
    "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.1",
    # Half the default. Who takes longer to answer a poll counts as dead, so it has to be long.
    "HYPERACTOR_MESH_GET_ACTOR_STATE_MAX_IDLE": "15s",
    # A worker imports torch when it starts, which takes long on a busy machine.
    "HYPERACTOR_MESH_PROC_SPAWN_MAX_IDLE": f"{PATIENCE:g}s",
    "HYPERACTOR_MESH_ACTOR_SPAWN_MAX_IDLE": f"{PATIENCE:g}s",
    "RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S": f"{PATIENCE:g}",
}


class Training(msgspec.Struct, frozen=True, kw_only=True):
    """One run. ``batch`` sequences of ``context`` characters are what one worker sees in one step.

    ``kill_after`` is the step after which one worker is killed, 0 for none. A checkpoint is kept after every
    ``checkpoint_every`` steps.
    """

    seed: int = 0
    steps: int = 400
    kill_after: int = 0
    checkpoint_every: int = 20
    layers: int = 2
    width: int = 96
    heads: int = 4
    context: int = 64
    batch: int = 16
    learning_rate: float = 4e-3
    warmup: int = 20

    @property
    def characters_per_step(self) -> int:
        """Return how many characters all workers together learn from in one step."""
        return WORKERS * self.batch * self.context


def to_environment(training: Training) -> dict[str, str]:
    """Return the environment variables of a side that is to run it."""
    return {**ENVIRONMENT, SETTING: msgspec.json.encode(training).decode()}


def from_environment() -> Training:
    """Return the run that this process was started for; the default one where none was given."""
    return msgspec.json.decode(os.environ.get(SETTING, "{}"), type=Training)
