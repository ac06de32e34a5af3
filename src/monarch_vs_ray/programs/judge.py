"""Judge one run of a program by its plan's oracle, and read its figures; pure functions of its events."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from monarch_vs_ray.core.events import SideEnded
from monarch_vs_ray.programs.closing import how_it_ended
from monarch_vs_ray.programs.plan import FAULT, START, Figure, Plan
from monarch_vs_ray.programs.state import Course

Undisturbed = Mapping[str, str]
"""The output of a run without faults, by expression."""


@dataclass(frozen=True)
class Verdict:
    """Hold the result of a run.

    Attributes:
        reasons: The reasons why the oracle does not hold; empty if it holds.
        figures: Figures by name; None for one that the run did not yield.
        failed: Whether the program failed, or was ended by the harness.
    """

    reasons: list[str]
    figures: dict[str, float | None]
    failed: bool

    @property
    def holds(self) -> bool:
        """Return whether the oracle holds."""
        return not self.reasons


def judge(
    plan: Plan, course: Course, ended: SideEnded | None, undisturbed: Undisturbed | None = None
) -> Verdict:
    """Judge one run.

    Args:
        plan: The pattern's plan, with its oracle.
        course: The program's output and faults.
        ended: The side's last event.
        undisturbed: The output of a run with the same seed and without faults; None for such a run itself.
    """
    failed = ended is None or ended.ending != "exit" or ended.exit_code != plan.oracle.exit
    reasons = [f"{how_it_ended(ended)}, not exit code {plan.oracle.exit}"] if failed else []
    reasons += _wrong(plan, course, undisturbed)
    return Verdict(reasons, {figure.name: measure(figure, course) for figure in plan.figures}, failed)


def _wrong(plan: Plan, course: Course, undisturbed: Undisturbed | None) -> Iterator[str]:
    if len(course.faults) != course.planned:
        yield f"{len(course.faults)} of {course.planned} faults fired"
    texts = [text for _, text in course.lines]
    for expression in plan.oracle.lines:
        if not any(re.search(expression, text) for text in texts):
            yield f"no line matches {expression!r}"
    for expression in plan.oracle.never:
        if found := next((text for text in texts if re.search(expression, text)), ""):
            yield f"a line matches {expression!r}: {found}"
    if undisturbed is None:
        return
    for expression, ours in matched(plan, course).items():
        theirs = undisturbed.get(expression, "")
        if ours != theirs or not ours:
            yield f"{expression!r} matches {ours or 'nothing'!r}, and {theirs or 'nothing'!r} without faults"


def matched(plan: Plan, course: Course) -> dict[str, str]:
    """Return the last text that each ``undisturbed`` expression matches; empty where none does."""
    found = dict.fromkeys(plan.oracle.undisturbed, "")
    for expression in found:
        for _, text in course.lines:
            if match := re.search(expression, text):
                found[expression] = next(filter(None, match.groups()), match.group())
    return found


def measure(figure: Figure, course: Course) -> float | None:
    """Return a figure of a run; None if it did not yield it."""
    if figure.value:
        return _number(figure.value, course.lines)
    span = moments(figure, course)
    return (span[1] - span[0]) / 1e9 if span else None


def moments(figure: Figure, course: Course) -> tuple[int, int] | None:
    """Return where a figure begins and ends, in nanoseconds of the run."""
    faults = [fault.at for fault in course.faults]
    if figure.value or (figure.start == FAULT and not faults):
        return None
    begins = {START: 0, FAULT: min(faults, default=0)}.get(figure.start)
    if begins is None:
        begins = _first(figure.start, course.lines, 0)
    if begins is None:
        return None
    ends = _first(figure.to, course.lines, begins)
    if ends is None:
        return None
    if figure.start == FAULT:
        begins = max(at for at in faults if at <= ends)
    return begins, ends


def _first(expression: str, lines: Sequence[tuple[int, str]], since: int) -> int | None:
    return next((at for at, text in lines if at >= since and re.search(expression, text)), None)


def _number(expression: str, lines: Sequence[tuple[int, str]]) -> float | None:
    found = [match for _, text in lines if (match := re.search(expression, text))]
    try:
        return float(found[-1][1]) if found else None
    except (TypeError, ValueError):
        return None
