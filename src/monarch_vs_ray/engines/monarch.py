"""Monarch for one run: nothing to start, on unix sockets only, and gone when the run ends.

Monarch has no cluster to bring up: ``this_host()`` works at once, and its processes are children of this one.
What it reads from the environment at import (where it logs, and how much) is in ``environment.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from monarch.actor import Actor, endpoint, shutdown_context, this_host

from monarch_vs_ray.core.engine import Ability
from monarch_vs_ray.engines import machine
from monarch_vs_ray.engines.family import members, wait_until_gone

STOP_SECONDS = 15.0


@contextmanager
def running() -> Iterator[None]:
    """Within the block Monarch may be used; after it none of its processes is left."""
    try:
        yield
    finally:
        stop()


def stop() -> None:
    """Shut this host down, its processes and its runtime. Raises TimeoutError if that cannot be done.

    Monarch does the same at exit; doing it here makes sure that it is over when the block is.
    """
    family = members()
    shutdown_context().get(timeout=STOP_SECONDS)
    wait_until_gone(family, "Monarch", STOP_SECONDS)


def abilities() -> list[Ability]:
    """What Monarch can do on this machine; never raises."""
    return [
        machine.find_out("version", lambda: machine.version("torchmonarch")),
        machine.find_out("CPU actors", _cpu_actors),
        machine.find_out("RDMA NIC", _rdma_nic),
        machine.find_out("CUDA", machine.cuda),
        machine.find_out("NCCL", machine.nccl),
        machine.find_out("torch", machine.torch),
    ]


class _Echo(Actor):
    @endpoint
    def echo(self, word: str) -> str:
        return word


def _cpu_actors() -> Ability:
    with running():
        echo = this_host().spawn_procs(per_host={"procs": 1}).spawn("echo", _Echo)
        word = echo.echo.call_one("hello").get(timeout=30)
    return Ability(name="CPU actors", state="works", detail=f"an actor answered {word!r}")


def _rdma_nic() -> Ability:
    """Monarch's own word on it, since it says which way RDMABuffer would go."""
    from monarch.rdma import get_rdma_backend, is_ibverbs_available

    found = machine.rdma_nic()
    if is_ibverbs_available():
        return found
    return Ability(
        name="RDMA NIC",
        state="missing",
        detail=f"no ibverbs device; RDMABuffer goes over {get_rdma_backend()!r}",
        remedy=found.remedy or "needs rdma-core and access to /dev/infiniband",
    )
