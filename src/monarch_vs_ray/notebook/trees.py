"""Draw interactive pictures from the events of a run: the supervision tree under a chosen fault."""

from __future__ import annotations

from typing import Any

import altair as alt
import marimo as mo

from monarch_vs_ray.core.events import ENGINES
from monarch_vs_ray.notebook import page
from monarch_vs_ray.notebook.demos import Demo
from monarch_vs_ray.notebook.show import QUIET
from monarch_vs_ray.pictures.supervision import (
    ANEW,
    CALL,
    DIED,
    REPORT,
    ROWS,
    RUNS,
    Family,
)
from monarch_vs_ray.stage.values import NAMES

STATES = {RUNS: "runs", DIED: "died", ANEW: "new process", ("○", "dim"): "stopped"}
STATE_COLORS = {
    "runs": "#15803d",
    "died": "#dc2626",
    "new process": "#7c3aed",
    "stopped": "#64748b",
    "unknown": "#64748b",
}
PATHS = {REPORT: "report", CALL: "error of a call"}
PATH_COLORS = {"report": "#dc2626", "error of a call": "#d97706", "no news": "#64748b"}
FIRST = "idle_death"
"""The fault that is chosen at first."""
LEVELS = alt.Axis(
    values=[0, 1, 2],
    labelExpr="['workers', 'parent', 'program'][datum.value]",
    title=None,
    domain=False,
    ticks=False,
    grid=False,
    labelFontSize=12,
)
"""Names the rows of the tree; an axis has the colours of the page's theme."""
PLACES = {"program": (1.0, 2.0), "parent": (1.0, 1.0), "worker 0": (0.5, 0.0), "worker 1": (1.5, 0.0)}


def fault_choice(demo: Demo) -> Any:
    """Return a menu of the faults that a demo of the concept supervision injected."""
    titles = {
        demo.concept.fill(step.title): step.experiment
        for step in demo.concept.demo
        if step.experiment in ROWS and all(engine in step.engines for engine in ENGINES)
    }
    first = next((title for title, name in titles.items() if name == FIRST), next(iter(titles)))
    return mo.ui.dropdown(titles, value=first, label="Fault", full_width=True)


def supervision_tree(demo: Demo, fault: Any) -> mo.Html:
    """Draw the program, the parent and its two workers on each engine after a fault.

    Args:
        demo: A run of the concept supervision's demo.
        fault: What ``fault_choice`` returned.

    Returns:
        The trees: who died, who runs, and the way that the news took upwards.
    """
    read = ROWS[fault.value][1]
    trees = []
    for engine in ENGINES:
        facts = demo.state.sides[engine].facts
        family = read(facts, fault.value) if facts.begun(fault.value) else Family()
        chart = mo.as_html(_tree(family)).text
        trees.append(page.name(NAMES[engine]) + chart + page.quiet(family.note or "no report"))
    source = f"the recorded run of {demo.recorded[:10]}" if demo.recorded else "the run made now"
    legends = page.legend(STATE_COLORS) + page.legend(PATH_COLORS)
    return page.html(page.grid(trees), legends, page.quiet(f"States and paths are what {source} observed."))


def _tree(family: Family) -> alt.LayerChart:
    spans = {
        "program": family.program,
        "parent": family.parent,
        "worker 0": family.first,
        "worker 1": family.second,
    }
    nodes = [
        {"x": x, "y": y, "name": name, "short": name[7:], "state": STATES.get(spans[name], "unknown")}
        for name, (x, y) in PLACES.items()
    ]
    ways = [("parent", "program", family.to_program), ("worker 0", "parent", family.to_parent)]
    edges = [_edge(low, high, PATHS.get(way, "no news")) for low, high, way in ways]
    edges.append(_edge("worker 1", "parent", "no news"))
    across, down = alt.Scale(domain=[0, 2]), alt.Scale(domain=[-0.5, 2.4])
    x, y = alt.X("x:Q", axis=None, scale=across), alt.Y("y:Q", axis=LEVELS, scale=down)
    middle, half = alt.X("middle:Q", axis=None, scale=across), alt.Y("half:Q", axis=LEVELS, scale=down)
    news_paths = alt.Chart(alt.Data(values=edges)).encode(
        color=alt.Color("news:N", scale=_scale(PATH_COLORS), legend=None), tooltip=["news:N"]
    )
    paths = news_paths.mark_rule(strokeWidth=3).encode(x=x, y=y, x2="x2:Q", y2="y2:Q")
    news = news_paths.mark_text(dx=6, align="left", fontSize=12).encode(x=middle, y=half, text="label:N")
    base = alt.Chart(alt.Data(values=nodes)).encode(x=x, y=y, tooltip=["name:N", "state:N"])
    points = base.mark_point(filled=True, size=420, opacity=1).encode(
        color=alt.Color("state:N", scale=_scale(STATE_COLORS), legend=None),
        shape=alt.Shape("state:N", scale=_shapes(), legend=None),
    )
    names = base.mark_text(fontSize=12, fontWeight="bold", color="white").encode(text="short:N")
    told = ", ".join(f"{node['name']}: {node['state']}" for node in nodes)
    chart: alt.LayerChart = (
        (paths + news + points + names)
        .resolve_scale(color="independent")
        .properties(width="container", height=220, usermeta=QUIET, background="transparent", description=told)
        .configure_view(stroke=None)
    )
    return chart


def _edge(low: str, high: str, news: str) -> dict[str, object]:
    (x, y), (x2, y2) = PLACES[low], PLACES[high]
    return {
        "x": x, "y": y, "x2": x2, "y2": y2, "middle": (x + x2) / 2, "half": (y + y2) / 2,
        "news": news, "label": "" if news == "no news" else news,
    }  # fmt: skip


def _scale(colors: dict[str, str]) -> alt.Scale:
    return alt.Scale(domain=list(colors), range=list(colors.values()))


def _shapes() -> alt.Scale:
    return alt.Scale(domain=list(STATE_COLORS), range=["circle", "cross", "diamond", "square", "circle"])
