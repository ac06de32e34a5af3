"""From what was measured to the lines of the table: estimates, ratios, limits, and warnings with a remedy."""

from __future__ import annotations

import math
import statistics as standard
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from monarch_vs_ray.bench import statistics
from monarch_vs_ray.bench.catalogue import Row, Workload, limit_of, workloads
from monarch_vs_ray.bench.load import FOREIGN_CORES
from monarch_vs_ray.bench.statistics import Estimate
from monarch_vs_ray.bench.store import Measured, Process, Samples

FAULTS = "failure"
"""Rows of this group have no ratio: a delay by a poll follows the fault's moment."""
UNSTABLE = 0.35
"""Quartiles of the processes further apart than this share of the median make a row unstable."""
Taken = Mapping[Row, Mapping[str, Mapping[int, Samples]]]
"""Samples by row, side and round."""


class SideResult(msgspec.Struct, frozen=True, kw_only=True):
    """One side's numbers for a row, in the row's unit; ``quantiles`` are p50, p90, p99 of all samples.

    ``flaw`` is what a reader must know of them: ``few``, ``unstable``, ``drifts``, or nothing.
    """

    estimate: Estimate
    quantiles: list[float]
    samples: int
    dispersion: float
    flaw: str = ""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table. ``ratio`` is the first side's number over the second's, of paired rounds.

    ``shares`` is the part of the limit that each side reaches: 1 is as fast as the bare machine. ``failed``
    says for each side in how many processes the row was not measured, and why the last time.
    """

    row: Row
    sides: dict[str, SideResult]
    ratio: Estimate | None
    shares: dict[str, float]
    failed: dict[str, tuple[int, str]] = {}

    @property
    def differs(self) -> bool | None:
        """Return whether the sides were shown to differ; None when there is no interval to say so by."""
        if self.ratio is None or self.ratio.n < statistics.FEW:
            return None
        return self.ratio.low > 1 or self.ratio.high < 1

    @property
    def better(self) -> str:
        """Return the side with the better number; empty when they were not shown to differ."""
        if not self.ratio or not self.differs:
            return ""
        first, second = self.sides
        more = workloads()[self.row.workload].more_is_better
        return first if (self.ratio.value > 1) == more else second

    @property
    def stable(self) -> bool:
        """Return whether nothing is to be said against either side's number."""
        return not self.failed and not any(side.flaw for side in self.sides.values())


def number(workload: Workload, row: Row, sample: float) -> float:
    """Return a sample in the row's unit: seconds, operations or bytes a second, or as it is."""
    if workload.kind == "rate":
        return 1e9 / sample
    if workload.kind == "bandwidth":
        return row.size / sample * 1e9
    return sample if workload.kind == "amount" else sample / 1e9


def by_row(measured: Measured) -> dict[Row, dict[str, dict[int, Samples]]]:
    """Return the samples by row, side and round."""
    taken: dict[Row, dict[str, dict[int, Samples]]] = {}
    for record in measured.samples:
        if record.values and record.row.workload in workloads():
            taken.setdefault(record.row, {}).setdefault(record.side, {})[record.round] = record
    return taken


def medians(taken: Taken, row: Row, side: str) -> dict[int, float]:
    """Return each process's median by round, in the row's unit; empty when there is none."""
    workload = workloads()[row.workload]
    rounds = taken.get(row, {}).get(side, {})
    return {at: number(workload, row, standard.median(each.values)) for at, each in sorted(rounds.items())}


def results(measured: Measured) -> list[Result]:
    """Return a line for each row that was measured or tried, in the order of the catalogue."""
    taken = by_row(measured)
    place = {name: at for at, name in enumerate(workloads())}
    tried = {record.row for record in measured.troubles if record.row.workload in place}
    rows = sorted(tried | taken.keys(), key=lambda row: (place[row.workload], row.size))
    return [_result(row, taken, measured) for row in rows]


def _result(row: Row, taken: Taken, measured: Measured) -> Result:
    names = measured.manifest.sides
    values = {side: found for side in names if (found := medians(taken, row, side))}
    troubles = [record for record in measured.troubles if record.row == row]
    counts = Counter(record.side for record in troubles)
    unpaired = workloads()[row.workload].group == FAULTS
    return Result(
        row=row,
        sides={side: _side(row, taken[row][side], found) for side, found in values.items()},
        ratio=None if unpaired else _ratio(values.get(names[0], {}), values.get(names[1], {})),
        shares={side: share for side in values if (share := _share(row, taken, side, values[side]))},
        failed={record.side: (counts[record.side], record.why) for record in troubles},
    )


def _ratio(first: Mapping[int, float], second: Mapping[int, float]) -> Estimate | None:
    pairs = [(first[each], second[each]) for each in sorted(first.keys() & second.keys())]
    if not pairs or any(value <= 0 for pair in pairs for value in pair):
        return None
    return statistics.ratio(pairs)


