"""Hold two files of measurements against each other: what moved, and whether they may be compared at all."""

from __future__ import annotations

import math
from typing import Literal

import msgspec
from rich.table import Table
from rich.text import Text

from monarch_vs_ray.bench import analysis, table, units
from monarch_vs_ray.bench.analysis import Result
from monarch_vs_ray.bench.catalogue import Row, workloads
from monarch_vs_ray.bench.statistics import FEW, Estimate
from monarch_vs_ray.bench.store import Manifest, Measured
from monarch_vs_ray.core.errors import ExitCode, UserError
from monarch_vs_ray.core.output import say
from monarch_vs_ray.stage.console import console

RATIO = "ratio"
NEAR = 0.1
"""Ratios of two runs that are no further apart than this share of the first are said to be near."""
PRECISE = 0.07
"""A ratio is called stable when nothing is to be said against its row and half its interval is no wider.

With intervals at 95 % of this width, two runs' ratios differ by more than ``NEAR`` one time in 20.
"""
CHANCE = 0.1
"""If more than this share of the machine's limits moved, it is not said to be the same machine."""
Verdict = Literal["not shown to differ", "higher", "lower", "too few"]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One number in both files. ``what`` is a side, or ``ratio``."""

    row: Row
    what: str
    first: Estimate
    second: Estimate

    @property
    def verdict(self) -> Verdict:
        """Return what two intervals say: they differ only when they do not overlap."""
        if min(self.first.n, self.second.n) < FEW:
            return "too few"
        if self.second.low > self.first.high:
            return "higher"
        return "lower" if self.second.high < self.first.low else "not shown to differ"


def differences(first: Manifest, second: Manifest) -> list[str]:
    """Return why two files are not comparable: machine, processor, code, sides, settings; empty if they are.

    Processors count where both files name one.
    """
    pairs = [
        ("machine", first.machine, second.machine),
        ("processor", first.processor or second.processor, second.processor or first.processor),
        ("code of the workloads", first.code, second.code),
        ("sides", " / ".join(first.sides), " / ".join(second.sides)),
        ("settings", first.settings, second.settings),
    ]
    found = []
    for name, one, other in pairs:
        if one != other:
            found.append(f"{name}: {_brief(one, other)}")
    return found


def _brief(one: object, other: object) -> str:
    if isinstance(one, msgspec.Struct) and isinstance(other, msgspec.Struct):
        fields = [each for each in one.__struct_fields__ if getattr(one, each) != getattr(other, each)]
        return ", ".join(f"{each} {getattr(one, each)} and {getattr(other, each)}" for each in fields)
    return f"{one} and {other}"


def changes(first: Measured, second: Measured) -> list[Change]:
    """Return each number that both files have."""
    others = {result.row: result for result in analysis.results(second)}
    return [
        change
        for result in analysis.results(first)
        if result.row in others
        for change in _changes(result, others[result.row])
    ]


def _changes(one: Result, other: Result) -> list[Change]:
    found = [
        Change(row=one.row, what=side, first=numbers.estimate, second=other.sides[side].estimate)
        for side, numbers in one.sides.items()
        if side in other.sides
    ]
    if one.ratio and other.ratio:
        found.append(Change(row=one.row, what=RATIO, first=one.ratio, second=other.ratio))
    return found


def show(first: Measured, second: Measured) -> int:
    """Print what moved between two files; return the exit code, 1 when they are not comparable.

    Raises:
        UserError: If both hold the same measurements, or no row in common.
    """
    if first == second:
        raise UserError("Both files hold the same measurements; name two runs.")
    if unlike := differences(first.manifest, second.manifest):
        say("Not comparable:", *("  " + each for each in unlike))
        return ExitCode.NOT_AS_EXPECTED
    for engine in sorted(first.manifest.versions.keys() & second.manifest.versions.keys()):
        one, other = first.manifest.versions[engine], second.manifest.versions[engine]
        say(f"{engine}: {one}" + (f" and {other}" if one != other else ""))
    found = changes(first, second)
    if not found:
        raise UserError("The files have no row in common; measure the same workloads in both.")
    made = Table(box=None, pad_edge=False, show_edge=False)
    for title in ("workload", "", first.manifest.date[:16], second.manifest.date[:16], "second is"):
        made.add_column(title)
    for change in found:
        made.add_row(*(Text(cell) for cell in _cells(change)))
    console().print(made)
    judged = [change for change in found if change.verdict != "too few"]
    moved = [change for change in judged if change.verdict != "not shown to differ"]
    if not judged:
        say(f"None of them can be judged: fewer than {FEW} processes each; give a larger --budget.")
        return ExitCode.FINE
    ratios = [each for each in judged if each.what == RATIO]
    say(
        f"{len(moved)} of {len(judged)} numbers moved, {sum(each in moved for each in ratios)} of them"
        " ratios; of two runs alike some do, about 1 in 100 by chance."
    )
    limits = [each for each in judged if each.what != RATIO and workloads()[each.row.workload].before]
    if (apart := sum(each in moved for each in limits)) > CHANCE * len(limits):
        say(
            f"{apart} of {len(limits)} limits of the machine moved, too, before an engine was loaded:"
            " the machine itself had another speed. Hold the ratios against each other, not the times."
        )
    if ratios:
        rows = _stable(first) & _stable(second)
        stable = [each for each in ratios if each.row in rows]
        near = [each for each in stable if abs(each.second.value / each.first.value - 1) <= NEAR]
        say(
            f"{len(stable)} of {len(ratios)} ratios are stable (known to within {PRECISE:.0%} in both runs);"
            f" {len(near)} of these differ by at most {NEAR:.0%} between the runs."
            + ("" if len(stable) == len(ratios) else " A larger --budget makes more of them stable.")
        )
    return ExitCode.FINE


def _stable(measured: Measured) -> set[Row]:
    return {each.row for each in analysis.results(measured) if each.stable and _precise(each.ratio)}


def _precise(ratio: Estimate | None) -> bool:
    return ratio is not None and math.sqrt(ratio.high / ratio.low) - 1 <= PRECISE


def _cells(change: Change) -> list[str]:
    workload = workloads()[change.row.workload]

    def shown(estimate: Estimate) -> str:
        if change.what == RATIO:
            return table.ratio(estimate).removeprefix(f"{table.NOT_SHOWN} ")
        low, high = units.show(workload, estimate.low), units.show(workload, estimate.high)
        return f"{units.show(workload, estimate.value)} [{low}, {high}]"

    return [str(change.row), change.what, shown(change.first), shown(change.second), change.verdict]
