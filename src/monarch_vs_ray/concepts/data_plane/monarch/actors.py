"""The actors that own, read, train and pull, in Monarch."""

from __future__ import annotations

import ctypes
import gc
import mmap
import os
import sys
import tempfile
import time
from pathlib import Path

import monarch
from monarch.actor import Actor, endpoint
from monarch.rdma import RDMAAction, RDMABuffer

from monarch_vs_ray.concepts.data_plane import inputs
from monarch_vs_ray.instruments import memory
from monarch_vs_ray.instruments.flags import Flag
from monarch_vs_ray.instruments.outcome import error_type

SHARED = bytearray(inputs.KB)
"""An object of this module: each process that imports it has one."""


class Process(Actor):
    """Answers what is asked of its process."""

    @endpoint
    def pid(self) -> int:
        return os.getpid()

    @endpoint
    def parent(self) -> int:
        """Return the process that runs this one's host."""
        return os.getppid()

    @endpoint
    def has_torch(self) -> bool:
        return "torch" in sys.modules

    @endpoint
    def work(self, inside: Flag, done: Flag) -> None:
        inside.put_up()
        done.wait()

    @endpoint
    def keep_the_gil(self, fifo: str, inside: Flag) -> None:
        memory.keep_the_gil(fifo, inside)


class Owner(Process):
    """Keeps bytes and hands out buffers on them; the bytes stay where they are."""

    def __init__(self) -> None:
        self.memory: dict[int, memoryview] = {}
        self.pieces: list[memoryview] = []

    @endpoint
    def publish(self, size: int) -> RDMABuffer:
        self.memory[size] = memoryview(bytearray(inputs.payload(size)))
        return RDMABuffer(self.memory[size])

    @endpoint
    def publish_many(self, count: int, size: int) -> list[RDMABuffer]:
        self.pieces = [memoryview(bytearray(inputs.payload(size))) for _ in range(count)]
        return [RDMABuffer(piece) for piece in self.pieces]

    @endpoint
    def withdraw(self, buffers: list[RDMABuffer]) -> None:
        for buffer in buffers:
            buffer.drop().get()

    @endpoint
    def let_go(self) -> None:
        self.memory.clear()
        self.pieces.clear()
        gc.collect()

    @endpoint
    def clear(self, size: int) -> None:
        self.memory[size][:] = bytes(size)

    @endpoint
    def checksum(self, size: int) -> str:
        return inputs.checksum(self.memory[size])

    @endpoint
    def by_value(self, size: int) -> bytes:
        return inputs.payload(size)

    @endpoint
    def own_megabytes(self) -> int:
        """Return the memory of this process alone, without what the C library keeps of what was freed."""
        ctypes.CDLL(None).malloc_trim(0)
        status = Path("/proc/self/status").read_text()
        return int(status.partition("RssAnon:")[2].split()[0]) // inputs.KB

    @endpoint
    def write_shared(self) -> str:
        SHARED[:] = b"1" * len(SHARED)
        return inputs.checksum(SHARED)

    @endpoint
    def publish_with_fallback(self, allowed: bool) -> tuple[str, str]:
        monarch.configure(rdma_allow_tcp_fallback=allowed)
        made: list[RDMABuffer] = []
        try:
            answer = error_type(lambda: made.append(RDMABuffer(memoryview(bytearray(inputs.KB)))))
        finally:
            monarch.configure(rdma_allow_tcp_fallback=True)
        return answer, made[0].backend if made else "none"