def _side(row: Row, rounds: Mapping[int, Samples], values: Mapping[int, float]) -> SideResult:
    workload = workloads()[row.workload]
    pooled = [
        number(workload, row, value)
        for each in rounds.values()
        for value in each.values
        if value or workload.kind == "amount"
    ]
    processes = list(values.values())
    positive = all(value > 0 for value in processes)
    return SideResult(
        estimate=statistics.typical(processes) if positive else statistics.centre(processes),
        quantiles=statistics.quantiles(pooled, workload.worst_last),
        samples=len(pooled),
        dispersion=statistics.dispersion(processes),
        flaw=_flaw(processes),
    )


def _flaw(processes: Sequence[float]) -> str:
    if len(processes) < statistics.FEW:
        return "few"
    if statistics.dispersion(processes) > UNSTABLE:
        return "unstable"
    return "drifts" if statistics.drifts(processes) else ""


def seconds(row: Row, value: float, size: int) -> float:
    """Return what one operation takes, from a value in the row's unit; bytes are those of ``size``."""
    kind = workloads()[row.workload].kind
    if kind == "bandwidth":
        return size / value
    return 1 / value if kind == "rate" else value


def _share(row: Row, taken: Taken, side: str, values: Mapping[int, float]) -> float:
    """Return how much of its limit a side reaches, from the limits that its own processes measured."""
    limit = limit_of(row)
    bounds = medians(taken, limit, side) if limit else {}
    shares = [
        seconds(limit, bounds[each], row.size) / seconds(row, values[each], row.size)
        for each in values.keys() & bounds.keys()
        if limit and values[each] > 0 and bounds[each] > 0
    ]
    return standard.median(shares) if shares else 0.0


def together(measured: Measured) -> Estimate | None:
    """Return the ratio of times of one engine against itself, over all rows that the program times.

    None for two engines, or without such rows.

    A round counts once, by the mean of its rows' log ratios: its rows are of the same two processes, so they
    are not independent. Only rows whose operations are timed in the program are taken.
    """
    if len({each.engine for each in measured.processes}) != 1:
        return None
    first, second = measured.manifest.sides
    taken, logs = by_row(measured), dict[int, list[float]]()
    for row in taken:
        workload = workloads()[row.workload]
        if workload.before or workload.elsewhere or workload.kind in ("phase", "amount"):
            continue
        one, other = medians(taken, row, first), medians(taken, row, second)
        for at in one.keys() & other.keys():
            ratio = seconds(row, one[at], row.size) / seconds(row, other[at], row.size)
            logs.setdefault(at, []).append(math.log(ratio))
    if not logs:
        return None
    return statistics.typical([math.exp(standard.mean(each)) for each in logs.values()])


def disturbed(measured: Measured) -> list[Process]:
    """Return the processes during which others used the machine, or that began on a busy one."""
    return [each for each in measured.processes if each.foreign > FOREIGN_CORES or not each.idle]


REMEDIES = {
    "few": f"fewer than {statistics.FEW} processes, so no interval covers 95 %; give a larger --budget",
    "unstable": f"processes differ by more than {UNSTABLE:.0%} between quartiles; a larger --budget narrows"
    " the interval, not this spread",
    "drifts": "the number rises or falls over the rounds; look for heat, swapping or a growing load, and"
    " measure again",
}


def notes(measured: Measured, lines: Sequence[Result]) -> list[str]:
    """Return what a reader of the table must know, each cause once, with what to do about it."""
    said = []
    for flaw, remedy in REMEDIES.items():
        rows = [f"{each.row}" for each in lines if any(side.flaw == flaw for side in each.sides.values())]
        if rows:
            said.append(f"{_some(rows, len(lines))}: {remedy}.")
    for each in lines:
        for side, (count, why) in each.failed.items():
            said.append(f"{each.row}: not measured in {count} processes of {side}: {why}.")
    for process in measured.processes:
        if process.ended:
            said.append(f"round {process.round}, {process.side}: the process ended with {process.ended}.")
    limits = [each for each in lines if workloads()[each.row.workload].before and each.differs is not None]
    if apart := [f"{each.row}" for each in limits if each.differs]:
        said.append(
            f"{len(apart)} of {len(limits)} limits of the machine differ between the sides:"
            f" {', '.join(apart)}."
            " No engine was loaded yet, so this is the machine or chance (about 1 in 20); measure again on an"
            " idle machine."
        )
    if troubled := disturbed(measured):
        most = max(each.foreign for each in troubled)
        said.append(
            f"{len(troubled)} of {len(measured.processes)} processes shared the machine with others, who used"
            f" up to {most:.1f} cores; measure on an idle machine."
        )
    return said


def _some(rows: Sequence[str], of: int) -> str:
    if len(rows) == of > 1:
        return "all rows"
    return ", ".join(rows[:6]) + (f" and {len(rows) - 6} more" if len(rows) > 6 else "")


def by_group(lines: Sequence[Result]) -> dict[str, list[Result]]:
    """Return the lines by group, in the order of the catalogue."""
    grouped: dict[str, list[Result]] = {}
    for line in lines:
        grouped.setdefault(workloads()[line.row.workload].group, []).append(line)
    return grouped
