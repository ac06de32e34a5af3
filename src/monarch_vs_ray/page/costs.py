"""Show the published measurements of costs: tables, charts, models, warnings."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from monarch_vs_ray.bench import analysis, derived, plots, scale, table, units
from monarch_vs_ray.bench.analysis import FAULTS, Result
from monarch_vs_ray.bench.catalogue import workloads
from monarch_vs_ray.bench.published import Line, Published, alike, best
from monarch_vs_ray.bench.settings import DEFAULTS, RECOMMENDED
from monarch_vs_ray.bench.statistics import FEW, Estimate
from monarch_vs_ray.core.events import ENGINES
from monarch_vs_ray.core.output import clean
from monarch_vs_ray.page.sources import machine_text

LIMITS = "limits"
"""Groups of what the machine itself can do; they come last."""
ENGINE_COLORS = plots.COLORS
ROW = 18
"""Pixels of a row of the chart of ratios."""


def costs(files: Sequence[Published]) -> list[dict[str, Any]]:
    """Return the measurements of each machine that some are published of; the one with most rows first."""
    machines = dict.fromkeys(file.machine for file in files)
    found = [_machine([file for file in files if file.machine == machine]) for machine in machines]
    return sorted(found, key=lambda each: -each["rows"])


def _machine(files: Sequence[Published]) -> dict[str, Any]:
    chosen = best(files)
    latest = max(files, key=lambda file: file.measured.manifest.date)
    manifest = latest.measured.manifest
    grouped = analysis.by_group([line.result for line in chosen.values()])
    in_order = sorted(grouped.items(), key=lambda item: item[0].endswith(LIMITS))
    groups = [
        {
            "title": group.replace("_", " "),
            "choice": DEFAULTS,
            "rows": [_row(chosen[result.row]) for result in results],
        }
        for group, results in in_order
    ]
    if others := best(files, RECOMMENDED):
        rows = [
            _row(line, f"{RECOMMENDED}-")
            for line in others.values()
            if workloads()[line.result.row.workload].group == FAULTS
        ]
        groups.append({"title": f"{FAULTS}, {RECOMMENDED} settings", "choice": RECOMMENDED, "rows": rows})
    return {
        "name": latest.machine,
        "machine": machine_text(manifest.machine) + manifest.on_processor,
        "date": manifest.date[:10],
        "versions": manifest.versions,
        "settings": manifest.settings,
        "rows": len(chosen),
        "groups": groups,
        "notes": list(dict.fromkeys(clean(note) for file in files for note in _notes(file, chosen.values()))),
        "together": list(dict.fromkeys(line for file in files for line in derived.lines(file.measured))),
        "scale": _scale(files),
    }


def _notes(file: Published, lines: Any) -> list[str]:
    results = [line.result for line in lines if line.file is file]
    return analysis.notes(file.measured, results) if results else []


def _row(line: Line, anchor: str = "") -> dict[str, Any]:
    """Return a line of the table: numbers for a reader, and numbers to sort by."""
    result = line.result
    workload = workloads()[result.row.workload]
    size = units.size(workload, result.row)
    return {
        "workload": workload.name,
        "id": f"bench-{anchor}{result.row}".replace("/", "-"),
        "title": workload.title,
        "size": size,
        "note": workload.note,
        "clock": workload.clock,
        "better": "more" if workload.more_is_better else "less",
        "sides": {engine: _side(result, engine) for engine in ENGINES},
        "ratio": table.ratio(result.ratio),
        "ratio_value": result.ratio.value if result.ratio else "",
        "verdict": _verdict(result, more=workload.more_is_better),
        "n": _pairs(result),
        "stable": result.stable,
    }


def _side(result: Result, engine: str) -> dict[str, Any] | None:
    if engine not in result.sides:
        return None
    estimate = result.sides[engine].estimate
    workload = workloads()[result.row.workload]
    interval = f"{units.show(workload, estimate.low)} to {units.show(workload, estimate.high)}"
    return {
        "text": units.show(workload, estimate.value),
        "value": estimate.value,
        "interval": interval if estimate.n >= FEW else "",
        "share": result.shares.get(engine),
    }


def _pairs(result: Result) -> int:
    return (
        result.ratio.n
        if result.ratio
        else max((side.estimate.n for side in result.sides.values()), default=0)
    )


def _verdict(result: Result, *, more: bool) -> str:
    """Return who has the better number, where an interval says so."""
    if result.ratio is None:
        return ""
    if result.differs is None:
        return "too few pairs to tell"
    if not result.differs:
        return "not shown to differ"
    return "Monarch better" if (result.ratio.value > 1) == more else "Ray better"


def _scale(files: Sequence[Published]) -> dict[str, Any] | None:
    """Return the predictions of the scale model, from the first file that has some."""
    models = [scale.engines(file.measured) for file in alike(files)]
    whole = [each for each in models if any(engine.predictions for engine in each.values())]
    if not whole:
        return None
    found = whole[0]
    return {
        "sizes": list(scale.ASKED),
        "engines": {
            name: [_predicted(engine.predictions[n]) if n in engine.predictions else "" for n in scale.ASKED]
            for name, engine in found.items()
        },
        "assumptions": list(scale.ASSUMPTIONS),
    }


def _predicted(estimate: Estimate) -> str:
    low, high = units.seconds(estimate.low), units.seconds(estimate.high)
    return f"{units.seconds(estimate.value)} [{low}, {high}]"


GLANCE = ("cold_start", "call_round_trip", "fan_out", "spawn", "kill_to_error", "memory_of_an_actor")
"""Workloads that the first screens quote, at their largest size, once they are measured on both engines."""


def glance(machines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return some rows of the first machine that say most in few numbers."""
    groups = [group for machine in machines[:1] for group in machine["groups"]]
    rows = [row for group in groups if group["choice"] == DEFAULTS for row in group["rows"]]
    found = []
    for name in GLANCE:
        sized = [row for row in rows if row["workload"] == name and all(row["sides"].values())]
        found += sized[-1:]
    return found


