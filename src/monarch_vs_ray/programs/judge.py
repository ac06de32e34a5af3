"""Judge one run of a program by its plan's oracle, and read its figures; pure functions of its events."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from monarch_vs_ray.core.events import FaultInjected, SideEnded
from monarch_vs_ray.programs.closing import how_it_ended
from monarch_vs_ray.programs.faults import Fault
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
    return Verdict(
        reasons, {figure.name: measure(figure, course, plan.faults) for figure in plan.figures}, failed
    )


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


def measure(figure: Figure, course: Course, faults: Sequence[Fault] = ()) -> float | None:
    """Return a figure of a run; None if it did not yield it. ``faults`` are the plan's."""
    if figure.value:
        return _number(figure.value, course.lines)
    span = moments(figure, course, faults)
    return (span[1] - span[0]) / 1e9 if span else None


def moments(figure: Figure, course: Course, faults: Sequence[Fault] = ()) -> tuple[int, int] | None:
    """Return where a figure begins and ends, in nanoseconds of the run."""
    if figure.value:
        return None
    if figure.start == FAULT:
        return _since_a_fault(figure, course, faults)
    begins = 0 if figure.start == START else _first(figure.start, course.lines, 0)
    ends = _end(figure, course, begins)
    return None if begins is None or ends is None else (begins, ends)


def _since_a_fault(figure: Figure, course: Course, faults: Sequence[Fault]) -> tuple[int, int] | None:
    """Return the span from the first fault whose victim ``to`` names, or from the last one before ``to``."""
    if re.compile(figure.to).groupindex:
        for fault in course.faults:
            ends = _end(figure, course, fault.at, _victim(fault, course, faults))
            if ends is not None:
                return fault.at, ends
        return None
    at = [fault.at for fault in course.faults]
    ends = _end(figure, course, min(at, default=None))
    return None if ends is None else (max(moment for moment in at if moment <= ends), ends)


def _victim(fault: FaultInjected, course: Course, faults: Sequence[Fault]) -> Mapping[str, str]:
    """Return the named groups of the last line before a fault that named its process."""
    for at, text in reversed(course.lines):
        for planned in faults:
            match = re.search(planned.kill, text) if at <= fault.at else None
            if match and fault.target.split(":")[0] == f"process {match.groupdict().get('pid')}":
                return match.groupdict()
    return {}


def _end(
    figure: Figure, course: Course, since: int | None, victim: Mapping[str, str] | None = None
) -> int | None:
    """Return when the first line after ``since`` and after ``via`` matches ``to`` for this victim."""
    if since is not None and figure.via:
        since = _first(figure.via, course.lines, since)
    return None if since is None else _first(figure.to, course.lines, since, victim)


def _first(
    expression: str, lines: Sequence[tuple[int, str]], since: int, victim: Mapping[str, str] | None = None
) -> int | None:
    for at, text in lines:
        match = re.search(expression, text) if at >= since else None
        if match and (victim is None or match.groupdict().items() <= victim.items()):
            return at
    return None


def _number(expression: str, lines: Sequence[tuple[int, str]]) -> float | None:
    found = [match for _, text in lines if (match := re.search(expression, text))]
    try:
        return float(found[-1][1]) if found else None
    except (TypeError, ValueError):
        return None
