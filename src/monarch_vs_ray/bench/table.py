"""The table of a measurement, for a terminal, JSON or CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import msgspec
from rich.table import Table
from rich.text import Text

from monarch_vs_ray.bench import analysis, derived, metg, units
from monarch_vs_ray.bench.analysis import Result
from monarch_vs_ray.bench.catalogue import workloads
from monarch_vs_ray.bench.statistics import FEW, Estimate
from monarch_vs_ray.bench.store import Measured

NOT_SHOWN = "n.s."
"""Not shown to differ: the interval at 95 % holds 1."""
LEGEND = (
    "n.s.: not shown to differ, the interval at 95 % holds 1.  !: see below.  n: pairs of processes, or"
    " processes of one engine."
)
NOTHING = "-"
LONGEST_NAME = 8
"""Characters of the name of a side in a cell; a longer one is called first or second."""
LONGEST = 22
"""Characters of a heading."""


def table(measured: Measured, results: Sequence[Result]) -> Table:
    """Return the table: a line for each row, grouped, with the ratio and the share of the limit."""
    first, second = measured.manifest.sides
    made = Table(box=None, pad_edge=False, show_edge=False)
    made.add_column("workload", ratio=3)
    made.add_column(first, justify="right", no_wrap=True)
    made.add_column(second, justify="right", no_wrap=True)
    both = f"{first} / {second}"
    made.add_column(both if len(both) < LONGEST else "first / second", justify="right", no_wrap=True)
    made.add_column("better", no_wrap=True)
    made.add_column("of the limit", justify="right", no_wrap=True)
    made.add_column("n", justify="right", no_wrap=True)
    for group, lines in analysis.by_group(results).items():
        made.add_row(Text(group.replace("_", " "), style="bold"))
        for result in lines:
            made.add_row(*_cells(result, first, second))
    return made


def _cells(result: Result, first: str, second: str) -> list[Text]:
    workload = workloads()[result.row.workload]
    size = units.size(workload, result.row)
    values = [
        Text(units.show(workload, result.sides[side].estimate.value) if side in result.sides else NOTHING)
        for side in (first, second)
    ]
    shares = " ".join(
        f"{result.shares[side]:.0%}" if result.shares[side] >= 0.01 else f"{result.shares[side]:.2%}"
        for side in (first, second)
        if side in result.shares
    )
    pairs = result.ratio.n if result.ratio else max([0, *(side.estimate.n for side in result.sides.values())])
    mark = " " if result.stable else "!"
    return [
        Text(f"{mark} {workload.title}{', ' + size if size else ''}"),
        *values,
        Text(ratio(result.ratio), style="" if result.differs else "dim"),
        Text(
            result.better
            if len(result.better) < LONGEST_NAME
            else "first"
            if result.better == first
            else "second"
        ),
        Text(shares, style="dim"),
        Text(str(pairs), style="dim"),
    ]


def ratio(estimate: Estimate | None) -> str:
    """Return a ratio with its interval: ``2.3 [2.1, 2.6]``; without, where none covers 95 %."""
    if estimate is None:
        return ""
    shown = units.three_digits(estimate.value)
    if estimate.n < FEW:
        return shown
    if estimate.low <= 1 <= estimate.high:
        shown = f"{NOT_SHOWN} {shown}"
    return f"{shown} [{units.three_digits(estimate.low)}, {units.three_digits(estimate.high)}]"


def as_json(measured: Measured, results: Sequence[Result]) -> dict[str, Any]:
    """Return manifest and lines as one JSON value."""
    return {
        "manifest": msgspec.to_builtins(measured.manifest),
        "results": [
            {**msgspec.to_builtins(result), "unit": _unit(result), "differs": result.differs}
            for result in results
        ],
        "costs": msgspec.to_builtins(derived.costs(measured)),
        "metg": [{**msgspec.to_builtins(curve), "metg": curve.metg} for curve in metg.curves(measured)],
        "notes": analysis.notes(measured, results),
    }


def as_csv(measured: Measured, results: Sequence[Result]) -> str:
    """Return a line for each row and side."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        [
            "workload",
            "size",
            "side",
            "unit",
            "value",
            "low",
            "high",
            "processes",
            "samples",
            "p50",
            "worse p90",
            "worse p99",
        ]
    )
    for result in results:
        for side, numbers in result.sides.items():
            estimate = numbers.estimate
            writer.writerow(
                [
                    result.row.workload,
                    result.row.size,
                    side,
                    _unit(result),
                    *(f"{value:.6g}" for value in (estimate.value, estimate.low, estimate.high)),
                    estimate.n,
                    numbers.samples,
                    *(f"{value:.6g}" for value in numbers.quantiles),
                ]
            )
    return out.getvalue()


def _unit(result: Result) -> str:
    workload = workloads()[result.row.workload]
    named = {"latency": "s", "phase": "s", "rate": "1/s", "bandwidth": "B/s"}
    return named.get(workload.kind, workload.unit)