# -- charts ------------------------------------------------------------------------------------------------


def charts(files: Sequence[Published]) -> list[dict[str, Any]]:
    """Return the charts that there are data for, as Vega-Lite with their data inline.

    None without the packages of the extra ``page``: the tables need neither.
    """
    if not all(map(find_spec, ("altair", "vl_convert"))):
        return []
    import altair

    found: dict[tuple[str, str], dict[str, Any]] = {}
    for file in files:
        if file.measured.manifest.choice != DEFAULTS:
            continue
        lines = analysis.results(file.measured)
        if ratios := forest(lines):
            chart = _forest(ratios, altair)
            _keep(found, file, "ratios", ratios, chart)
        for name, (data, chart) in plots.pictures(file.measured, lines, altair).items():
            _keep(found, file, name, data, chart)
    for machine in dict.fromkeys(file.machine for file in files):
        here = [file for file in files if file.machine == machine]
        if faults := plots.recoveries(file.measured for file in here):
            _keep(found, here[-1], "recovery", faults, plots.recovery_chart(faults, altair))
    return list(found.values())


def _keep(found: dict[Any, Any], file: Published, name: str, data: plots.Data, chart: Any) -> None:
    """Keep the chart of a name with most data, of each machine."""
    known = found.get((file.machine, name))
    if known and len(known["data"]) >= len(data):
        return
    spec = chart.to_dict()
    titles = [part.pop("title", "") for part in (spec, *spec.get("layer", ()))]
    manifest = file.measured.manifest
    found[file.machine, name] = {
        "id": f"chart-{name}",
        "title": TITLES.get(name) or next(filter(None, titles), name.replace("_", " ")),
        "spec": spec,
        "columns": list(data[0]),
        "data": [[_value(value) for value in row.values()] for row in data],
        "from": f"{machine_text(manifest.machine)}, {manifest.date[:10]}",
    }


def _value(value: object) -> object:
    return float(f"{value:.4g}") if isinstance(value, float) else value


TITLES = {
    "ratios": "Monarch's number over Ray's, and the interval of the ratio",
    "metg": "How small may a task be: the share of the peak by the seconds of a task",
}
"""Of charts whose own title does not say it."""


def forest(lines: Sequence[Result]) -> plots.Data:
    """Return each row's ratio with its interval; below 1, Monarch's number is the smaller one."""
    return [
        {
            "row": " ".join(filter(None, (workload.title + ",", units.size(workload, line.row)))).rstrip(","),
            "group": workload.group.replace("_", " "),
            "ratio": line.ratio.value,
            "low": line.ratio.low,
            "high": line.ratio.high,
            "pairs": line.ratio.n,
            "better": _verdict(line, more=workload.more_is_better),
        }
        for line in lines
        if line.ratio and not (workload := workloads()[line.row.workload]).before
    ]


def _forest(data: plots.Data, altair: Any) -> Any:
    names = ["Monarch better", "Ray better", "not shown to differ", "too few pairs to tell"]
    colors = [ENGINE_COLORS["monarch"], ENGINE_COLORS["ray"], "#777777", "#777777"]
    height = ROW * len({row["row"] for row in data})
    base = altair.Chart(altair.Data(values=data), width=plots.WIDTH, height=height).encode(
        y=altair.Y("row:N", sort=None, title=None, axis=altair.Axis(labelLimit=plots.LABEL)),
        color=altair.Color("better:N", scale=altair.Scale(domain=names, range=colors), title=None),
    )
    points = base.mark_point(filled=True, size=70).encode(
        x=altair.X("ratio:Q", scale=altair.Scale(type="log"), title="Monarch / Ray, logarithmic"),
        shape=altair.Shape(
            "better:N",
            scale=altair.Scale(domain=names, range=["circle", "square", "diamond", "cross"]),
            title=None,
        ),
    )
    spans = base.mark_rule(strokeWidth=2).encode(x="low:Q", x2="high:Q")
    one = (
        altair.Chart(altair.Data(values=[{"one": 1}]))
        .mark_rule(strokeDash=[4, 4], color="#777777")
        .encode(x="one:Q")
    )
    return one + spans + points
