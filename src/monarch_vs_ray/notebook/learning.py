"""Draw how a policy learned: the reward and the age of the data in each step that a run printed."""

from __future__ import annotations

import re
from collections.abc import Iterator

import altair as alt
import marimo as mo

from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.notebook import page
from monarch_vs_ray.notebook.interactive import finished
from monarch_vs_ray.notebook.runs import Run
from monarch_vs_ray.notebook.show import COLORS
from monarch_vs_ray.notebook.subjects import Subject, subject
from monarch_vs_ray.stage.values import NAMES

STEP = re.compile(r"^step (?P<step>\d+): reward (?P<reward>[\d.]+), staleness (?P<age>\d+)$")
TOLD = 'print(f"step {len(history)}: reward {history[-1][2]:.2f}, staleness {history[-1][3]}", flush=True)'
BELOW: dict[Engine, str] = {
    "monarch": "history.append((begun, begun - asked, reward, self.version - min(versions), generators))",
    "ray": "history.append((begun, begun - asked, await reward, self.version - min(versions), generators))",
}


def training(setting: str, seed: int = 1) -> Subject:
    """Return the programs of the pattern async_rl, with a line that prints each step's reward.

    Args:
        setting: One of the pattern's settings.
        seed: The seed of the fault and of the task.
    """
    added = {engine: (line, TOLD) for engine, line in BELOW.items()}
    return subject("async_rl", setting=setting, seed=seed, added=added)


def reward_curve(run: Run) -> mo.Html:
    """Draw the reward over the time of a run, and the moments at which a generator was killed."""
    points = list(steps(run))
    if not points or run.state is None:
        return page.html(page.quiet(_nothing(run)))
    faults = [
        {"seconds": fault.at / 1e9, "engine": NAMES[engine], "what": f"{fault.fault} {fault.target}"}
        for engine, course in run.state.courses.items()
        for fault in course.faults
    ]
    colors = alt.Scale(domain=list(COLORS), range=list(COLORS.values()))
    color = alt.Color("engine:N", scale=colors, legend=None)
    x = alt.X("seconds:Q", title="seconds since the start of the programs")
    line = alt.Chart(alt.Data(values=points)).mark_line(point=True).encode(
        x=x,
        y=alt.Y("reward:Q", title="mean reward of a step", scale=alt.Scale(domain=[0, 1])),
        color=color,
        tooltip=["engine:N", "step:Q", "reward:Q", "age:Q", alt.Tooltip("seconds:Q", format=".1f")],
    )  # fmt: skip
    kills = alt.Chart(alt.Data(values=faults)).mark_rule(strokeDash=[5, 4], strokeWidth=2)
    chart = line + kills.encode(x=x, color=color, tooltip=["engine:N", "what:N"])
    parts = [mo.as_html(finished(chart, 260)).text, page.legend(dict(COLORS))]
    return page.html(*parts, page.quiet("A dashed line: a generator is killed."), _rises(points))


def _nothing(run: Run) -> str:
    if run.state is None:
        return f"No run with the setting {run.subject.setting.name} is recorded."
    return "No step was printed, so there is nothing to draw."


def _rises(points: list[dict[str, object]]) -> str:
    rows = []
    for engine in COLORS:
        own = [point for point in points if point["engine"] == engine]
        if not own:
            continue
        rewards = [float(str(point["reward"])) for point in own]
        good = next((point for point in own if float(str(point["reward"])) >= 0.9), None)
        reached = f"step {good['step']}, {good['seconds']:.1f} s" if good else "never"
        first, last = sum(rewards[:10]) / len(rewards[:10]), sum(rewards[-10:]) / len(rewards[-10:])
        rows.append([engine, f"{first:.2f}", f"{last:.2f}", reached, f"{own[-1]['seconds']:.1f} s"])
    heads = ["n = 1", "first 10 steps", "last 10 steps", "first reward of 0.9", "last step"]
    return page.table(heads, rows)


def steps(run: Run) -> Iterator[dict[str, object]]:
    """Yield engine, seconds, number, reward and age of each step that a run printed."""
    for engine, course in (run.state.courses if run.state else {}).items():
        for at, text in course.lines:
            if found := STEP.match(text):
                yield {
                    "engine": NAMES[engine],
                    "seconds": at / 1e9,
                    "step": int(found["step"]),
                    "reward": float(found["reward"]),
                    "age": int(found["age"]),
                }


def ages(*several: Run) -> mo.Html:
    """Draw how many steps took data of each age, in each run."""
    rows = [
        {"engine": point["engine"], "age": point["age"], "setting": run.subject.setting.name}
        for run in several
        for point in steps(run)
    ]
    if not rows:
        return page.html(page.quiet("No step was printed, so there is nothing to draw."))
    parts = []
    for run in several:
        name = run.subject.setting.name
        if not any(row["setting"] == name for row in rows):
            parts.append(page.name(name) + page.quiet(_nothing(run)))
            continue
        chart = (
            alt.Chart(alt.Data(values=[row for row in rows if row["setting"] == name]))
            .mark_bar()
            .encode(
                x=alt.X("age:O", title="age of the oldest rollout of a step", axis=alt.Axis(labelAngle=0)),
                y=alt.Y("count()", title="steps"),
                xOffset="engine:N",
                color=alt.Color(
                    "engine:N", scale=alt.Scale(domain=list(COLORS), range=list(COLORS.values())), legend=None
                ),
                tooltip=["engine:N", "age:O", "count()"],
            )
        )
        parts.append(page.name(name) + mo.as_html(finished(alt.layer(chart), 170)).text)
    return page.html(page.grid(parts), page.legend(dict(COLORS)))
