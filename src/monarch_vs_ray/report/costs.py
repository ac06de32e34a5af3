"""Make the parts of the document on costs from the published measurements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import median

from monarch_vs_ray.bench import metg, scale, units
from monarch_vs_ray.bench.analysis import FAULTS, Result, by_row, disturbed, medians
from monarch_vs_ray.bench.catalogue import Row, workloads
from monarch_vs_ray.bench.metg import BARE, Curve, driver_of
from monarch_vs_ray.bench.published import Line, Published, alike, best
from monarch_vs_ray.bench.settings import CHOICES, RECOMMENDED
from monarch_vs_ray.bench.statistics import FEW, Estimate
from monarch_vs_ray.core.errors import UnknownWorkload
from monarch_vs_ray.core.events import ENGINES
from monarch_vs_ray.ledger.tables import NAMES
from monarch_vs_ray.report.words import EVIDENCE_FOLDER, escape, row

NOTHING = "Nothing is measured yet; `mvr bench` does, and `mvr bench publish` publishes it."
PAGE = "costs.md"
MISSING = "-"
MOMENT = "fault_moment"
NOTICE = "_to_notice"
"""The supervisor's notice comes with the caller's error; it is on the evidence page."""
METHOD = "guide/benchmarks.md#workloads"
METG = "METG, the smallest task (its wall time, times the cores) that keeps half of the peak:"
CALLS = driver_of("task_graph", "ray")
DRIVERS = {str(engine): name for engine, name in NAMES.items()} | {
    CALLS: "Ray, each task called by the program"
}
MODEL = "How a fan-out grows, by a model that was fitted to these measurements:"
MEASURED_MOST = 1_024
"""The processes that the scale model is asked for in the text."""


class Costs:
    """Parts of the document about costs.

    Args:
        files: Published measurements; those of the machine with most of them count.
    """

    def __init__(self, files: Iterable[Published]) -> None:
        all_ = list(files)
        machines = [file.machine for file in all_]
        self.machine = max(sorted(set(machines)), key=machines.count, default="")
        self.files = [file for file in all_ if file.machine == self.machine]
        self.lines = best(self.files)
        self.recommended = best(self.files, RECOMMENDED)

    def finding(self) -> str:
        """Return a sentence with the two numbers that most readers look for."""
        call, start = self._both("call_round_trip"), self._both("cold_start")
        if not call or not start:
            return f"**Costs.** {NOTHING}"
        return (
            f"**Costs.** A call and its answer take {call[0]} on Monarch and {call[1]} on Ray"
            f" ({self._n('call_round_trip')}). From the import to the first answer it takes {start[0]} on"
            f" Monarch, which starts no service, and {start[1]} on Ray, which starts a cluster of one node."
            " [[costs](#what-it-costs)]"
        )

    def table(self, *wanted: str) -> str:
        """Return a table of rows such as ``fan_out/8``, or of all sizes of ``fan_out``; of those published.

        Raises:
            UnknownWorkload: If a row names no workload.
        """
        lines = [line for name in wanted for line in self._find(name)]
        if not lines:
            return NOTHING
        head = ["|operation|Monarch|Ray|Monarch / Ray|pairs|", "|---|--:|--:|--:|--:|"]
        return "\n".join([*head, *(_line(line.result) for line in lines)])

    def faults(self) -> str:
        """Return a table of what follows a fault: the median and the ends, since a poll spreads them."""
        names = [name for name, workload in workloads().items() if workload.group == FAULTS]
        told_apart = [name for name in names if name != MOMENT and not name.endswith(NOTICE)]
        rows = [Row(name) for name in told_apart if Row(name) in self.lines]
        if not rows:
            return ""
        also = any(each in self.recommended for each in rows)
        columns = ["Monarch", *(["Monarch, recommended settings"] if also else []), "Ray"]
        told = [f"|from the signal to|{'|'.join(columns)}|", f"|---|{'--:|' * len(columns)}"]
        for each in rows:
            cells = [_spread(self.lines, each, "monarch")]
            if also:
                cells.append(_spread(self.recommended, each, "monarch"))
            told.append(row(title(self.lines[each].result), *cells, _spread(self.lines, each, "ray")))
        set_ = ", ".join(f"`{name}={value_}`" for name, value_ in CHOICES[RECOMMENDED]["monarch"].items())
        ends = "Median [least, most] of n faults."
        return "\n".join([*told, "", f"{ends} Recommended settings, Monarch only: {set_}." if also else ends])

    def curves(self) -> str:
        """Return a table of METG: the smallest task at which half of the peak is kept."""
        found = self._curves()
        if not found:
            return ""
        drivers = [BARE, *ENGINES, *([CALLS] if any(CALLS in each for each in found.values()) else [])]
        lines = [
            METG,
            "",
            f"|task graph|{'|'.join(DRIVERS.get(driver, driver) for driver in drivers)}|",
            f"|---|{'--:|' * len(drivers)}",
        ]
        for pattern, by_driver in found.items():
            lines.append(row(pattern, *(_metg(by_driver.get(driver)) for driver in drivers)))
        return "\n".join(lines)

    def _curves(self) -> dict[str, dict[str, Curve]]:
        found: dict[str, dict[str, Curve]] = {}
        for file in alike(self.files):
            for curve in metg.curves(file.measured):
                known = found.setdefault(curve.pattern, {}).get(curve.driver)
                if known is None or curve.processes > known.processes:
                    found[curve.pattern][curve.driver] = curve
        return {
            pattern: curves for pattern, curves in found.items() if any(each in curves for each in ENGINES)
        }

    def scale(self) -> str:
        """Return the scale model in sentences, with its error; empty if fan-out was not measured enough."""
        for file in reversed(alike(self.files)):
            if found := scale.engines(file.measured):
                return "\n".join([MODEL, "", *(f"- {sentence}" for sentence in _model(found))])
        return ""

    def limits(self, *wanted: str) -> str:
        """Return how near rows come to what the machine does without an engine, in one sentence."""
        told = [
            f"{_lower(title(line.result))}: "
            + ", ".join(
                f"{NAMES[engine]} {_share(line.result.shares[engine])}"
                for engine in ENGINES
                if engine in line.result.shares
            )
            for name in wanted
            for line in self._find(name)
            if line.result.shares
        ]
        return f"Share of the machine's own speed, without an engine: {'; '.join(told)}." if told else ""

    def ran(self) -> str:
        """Return when, where and with how much other load the measurements ran, in a sentence."""
        if not self.files:
            return NOTHING
        files = [*alike(self.files), *alike(self.files, RECOMMENDED)]
        processes = [each for file in files for each in file.measured.processes]
        busy = sum(len(disturbed(file.measured)) for file in files)
        days = sorted({file.measured.manifest.date[:10] for file in files})
        manifest = files[-1].measured.manifest
        versions = manifest.versions
        processor = f" ({escape(manifest.processor)})" if manifest.processor else ""
        told = " and ".join(f"{NAMES[engine]} {versions.get(engine, '')}".rstrip() for engine in ENGINES)
        return (
            f"{told} on {self.machine}{processor}, {' and '.join(days)}, {len(files)} runs of"
            f" {len(processes)} processes; others used the machine during {busy} of them"
        )

    def more(self) -> str:
        """Return a link to the page with all rows."""
        engine_rows = [
            line for line in self.lines.values() if not workloads()[line.result.row.workload].before
        ]
        return f"[all {len(engine_rows)} rows with their notes]({EVIDENCE_FOLDER}/{PAGE})"

    # -- helpers ---------------------------------------------------------------------------------------

    def _find(self, name: str) -> list[Line]:
        workload, _, size = name.partition("/")
        if workload not in workloads():
            raise UnknownWorkload(workload, list(workloads()))
        return [
            line
            for of, line in self.lines.items()
            if of.workload == workload and (not size or of.size == int(size)) and line.result.sides
        ]

    def _both(self, name: str) -> list[str]:
        """Return both engines' numbers of a row of one size, or nothing."""
        line = self.lines.get(Row(name))
        if line is None or any(engine not in line.result.sides for engine in ENGINES):
            return []
        return [value(line.result, engine) for engine in ENGINES]

    def _n(self, name: str) -> str:
        result = self.lines[Row(name)].result
        alike = "not shown to differ, " if result.differs is False else ""
        return f"{alike}n = {result.ratio.n if result.ratio else 0}"


