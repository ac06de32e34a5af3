"""Derive numbers from several rows: costs as ``per call + bytes / bandwidth``, and METG."""

from __future__ import annotations

import statistics as standard

import msgspec

from monarch_vs_ray.bench import metg, statistics, units
from monarch_vs_ray.bench.analysis import by_row, medians
from monarch_vs_ray.bench.catalogue import workloads
from monarch_vs_ray.bench.statistics import Line
from monarch_vs_ray.bench.store import Measured

BAD_FIT = 0.3
"""A line that is further off at one of its sizes, as a share, does not describe them."""


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """A side's cost by size of one workload, over ``sizes`` in bytes."""

    workload: str
    side: str
    sizes: list[int]
    line: Line


def costs(measured: Measured) -> list[Cost]:
    """Return a line for each workload of bytes that was measured at three sizes or more."""
    taken = by_row(measured)
    found = []
    for workload in workloads().values():
        if workload.size_unit != "B" or workload.before:
            continue
        for side in measured.manifest.sides:
            points = [
                (row.size, row.size / value if workload.kind == "bandwidth" else value)
                for row in sorted(taken)
                if row.workload == workload.name and (rounds := medians(taken, row, side))
                for value in [standard.median(rounds.values())]
            ]
            if len(points) > 2:
                sizes = [size for size, _ in points]
                line = statistics.fit_line(points)
                found.append(Cost(workload=workload.name, side=side, sizes=sizes, line=line))
    return found


def lines(measured: Measured) -> list[str]:
    """Return what several rows say together, for people."""
    said = []
    for cost in costs(measured):
        fits = "" if cost.line.worst <= BAD_FIT else ", which does not describe it"
        said.append(
            f"{cost.workload}, {cost.side}: {units.seconds(cost.line.per_call)}"
            f" + bytes / {units.count(cost.line.bandwidth, ' ')}B/s, off by up to {cost.line.worst:.0%}"
            f" at {len(cost.sizes)} sizes{fits}"
        )
    for curve in metg.curves(measured):
        value = "not reached" if curve.metg is None else units.seconds(curve.metg)
        said.append(f"METG of {curve.pattern}, {curve.driver}: {value} (n = {curve.processes})")
    return said
