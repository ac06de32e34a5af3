"""The actors that own, read, train and pull, in Ray."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import numpy as np
import ray

from monarch_vs_ray.concepts.data_plane import inputs
from monarch_vs_ray.instruments import memory
from monarch_vs_ray.instruments.flags import Flag
from monarch_vs_ray.instruments.outcome import error_type

Box = list[ray.ObjectRef]
"""A reference inside a list is passed on as it is; by itself Ray would pass what it stands for."""


class Process:
    """Answers what is asked of its process."""

    def pid(self) -> int:
        return os.getpid()

    def node(self) -> str:
        return ray.get_runtime_context().get_node_id()

    def has_torch(self) -> bool:
        return "torch" in sys.modules

    def work(self, inside: Flag, done: Flag) -> None:
        inside.put_up()
        done.wait()

    def keep_the_gil(self, fifo: str, inside: Flag) -> None:
        memory.keep_the_gil(fifo, inside)


@ray.remote
class Owner(Process):
    """Puts bytes into the object store and owns them: while it lives, others can get them."""

    def __init__(self) -> None:
        self.memory: dict[int, Any] = {}
        self.kept: dict[int, Any] = {}

    def publish(self, size: int) -> Box:
        self.memory[size] = np.frombuffer(bytearray(inputs.payload(size)), np.uint8)
        self.kept[size] = ray.put(self.memory[size])
        return [self.kept[size]]

    def publish_many(self, count: int, size: int) -> Box:
        return [ray.put(np.frombuffer(inputs.payload(size), np.uint8)) for _ in range(count)]

    def withdraw(self, size: int) -> bool:
        """Drop a reference; return whether this actor still has one."""
        del self.kept[size]
        return size in self.kept

    def clear(self, size: int) -> None:
        self.memory[size].fill(0)

    def checksum(self, size: int) -> str:
        return inputs.checksum(self.memory[size].data)


@ray.remote
class Reader(Process):
    """Reads what it has a reference to."""

    def read(self, box: Box) -> inputs.Arrived:
        return arrived(ray.get(box[0]))

    def read_and_copy(self, box: Box) -> inputs.Arrived:
        return arrived(np.array(ray.get(box[0])))

    def write(self, box: Box, copied: bool) -> tuple[str, str, bool]:
        """Write into what ``get`` returned, or into a copy.

        Returns the error's type, where the array lies, and whether it holds what was written.
        """
        array = np.array(ray.get(box[0])) if copied else ray.get(box[0])
        error = error_type(lambda: array.fill(0))
        return error, memory.where_it_lies(array.ctypes.data), not array.any()

    def get_into(self, box: Box, size: int) -> str:
        return error_type(lambda: ray.get(box[0], np.zeros(size, np.uint8)))

    def copy_into(self, box: Box, size: int) -> str:
        return error_type(lambda: np.copyto(np.zeros(size, np.uint8), ray.get(box[0])))

    def read_together(self, boxes: Box) -> int:
        """Get many at once, and count those that are right."""
        arrays = ray.get(boxes)
        return sum(inputs.checksum(array.data) == inputs.expected(inputs.SMALL) for array in arrays)

    def try_to_read(self, box: Box, limit: float) -> str:
        return inputs.ended(lambda: ray.get(box[0], timeout=limit))


def arrived(array: Any) -> inputs.Arrived:
    """Return what a reader reports of an array."""
    return inputs.Arrived(inputs.checksum(array.data), memory.where_it_lies(array.ctypes.data))


@ray.remote
class Trainer(Process):
    """Changes its weights in place, step by step; what it has put does not change with them."""

    def __init__(self) -> None:
        self.weights = np.zeros(inputs.WEIGHTS, np.uint8)

    def publish(self, version: int) -> tuple[Box, float]:
        inputs.step(self.weights.data, version)
        began = time.perf_counter()
        reference = ray.put(self.weights)
        return [reference], time.perf_counter() - began

    def train(self, inside: Flag, done: Flag) -> list[float]:
        return inputs.train(self.weights.data, inside, done)


@ray.remote
class Generator:
    """Gets the weights whenever it wants to, and copies them into its own."""

    def __init__(self) -> None:
        self.weights = np.zeros(inputs.WEIGHTS, np.uint8)

    def pull(self, box: Box, times: int) -> inputs.Pulled:
        return inputs.pull(lambda: self.pull_once(box), times)

    def pull_once(self, box: Box) -> memoryview:
        np.copyto(self.weights, ray.get(box[0]))
        return self.weights.data


@ray.remote(enable_tensor_transport=True)
class Peer(Process):
    """Has a tensor; may be one of two ranks of a collective group."""

    def __init__(self) -> None:
        from monarch_vs_ray.concepts.data_plane import workload  # imports torch

        self.workload = workload
        self.tensor = workload.tensor()

    def publish(self, device: str = "cpu") -> Any:
        """Return the tensor; the call's option says by which transport it goes."""
        self.tensor = self.workload.tensor(device)
        return self.tensor

    def put(self) -> Box:
        """Put the tensor into the object store."""
        self.tensor = self.workload.tensor()
        return [ray.put(self.tensor)]

    def clear(self) -> None:
        self.tensor.copy_(self.workload.empty())

    def read(self, tensor: Any) -> str:
        return self.workload.compare(tensor)

    def read_object(self, box: Box) -> tuple[str, str]:
        """Return how the tensor compares, and where it lies."""
        tensor = ray.get(box[0])
        return self.workload.compare(tensor), memory.where_it_lies(tensor.data_ptr())

    def write_into_object(self, box: Box) -> tuple[str, bool]:
        """Write into a tensor; return the error's type, and whether it holds what was written."""
        tensor = ray.get(box[0])
        return error_type(tensor.zero_), not tensor.any()

    def send(self, to: int, group: str) -> None:
        from ray.util import collective

        collective.send(self.workload.tensor(), to, group)

    def receive(self, sender: int, group: str) -> str:
        from ray.util import collective

        destination = self.workload.empty()
        collective.recv(destination, sender, group)
        return self.workload.compare(destination)