def value(result: Result, engine: str) -> str:
    """Return an engine's number of a row, with its unit; or why there is none, where that was observed."""
    if engine not in result.sides:
        failed = result.failed.get(engine) if workloads()[result.row.workload].group == "failure" else None
        return failed[1].partition(": ")[2] if failed else MISSING
    shown = units.show(workloads()[result.row.workload], result.sides[engine].estimate.value)
    return shown.replace(" us", " µs")


def _spread(lines: Mapping[Row, Line], of: Row, engine: str) -> str:
    """Return the median of a row's processes with its ends, or why there is none."""
    if of not in lines:
        return MISSING
    line = lines[of]
    if engine not in line.result.sides:
        return value(line.result, engine)
    taken = medians(by_row(line.file.measured), of, engine)
    middle, low, high = (
        units.seconds(each) for each in (median(taken.values()), min(taken.values()), max(taken.values()))
    )
    missed, _ = line.result.failed.get(engine, (0, ""))
    also = f"; not in {missed} more" if missed else ""
    return f"{middle} [{low}, {high}], n={len(taken)}{also}".replace(" us", " µs")


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def title(result: Result) -> str:
    """Return a row's title, with its size."""
    workload = workloads()[result.row.workload]
    size = units.size(workload, result.row)
    return f"{workload.title}{f', {size}' if size else ''}"


