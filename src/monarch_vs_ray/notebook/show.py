"""Show a run in a notebook: outputs, mistakes, a timeline, resource use, findings, and a picture."""

from __future__ import annotations

from collections.abc import Iterator

import altair as alt
import marimo as mo

from monarch_vs_ray.core.events import ENGINES, Engine
from monarch_vs_ray.notebook import page
from monarch_vs_ray.notebook.demos import Demo
from monarch_vs_ray.notebook.mistakes import Mistake
from monarch_vs_ray.notebook.runs import Run
from monarch_vs_ray.pictures.finding import has_picture
from monarch_vs_ray.pictures.vector import svg
from monarch_vs_ray.programs.closing import ending, table_rows
from monarch_vs_ray.programs.outputs import own_lines
from monarch_vs_ray.programs.records import number
from monarch_vs_ray.programs.state import ProgramsState
from monarch_vs_ray.stage.values import NAMES

COLORS = {"Monarch": "#d97706", "Ray": "#2563eb"}
"""Colours of the engines in charts; they are told apart on a light and on a dark page."""
QUIET = {"embedOptions": {"actions": False}}
"""Draw a chart without a menu."""
MOST_ERRORS = 12
HEIGHT = 150


def outcome(run: Run) -> mo.Html:
    """Show what a run printed on each engine, how it ended, and the reader's mistakes."""
    if run.state is None and not run.mistakes:
        return page.html(page.quiet(f"No recorded run of {run.subject.name} is in this installation."))
    parts = [page.quiet(_origin(run))]
    parts.append(page.grid(_side(run, engine) for engine in run.texts))
    if run.state and (difference := run.state.difference()) and difference.equal is not None:
        parts.append(f"<p>{page.text(difference.sentence)}</p>")
    return page.html(*parts)


def _origin(run: Run) -> str:
    if run.recorded:
        return f"Recorded run of {run.recorded[:10]}{_versions(run.state)}."
    if run.state is None:
        return "Nothing was started: a program has a mistake in its syntax."
    edited = [NAMES[engine] for engine in run.edited]
    programs = "programs" if len(edited) > 1 else "program"
    changed = f" You changed the {programs} of {' and '.join(edited)}." if edited else ""
    return f"This run was made now{_versions(run.state)}.{changed}"


def _versions(state: ProgramsState | None) -> str:
    manifests = [side.manifest for side in state.sides.values()] if state else []
    found = [f"{NAMES[each.side]} {each.versions.get(each.side, '')}" for each in manifests if each]
    return f", {', '.join(found)}" if found else ""


def _side(run: Run, engine: Engine) -> str:
    mistake = run.mistakes.get(engine)
    if run.state is None:
        return page.name(NAMES[engine]) + (show_mistake(mistake) if mistake else page.quiet("Not started."))
    side = run.state.sides[engine]
    good = side.ended_well
    parts = [page.name(NAMES[engine], page.mark(ending(side), "good" if good else "bad"))]
    if mistake:
        parts.append(show_mistake(mistake))
    parts += [_output(run.state, engine), *_oracle(run, engine)]
    if not (good or mistake):
        errors = [entry.text for entry in side.log if entry.origin == "stderr"][-MOST_ERRORS:]
        parts.append(page.quiet("Its last lines on stderr:") + page.block(errors))
    return "".join(parts)


def _output(state: ProgramsState, engine: Engine) -> str:
    lines = own_lines(state.output(engine))[0]
    return page.block(lines) if lines else page.quiet("It printed nothing.")


def _oracle(run: Run, engine: Engine) -> Iterator[str]:
    if run.subject.plan is None:
        return
    reasons = run.verdict(engine)
    word = page.mark("oracle holds", "good") if not reasons else page.mark("oracle does not hold", "bad")
    yield f"<p>{word} {page.text('; '.join(reasons))}</p>"


def show_mistake(mistake: Mistake) -> str:
    """Return the HTML of a mistake: the error, and the lines around it."""
    where = f"Line {mistake.line} of your program: " if mistake.line else "Your program: "
    lines = [
        f"{'>' if number == mistake.line else ' '} {number:4} {line}" for number, line in mistake.excerpt
    ]
    word = page.mark("error", "bad")
    return f"<p>{word} {page.text(where + mistake.error)}</p>{page.block(lines) if lines else ''}"


