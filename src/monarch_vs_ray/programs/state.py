"""What is known of programs that run: the fold of their events, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from monarch_vs_ray.core.concept import Concept
from monarch_vs_ray.core.errors import ExitCode
from monarch_vs_ray.core.events import (
    AnyEvent,
    Engine,
    FaultInjected,
    LogLine,
    Metric,
    Observation,
    SideEnded,
)
from monarch_vs_ray.core.hooks import RESULT
from monarch_vs_ray.programs.outputs import Comparison, Difference, Output, compare
from monarch_vs_ray.side import used
from monarch_vs_ray.stage.state import SideState, State

NAME = "programs"
"""The concept of a history of such a run."""
TERMS = "terms"
"""The observation that keeps how outputs are to be compared and how many faults were planned."""


@dataclass
class Course:
    """One program as far as its events have told; sizes in bytes, times in seconds."""

    lines: list[tuple[int, str]] = field(default_factory=list)
    printed: dict[str, dict[str, Any]] = field(default_factory=dict)
    peak: dict[str, float] = field(default_factory=dict)
    last: dict[str, float] = field(default_factory=dict)
    memory: list[tuple[int, float]] = field(default_factory=list)
    faults: list[FaultInjected] = field(default_factory=list)
    left: dict[str, dict[str, Any]] = field(default_factory=dict)
    terms: dict[str, Any] = field(default_factory=dict)
    result: object = None
    memory_kind: str = "PSS"

    @property
    def memory_bytes(self) -> float:
        """Return the most that its processes had together in a sample, or the largest alone if more."""
        return max(self.peak.get(used.MEMORY, 0.0), self.last.get(used.LARGEST, 0.0))

    @property
    def planned(self) -> int:
        """Return how many faults were planned."""
        return int(self.terms.get("faults", 0))


class ProgramsState(State):
    """A run of one program or two; ``apply`` is the only way it changes."""

    def __init__(self, engines: Iterable[Engine], title: str = "Your programs", question: str = "") -> None:
        asked = question or "Do both print the same, in what time, and what do they leave?"
        super().__init__(Concept(name=NAME, title=title, question=asked, versions={}), engines)
        self.courses: dict[Engine, Course] = {engine: Course() for engine in self.sides}

    def apply(self, events: Iterable[AnyEvent]) -> None:
        """Fold events in, in their order."""
        for event in events:
            side = self.sides.get(event.side)
            if side is not None and not _take(side, self.courses[event.side], event):
                super().apply([event])

    def output(self, engine: Engine) -> Output:
        """Return what a program printed."""
        course = self.courses[engine]
        printed = course.printed.get("stdout", {})
        texts = [text for _, text in course.lines]
        for expression in course.terms.get("kill", []):
            texts = [without_pid(str(expression), text) for text in texts]
        return Output(
            engine,
            texts,
            sha256=printed.get("sha256", ""),
            ends_with_newline=printed.get("ends_with_newline", True),
            whole=printed.get("whole", True),
            result=course.result,
        )

    def difference(self) -> Difference | None:
        """Return how the outputs compare; None for one program alone."""
        if len(self.sides) < 2:
            return None
        left, right = self.sides
        terms = self.courses[left].terms
        how: Comparison = terms.get("compare", "lines")
        return compare(self.output(left), self.output(right), how, float(terms.get("rtol", 0.0)))

    def observed(self) -> list[str]:
        """Return the names of what the programs observed by themselves."""
        return list(dict.fromkeys(key for side in self.sides.values() for key in side.observations))

    def left_behind(self, engine: Engine) -> list[str]:
        """Return the names of the processes that a program left; none of one that had to be ended."""
        ended = self.sides[engine].ended
        return ended.strays if ended and ended.ending in ("exit", "signal") else []

    def outcome(self) -> ExitCode:
        """Return the exit code of the run."""
        if not all(side.ended_well for side in self.sides.values()):
            return ExitCode.SIDE_FAILED
        difference = self.difference()
        differ = difference is not None and difference.equal is False
        left = any(self.left_behind(engine) for engine in self.sides)
        missed = any(len(course.faults) != course.planned for course in self.courses.values())
        return ExitCode.NOT_AS_EXPECTED if differ or left or missed else ExitCode.FINE


def without_pid(expression: str, text: str) -> str:
    """Return a line without the process number that it was asked for: in two runs these always differ."""
    try:
        found = re.search(expression, text)
        if not found or not found["pid"]:
            return text
        return f"{text[: found.start('pid')]}PID{text[found.end('pid') :]}"
    except (re.error, IndexError):  # `program`, or a recording that was changed
        return text


SAMPLED = (used.MEMORY, used.PROCESSES, used.SOCKETS)
MEASURED = (*SAMPLED, used.WALL, used.USER, used.SYSTEM, used.LARGEST)


def _take(side: SideState, course: Course, event: AnyEvent) -> bool:
    """Take what a program's course is of; return whether that is all there is to it."""
    if isinstance(event, Metric) and event.name in MEASURED:
        course.last[event.name] = event.value
        course.peak[event.name] = max(event.value, course.peak.get(event.name, 0.0))
        if event.name == used.MEMORY:
            course.memory.append((event.at, event.value))
        return True
    if isinstance(event, Observation) and event.seq < 0:
        return _take_observation(course, event)
    if isinstance(event, Observation) and event.key == RESULT:
        course.result = event.value
    elif isinstance(event, LogLine) and event.origin == "stdout":
        course.lines.append((event.at, event.text))
    elif isinstance(event, FaultInjected):
        course.faults.append(event)
    elif isinstance(event, SideEnded):
        side.planned = len(side.steps)
    return False


def _take_observation(course: Course, event: Observation) -> bool:
    """Take an observation that the harness made; one of a recording may have any form."""
    value = event.value
    if event.key == used.MEMORY_KIND and isinstance(value, str):
        course.memory_kind = value
    elif not isinstance(value, dict):
        return False
    elif event.key in ("stdout", "stderr"):
        course.printed[event.key] = value
    elif event.key == used.LEFT:
        course.left = {name: each for name, each in value.items() if isinstance(each, dict)}
    elif event.key == TERMS:
        course.terms = value
    else:
        return False
    return True
