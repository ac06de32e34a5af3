"""Collect the facts from the events of one side, by experiment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from monarch_vs_ray.core.events import (
    AnyEvent,
    Event,
    ExperimentBegun,
    ExperimentEnded,
    FaultInjected,
    LineReached,
    Message,
    Metric,
    Observation,
    OperationEnded,
    OperationInvoked,
    RunStarted,
    Seen,
)

HUGE = 1e15
"""No count, duration or size that an experiment observes is as large."""
Kept = TypeVar("Kept")
MOST = 4096
"""Events of a kind that are kept of an experiment; no picture has room for more."""


@dataclass
class Record:
    """Hold the events of one experiment; times in nanoseconds of the run."""

    began: int
    ended: int | None = None
    observations: dict[str, list[object]] = field(default_factory=dict)
    faults: list[FaultInjected] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    metrics: dict[str, list[Metric]] = field(default_factory=dict)
    calls: list[tuple[str, OperationEnded]] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)
    """The nanoseconds that each line of code took at most, by its text."""


class Facts:
    """Hold the facts of one side; only ``apply`` changes them.

    Values come from outside. The accessors return a value only where it has the type that they are named for.
    """

    def __init__(self) -> None:
        self.version = 0
        self.records: dict[str, Record] = {}
        self.latest = ""
        self._open: dict[int, str] = {}
        self._running: Record | None = None
        self._code: dict[str, list[str]] = {}
        self._line: tuple[str, int] | None = None

    def apply(self, event: AnyEvent) -> None:
        """Apply one event of the side."""
        if type(event) is RunStarted:
            self._code = {name: text.splitlines() for name, text in event.code.items()}
            return
        self._time_line(event)
        if type(event) is ExperimentBegun:
            self.latest = event.experiment
            self._running = self.records[self.latest] = Record(event.at)
        elif self._running is None:
            return
        elif type(event) is ExperimentEnded:
            self._running.ended = event.at
            self._running = None
        elif not self._keep(self._running, event):
            return
        self.version += 1

    def _keep(self, record: Record, event: Event) -> bool:
        """Put an event into its experiment's record; return False for one that no picture shows."""
        if type(event) is Observation:
            _append(record.observations.setdefault(event.key, []), event.value)
        elif type(event) is FaultInjected:
            _append(record.faults, event)
        elif type(event) is Seen:
            _append(record.seen, event)
        elif type(event) is Message:
            _append(record.messages, event)
        elif type(event) is Metric:
            _append(record.metrics.setdefault(event.name, []), event)
        elif type(event) is OperationInvoked:
            self._open[event.operation] = event.name
        elif type(event) is OperationEnded:
            _append(record.calls, (self._open.pop(event.operation, "?"), event))
        else:
            return False
        return True

    def _time_line(self, event: AnyEvent) -> None:
        """Note when a line of the running experiment begins; the next event of the experiment ends it."""
        if self._running and self._line and type(event) in (LineReached, Observation, ExperimentEnded):
            (text, began), self._line = self._line, None
            lines = self._running.lines
            if text in lines or len(lines) < MOST:
                lines[text] = max(lines.get(text, 0), event.at - began)
        if self._running and type(event) is LineReached:
            code = self._code.get(event.file, [])
            if 0 < event.line <= len(code):
                self._line = (code[event.line - 1].strip(), event.at)

    # -- what pictures ask -----------------------------------------------------------------------

    def begun(self, experiment: str) -> bool:
        """Return whether an experiment has begun."""
        return experiment in self.records

    def ended(self, experiment: str) -> bool:
        """Return whether an experiment has ended."""
        record = self.records.get(experiment)
        return record is not None and record.ended is not None

    def values(self, experiment: str, key: str) -> list[object]:
        """Return all values observed under a key, in their order."""
        record = self.records.get(experiment)
        return record.observations.get(key, []) if record else []

    def value(self, experiment: str, key: str) -> object:
        """Return the latest value observed under a key; None where there is none."""
        return next(reversed(self.values(experiment, key)), None)

    def has(self, experiment: str, key: str) -> bool:
        """Return whether something was observed under a key."""
        return bool(self.values(experiment, key))

    def text(self, experiment: str, key: str) -> str:
        """Return an observed text; empty where there is none."""
        value = self.value(experiment, key)
        return value if isinstance(value, str) else ""

    def flag(self, experiment: str, key: str) -> bool | None:
        """Return an observed truth value; None where there is none."""
        value = self.value(experiment, key)
        return value if isinstance(value, bool) else None

    def number(self, experiment: str, key: str) -> float | None:
        """Return an observed number; None where there is none."""
        return as_number(self.value(experiment, key))

    def count(self, experiment: str, key: str, most: int = 10**6) -> int | None:
        """Return an observed number as a count from 0 to ``most``; None where there is none."""
        number = self.number(experiment, key)
        return None if number is None else int(min(max(number, 0), most))

    def items(self, experiment: str, key: str) -> list[object]:
        """Return an observed list; empty where there is none."""
        value = self.value(experiment, key)
        return value if isinstance(value, list) else []

    def ranks(self, experiment: str, key: str) -> set[int]:
        """Return an observed list of ranks, or a text such as ``1+4-7``; empty where there is none."""
        value = self.value(experiment, key)
        if isinstance(value, str):
            return _ranks(value)
        return {each for each in self.items(experiment, key)[:MOST] if isinstance(each, int)}

    def faults(self, experiment: str) -> list[FaultInjected]:
        """Return the faults that were injected in an experiment."""
        record = self.records.get(experiment)
        return record.faults if record else []

    def messages(self, experiment: str) -> list[Message]:
        """Return the phases of messages of an experiment."""
        record = self.records.get(experiment)
        return record.messages if record else []

    def seen(self, experiment: str) -> dict[str, Seen]:
        """Return the things of an experiment by id, each in its latest state."""
        record = self.records.get(experiment)
        return {each.id: each for each in record.seen} if record else {}

    def metrics(self, experiment: str, name: str) -> list[Metric]:
        """Return the points of a metric of an experiment."""
        record = self.records.get(experiment)
        return record.metrics.get(name, []) if record else []

    def calls(self, experiment: str) -> list[tuple[str, OperationEnded]]:
        """Return the measured calls of an experiment that have ended, with their names."""
        record = self.records.get(experiment)
        return record.calls if record else []

    def slowest_line(self, experiment: str, having: str = "") -> float | None:
        """Return how long the slowest line took that has a text in it, in seconds; None if there is none.

        Only demos follow lines, and in a long loop not each of them.
        """
        record = self.records.get(experiment)
        if record is None or record.ended is None:
            return None
        took = [nanoseconds for text, nanoseconds in record.lines.items() if having in text]
        return max(took) / 1e9 if took else None

    def seconds(self, experiment: str) -> float | None:
        """Return how long an experiment took, in seconds; None while it runs."""
        record = self.records.get(experiment)
        if record is None or record.ended is None:
            return None
        return (record.ended - record.began) / 1e9


def as_number(value: object) -> float | None:
    """Return a number that a picture can be drawn with; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < HUGE:
        return None
    return float(value)


def _append(kept: list[Kept], value: Kept) -> None:
    if len(kept) < MOST:
        kept.append(value)


def _ranks(text: str) -> set[int]:
    """Return the ranks of ``1-3+7``; empty for any other text."""
    found: set[int] = set()
    for part in text.split("+"):
        first, _, last = part.strip().partition("-")
        if not (first.isdecimal() and (last or first).isdecimal() and len(first + last) < 10):
            return set()
        found.update(range(int(first), min(int(last or first), int(first) + MOST) + 1))
    return found