def timeline(run: Run) -> alt.Chart | alt.LayerChart | mo.Html:
    """Show the lines that the programs printed over time, and the faults that were injected."""
    points = list(_points(run.state)) if run.state else []
    if not points:
        return page.html(page.quiet("Nothing to draw: no program ran."))
    base = alt.Chart(alt.Data(values=points)).encode(
        x=alt.X("seconds:Q", title="seconds since the start", axis=alt.Axis(grid=False, tickCount=8)),
        y=alt.Y("engine:N", title=None, sort=list(COLORS)),
        color=alt.Color("engine:N", scale=_colors(), legend=None),
        tooltip=[alt.Tooltip("seconds:Q", format=".2f"), "what:N", "text:N"],
    )
    lines = base.transform_filter("datum.what != 'fault'").mark_tick(thickness=3, height=30)
    faults = base.transform_filter("datum.what == 'fault'").mark_point(
        shape="cross", angle=45, size=220, filled=True, opacity=1
    )
    chart: alt.LayerChart = (lines + faults).properties(
        width="container",
        height=HEIGHT,
        usermeta=QUIET,
        background="transparent",
        description="The moments at which each program printed a line, was hit by a fault, or ended",
    )
    return chart


def _points(state: ProgramsState) -> Iterator[dict[str, object]]:
    for engine, course in state.courses.items():
        name = NAMES[engine]
        for at, text in course.lines:
            yield {"engine": name, "seconds": at / 1e9, "what": "line", "text": text[:200]}
        for fault in course.faults:
            text = f"{fault.fault} {fault.target}"
            yield {"engine": name, "seconds": fault.at / 1e9, "what": "fault", "text": text}
        ended = state.sides[engine].ended
        if ended:
            yield {
                "engine": name,
                "seconds": ended.at / 1e9,
                "what": "end",
                "text": ending(state.sides[engine]),
            }


def _colors() -> alt.Scale:
    return alt.Scale(domain=list(COLORS), range=list(COLORS.values()))


def resources(run: Run) -> mo.Html:
    """Show the processes, memory and time of each program, and what it left behind."""
    if run.state is None:
        return page.html(page.quiet("No program ran."))
    heads = ["", *(NAMES[engine] for engine in run.state.sides)]
    rows = [[page.text(label), *map(page.text, cells)] for label, cells in table_rows(run.state)]
    return page.html(page.table(heads, rows))


def figures(run: Run) -> mo.Html:
    """Show the figures of a pattern's run: what its plan measures, on each engine."""
    if run.subject.plan is None or run.state is None:
        return page.html(page.quiet("This run has no figures."))
    units = {figure.name: figure.in_unit for figure in run.subject.plan.figures}
    heads = ["n = 1", *(NAMES[engine] for engine in run.state.sides)]
    rows = [
        [page.text(name), *(_figure(values.get(engine), units[name]) for engine in run.state.sides)]
        for name, values in run.figures().items()
    ]
    return page.html(page.table(heads, rows))


def _figure(value: float | None, unit: str) -> str:
    return page.text("none" if value is None else f"{number(value)} {unit}".rstrip())


def picture(demo: Demo) -> mo.Html:
    """Show the picture of a concept, drawn from the events of a run of its demo."""
    if not has_picture(demo.concept):
        return page.html(page.quiet(f"{demo.concept.title} has no picture."))
    light, dark = (svg(demo.concept, demo.events, dark=dark) for dark in (False, True))
    drawn = f'<div class="mvr-light">{light}</div><div class="mvr-dark">{dark}</div>'
    source = f"From the recorded run of {demo.recorded[:10]}." if demo.recorded else "From the run made now."
    return page.html(f'<div class="mvr-wide mvr-picture">{drawn}</div>', page.quiet(source))


def findings(demo: Demo) -> mo.Html:
    """Show what happened in each step of a demo, and what differed."""
    rows = [[page.text(title), page.text(told)] for title, told in demo.findings()]
    troubles = [
        f"{NAMES[engine]}: {ending(side)}"
        for engine, side in demo.state.sides.items()
        if side.ended and not side.ended_well
    ]
    return page.html(page.table(["step", "what happened"], rows), *map(page.quiet, troubles))


def last_lines(state: ProgramsState, most: int = 8) -> mo.Html:
    """Show the last lines of programs that run."""
    columns = []
    for engine in [engine for engine in ENGINES if engine in state.sides]:
        lines = [text for _, text in state.courses[engine].lines][-most:]
        word = page.mark(ending(state.sides[engine]), "open")
        columns.append(page.name(NAMES[engine], word) + page.block(lines))
    return page.html(page.grid(columns))


def further(*items: tuple[str, str, str]) -> mo.Html:
    """Show what to read next.

    Args:
        items: For each its title, its path in the repository (empty for a command), and what it has.
    """
    lines = "".join(
        f"<li><b>{page.text(title)}</b>{f' ({page.place(path)})' if path else ''}: {page.prose(what)}.</li>"
        for title, path, what in items
    )
    return page.html(mo.md("## What to read next").text, f"<ul>{lines}</ul>")
