"""Pictures of a measurement as SVG, with their data beside them as CSV."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from monarch_vs_ray.bench import analysis, metg
from monarch_vs_ray.bench.analysis import Result
from monarch_vs_ray.bench.catalogue import workloads
from monarch_vs_ray.bench.store import Measured
from monarch_vs_ray.core.errors import CannotRecord, ExitCode, UserError
from monarch_vs_ray.core.output import say

Data = list[dict[str, Any]]
COLORS = {"monarch": "#0072b2", "ray": "#d55e00"}
"""Two that colour-blind readers tell apart (Okabe and Ito); blue and orange as in the terminal."""
OTHERS = ("#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999999")
WIDTH, HEIGHT = 420, 260


def write(measured: Measured, folder: Path) -> int:
    """Write each picture that the measurement has data for; return the exit code.

    Args:
        measured: The measurement.
        folder: Where; made if it is not there.

    Raises:
        UserError: If the drawing library is missing, or there is nothing to draw.
        CannotRecord: If a file cannot be written.
    """
    try:
        import altair
        import vl_convert
    except ImportError as error:
        raise UserError(
            f"Pictures need {error.name}; pip install 'monarch-vs-ray[plots]',"
            " or print the numbers with `mvr bench show FILE --csv`."
        ) from None
    lines = analysis.results(measured)
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, (data, chart) in pictures(measured, lines, altair).items():
            svg = vl_convert.vegalite_to_svg(chart.to_json())
            (folder / f"{name}.svg").write_text(svg, encoding="utf-8")
            _write_csv(folder / f"{name}.csv", data)
            written.append(folder / f"{name}.svg")
    except OSError as error:
        raise CannotRecord(folder, error.strerror or str(error)) from None
    if not written:
        raise UserError("There is nothing to draw in this file; run `mvr bench` with its default workloads.")
    say(*map(str, written))
    return ExitCode.FINE


def pictures(measured: Measured, lines: Sequence[Result], altair: Any) -> dict[str, tuple[Data, Any]]:
    """Return data and chart of each picture that there is data for."""
    made: list[tuple[str, Data, Callable[[Data, Any], Any]]] = [
        ("cold_start", cold_start(lines), _cold_start),
        ("fan_out", fan_out(lines), _fan_out),
        ("bandwidth", bandwidth(lines), _bandwidth),
        ("metg", metg_curves(measured), _metg),
        ("recovery", recovery(measured), _recovery),
    ]
    return {name: (data, draw(data, altair)) for name, data, draw in made if data}


def cold_start(lines: Sequence[Result]) -> Data:
    """Return the seconds of each phase of a start, by side."""
    return [
        {"side": side, "phase": workloads()[line.row.workload].title, "order": at, **_numbers(line, side)}
        for at, line in enumerate(lines)
        if line.row.workload.startswith("cold_start")
        for side in line.sides
    ]


def fan_out(lines: Sequence[Result]) -> Data:
    """Return seconds by number of processes, side and way of calling."""
    return [
        {"side": side, "way": workloads()[name].title, "processes": line.row.size, **_numbers(line, side)}
        for line in lines
        if (name := line.row.workload) in ("fan_out", "compiled_fan_out")
        for side in line.sides
    ]


def bandwidth(lines: Sequence[Result]) -> Data:
    """Return bytes a second by size and way; memory's own is one of the ways."""
    found = []
    for line in lines:
        workload = workloads()[line.row.workload]
        if workload.group == "data" or workload.name == "memory_copy":
            for side in line.sides:
                way = workload.title if workload.group != "data" else f"{side}: {workload.title}"
                found.append({"side": side, "way": way, "bytes": line.row.size, **_numbers(line, side)})
    return found


def metg_curves(measured: Measured) -> Data:
    """Return efficiency by granularity, pattern and driver."""
    return [
        {
            "pattern": curve.pattern,
            "driver": curve.driver,
            "granularity": point.granularity,
            "efficiency": point.efficiency,
            "n": curve.processes,
        }
        for curve in metg.curves(measured)
        for point in curve.points
    ]


