"""Actors for the probes on Monarch, the hosts that they are on, and those that all probes share."""

from __future__ import annotations

import ctypes
import gc
import mmap
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import monarch
import monarch.actor
from monarch.actor import endpoint, shutdown_context, this_host
from monarch.rdma import RDMAAction, RDMABuffer, is_ibverbs_available

from monarch_vs_ray.concepts.data_plane import instruments, spec
from monarch_vs_ray.concepts.data_plane.calls_on_monarch import get
from monarch_vs_ray.concepts.data_plane.on_monarch import Owner, Reader, Trainer, address
from monarch_vs_ray.engines.monarch import stop
from monarch_vs_ray.side import Unavailable

FAILURES: list[monarch.actor.MeshFailure] = []
SHARED = bytearray(spec.KB)
"""An object of this module: each process that imports it has one."""
BATCH = 64
PULLS_OF_IDLE = 8
PIECES_HELD = 4
SHORT = 1
"""Seconds that a read gets whose owner is dead."""


class WatchedOwner(Owner):
    """An owner that says what its process has, and may be told to do without TCP."""

    @endpoint
    def own_megabytes(self) -> int:
        """Memory that belongs to this process alone, without what the C library keeps of what was freed."""
        ctypes.CDLL(None).malloc_trim(0)
        status = Path("/proc/self/status").read_text()
        return int(status.partition("RssAnon:")[2].split()[0]) // spec.KB

    @endpoint
    def let_go(self) -> None:
        self.memory.clear()
        self.pieces.clear()
        gc.collect()

    @endpoint
    def by_value(self, size: int) -> bytes:
        return spec.payload(size)

    @endpoint
    def publish_tensor(self, size: int) -> RDMABuffer:
        import torch

        self.tensor = torch.frombuffer(bytearray(spec.payload(size)), dtype=torch.uint8)
        return RDMABuffer(self.tensor)

    @endpoint
    def write_shared(self) -> None:
        SHARED[:] = b"1" * len(SHARED)

    @endpoint
    def has_torch(self) -> bool:
        return "torch" in sys.modules

    @endpoint
    def publish_without_fallback(self, allowed: bool) -> str:
        monarch.configure(rdma_allow_tcp_fallback=allowed)
        try:
            return instruments.refusal(lambda: RDMABuffer(memoryview(bytearray(spec.KB))))
        finally:
            monarch.configure(rdma_allow_tcp_fallback=True)


class WatchedTrainer(Trainer):
    """A trainer whose process can be watched."""

    @endpoint
    def pid(self) -> int:
        return os.getpid()


class WatchedReader(Reader):
    """A reader that keeps what it has read."""

    @endpoint
    def keep(self, buffer: RDMABuffer) -> None:
        self.kept = memoryview(bytearray(buffer.size()))
        buffer.read_into(self.kept).get()

    @endpoint
    def overwrite(self) -> None:
        self.kept[:] = bytes(len(self.kept))

    @endpoint
    def checksum_of_kept(self) -> str:
        return spec.checksum(self.kept)

    @endpoint
    def checksum_of_shared(self) -> str:
        return spec.checksum(SHARED)

    @endpoint
    def read_into_shared_memory(self, buffer: RDMABuffer) -> str:
        with tempfile.TemporaryFile() as file:
            file.truncate(buffer.size())
            destination = memoryview(mmap.mmap(file.fileno(), buffer.size()))
            buffer.read_into(destination).get()
            return instruments.where_it_lies(address(destination))

    @endpoint
    def write_from_size(self, buffer: RDMABuffer, size: int) -> str:
        source = memoryview(bytearray(size))
        return instruments.refusal(lambda: buffer.write_from(source).get())

    @endpoint
    def read_together(self, buffers: list[RDMABuffer]) -> int:
        """All of them in one action; says for how many answers it waited."""
        batch = RDMAAction()
        self.pieces = [memoryview(bytearray(buffer.size())) for buffer in buffers]
        for buffer, destination in zip(buffers, self.pieces, strict=True):
            batch.read_remote(destination, buffer)
        return sum(answer.get() is None for answer in [batch.submit()])

    @endpoint
    def read_one_by_one(self, buffers: list[RDMABuffer]) -> int:
        self.pieces = [memoryview(bytearray(buffer.size())) for buffer in buffers]
        pairs = zip(buffers, self.pieces, strict=True)
        return sum(buffer.read_into(destination).get() is None for buffer, destination in pairs)

    @endpoint
    def wrong_pieces(self, want: str) -> int:
        return sum(spec.checksum(piece) != want for piece in self.pieces)

    @endpoint
    def has_torch(self) -> bool:
        return "torch" in sys.modules


@contextmanager
def session() -> Iterator[None]:
    """With the default hook, the death of an owner would end the side; and the second host must end."""
    monarch.actor.unhandled_fault_hook = FAILURES.append
    try:
        yield
        get(shutdown_context())  # before the host ends, for it says good-bye to it
    finally:
        if second_host.cache_info().currsize:
            second_host().kill()
        stop()


def new_process() -> Any:
    return this_host().spawn_procs(per_host={"procs": 1})


@cache
def pair() -> tuple[Any, Any]:
    """An owner, and a reader in the same process."""
    process = new_process()
    return process.spawn("owner", WatchedOwner), process.spawn("neighbour", WatchedReader)


def owner() -> Any:
    return pair()[0]


@cache
def reader() -> Any:
    return new_process().spawn("reader", WatchedReader)


@cache
def second_host() -> Any:
    """A job for a second host, on the same machine; it starts when it is first asked for."""
    from monarch.job import ProcessJob  # takes 0.3 s, and only this process needs it

    return ProcessJob({"far": 1})


@cache
def far() -> Any:
    procs = second_host().state(cached_path=None).far.spawn_procs(per_host={"procs": 1})
    return procs.spawn("far", WatchedReader)


@cache
def published() -> RDMABuffer:
    """A buffer of 1 MB that keeps its content."""
    buffer: RDMABuffer = get(owner().publish.call_one(spec.MB))
    return buffer


def needs_rdma_card() -> None:
    if not is_ibverbs_available():
        raise Unavailable("needs an RDMA NIC")


def needs_torch() -> None:
    if not instruments.has("torch"):
        raise Unavailable("needs torch")
