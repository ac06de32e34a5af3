"""From what was measured to the lines of the table: estimates, ratios, limits, and warnings with a remedy."""

from __future__ import annotations

import statistics as standard
from collections.abc import Sequence

import msgspec

from monarch_vs_ray.bench import statistics
from monarch_vs_ray.bench.catalogue import Row, Workload, workloads
from monarch_vs_ray.bench.load import IDLE_CORES
from monarch_vs_ray.bench.statistics import Estimate
from monarch_vs_ray.bench.store import Measured, Process, Samples, Trouble

UNSTABLE = 0.35
"""Quartiles of the processes further apart than this share of the median make a row unstable."""


class SideResult(msgspec.Struct, frozen=True, kw_only=True):
    """One side's numbers for a row, in the row's unit; ``quantiles`` are p50, p90, p99 of all samples."""

    estimate: Estimate
    quantiles: list[float]
    samples: int
    dispersion: float


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table. ``ratio`` is the first side's number over the second's, of paired rounds.

    ``shares`` is the part of the limit that each side reaches: 1 is as fast as the bare machine.
    """

    row: Row
    sides: dict[str, SideResult]
    ratio: Estimate | None
    shares: dict[str, float]
    warnings: list[str]

    @property
    def differs(self) -> bool | None:
        """Return whether the sides were shown to differ; None when there is no interval to say so by."""
        if self.ratio is None or self.ratio.n < statistics.FEW:
            return None
        return self.ratio.low > 1 or self.ratio.high < 1


def number(workload: Workload, row: Row, sample: float) -> float:
    """Return a sample in the row's unit: seconds, operations or bytes a second, or as it is."""
    if workload.kind == "rate":
        return 1e9 / sample
    if workload.kind == "bandwidth":
        return row.size / sample * 1e9
    return sample if workload.kind == "amount" else sample / 1e9


def results(measured: Measured) -> list[Result]:
    """Return a line for each row that was measured, in the order of the catalogue."""
    taken: dict[Row, dict[str, dict[int, Samples]]] = {}
    for record in measured.records:
        if isinstance(record, Samples) and record.values:
            taken.setdefault(record.row, {}).setdefault(record.side, {})[record.round] = record
    order = [row for workload in workloads().values() for row in workload.rows]
    known = {row: taken[row] for row in order if row in taken}
    extra = {row: taken[row] for row in sorted(taken) if row not in known and row.workload in workloads()}
    return [_result(row, by_side, taken, measured) for row, by_side in {**known, **extra}.items()]


def medians(row: Row, by_round: dict[int, Samples]) -> dict[int, float]:
    """Return each process's median, by round, in the row's unit."""
    workload = workloads()[row.workload]
    return {
        number_: number(workload, row, standard.median(each.values)) for number_, each in by_round.items()
    }


def _result(
    row: Row,
    by_side: dict[str, dict[int, Samples]],
    taken: dict[Row, dict[str, dict[int, Samples]]],
    measured: Measured,
) -> Result:
    by_process = {side: medians(row, rounds) for side, rounds in by_side.items()}
    sides = {side: _side(row, by_side[side], values) for side, values in by_process.items()}
    first, second = measured.manifest.sides
    ratio = None
    if first in by_process and second in by_process:
        paired = sorted(by_process[first].keys() & by_process[second].keys())
        pairs = [(by_process[first][each], by_process[second][each]) for each in paired]
        if pairs and all(value > 0 for pair in pairs for value in pair):
            ratio = statistics.ratio(pairs)
    return Result(
        row=row,
        sides=sides,
        ratio=ratio,
        shares=_shares(row, by_process, taken),
        warnings=_warnings(row, by_process, sides, measured),
    )


def _side(row: Row, rounds: dict[int, Samples], values: dict[int, float]) -> SideResult:
    workload = workloads()[row.workload]
    pooled = [
        number(workload, row, value)
        for each in rounds.values()
        for value in each.values
        if value or workload.kind == "amount"
    ]
    processes = [values[each] for each in sorted(values)]
    estimate = (
        statistics.typical(processes)
        if all(value > 0 for value in processes)
        else statistics.centre(processes)
    )
    return SideResult(
        estimate=estimate,
        quantiles=statistics.quantiles(pooled),
        samples=len(pooled),
        dispersion=statistics.dispersion(processes),
    )


def _shares(
    row: Row, by_process: dict[str, dict[int, float]], taken: dict[Row, dict[str, dict[int, Samples]]]
) -> dict[str, float]:
    """Return how much of its limit each side reaches, from the limits that its own processes measured."""
    workload = workloads()[row.workload]
    if not workload.limit:
        return {}
    limit = workloads()[workload.limit]
    limit_row = Row(limit.name, row.size if row.size in limit.sizes else limit.sizes[0])
    shares = {}
    for side, values in by_process.items():
        bounds = medians(limit_row, taken.get(limit_row, {}).get(side, {}))
        paired = [
            (values[each] / bounds[each]) if workload.more_is_better else (bounds[each] / values[each])
            for each in values.keys() & bounds.keys()
            if values[each] > 0 and bounds[each] > 0
        ]
        if paired:
            shares[side] = standard.median(paired)
    return shares


def _warnings(
    row: Row, by_process: dict[str, dict[int, float]], sides: dict[str, SideResult], measured: Measured
) -> list[str]:
    """Return what a reader of this line must know, each with what to do about it."""
    told = []
    for side, values in by_process.items():
        ordered = [values[each] for each in sorted(values)]
        if len(ordered) < statistics.FEW:
            told.append(
                f"{side}: {len(ordered)} processes, fewer than {statistics.FEW}: no interval at 95 %; give a larger --budget"
            )
        elif sides[side].dispersion > UNSTABLE:
            told.append(
                f"{side}: unstable, processes differ by {sides[side].dispersion:.0%} between quartiles; more rounds"
                " narrow the interval, not this spread"
            )
        elif statistics.drifts(ordered):
            told.append(
                f"{side}: drifts over the rounds; look for heat, swapping or a growing load, and measure again"
            )
    troubles = [record for record in measured.of(Trouble) if record.row == row]  # type: ignore[union-attr]
    if troubles:
        told.append(f"failed in {len(troubles)} processes: {troubles[0].why}")  # type: ignore[union-attr]
    return told


def disturbed(measured: Measured) -> list[Process]:
    """Return the processes during which others used the machine."""
    return [each for each in measured.records if isinstance(each, Process) and each.foreign > IDLE_CORES]


def order_of(results_: Sequence[Result]) -> dict[str, list[Result]]:
    """Return the lines by group, in the order of the catalogue."""
    grouped: dict[str, list[Result]] = {}
    for result in results_:
        grouped.setdefault(workloads()[result.row.workload].group, []).append(result)
    return grouped
