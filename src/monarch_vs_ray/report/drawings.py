"""Pictures of the document: from evidence, from a recorded run, from published pattern runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from demo_tui import DARK, LIGHT
from monarch_vs_ray.bench.plots import COLORS, Data
from monarch_vs_ray.core.events import AnyEvent, Engine, FaultInjected, Observation, RunStarted
from monarch_vs_ray.ledger.evidence import Evidence
from monarch_vs_ray.ledger.tables import NAMES
from monarch_vs_ray.pictures.blocks import Line
from monarch_vs_ray.pictures.vector import drawing
from monarch_vs_ray.programs.patterns import all_patterns
from monarch_vs_ray.programs.records import Record
from monarch_vs_ray.report.pattern_figures import PatternFigures

ACTORS = 8
LABEL = 20
TREES: dict[Engine, list[tuple[str, str, str, str]]] = {
    "monarch": [
        ("fan-out 1", "topology_meshes.fan_out", "row_with_fanout_of_one", "held_up"),
        ("fan-out 2", "topology_meshes.broadcast", "row_with_fanout_of_two", "held_up"),
        ("fan-out 16, default", "topology_meshes.fan_out", "row", "held_up"),
        ("the same, two hosts", "topology_meshes.stopped_process", "stopped_process", "held_up"),
    ],
    "ray": [
        ("a call for each", "topology_meshes.stopped_process", "stopped_process", "held_up"),
        ("own tree", "topology_meshes.fan_out", "stopped_in_a_tree_of_actors", "held_up"),
    ],
}
"""For each engine: label, and row, experiment and key of the observation."""


def tree(evidence: Mapping[str, Evidence], *, dark: bool = False) -> str:
    """Draw which of eight actors got a message to all while one was stopped, by the shape of the way to them.

    Args:
        evidence: Published evidence, by claim.
        dark: Use the dark theme.

    Returns:
        A complete SVG document.
    """
    columns: dict[Engine, list[Line]] = {}
    for engine, rows in TREES.items():
        columns[engine] = [
            _reached(label, held)
            for label, row, experiment, key in rows
            if (held := _observed(evidence, f"{row}.{engine}", experiment, key))
        ]
    columns["monarch"].append((("✓", "good"), (" got it  ", "text"), ("■", "warn"), (" stopped  ", "text")))
    columns["ray"].append((("✗", "bad"), (" did not get it while the first one was stopped", "text")))
    return drawing(columns, "A message to all of eight actors, one of them stopped", DARK if dark else LIGHT)


def _observed(evidence: Mapping[str, Evidence], claim: str, experiment: str, key: str) -> str:
    found = evidence.get(claim)
    seen = (one.seen for one in (found.observed if found else []) if one.experiment == experiment)
    return next((str(each[key]) for each in seen if key in each), "")


def _reached(label: str, held: str) -> Line:
    """Return a row: a mark for each actor; the first that was held up is the stopped one."""
    silent = ranks(held)
    marks = [
        ("■", "warn") if rank == min(silent) else ("✗", "bad") if rank in silent else ("✓", "good")
        for rank in range(ACTORS)
    ]
    spaced = [span for mark in marks for span in (mark, (" ", "text"))]
    return ((f"{label:<{LABEL}}", "key"), *spaced, (f" {len(silent)} without", "text"))


def ranks(text: str) -> set[int]:
    """Return the numbers that ``1-4, 6`` names."""
    found: set[int] = set()
    for first, last in re.findall(r"(\d+)(?:-(\d+))?", text):
        found |= set(range(int(first), int(last or first) + 1))
    return found


# -- a recorded run ------------------------------------------------------------------------------------


def training(events: Iterable[AnyEvent]) -> Data:
    """Return step and loss by the seconds since each engine's program started; a fault has no loss."""
    started: dict[Engine, int] = {}
    found: Data = []
    for event in events:
        if isinstance(event, RunStarted):
            started[event.side] = event.at
        elif isinstance(event, FaultInjected):
            found.append(_point(event.side, event.at - started[event.side], "a worker is killed", None, None))
        elif isinstance(event, Observation) and event.key == "trained" and isinstance(event.value, dict):
            step, loss = event.value["step"], round(event.value["loss"], 4)
            found.append(_point(event.side, event.at - started[event.side], "step", step, loss))
    return found


def _point(side: Engine, nanoseconds: int, what: str, step: object, loss: object) -> dict[str, Any]:
    return {
        "engine": NAMES[side],
        "seconds": round(nanoseconds / 1e9, 3),
        "what": what,
        "step": step,
        "loss": loss,
    }


def training_chart(data: Data, altair: Any) -> Any:
    """Return the chart of a training run: loss over time, with a line where a worker was killed."""
    colors = altair.Scale(domain=list(NAMES.values()), range=[COLORS[engine] for engine in NAMES])
    base = altair.Chart(
        altair.Data(values=data),
        width=620,
        height=240,
        title="One training on each engine, both at once on two cores; a worker is killed at the dashed line",
    ).encode(
        x=altair.X("seconds:Q", title="seconds since the program started"),
        color=altair.Color("engine:N", scale=colors, title=None),
    )
    steps = base.transform_filter("datum.what == 'step'").mark_point(size=6, filled=True)
    faults = base.transform_filter("datum.what != 'step'").mark_rule(strokeDash=[6, 4], strokeWidth=2)
    return steps.encode(y=altair.Y("loss:Q", scale=altair.Scale(zero=False), title="loss")) + faults


# -- published pattern runs ----------------------------------------------------------------------------


def recoveries(records: Sequence[Record]) -> Data:
    """Return the seconds of each figure that is a time since a fault, one line for each run."""
    figures = PatternFigures(records)
    patterns = {pattern.name: pattern for pattern in all_patterns()}
    return [
        {
            "pattern": patterns[record.pattern].plan.title or record.pattern,
            "figure": name,
            "engine": NAMES[record.engine],
            "program": record.program,
            "settings": record.settings,
            "seconds": round(value, 3),
            "shown": name == figures.figure_of(patterns[record.pattern]),
        }
        for record in records
        if record.pattern in patterns
        for name, value in record.figures.items()
        if value is not None and name.startswith("seconds ")
    ]


def recovery_chart(data: Data, altair: Any) -> Any:
    """Return the chart of the figure of each pattern to look at first: a mark for each run."""
    shown = [row for row in data if row["shown"]]
    colors = altair.Scale(domain=list(NAMES.values()), range=[COLORS[engine] for engine in NAMES])
    rows = [{**row, "what": f"{row['pattern']}: {row['figure'].removeprefix('seconds ')}"} for row in shown]
    chart = altair.Chart(altair.Data(values=rows), width=360, height=altair.Step(14)).mark_tick(
        thickness=2, size=12
    )
    return chart.encode(
        x=altair.X("seconds:Q", title="seconds since the fault"),
        y=altair.Y("what:N", title=None, axis=altair.Axis(labelLimit=420)),
        yOffset="engine:N",
        color=altair.Color("engine:N", scale=colors, title=None),
        column=altair.Column("settings:N", title=None),
    ).properties(title="From a fault to what followed in each pattern: each mark is one run")