def recovery(measured: Measured) -> Data:
    """Return the seconds from each fault to what followed, one line for each that was injected."""
    return [
        {"side": record.side, "what": workloads()[record.row.workload].title, "seconds": value / 1e9}
        for record in measured.samples
        if record.row.workload in workloads()
        and workloads()[record.row.workload].group == "failure"
        and record.row.workload != "fault_moment"
        for value in record.values
    ]


def _numbers(line: Result, side: str) -> dict[str, float]:
    estimate = line.sides[side].estimate
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high, "n": estimate.n}


def _color(altair: Any, field: str, data: Data) -> Any:
    names = list(dict.fromkeys(row[field] for row in data))
    others = iter(OTHERS * len(names))
    scale = altair.Scale(domain=names, range=[COLORS.get(name) or next(others) for name in names])
    return altair.Color(f"{field}:N", scale=scale, title=None)


def _si(altair: Any) -> Any:
    """Return an axis with numbers such as 1k, 10M or 100µ."""
    return altair.Axis(format="~s", labelOverlap="greedy")


def _base(data: Data, altair: Any, title: str) -> Any:
    return altair.Chart(altair.Data(values=data), width=WIDTH, height=HEIGHT, title=title)


def _cold_start(data: Data, altair: Any) -> Any:
    return (
        _base(data, altair, "Start of an engine: medians of processes")
        .mark_bar()
        .encode(
            x=altair.X("value:Q", title="seconds"),
            y=altair.Y("side:N", title=None),
            color=altair.Color("phase:N", sort=altair.SortField("order"), title=None),
            order=altair.Order("order:Q"),
        )
        .properties(height=80)
    )


def _fan_out(data: Data, altair: Any) -> Any:
    base = _base(data, altair, "Call all actors and gather: medians, with intervals at 95 %").encode(
        x=altair.X("processes:Q", scale=altair.Scale(type="log", base=2), title="processes"),
        color=_color(altair, "side", data),
    )
    line = base.mark_line(point=True).encode(
        y=altair.Y("value:Q", scale=altair.Scale(type="log"), title="seconds", axis=_si(altair)),
        strokeDash=altair.StrokeDash("way:N", title=None),
    )
    return line + base.mark_rule(opacity=0.5).encode(y="low:Q", y2="high:Q", detail="way:N")


def _bandwidth(data: Data, altair: Any) -> Any:
    return (
        _base(data, altair, "Bytes a second from one actor to another, and within memory")
        .mark_line(point=True)
        .encode(
            x=altair.X("bytes:Q", scale=altair.Scale(type="log"), title="bytes", axis=_si(altair)),
            y=altair.Y("value:Q", scale=altair.Scale(type="log"), title="bytes a second", axis=_si(altair)),
            color=altair.Color("way:N", title=None, legend=altair.Legend(labelLimit=400)),
            strokeDash=altair.StrokeDash("side:N", title=None),
        )
    )


def _metg(data: Data, altair: Any) -> Any:
    curves = altair.Chart(width=WIDTH // 2, height=HEIGHT // 2)
    line = curves.mark_line(point=True).encode(
        x=altair.X(
            "granularity:Q", scale=altair.Scale(type="log"), title="seconds of a task", axis=_si(altair)
        ),
        y=altair.Y("efficiency:Q", title="share of the peak", scale=altair.Scale(domain=[0, 1])),
        color=_color(altair, "driver", data),
    )
    half = curves.mark_rule(strokeDash=[4, 4], color="#777777").encode(y=altair.datum(metg.HALF))
    return altair.layer(line, half, data=altair.Data(values=data)).facet(
        altair.Facet("pattern:N", title=None), columns=3
    )


def _recovery(data: Data, altair: Any) -> Any:
    return (
        _base(data, altair, "From a fault to what followed: each mark is one fault")
        .mark_tick(thickness=2, size=14)
        .encode(
            x=altair.X("seconds:Q", title="seconds since the signal"),
            y=altair.Y("what:N", title=None),
            yOffset="side:N",
            color=_color(altair, "side", data),
        )
    )


def _write_csv(path: Path, data: Data) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(data[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(data)
