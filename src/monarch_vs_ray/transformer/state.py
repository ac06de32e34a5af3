"""What the stage knows of a training run: losses, times, deaths and recoveries, folded from its events."""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from monarch_vs_ray.core.concept import Concept
from monarch_vs_ray.core.errors import ExitCode
from monarch_vs_ray.core.events import (
    HARNESS,
    AnyEvent,
    Engine,
    FaultInjected,
    Metric,
    Observation,
)
from monarch_vs_ray.stage.state import SideState, State
from monarch_vs_ray.stage.summary import exit_code, side_sentence
from monarch_vs_ray.stage.values import NAMES

TRAINING = Concept(
    name="transformer",
    title="Transformer training",
    question="Do both engines learn the same, also when a worker is killed?",
    watch=["The loss falls to the language's own entropy.", "Both engines' curves are one."],
    versions={},
    deadline=900.0,
)
AGREE = 1e-5
"""How far two losses of the same step may be apart, in nats per character."""
FINAL = 20
"""The final loss is the mean of that many last steps: each step has a batch of its own."""
SAY_EVERY = 10
SAMPLES = 600
"""How many of the machine's figures are kept, one a second."""


@dataclass
class Course:
    """One engine's training as far as its events have told."""

    plan: dict[str, Any] = field(default_factory=dict)
    losses: dict[int, float] = field(default_factory=dict)
    again: dict[int, float] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    intervals: list[float] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    faults: list[int] = field(default_factory=list)
    outages: list[float] = field(default_factory=list)
    machine: dict[str, deque[float]] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    written: dict[str, Any] = field(default_factory=dict)
    latest: tuple[int, int] | None = None
    broken_at: int | None = None

    @property
    def steps(self) -> int:
        """How many steps there will be; 0 while that is not known."""
        return int(self.plan.get("steps", 0))

    @property
    def done(self) -> int:
        """The last step that is done."""
        return self.latest[0] if self.latest else 0

    @property
    def recoveries(self) -> int:
        """How often the workers were started anew."""
        return max(0, len(self.starts) - 1)

    @property
    def final_loss(self) -> float | None:
        """Mean loss of the last steps, in nats per character; None before there are any."""
        last = [self.losses[step] for step in sorted(self.losses)[-FINAL:]]
        return statistics.fmean(last) if last else None

    @property
    def tokens_per_second(self) -> list[float]:
        """From each step to the next one, all workers together; not across a recovery."""
        return [self.plan.get("characters_per_step", 0) / seconds for seconds in self.intervals]

    @property
    def step_ms(self) -> float | None:
        """Median time of a step inside the first worker."""
        return 1e3 * statistics.median(self.seconds) if self.seconds else None

    @property
    def complete(self) -> bool:
        """Whether every step was taken, and every death was survived."""
        whole = self.steps > 0 and all(step in self.losses for step in range(1, self.steps + 1))
        return whole and self.recoveries == len(self.faults)


class TrainingState(State):
    """A training run on one engine or both; ``apply`` is the only way it changes."""

    def __init__(self, engines: Iterable[Engine]) -> None:
        super().__init__(TRAINING, engines)
        self.courses: dict[Engine, Course] = {engine: Course() for engine in self.sides}

    def apply(self, events: Iterable[AnyEvent]) -> None:
        """Fold events in, in their order."""
        for event in events:
            side = self.sides.get(event.side)
            if side is not None and not _take(side, self.courses[event.side], event):
                super().apply([event])

    @property
    def difference(self) -> tuple[float, int]:
        """The largest difference of the engines' losses of one step, and how many steps both have taken."""
        both = [course.losses for course in self.courses.values()]
        if len(both) < 2:
            return 0.0, 0
        common = both[0].keys() & both[1].keys()
        return max((abs(both[0][step] - both[1][step]) for step in common), default=0.0), len(common)


def _take(side: SideState, course: Course, event: AnyEvent) -> bool:
    """Whether that was an event of the training, which needs no line of its own in the log."""
    if isinstance(event, Observation) and event.key in _FOLD:
        _FOLD[event.key](side, course, event)
        return True
    if isinstance(event, Metric) and event.seq == HARNESS:
        course.machine.setdefault(event.name, deque(maxlen=SAMPLES)).append(event.value)
        course.units[event.name] = event.unit
        return True
    if isinstance(event, FaultInjected):
        course.faults.append(course.done)
        course.broken_at = event.at
    return False


def _planned(side: SideState, course: Course, event: Observation) -> None:
    course.plan = _fields(event)
    told = "{parameters:,} parameters, {workers} workers, {device}, {backend}, torch {torch}"
    side.say(event.at, "saw", told.format_map(course.plan))


