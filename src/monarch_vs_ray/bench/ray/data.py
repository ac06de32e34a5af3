"""Bytes from one actor to another, by each way that Ray has here."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
import ray

from monarch_vs_ray.bench.measure import Measure
from monarch_vs_ray.bench.payload import checksum, payload
from monarch_vs_ray.bench.ray.actors import Process
from monarch_vs_ray.bench.ray.calls import TIMEOUT, end


@ray.remote
class Owner:
    """Has bytes, and puts them into the object store."""

    def prepare(self, size: int) -> None:
        self._data = bytes(payload(size))
        self._array = np.frombuffer(self._data, np.uint8)

    def whole(self) -> bytes:
        return self._data

    def put(self) -> list[Any]:
        """Return the reference in a list: by itself Ray would pass on what it stands for."""
        return [ray.put(self._array)]


@ray.remote
class Receiver:
    """Asks another actor for its bytes; ``checksum`` is of the last ones."""

    def prepare(self, size: int) -> None:
        self._memory = np.frombuffer(payload(size, seed=2), np.uint8)
        self._data: Any = b""

    def receive(self, owner: Any, count: int) -> int:
        began = time.perf_counter_ns()
        for _ in range(count):
            self._data = ray.get(owner.whole.remote())
        return time.perf_counter_ns() - began

    def get(self, owner: Any, count: int) -> int:
        began = time.perf_counter_ns()
        for _ in range(count):
            self._data = None  # the object before is let go of
            self._data = ray.get(ray.get(owner.put.remote())[0])
        return time.perf_counter_ns() - began

    def copy(self, owner: Any, count: int) -> int:
        began = time.perf_counter_ns()
        for _ in range(count):
            np.copyto(self._memory, ray.get(ray.get(owner.put.remote())[0]))
        took = time.perf_counter_ns() - began
        self._data = self._memory
        return took

    def checksum(self) -> int:
        return checksum(memoryview(self._data))


@ray.remote(enable_tensor_transport=True)
class Peer(Process):
    """Has a tensor, and receives one; may be in a collective group."""

    def __init__(self, size: int, seed: int) -> None:
        import torch

        self._tensor = torch.frombuffer(payload(size, seed=seed), dtype=torch.uint8)
        self._taken = 0

    def ready(self) -> None:
        """Return once it is."""

    def tensor(self) -> Any:
        return self._tensor

    def take(self, tensor: Any) -> int:
        return int(tensor.numel())

    def checksum_of(self, tensor: Any) -> int:
        return checksum(memoryview(tensor.numpy()))

    def checksum(self) -> int:
        return checksum(memoryview(self._tensor.numpy()))

    def move(self, rank: int, group: str, count: int) -> int:
        """Send from rank 0 and receive on rank 1."""
        from ray.util import collective

        began = time.perf_counter_ns()
        for _ in range(count):
            if rank:
                collective.recv(self._tensor, 0, group)
            else:
                collective.send(self._tensor, 1, group)
        return time.perf_counter_ns() - began


@cache
def actor(kind: Any) -> Any:
    """Return an actor in a process of its own, the same one for all rows."""
    return kind.remote()


@contextmanager
def peers(size: int) -> Iterator[list[Any]]:
    """Create two actors with a tensor each, in processes of their own, for the block."""
    made = [Peer.remote(size, seed) for seed in (1, 2)]
    try:
        ray.get([peer.ready.remote() for peer in made], timeout=TIMEOUT)
        yield made
    finally:
        end(*made)


def _from_owner(measure: Measure, method: str) -> None:
    size = measure.row.size
    owner, receiver = actor(Owner), actor(Receiver)
    ray.get([owner.prepare.remote(size), receiver.prepare.remote(size)], timeout=TIMEOUT)

    def series(count: int) -> int:
        return int(ray.get(getattr(receiver, method).remote(owner, count), timeout=TIMEOUT))

    series(1)
    arrived = ray.get(receiver.checksum.remote(), timeout=TIMEOUT)
    measure.valid(arrived == checksum(payload(size)), "other bytes arrived")
    measure.batches(series, most=2_000, elsewhere=True)
    ray.get([owner.prepare.remote(0), receiver.prepare.remote(0)], timeout=TIMEOUT)


def message_bytes(measure: Measure) -> None:
    """Let an actor call another, which answers with bytes."""
    _from_owner(measure, "receive")


def store_zero_copy(measure: Measure) -> None:
    """Let an actor get an array that another puts into the object store for it."""
    _from_owner(measure, "get")


def store_copied(measure: Measure) -> None:
    """Do the same, and copy the array into memory of the receiver's own."""
    _from_owner(measure, "copy")


def _by_transport(measure: Measure, transport: str, group: bool) -> None:
    size = measure.row.size
    with peers(size) as (owner, receiver):
        if group:
            from ray.experimental.collective import create_collective_group

            create_collective_group([owner, receiver], backend="gloo")
        make = owner.tensor.options(tensor_transport=transport).remote
        arrived = ray.get(receiver.checksum_of.remote(make()), timeout=TIMEOUT)
        measure.valid(arrived == checksum(payload(size)), "other bytes arrived")
        measure.latency(lambda: ray.get(receiver.take.remote(make()), timeout=TIMEOUT))
        if group:
            from ray.experimental.collective import destroy_all_collective_groups

            destroy_all_collective_groups()


def rdt_gloo(measure: Measure) -> None:
    """Pass a tensor from one actor's method to another's, by gloo."""
    _by_transport(measure, "gloo", group=True)


def rdt_nixl(measure: Measure) -> None:
    """Pass a tensor from one actor's method to another's, by NIXL."""
    _by_transport(measure, "nixl", group=False)


def gloo_send(measure: Measure) -> None:
    """Send a tensor from rank 0 to rank 1 of a gloo group that two actors have made."""
    from ray.experimental.collective import create_collective_group, destroy_all_collective_groups

    size = measure.row.size
    with peers(size) as both:
        group = create_collective_group(both, backend="gloo").name

        def move(count: int) -> int:
            moves = [peer.move.remote(rank, group, count) for rank, peer in enumerate(both)]
            return max(ray.get(moves, timeout=TIMEOUT))

        move(1)
        arrived = ray.get([peer.checksum.remote() for peer in both], timeout=TIMEOUT)
        measure.valid(arrived == [checksum(payload(size))] * 2, "other bytes arrived")
        measure.batches(move, most=2_000, elsewhere=True)
        destroy_all_collective_groups()
