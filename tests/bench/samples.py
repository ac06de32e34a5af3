"""Measurements that were never measured: numbers of our own, in the form of real ones."""

from __future__ import annotations

import random
from collections.abc import Callable

from monarch_vs_ray.bench.catalogue import Row
from monarch_vs_ray.bench.store import FORMAT, Manifest, Measured, Process, Samples
from monarch_vs_ray.core.events import Machine

MACHINE = Machine(system="Linux", architecture="x86_64", cores=2, memory_bytes=1 << 34, python="3.11.2")
SIDES = ("monarch", "ray")


def manifest(**changes: object) -> Manifest:
    wanted = {
        "format": FORMAT,
        "date": "2026-11-30T12:00:00+00:00",
        "machine": MACHINE,
        "versions": {"monarch": "0.7.0", "ray": "2.60.0"},
        "code": "c0de",
        "sides": SIDES,
        "seconds": 0.2,
        "budget": 220.0,
        "seed": 0,
        **changes,
    }
    return Manifest(**wanted)


def samples(row: Row, side: str, number: int, *values: float) -> Samples:
    return Samples(round=number, side=side, row=row, values=list(values))


def process(side: str, number: int, **changes: object) -> Process:
    wanted = {"seconds": 5.0, "processor": 1.0, "foreign": 0.0, "ended": "", **changes}
    return Process(round=number, side=side, engine="monarch" if side == "monarch" else "ray", **wanted)


def measured(
    rows: dict[Row, Callable[[str], float]], rounds: int = 8, noise: float = 0.02, seed: int = 1, **of: object
) -> Measured:
    """Return rounds of samples: for each row and side a typical value in nanoseconds, with some noise."""
    random_ = random.Random(seed)
    records = []
    for number in range(1, rounds + 1):
        for side in SIDES:
            records.append(process(side, number))
            for row, typical in rows.items():
                values = [typical(side) * random_.lognormvariate(0, noise) for _ in range(5)]
                records.append(samples(row, side, number, *values))
    return Measured(manifest=manifest(**of), records=records)
