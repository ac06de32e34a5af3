"""Draw a program's output lines over time, with the faults as marks, live and at the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from demo_tui import Panel, Theme
from demo_tui.strips import Pen, Strip
from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.programs.judge import moments
from monarch_vs_ray.programs.plan import Plan
from monarch_vs_ray.programs.state import Course, ProgramsState
from monarch_vs_ray.stage.values import NAMES

LABEL = 9
FAULTED, REACHED, PRINTED, PASSED, AHEAD = "fault", "figure", "line", "time", "ahead"
CHARS = {FAULTED: "✗", REACHED: "●", PRINTED: "·", PASSED: "─", AHEAD: " "}
ASCII = {FAULTED: "x", REACHED: "o", PRINTED: ".", PASSED: "-", AHEAD: " "}
STYLES = {FAULTED: "bad", REACHED: "good", PRINTED: "value", PASSED: "dim", AHEAD: "dim"}


@dataclass(frozen=True)
class Moment:
    """Hold an event for a line below the timeline; ``at`` in nanoseconds, ``since`` the fault before it."""

    at: int
    kind: str
    text: str
    since: int | None = None


def cells(course: Course, plan: Plan, now: int, end: int, width: int) -> list[str]:
    """Return what each of ``width`` equal parts of the time from 0 to ``end`` holds, the weightiest first."""
    found = [PASSED if part * end <= now * width else AHEAD for part in range(width)]
    marks = [(at, PRINTED) for at, _ in course.lines]
    marks += [(moment.at, moment.kind) for moment in highlights(course, plan)]
    for at, kind in sorted(marks, key=lambda mark: (PRINTED, REACHED, FAULTED).index(mark[1])):
        found[min(width - 1, at * width // max(1, end))] = kind
    return found


def highlights(course: Course, plan: Plan) -> list[Moment]:
    """Return the faults, and the lines at which a figure ends, in their order."""
    found = [Moment(fault.at, FAULTED, f"{fault.fault} {fault.target}") for fault in course.faults]
    for at, names in _ends(course, plan).items():
        text = next((text for moment, text in course.lines if moment == at), "")
        faults = [fault.at for fault in course.faults if fault.at <= at]
        found.append(Moment(at, REACHED, f"{text}  [{', '.join(names)}]", max(faults, default=None)))
    return sorted(found, key=lambda moment: moment.at)


def _ends(course: Course, plan: Plan) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for figure in plan.figures:
        if span := moments(figure, course, plan.faults):
            found.setdefault(span[1], []).append(figure.name)
    return found


def text_lines(state: ProgramsState, plan: Plan, width: int, *, ascii: bool = False) -> Iterator[str]:
    """Yield the timelines of all programs on one axis, each with its highlights below it."""
    chars = ASCII if ascii else CHARS
    end = max((side.ended.at if side.ended else 0 for side in state.sides.values()), default=0)
    for engine, side in state.sides.items():
        course = state.courses[engine]
        now = side.ended.at if side.ended else end
        line = "".join(chars[kind] for kind in cells(course, plan, now, end, width - LABEL - 9))
        yield f"{NAMES[engine]:<{LABEL}}{line} {now / 1e9:6.2f} s"
        for moment in highlights(course, plan):
            since = f" (+{(moment.at - moment.since) / 1e9:.2f} s)" if moment.since is not None else ""
            yield f"{'':<{LABEL}}{chars[moment.kind]} {moment.at / 1e9:6.2f} s{since}  {moment.text}"


class TimelinePanel(Panel):
    """Show the timelines of all programs up to now."""

    min_height = 4
    min_width = 40

    def __init__(self, state: ProgramsState, plan: Plan) -> None:
        super().__init__("Timeline")
        self._state = state
        self._plan = plan
        self._now = 0

    def show(self, now: int) -> None:
        """Draw the run up to a point in time, in nanoseconds."""
        self._now = now
        self.touch()

    def body(self, width: int, height: int, theme: Theme) -> Iterable[Strip]:
        """Return a line for each program, then the latest highlights."""
        chars = ASCII if theme.ascii else CHARS
        for engine, side in self._state.sides.items():
            now = side.ended.at if side.ended else self._now
            parts = cells(self._state.courses[engine], self._plan, now, self._now, max(1, width - LABEL - 9))
            pen = Pen(width, theme).put(f"{NAMES[engine]:<{LABEL}}")
            for kind in parts:
                pen.put(chars[kind], STYLES[kind])
            yield pen.put(f" {now / 1e9:6.2f} s", "dim").strip()
        every = [
            (moment, engine)
            for engine, course in self._state.courses.items()
            for moment in highlights(course, self._plan)
        ]
        latest = sorted(every, key=lambda each: each[0].at)[-max(1, height - len(self._state.sides)) :]
        for moment, engine in latest:
            yield _described(moment, engine, Pen(width, theme), chars)


def _described(moment: Moment, engine: Engine, pen: Pen, chars: dict[str, str]) -> Strip:
    since = f" +{(moment.at - moment.since) / 1e9:.2f} s" if moment.since is not None else ""
    pen.put(f"{NAMES[engine]:<{LABEL}}").put(f"{chars[moment.kind]} ", STYLES[moment.kind])
    return pen.put(f"{moment.at / 1e9:6.2f} s{since}  {moment.text}").strip()
