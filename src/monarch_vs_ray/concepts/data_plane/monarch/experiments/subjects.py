"""The hosts and actors that Monarch's experiments on the data plane share, and what disturbs an owner."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from monarch.actor import shutdown_context, this_host
from monarch.rdma import RDMABuffer

from monarch_vs_ray.concepts.data_plane import inputs
from monarch_vs_ray.concepts.data_plane.monarch.actors import Generator, Owner, Peer, Reader, Trainer
from monarch_vs_ray.engines.monarch import stop
from monarch_vs_ray.instruments import memory, needs
from monarch_vs_ray.instruments.flags import Flag
from monarch_vs_ray.instruments.monarch import faults_at_root, get
from monarch_vs_ray.side import shared

JOBS: list[Any] = []
"""The job of the second host, once there is one."""


@contextmanager
def session() -> Iterator[None]:
    """Keep a dead owner from ending the side, and end the second host with it."""
    failures()
    try:
        yield
        get(shutdown_context())  # before the host ends, for it says good-bye to it
    finally:
        for job in JOBS:
            job.kill()
        stop()


@shared
def failures() -> list[Any]:
    """Return the failures that have reached the root of the program."""
    return faults_at_root()


def new_process() -> Any:
    """Return a mesh of one new process on this host."""
    return this_host().spawn_procs(per_host={"procs": 1})


@shared
def pair() -> tuple[Any, Any]:
    """Return an owner, and a reader in the same process."""
    process = new_process()
    return process.spawn("owner", Owner), process.spawn("neighbour", Reader)


def owner() -> Any:
    """Return the owner that everybody reads from."""
    return pair()[0]


@shared
def reader() -> Any:
    """Return a reader on the owner's host, in a process of its own."""
    return new_process().spawn("reader", Reader)


@shared
def far() -> Any:
    """Return a reader on a second host, which is on the same machine here."""
    from monarch.job import ProcessJob  # takes 0.3 s, and only this process needs it

    JOBS.append(ProcessJob({"far": 1}))
    return JOBS[0].state(cached_path=None).far.spawn_procs(per_host={"procs": 1}).spawn("far", Reader)


@shared
def published() -> RDMABuffer:
    """Return a buffer of 1 MB whose content nobody changes."""
    return get(owner().publish.call_one(inputs.MB))


@shared
def training() -> tuple[Any, Any, RDMABuffer, RDMABuffer]:
    """Return a trainer, a generator, and the buffers of the live and of the published weights."""
    trainer = new_process().spawn("trainer", Trainer)
    generator = new_process().spawn("generator", Generator)
    live, still = get(trainer.handles.call_one())
    return trainer, generator, live, still


@shared
def peers() -> tuple[Any, Any]:
    """Return two actors with torch and a gloo process group, as torchrun would make one."""
    from monarch.spmd import setup_torch_elastic_env

    needs.package("torch")
    procs = this_host().spawn_procs(per_host={"gpus": 2})
    setup_torch_elastic_env(procs)
    mesh = procs.spawn("peer", Peer)
    get(mesh.join.call())
    return mesh.slice(gpus=0), mesh.slice(gpus=1)


@contextmanager
def busy(actor: Any) -> Iterator[Any]:
    """Keep an actor inside an endpoint for the block; yield a call of it, which has to wait."""
    inside, done = Flag.new(), Flag.new()
    working = actor.work.call_one(inside, done)
    inside.wait()
    try:
        yield actor.pid.call_one()
    finally:
        done.put_up()
    get(working)


@contextmanager
def locked(actor: Any) -> Iterator[Any]:
    """Let no other Python run in the actor's process for the block; yield a call, which has to wait."""
    inside, fifo = Flag.new(), memory.new_fifo()
    working = actor.keep_the_gil.call_one(fifo, inside)
    inside.wait()
    try:
        yield actor.pid.call_one()
    finally:
        memory.release(fifo)
    get(working)
