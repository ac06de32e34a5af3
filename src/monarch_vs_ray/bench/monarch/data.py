"""Bytes from one actor to another, by each way that Monarch has here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from monarch.actor import Actor, current_rank, endpoint, this_host
from monarch.rdma import RDMABuffer

from monarch_vs_ray.bench.measure import Measure
from monarch_vs_ray.bench.monarch.calls import TIMEOUT
from monarch_vs_ray.bench.payload import checksum, payload


class Owner(Actor):
    """Has bytes, and a buffer on them."""

    @endpoint
    def prepare(self, size: int) -> RDMABuffer:
        self._data = bytes(payload(size))
        self._memory = memoryview(bytearray(self._data))
        self._buffer = RDMABuffer(self._memory)
        return self._buffer

    @endpoint
    def whole(self) -> bytes:
        return self._data

    @endpoint
    def clear(self) -> None:
        self._memory[:] = bytes(len(self._memory))

    @endpoint
    def checksum(self) -> int:
        return checksum(self._memory)

    @endpoint
    def withdraw(self) -> None:
        self._buffer.drop().get()
        self._memory, self._data = memoryview(b""), b""


class Reader(Actor):
    """Reads from a buffer into memory of its own, or writes from it."""

    @endpoint
    def prepare(self, size: int) -> None:
        self._memory = memoryview(payload(size, seed=2))

    @endpoint
    def read(self, buffer: RDMABuffer, count: int) -> int:
        began = time.perf_counter_ns()
        for _ in range(count):
            buffer.read_into(self._memory).get()
        return time.perf_counter_ns() - began

    @endpoint
    def write(self, buffer: RDMABuffer, count: int) -> int:
        began = time.perf_counter_ns()
        for _ in range(count):
            buffer.write_from(self._memory).get()
        return time.perf_counter_ns() - began

    @endpoint
    def checksum(self) -> int:
        return checksum(self._memory)


class Receiver(Actor):
    """Asks another actor for its bytes."""

    @endpoint
    async def receive(self, owner: Any, count: int) -> int:
        began = time.perf_counter_ns()
        for _ in range(count):
            self._data = await owner.whole.call_one()
        return time.perf_counter_ns() - began

    @endpoint
    async def checksum(self) -> int:
        return checksum(self._data)


class Peer(Actor):
    """One of two ranks of a gloo process group."""

    def __init__(self, size: int) -> None:
        import torch
        import torch.distributed

        self._distributed = torch.distributed
        self._rank = current_rank().rank
        self._tensor = torch.frombuffer(payload(size, seed=1 + self._rank), dtype=torch.uint8)

    @endpoint
    def join(self) -> None:
        self._distributed.init_process_group("gloo")

    @endpoint
    def move(self, count: int) -> int:
        """Send from rank 0 and receive on rank 1."""
        began = time.perf_counter_ns()
        for _ in range(count):
            if self._rank:
                self._distributed.recv(self._tensor, 0)
            else:
                self._distributed.send(self._tensor, 1)
        return time.perf_counter_ns() - began

    @endpoint
    def checksum(self) -> int:
        return checksum(memoryview(self._tensor.numpy()))


@cache
def actor(kind: Any) -> Any:
    """Return an actor in a process of its own, the same one for all rows."""
    return this_host().spawn_procs().spawn(kind.__name__.lower(), kind)


@contextmanager
def prepared(size: int) -> Iterator[tuple[Any, Any]]:
    """Let the owner have bytes for the block; yield it, and a buffer on them."""
    owner = actor(Owner)
    buffer = owner.prepare.call_one(size).get(TIMEOUT)
    try:
        yield owner, buffer
    finally:
        owner.withdraw.call_one().get(TIMEOUT)


def series(measure: Measure, call: Callable[[int], Any]) -> None:
    """Time series of transfers by the clock of the actor that receives or writes."""
    measure.batches(lambda count: call(count).get(TIMEOUT), most=2_000, elsewhere=True)


def message_bytes(measure: Measure) -> None:
    """Let an actor call another, which answers with bytes."""
    size = measure.row.size
    receiver = actor(Receiver)
    with prepared(size) as (owner, _):
        receiver.receive.call_one(owner, 1).get(TIMEOUT)
        arrived = receiver.checksum.call_one().get(TIMEOUT)
        measure.valid(arrived == checksum(payload(size)), "other bytes arrived")
        series(measure, lambda count: receiver.receive.call_one(owner, count))


def rdma_read(measure: Measure) -> None:
    """Let an actor read another's memory."""
    size = measure.row.size
    reader = actor(Reader)
    reader.prepare.call_one(size).get(TIMEOUT)
    with prepared(size) as (_, buffer):
        reader.read.call_one(buffer, 1).get(TIMEOUT)
        arrived = reader.checksum.call_one().get(TIMEOUT)
        measure.valid(arrived == checksum(payload(size)), "other bytes arrived")
        series(measure, lambda count: reader.read.call_one(buffer, count))


def rdma_write(measure: Measure) -> None:
    """Let an actor write into another's memory."""
    size = measure.row.size
    writer = actor(Reader)
    writer.prepare.call_one(size).get(TIMEOUT)
    with prepared(size) as (owner, buffer):
        owner.clear.call_one().get(TIMEOUT)
        writer.write.call_one(buffer, 1).get(TIMEOUT)
        arrived = owner.checksum.call_one().get(TIMEOUT)
        measure.valid(arrived == checksum(payload(size, seed=2)), "other bytes arrived")
        series(measure, lambda count: writer.write.call_one(buffer, count))


def gloo_send(measure: Measure) -> None:
    """Send a tensor from rank 0 to rank 1 of a gloo group that two actors have made."""
    from monarch.spmd import setup_torch_elastic_env

    size = measure.row.size
    procs = this_host().spawn_procs(per_host={"gpus": 2})
    setup_torch_elastic_env(procs)
    peers = procs.spawn("peers", Peer, size)
    peers.join.call().get(TIMEOUT)

    def move(count: int) -> int:
        return max(peers.move.call(count).get(TIMEOUT).values())

    move(1)
    arrived = list(peers.checksum.call().get(TIMEOUT).values())
    measure.valid(arrived == [checksum(payload(size))] * 2, "other bytes arrived")
    measure.batches(move, most=2_000, elsewhere=True)
    procs.stop().get(TIMEOUT)
