"""What the stage knows of a run: the fold of its events, and nothing else."""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from monarch_vs_ray.core.concept import Concept
from monarch_vs_ray.core.events import (
    AnyEvent,
    Engine,
    ExperimentBegun,
    ExperimentEnded,
    FaultInjected,
    HarnessNote,
    LineReached,
    LogLine,
    Message,
    Metric,
    Observation,
    OperationEnded,
    OperationInvoked,
    RunStarted,
    Seen,
    SideEnded,
    StepBegun,
    StepEnded,
)
from monarch_vs_ray.ledger.brackets import Bracket
from monarch_vs_ray.pictures.facts import Facts

LOG_LINES = 2000
"""How many log lines a side keeps for the screen; the history keeps all."""
OF_EXPERIMENT = (Observation, FaultInjected, OperationInvoked, OperationEnded)
"""The events that claims are judged from."""
LATENCIES = 4096
"""How many of the latest latencies of an operation are kept for the median."""

StepState = Literal["running", "done", "failed"]


Key = int | str
"""A step's number, or an experiment's name."""


@dataclass
class Step:
    """A step of a program, or an experiment, as far as it has come; times in nanoseconds of the run."""

    key: Key
    title: str
    file: str
    line: int
    end_line: int
    began: int
    ended: int | None = None
    error: str = ""

    @property
    def state(self) -> StepState:
        """Return whether it runs, is done, or was left by an exception."""
        if self.ended is None:
            return "running"
        return "failed" if self.error else "done"


@dataclass
class Operations:
    """All calls of one name; ``latest`` is when the last one ended."""

    ok: int = 0
    failed: int = 0
    unknown: int = 0
    latest: int = 0
    nanoseconds: deque[int] = field(default_factory=lambda: deque(maxlen=LATENCIES))

    @property
    def count(self) -> int:
        """How many calls have ended."""
        return self.ok + self.failed + self.unknown

    @property
    def median_us(self) -> float:
        """Median latency of the latest calls in microseconds; 0 when none has ended."""
        return statistics.median(self.nanoseconds) / 1e3 if self.nanoseconds else 0.0


@dataclass
class Entry:
    """A line of a side's log."""

    at: int
    origin: str
    text: str


@dataclass
class SideState:
    """One side as far as its events have told."""

    engine: Engine
    manifest: RunStarted | None = None
    steps: dict[Key, Step] = field(default_factory=dict)
    experiment: str = ""
    reached: LineReached | None = None
    brackets: dict[str, Bracket] = field(default_factory=dict)
    log: deque[Entry] = field(default_factory=lambda: deque(maxlen=LOG_LINES))
    logged: int = 0
    operations: dict[str, Operations] = field(default_factory=dict)
    open_operations: dict[int, OperationInvoked] = field(default_factory=dict)
    observations: dict[str, Observation] = field(default_factory=dict)
    metrics: dict[str, Metric] = field(default_factory=dict)
    faults: int = 0
    troubles: list[HarnessNote] = field(default_factory=list)
    ended: SideEnded | None = None
    events: int = 0
    planned: int = 0
    opened: list[AnyEvent] = field(default_factory=list)
    facts: Facts = field(default_factory=Facts)

    @property
    def current(self) -> Step | None:
        """Return the innermost step that runs now."""
        running = [step for step in self.steps.values() if step.ended is None]
        return running[-1] if running else None

    @property
    def steps_done(self) -> int:
        """Return how many steps have ended."""
        return sum(step.ended is not None for step in self.steps.values())

    @property
    def steps_planned(self) -> int:
        """Return how many steps the demo has, or how many there were if it came to more."""
        return max(self.planned, len(self.steps))

    @property
    def file(self) -> str:
        """Return the native file that runs now, or the first one."""
        names = list(self.manifest.code if self.manifest else ())[:1]
        names += [step.file for step in list(self.steps.values())[-1:]]
        names += [invoked.file for invoked in self.open_operations.values()]
        names += [reached.file for reached in (self.reached,) if reached]
        return names[-1] if names else ""

    @property
    def lit(self) -> range:
        """Return the lines of ``file`` that run now: what was reached, else the open call, else the block."""
        if self.reached:
            return range(self.reached.line, self.reached.line + 1)
        if self.open_operations:
            line = list(self.open_operations.values())[-1].line
            return range(line, line + 1)
        step = self.current
        return range(step.line, step.end_line + 1) if step else range(0)

    @property
    def ended_well(self) -> bool:
        """Return whether the side came to its end by itself and without an error."""
        return self.ended is not None and self.ended.ending == "exit" and self.ended.exit_code == 0

    def say(self, at: int, origin: str, text: str) -> None:
        """Append to the log."""
        self.log.append(Entry(at, origin, text))
        self.logged += 1