def _started(side: SideState, course: Course, event: Observation) -> None:
    course.starts.append(int(str(event.value)))
    course.latest = None
    again = "new workers go on" if course.recoveries else "workers begin"
    side.say(event.at, "saw", f"{again} after step {event.value}")


def _trained(side: SideState, course: Course, event: Observation) -> None:
    told = _fields(event)
    step, loss = int(told["step"]), float(told["loss"])
    if step in course.losses:
        course.again[step] = abs(loss - course.losses[step])
    if course.latest:
        course.intervals.append((event.at - course.latest[1]) / 1e9)
    if course.broken_at is not None and course.recoveries == len(course.faults):
        course.outages.append((event.at - course.broken_at) / 1e9)
        course.broken_at = None
    course.losses[step] = loss
    course.seconds.append(float(told["seconds"]))
    course.latest = (step, event.at)
    if step % SAY_EVERY == 0 or step in (1, course.steps):
        side.say(event.at, "demo", f"step {step:>4}  loss {loss:.4f}  {1e3 * course.seconds[-1]:.0f} ms")


def _written(side: SideState, course: Course, event: Observation) -> None:
    course.written = _fields(event)
    side.say(event.at, "saw", f"the model writes: {course.written['text']}")


def _fields(event: Observation) -> dict[str, Any]:
    return dict(event.value) if isinstance(event.value, dict) else {}


_FOLD: dict[str, Callable[[SideState, Course, Observation], None]] = {
    "training": _planned,
    "started": _started,
    "trained": _trained,
    "written": _written,
}


# -- in the end ----------------------------------------------------------------------------------------


def outcome(state: TrainingState) -> ExitCode:
    """What the shell is told: a side that failed, a curve that differs, a death that was not survived."""
    if (code := exit_code(state)) != ExitCode.FINE:
        return code
    fine = all(course.complete for course in state.courses.values()) and state.difference[0] <= AGREE
    fine = fine and all(max(course.again.values(), default=0.0) <= AGREE for course in state.courses.values())
    return ExitCode.FINE if fine else ExitCode.NOT_AS_EXPECTED


def closing(state: TrainingState) -> list[str]:
    """What the run has shown, in sentences with their numbers; what was not observed is not said."""
    said = [sentence for engine in state.sides for sentence in _of(state.courses[engine], NAMES[engine])]
    difference, steps = state.difference
    if steps:
        word = "agree" if difference <= AGREE else "DO NOT AGREE"
        said.append(
            f"The two loss curves {word}: over {steps} steps they are {_apart(difference)}"
            f" (allowed: {AGREE:.0e})."
        )
    return said + [side_sentence(side) for side in state.sides.values()]


def _of(course: Course, name: str) -> Iterable[str]:
    plan, loss = course.plan, course.final_loss
    if not plan or loss is None:
        return
    yield (
        f"{name}: final loss {loss:.3f} nats per character (mean of the last {min(FINAL, len(course.losses))}"
        f" of {len(course.losses)} steps). Knowing the alphabet only costs {plan['uniform']:.3f}, the"
        f" characters' frequencies {plan['unigram']:.3f}; the text's own entropy is {plan['floor']:.3f}."
    )
    if course.intervals:
        yield (
            f"{name}: median {statistics.median(course.tokens_per_second):,.0f} tokens/s"
            f" (n={len(course.intervals)}, from step to step, indicative), {course.step_ms:.1f} ms a step in"
            f" the worker; {plan['workers']} workers on {plan['device']} over {plan['backend']}."
        )
    yield _recovery(course, name)
    if course.written:
        yield "{name}: {known} of {words} words that the model wrote are words of the language.".format_map(
            {"name": name, **course.written}
        )


def _recovery(course: Course, name: str) -> str:
    if not course.faults:
        return f"{name}: no worker was killed; {_times(course.recoveries, 'recovery', 'recoveries')}."
    told = (
        f"{name}: {_times(len(course.faults), 'worker', 'workers')} killed after step"
        f" {', '.join(map(str, course.faults))}; {_times(course.recoveries, 'recovery', 'recoveries')}"
    )
    if course.outages:
        told += f", training again {', '.join(f'{seconds:.1f} s' for seconds in course.outages)} later"
    if course.recoveries:
        told += f", from step {course.starts[-1] + 1}"
    if course.again:
        worst = max(course.again.values())
        told += f"; {len(course.again)} steps were taken twice, with losses {_apart(worst)}"
    return told + "."


def _apart(difference: float) -> str:
    return f"at most {difference:.1e} apart" if difference else "equal to the last bit"


def _times(number: int, singular: str, plural: str) -> str:
    return f"{number} {singular if number == 1 else plural}"
