"""Pictures of a measurement as SVG, with their data beside them as CSV."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from demo_tui import DARK, LIGHT
from monarch_vs_ray.bench import analysis, metg
from monarch_vs_ray.bench.analysis import Result
from monarch_vs_ray.bench.catalogue import workloads
from monarch_vs_ray.bench.settings import DEFAULTS
from monarch_vs_ray.bench.store import Measured
from monarch_vs_ray.core.errors import CannotRecord, ExitCode, UserError
from monarch_vs_ray.core.output import say

Data = list[dict[str, Any]]
COLORS = {"monarch": "#0072b2", "ray": "#d55e00"}
"""Two that colour-blind readers tell apart (Okabe and Ito); blue and orange as in the terminal."""
OTHERS = ("#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999999")
X = "M-.4,0L-1,-.6L-.6,-1L0,-.4L.6,-1L1,-.6L.4,0L1,.6L.6,1L0,.4L-.6,1L-1,.6Z"
"""A mark's shape, as a path of SVG."""
WAYS = {
    "circle": "#7f7f7f",
    "square": "#bf149a",
    "triangle-up": "#25a716",
    "diamond": "#e82133",
    "cross": "#978212",
    "triangle-down": "#4e54ea",
    "triangle-right": "#2ba477",
    "triangle-left": "#a27bc3",
    X: "#a9455e",
}
"""A shape and a colour for each way to move bytes: no engine's colours, to be seen on light and dark."""
PHASES = ("#57606a", "#818b95", "#a9b2bb", "#ced5dc")
"""Greys for the phases of a start, from the first one: blue and orange mean an engine."""
SOLID, DASHED = [1, 0], [5, 4]
LABEL = 320
"""Pixels that a label beside a chart may have."""
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
            svg = vl_convert.vegalite_to_svg(themed(chart).to_json())
            (folder / f"{name}.svg").write_text(svg, encoding="utf-8")
            write_csv(folder / f"{name}.csv", data)
            written.append(folder / f"{name}.svg")
    except OSError as error:
        raise CannotRecord(folder, error.strerror or str(error)) from None
    if not written:
        raise UserError("There is nothing to draw in this file; run `mvr bench` with its default workloads.")
    say(*map(str, written))
    return ExitCode.FINE


def themed(chart: Any, *, dark: bool = False) -> Any:
    """Return a chart with the colours of a theme."""
    theme = DARK if dark else LIGHT
    text, line = theme.foreground, "#484f58" if dark else "#d0d7de"
    return (
        chart.configure(
            background=theme.background, padding={**dict.fromkeys(("left", "top", "bottom"), 12), "right": 48}
        )
        .configure_axis(labelColor=text, titleColor=text, gridColor=line, domainColor=line, tickColor=line)
        .configure_legend(labelColor=text, titleColor=text, symbolBaseStrokeColor=text)
        .configure_header(labelColor=text, titleColor=text)
        .configure_title(color=text, anchor="start")
        .configure_view(stroke=line)
    )


def pictures(measured: Measured, lines: Sequence[Result], altair: Any) -> dict[str, tuple[Data, Any]]:
    """Return data and chart of each picture that there is data for."""
    made: list[tuple[str, Data, Callable[[Data, Any], Any]]] = [
        ("cold_start", cold_start(lines), _cold_start),
        ("fan_out", fan_out(lines), _fan_out),
        ("bandwidth", bandwidth(lines), _bandwidth),
        ("metg", metg_curves(measured), _metg),
        ("recovery", recovery(measured), recovery_chart),
    ]
    return {name: (data, draw(data, altair)) for name, data, draw in made if data}


def cold_start(lines: Sequence[Result]) -> Data:
    """Return the seconds of each phase of a start, by side."""
    return [
        {"side": side, "phase": workloads()[line.row.workload].title, "order": at, **_numbers(line, side)}
        for at, line in enumerate(lines)
        if line.row.workload.startswith("cold_start_")
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
                kind = "actors" if workload.group == "data" else "memory"
                found.append(
                    {
                        "side": side,
                        "kind": kind,
                        "way": workload.title,
                        "bytes": line.row.size,
                        **_numbers(line, side),
                    }
                )
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
    choice = measured.manifest.choice
    also = "" if choice == DEFAULTS else f", {choice} settings"
    return [
        {
            "side": record.side,
            "what": f"{workloads()[record.row.workload].title}{also}",
            "seconds": value / 1e9,
        }
        for record in measured.samples
        if record.row.workload in workloads()
        and workloads()[record.row.workload].group == "failure"
        and record.row.workload != "fault_moment"
        for value in record.values
    ]


def recoveries(several: Iterable[Measured]) -> Data:
    """Return the same of several runs: for each choice of settings, of the one with most faults."""
    most: dict[str, Data] = {}
    for measured in several:
        data = recovery(measured)
        if len(data) > len(most.get(measured.manifest.choice, [])):
            most[measured.manifest.choice] = data
    return [line for _, data in sorted(most.items()) for line in data]


def _numbers(line: Result, side: str) -> dict[str, float]:
    estimate = line.sides[side].estimate
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high, "n": estimate.n}


def _color(altair: Any, field: str, data: Data) -> Any:
    names = list(dict.fromkeys(row[field] for row in data))
    others = iter(OTHERS * len(names))
    scale = altair.Scale(domain=names, range=[COLORS.get(name) or next(others) for name in names])
    return altair.Color(f"{field}:N", scale=scale, title=None)