def _line(result: Result) -> str:
    pairs = result.ratio.n if result.ratio else max(side.estimate.n for side in result.sides.values())
    numbers = (_bold(value(result, engine), engine == result.better) for engine in ENGINES)
    return row(title(result), *numbers, ratio(result.ratio), str(pairs))


def _bold(text: str, better: bool) -> str:
    return f"**{text}**" if better else text


def ratio(estimate: Estimate | None) -> str:
    """Return a ratio with its interval at 95 %, or what keeps it from having one."""
    if estimate is None:
        return MISSING
    shown = units.three_digits(estimate.value)
    if estimate.n < FEW:
        return f"{shown}, no interval"
    interval = f"{shown} [{units.three_digits(estimate.low)}, {units.three_digits(estimate.high)}]"
    return f"{interval}, not shown to differ" if estimate.low <= 1 <= estimate.high else interval


def _share(share: float) -> str:
    return f"{share:.0%}" if share >= 0.01 else f"{share:.2%}"


def _metg(curve: Curve | None) -> str:
    if curve is None:
        return MISSING
    return "not reached" if curve.metg is None else units.seconds(curve.metg).replace(" us", " µs")


def _model(found: dict[str, scale.Engine]) -> Iterator[str]:
    for engine in ENGINES:
        if engine not in found:
            continue
        of = found[engine]
        worst = max((abs(error) for error in of.errors.values()), default=0.0)
        sentence = (
            f"{NAMES[engine]}: a call {_seconds(of.model.call)}, each further process of this machine"
            f" {_seconds(of.model.per_process)}; off by up to {worst:.0%} at sizes left out of the fit."
        )
        if of.model.fan_out and of.levels == 1:
            sentence += " All of it is one level of the tree."
        if estimate := of.predictions.get(MEASURED_MOST):
            interval = f"[{_seconds(estimate.low)}, {_seconds(estimate.high)}]"
            sentence += (
                f" Predicted for {MEASURED_MOST:,} processes with cores of their own:"
                f" {_seconds(estimate.value)} {interval}."
            )
        yield sentence
    if any(of.predictions for of in found.values()):
        yield f"These are predictions, not measurements; [the method]({METHOD}) says what they rest on."


def _seconds(value_: float) -> str:
    return _micro(units.seconds(value_))


def _micro(text: str) -> str:
    return text.replace(" us", " µs")


def groups(lines: Sequence[Line]) -> dict[str, list[Line]]:
    """Return lines by group of workloads, in their order."""
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(workloads()[line.result.row.workload].group, []).append(line)
    return found