class State:
    """Both sides of one run; ``apply`` is the only way it changes."""

    def __init__(self, concept: Concept, engines: Iterable[Engine]) -> None:
        self.concept = concept
        self.sides: dict[Engine, SideState] = {
            engine: SideState(engine, planned=len(concept.steps(engine))) for engine in engines
        }

    @property
    def over(self) -> bool:
        """Whether every side has ended."""
        return all(side.ended for side in self.sides.values())

    def apply(self, events: Iterable[AnyEvent]) -> None:
        """Fold events in, in their order; those of a side that is not on this stage are passed over."""
        sides = self.sides
        for event in events:
            side = sides.get(event.side)
            if side is not None:
                side.events += 1
                _FOLD[type(event)](side, event)
                side.facts.apply(event)
                if side.experiment and isinstance(event, OF_EXPERIMENT):
                    side.opened.append(event)


def _run_started(side: SideState, event: RunStarted) -> None:
    side.manifest = event


def _step_begun(side: SideState, event: StepBegun) -> None:
    _begin(side, Step(event.step, event.title, event.file, event.line, event.end_line, event.at))


def _begin(side: SideState, step: Step) -> None:
    side.steps[step.key] = step
    side.say(step.began, "step", step.title)


def _step_ended(side: SideState, event: StepEnded) -> None:
    step = side.steps.get(event.step)
    if step is not None:
        step.ended, step.error = event.at, event.error


def _operation_invoked(side: SideState, event: OperationInvoked) -> None:
    side.open_operations[event.operation] = event


def _operation_ended(side: SideState, event: OperationEnded) -> None:
    invoked = side.open_operations.pop(event.operation, None)
    name = invoked.name if invoked else "?"
    operations = side.operations.get(name)
    if operations is None:
        operations = side.operations[name] = Operations()
    operations.latest = event.at
    operations.nanoseconds.append(event.nanoseconds)
    if event.outcome == "ok":
        operations.ok += 1
        return
    if event.outcome == "failed":
        operations.failed += 1
    else:
        operations.unknown += 1
    first = event.error.partition("\n")[0]
    side.say(event.at, event.outcome, f"{name}: {event.error_type}: {first}")


def _line_reached(side: SideState, event: LineReached) -> None:
    side.reached = event


def _log_line(side: SideState, event: LogLine) -> None:
    side.say(event.at, event.origin, event.text)


def _metric(side: SideState, event: Metric) -> None:
    side.metrics[event.name] = event


def _for_pictures(side: SideState, event: Seen | Message) -> None:
    """Leave it to the facts, which pictures are drawn from."""


def _observation(side: SideState, event: Observation) -> None:
    key = f"{side.experiment}.{event.key}" if side.experiment else event.key
    side.observations[key] = event
    side.say(event.at, "saw", f"{event.key} = {event.value} {event.unit}".rstrip())


def _fault(side: SideState, event: FaultInjected) -> None:
    side.faults += event.times
    side.say(event.at, "fault", f"{event.fault} on {event.target}")


def _experiment_begun(side: SideState, event: ExperimentBegun) -> None:
    side.experiment = event.experiment
    side.reached = None
    side.opened.clear()
    side.brackets[event.experiment] = Bracket(event)
    _begin(side, Step(event.experiment, event.title, event.file, event.line, event.end_line, event.at))


def _experiment_ended(side: SideState, event: ExperimentEnded) -> None:
    step, begun = side.steps.get(event.experiment), side.brackets.get(event.experiment)
    if step is None or begun is None:
        return
    step.ended = event.at
    side.brackets[event.experiment] = Bracket(begun.began, tuple(side.opened), event)
    side.experiment, side.reached = "", None
    if event.answer == "failed":
        step.error = event.error
    if event.answer != "ok":
        side.say(event.at, event.answer, f"{step.title}: {event.error}")


def _note(side: SideState, event: HarnessNote) -> None:
    side.troubles.append(event)
    side.say(event.at, "harness", f"{event.trouble}: {event.detail}")


def _side_ended(side: SideState, event: SideEnded) -> None:
    side.ended, side.reached = event, None
    side.open_operations.clear()


_FOLD: dict[type, Callable[..., None]] = {
    RunStarted: _run_started,
    StepBegun: _step_begun,
    StepEnded: _step_ended,
    OperationInvoked: _operation_invoked,
    OperationEnded: _operation_ended,
    LineReached: _line_reached,
    LogLine: _log_line,
    Metric: _metric,
    Observation: _observation,
    FaultInjected: _fault,
    ExperimentBegun: _experiment_begun,
    ExperimentEnded: _experiment_ended,
    HarnessNote: _note,
    SideEnded: _side_ended,
    Seen: _for_pictures,
    Message: _for_pictures,
}
