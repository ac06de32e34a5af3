"""Distributed tensors: the inputs that both engines get, and how observations are described; no torch."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import prod
from pathlib import Path

MESH = {"dp": 2, "tp": 2}
"""Data-parallel and tensor-parallel: four ranks, seen as two rows and two columns."""
RANKS = prod(MESH.values())
CUBE = {"dp": 2, "pp": 2, "tp": 2}
"""Eight ranks, for a network that is split in all three ways at once."""

SEED = 7
BATCH = 16
FEATURES = 6
HIDDEN = 8
STEPS = 4
LEARNING_RATE = 0.1

TOLERANCE = 1e-6
"""The largest difference that rounding in double precision may explain, with much room."""
START = 150.0
"""Seconds to wait for processes that import torch; on a busy machine that takes its time."""
WINDOW = 5.0
"""Seconds that a value which should not come is watched for; one that does come takes milliseconds."""


def type_name(value: object) -> str:
    """Return the full name of a value's type."""
    return f"{type(value).__module__}.{type(value).__qualname__}"


def reductions_in(trace: Path) -> int:
    """Count the reductions in a simulator's trace file, all ranks together."""
    content = json.loads(trace.read_text())
    return sum(event.get("name") == "reduce_scatter" for event in content["traceEvents"])


def reason(failure: str) -> str:
    """Return the words of a long failure that say why: those after its last "failed:"."""
    lines = failure.rpartition("failed:")[2].split("\n")
    return next((line.strip().split(" for ")[0] for line in lines if line.strip()), "no reason given")


def cause(failures: Sequence[object]) -> str:
    """Return the reason of the first failure that has one of its own; else that of the first one.

    A message to somebody who has failed becomes a failure too, and may come first.
    """
    reasons = [reason(str(failure)) for failure in failures]
    own = [each for each in reasons if not each.startswith("undeliverable message")]
    return (own or reasons or ["no failure"])[0]


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Work in a folder within the block."""
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
