"""Actors for the probes on Ray, the nodes that they are on, and those that all probes share."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import ray

from monarch_vs_ray.concepts.data_plane import instruments, spec
from monarch_vs_ray.concepts.data_plane.calls_on_ray import get
from monarch_vs_ray.concepts.data_plane.nodes_on_ray import nodes
from monarch_vs_ray.concepts.data_plane.on_ray import Box, Owner, Reader

PLACES: list[dict[str, Any]] = []
"""Options that place an actor on the first node, and on the second."""
SPILLED: list[Path] = []
BATCH = 64


@ray.remote
class Copier:
    """Reads like any reader, and copies what it got into memory of its own."""

    def read(self, box: Box) -> spec.Arrived:
        array = np.array(ray.get(box[0]))
        return spec.Arrived(spec.checksum(array.data), instruments.where_it_lies(array.ctypes.data), 0.0)

    def write(self, box: Box) -> str:
        array = np.array(ray.get(box[0]))
        return instruments.refusal(lambda: array.fill(0))

    def get_into(self, box: Box, size: int) -> str:
        return instruments.refusal(lambda: ray.get(box[0], np.zeros(size, np.uint8)))

    def copy_into(self, box: Box, size: int) -> str:
        return instruments.refusal(lambda: np.copyto(np.zeros(size, np.uint8), ray.get(box[0])))

    def get_together(self, boxes: Box) -> tuple[int, int]:
        """All of them at once; says how often it waited, and how many were wrong."""
        answers = [ray.get(boxes)]
        return len(answers), _wrong(answers[0])

    def get_one_by_one(self, boxes: Box) -> tuple[int, int]:
        answers = [ray.get(box) for box in boxes]
        return len(answers), _wrong(answers)


def _wrong(arrays: list[Any]) -> int:
    return sum(spec.checksum(array.data) != spec.expected(spec.SMALL) for array in arrays)


@contextmanager
def session() -> Iterator[None]:
    """Two nodes for the whole side; the second one has a small store."""
    spilled = Path(tempfile.mkdtemp(), "spilled")
    with nodes(spilled) as places:
        PLACES[:], SPILLED[:] = places, [spilled]
        yield


@cache
def owner() -> Any:
    return Owner.options(**PLACES[0]).remote()


@cache
def reader() -> Any:
    return Reader.options(**PLACES[0]).remote()


@cache
def far() -> Any:
    return Reader.options(**PLACES[1]).remote()


@cache
def copier() -> Any:
    return Copier.options(**PLACES[0]).remote()


def published() -> Box:
    """An object of 1 MB that nobody has read yet."""
    box: Box = get(owner().publish.remote(spec.MB))
    return box