def _tens(altair: Any, data: Data, *fields: str) -> Any:
    """Return an axis with a number such as 1k, 10M or 100µ at each power of ten between the data's ends."""
    values = [row[field] for row in data for field in fields if row[field] > 0]
    powers = range(math.floor(math.log10(min(values))), math.ceil(math.log10(max(values))) + 1)
    return altair.Axis(format="~s", values=[10.0**power for power in powers])


def _base(data: Data, altair: Any, title: str) -> Any:
    return altair.Chart(altair.Data(values=data), width=WIDTH, height=HEIGHT, title=title)


def _cold_start(data: Data, altair: Any) -> Any:
    phases = list(dict.fromkeys(row["phase"] for row in sorted(data, key=lambda row: row["order"])))
    scale = altair.Scale(domain=phases, range=[PHASES[at % len(PHASES)] for at in range(len(phases))])
    return (
        _base(data, altair, "Start of an engine: medians of processes")
        .mark_bar(stroke="#777777", strokeWidth=0.5)
        .encode(
            x=altair.X("value:Q", title="seconds"),
            y=altair.Y("side:N", title=None),
            color=altair.Color("phase:N", scale=scale, title=None),
            order=altair.Order("order:Q"),
        )
        .properties(height=80)
    )


def _fan_out(data: Data, altair: Any) -> Any:
    sizes = sorted({row["processes"] for row in data})
    plain, compiled = (workloads()[name].title for name in ("fan_out", "compiled_fan_out"))
    also = "; dashed: by a compiled graph" if any(row["way"] == compiled for row in data) else ""
    base = _base(data, altair, f"{plain}{also}").encode(
        x=altair.X(
            "processes:Q",
            scale=altair.Scale(type="log", base=2),
            title="processes",
            axis=altair.Axis(values=sizes),
        ),
        color=_color(altair, "side", data),
    )
    line = base.mark_line(point=True).encode(
        y=altair.Y(
            "value:Q",
            scale=altair.Scale(type="log"),
            title="seconds",
            axis=_tens(altair, data, "value"),
        ),
        strokeDash=altair.StrokeDash(
            "way:N", scale=altair.Scale(domain=[plain, compiled], range=[SOLID, DASHED]), legend=None
        ),
    )
    return line + base.mark_rule(opacity=0.5).encode(y="low:Q", y2="high:Q", detail="way:N")


def _bandwidth(data: Data, altair: Any) -> Any:
    ways = list(dict.fromkeys(row["way"] for row in data))
    shapes = [list(WAYS)[at % len(WAYS)] for at in range(len(ways))]
    legend = altair.Legend(labelLimit=400)
    curves = altair.Chart(width=WIDTH * 2 // 3, height=HEIGHT).encode(
        x=altair.X(
            "bytes:Q", scale=altair.Scale(type="log"), title="bytes", axis=_tens(altair, data, "bytes")
        ),
        y=altair.Y(
            "value:Q",
            scale=altair.Scale(type="log"),
            title="bytes a second",
            axis=_tens(altair, data, "value"),
        ),
        color=altair.Color(
            "way:N",
            scale=altair.Scale(domain=ways, range=[WAYS[shape] for shape in shapes]),
            title=None,
            legend=legend,
        ),
    )
    lines = curves.mark_line().encode(
        strokeDash=altair.StrokeDash(
            "kind:N", scale=altair.Scale(domain=["actors", "memory"], range=[SOLID, DASHED]), legend=None
        )
    )
    points = curves.mark_point(filled=True, opacity=1, size=60).encode(
        shape=altair.Shape("way:N", scale=altair.Scale(domain=ways, range=shapes), title=None, legend=legend)
    )
    also = "; dashed: memory copied within a process" if any(row["kind"] == "memory" for row in data) else ""
    return altair.layer(lines, points, data=altair.Data(values=data)).facet(
        column=altair.Column("side:N", title=None),
        title=f"Bytes a second from one actor to another{also}",
    )


def _metg(data: Data, altair: Any) -> Any:
    curves = altair.Chart(width=WIDTH // 2, height=HEIGHT // 2)
    line = curves.mark_line(point=True).encode(
        x=altair.X(
            "granularity:Q",
            scale=altair.Scale(type="log"),
            title="seconds of a task",
            axis=_tens(altair, data, "granularity"),
        ),
        y=altair.Y("efficiency:Q", title="share of the peak", scale=altair.Scale(domain=[0, 1])),
        color=_color(altair, "driver", data),
    )
    half = curves.mark_rule(strokeDash=[4, 4], color="#777777", aria=False).encode(y=altair.datum(metg.HALF))
    return altair.layer(line, half, data=altair.Data(values=data)).facet(
        altair.Facet("pattern:N", title=None), columns=3
    )


def recovery_chart(data: Data, altair: Any) -> Any:
    """Return a chart of what ``recovery`` returns: a mark for each fault."""
    return (
        _base(data, altair, "From a fault to what followed: each mark is one fault")
        .mark_tick(thickness=2, size=14)
        .encode(
            x=altair.X("seconds:Q", title="seconds since the signal"),
            y=altair.Y("what:N", title=None, sort=None, axis=altair.Axis(labelLimit=LABEL)),
            yOffset="side:N",
            color=_color(altair, "side", data),
        )
    )


def write_csv(path: Path, data: Data) -> None:
    """Write data with a line of headings."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(data[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(data)