class Reader(Process):
    """Reads what it has a buffer of, into memory of its own."""

    @endpoint
    def read(self, buffer: RDMABuffer) -> inputs.Arrived:
        destination = memoryview(bytearray(buffer.size()))
        buffer.read_into(destination).get()
        return inputs.Arrived(inputs.checksum(destination), memory.where_it_lies(inputs.address(destination)))

    @endpoint
    def read_into_shared_memory(self, buffer: RDMABuffer) -> inputs.Arrived:
        with tempfile.TemporaryFile() as file:
            file.truncate(buffer.size())
            destination = memoryview(mmap.mmap(file.fileno(), buffer.size()))
            buffer.read_into(destination).get()
            lies = memory.where_it_lies(inputs.address(destination))
            return inputs.Arrived(inputs.checksum(destination), lies)

    @endpoint
    def keep(self, buffer: RDMABuffer) -> None:
        self.kept = memoryview(bytearray(buffer.size()))
        buffer.read_into(self.kept).get()

    @endpoint
    def checksum_of_kept(self) -> str:
        return inputs.checksum(self.kept)

    @endpoint
    def checksum_of_shared(self) -> str:
        return inputs.checksum(SHARED)

    @endpoint
    def write_into_kept(self) -> str:
        return error_type(lambda: self.kept.__setitem__(0, self.kept[0] ^ 1))

    @endpoint
    def write(self, buffer: RDMABuffer, data: bytes) -> str:
        return error_type(lambda: buffer.write_from(memoryview(bytearray(data))).get())

    @endpoint
    def read_into_size(self, buffer: RDMABuffer, size: int) -> tuple[str, bool]:
        """Return the error's type, and whether the payload fills the beginning and the rest is untouched."""
        untouched = b"\xff" * size
        destination = memoryview(bytearray(untouched))
        error = error_type(lambda: buffer.read_into(destination).get())
        wanted = inputs.payload(buffer.size()) + untouched
        return error, destination == wanted[:size]

    @endpoint
    def try_to_read(self, buffer: RDMABuffer, limit: int) -> tuple[str, float]:
        """Return how a read with a time limit went, and the seconds it took."""
        destination = memoryview(bytearray(buffer.size()))
        began = time.monotonic()
        answer = inputs.ended(lambda: buffer.read_into(destination, timeout=limit).get())
        return answer, time.monotonic() - began

    @endpoint
    def read_together(self, buffers: list[RDMABuffer], submitted: bool) -> int:
        """Read many in one action, and count the pieces that are right after one wait."""
        pieces = [memoryview(bytearray(buffer.size())) for buffer in buffers]
        action = RDMAAction()
        for buffer, piece in zip(buffers, pieces, strict=True):
            action.read_remote(piece, buffer)
        if submitted:
            action.submit().get()
        return sum(inputs.checksum(piece) == inputs.expected(len(piece)) for piece in pieces)


class Trainer(Process):
    """Changes its weights in place, step by step; ``published`` holds still between two publications."""

    def __init__(self) -> None:
        self.weights = memoryview(bytearray(inputs.WEIGHTS))
        self.published = memoryview(bytearray(inputs.WEIGHTS))

    @endpoint
    def handles(self) -> tuple[RDMABuffer, RDMABuffer]:
        return RDMABuffer(self.weights), RDMABuffer(self.published)

    @endpoint
    def publish(self, version: int) -> float:
        inputs.step(self.weights, version)
        began = time.perf_counter()
        self.published[:] = self.weights
        return time.perf_counter() - began

    @endpoint
    def train(self, inside: Flag, done: Flag) -> list[float]:
        return inputs.train(self.weights, inside, done)


class Generator(Actor):
    """Pulls the weights whenever it wants to."""

    def __init__(self) -> None:
        self.weights = memoryview(bytearray(inputs.WEIGHTS))

    @endpoint
    def pull(self, buffer: RDMABuffer, times: int) -> inputs.Pulled:
        return inputs.pull(lambda: self.pull_once(buffer), times)

    def pull_once(self, buffer: RDMABuffer) -> memoryview:
        buffer.read_into(self.weights).get()
        return self.weights


class Peer(Process):
    """Has a tensor; may be one of two ranks of a gloo process group."""

    def __init__(self) -> None:
        from monarch_vs_ray.concepts.data_plane import workload  # imports torch

        self.workload = workload

    @endpoint
    def publish(self, device: str = "cpu") -> RDMABuffer:
        self.tensor = self.workload.tensor(device)
        return RDMABuffer(self.tensor)

    @endpoint
    def publish_payload(self, size: int) -> RDMABuffer:
        self.tensor = self.workload.from_bytes(inputs.payload(size))
        return RDMABuffer(self.tensor)

    @endpoint
    def clear(self) -> None:
        self.tensor.copy_(self.workload.empty())

    @endpoint
    def read(self, buffer: RDMABuffer, device: str = "cpu") -> tuple[str, str]:
        """Return how the tensor compares, and where it lies; read into one that this actor has."""
        destination = self.workload.empty(device)
        buffer.read_into(destination).get()
        lies = memory.where_it_lies(destination.data_ptr()) if device == "cpu" else device
        return self.workload.compare(destination), lies

    @endpoint
    def join(self) -> None:
        import torch.distributed

        torch.distributed.init_process_group("gloo")
        self.group = torch.distributed

    @endpoint
    def send(self, to: int) -> None:
        self.group.send(self.workload.tensor(), to)

    @endpoint
    def receive(self, sender: int) -> str:
        destination = self.workload.empty()
        self.group.recv(destination, sender)
        return self.workload.compare(destination)
