"""Ray for one run: started quietly, on loopback, joined to nothing, and gone when the run ends.

What Ray reads from the environment at import (loopback, the token's place) is in ``environment.py``.
"""

from __future__ import annotations

import logging
import os
import secrets
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ray

from monarch_vs_ray.core.engine import Ability
from monarch_vs_ray.engines import machine
from monarch_vs_ray.engines.environment import RAY_ADDRESS, RUN_DIR
from monarch_vs_ray.engines.family import members, wait_until_gone

STOP_SECONDS = 5.0
OBJECT_STORE_BYTES = 256 * 1024 * 1024


@contextmanager
def running(cpus: int = 4, **options: Any) -> Iterator[None]:
    """Within the block Ray runs; after it none of its processes is left.

    ``cpus`` is what Ray's scheduler may hand out, not what the machine has: an actor needs one to be
    placed. ``options`` go to ``ray.init`` as they are.
    """
    start(cpus, **options)
    try:
        yield
    finally:
        stop()


def start(cpus: int = 4, **options: Any) -> None:
    """Start a Ray of our own; or join the cluster whose address the user gave."""
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address := os.environ.get(RAY_ADDRESS):
        ray.init(address, **{**quiet, **options})
        return
    write_token()
    settings: dict[str, Any] = {
        "address": "local",  # never one that happens to be there
        "num_cpus": cpus,
        "object_store_memory": OBJECT_STORE_BYTES,
        "include_dashboard": False,
        "_temp_dir": os.environ.get(RUN_DIR),
        **quiet,
    }
    if interpreter():
        settings["runtime_env"] = interpreter()
    ray.init(**{**settings, **options})


def interpreter() -> dict[str, str]:
    """What a runtime environment has to say of this interpreter, whose path may have a space in it.

    Ray 2.60 starts workers that have a runtime environment through a shell and quotes nothing: with a space
    they would never come up. Where there is nothing to quote, there is nothing to say.
    """
    quoted = shlex.quote(sys.executable)
    return {} if quoted == sys.executable else {"py_executable": quoted}


def stop() -> None:
    """Shut Ray down and wait for its processes. Raises TimeoutError if one cannot be ended."""
    family = members()
    ray.shutdown()
    wait_until_gone(family, "Ray", STOP_SECONDS)


def write_token() -> None:
    """Make the token that guards our cluster, where ``environment.py`` told Ray to look for it.

    ``start`` does it; who starts nodes by other means, such as ``ray.cluster_utils.Cluster``, does it first.
    """
    path = os.environ.get("RAY_AUTH_TOKEN_PATH")
    if path and not os.path.exists(path):
        with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_hex(32))


def abilities() -> list[Ability]:
    """What Ray can do on this machine; never raises."""
    return [
        machine.find_out("version", lambda: machine.version("ray")),
        machine.find_out("CPU actors", _cpu_actors),
        machine.find_out("RDMA NIC", machine.rdma_nic),
        machine.find_out("CUDA", machine.cuda),
        machine.find_out("NCCL", _nccl),
        machine.find_out("torch", machine.torch),
    ]


def _cpu_actors() -> Ability:
    class Echo:
        def echo(self, word: str) -> str:
            return word

    with running(cpus=1):
        word = ray.get(ray.remote(Echo).remote().echo.remote("hello"), timeout=30)
    return Ability(name="CPU actors", state="works", detail=f"an actor answered {word!r}")


def _nccl() -> Ability:
    """Ray's own collectives reach NCCL through CuPy."""
    from ray.util.collective.collective import nccl_available

    found = machine.nccl()
    if found.state != "works" or nccl_available():
        return found
    return Ability(
        name="NCCL",
        state="missing",
        detail=f"{found.detail}, but ray.util.collective cannot use it",
        remedy="pip install cupy-cuda12x  (torch's own NCCL works without it)",
    )
