"""Space-time diagrams as data: processes as lanes, messages as arrows, faults and notices as marks.

A history has messages with times, messages of which only the order is known, or none. The first two are drawn
from what they stamped; without messages, faults and observations stand where the history recorded them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monarch_vs_ray.campaign import catalogue
from monarch_vs_ray.core.concept import Concept
from monarch_vs_ray.core.events import (
    ENGINES,
    AnyEvent,
    Engine,
    ExperimentBegun,
    ExperimentEnded,
    FaultInjected,
    LogLine,
    Message,
    Observation,
    OperationEnded,
    OperationInvoked,
    SideEnded,
    StepBegun,
    StepEnded,
)
from monarch_vs_ray.core.output import one_line
from monarch_vs_ray.core.paths import RECORDINGS
from monarch_vs_ray.history import read
from monarch_vs_ray.ledger import published
from monarch_vs_ray.ledger.results import HISTORIES
from monarch_vs_ray.stage.values import say

PROGRAM = "program"
"""The lane of the program itself."""
YOURS = "yours"
MOST = 80
"""Arrows, bars or marks of a kind that one diagram holds; a note says what is left out."""
LONGEST = 120
SINCE_FAULT = {"death_in_a_call", "idle_death"}
"""Experiments whose observation `seconds` is the time from the fault to its notice."""
TOGETHER = 0.005
"""Seconds: a fault recorded this close to that observation was recorded afterwards, with its notice."""
SECONDS = 1e9


@dataclass
class Diagram:
    """One side of one experiment: lanes by name, and what stands on them; times in seconds or in places."""

    unit: str = "s"
    lanes: list[str] = field(default_factory=list)
    bars: list[list[Any]] = field(default_factory=list)
    arrows: list[list[Any]] = field(default_factory=list)
    marks: list[list[Any]] = field(default_factory=list)
    note: str = ""

    def lane(self, name: str) -> int:
        """Return the number of a lane, which is made if it is new."""
        if name not in self.lanes:
            self.lanes.append(name)
        return self.lanes.index(name)

    def plain(self) -> dict[str, Any]:
        """Return the diagram as plain data."""
        left_out = [
            f"{len(all_) - MOST} of {len(all_)} {name} left out"
            for name, all_ in (("arrows", self.arrows), ("bars", self.bars), ("marks", self.marks))
            if len(all_) > MOST
        ]
        ends = [
            *(bar[2] for bar in self.bars[:MOST]),
            *(arrow[3] for arrow in self.arrows[:MOST]),
            *(mark[1] for mark in self.marks[:MOST]),
        ]
        return {
            "unit": self.unit,
            "lanes": self.lanes,
            "bars": self.bars[:MOST],
            "arrows": self.arrows[:MOST],
            "marks": self.marks[:MOST],
            "length": max([0.001, *ends]),
            "note": "; ".join(filter(None, [self.note, *left_out])),
        }


Experiments = dict[str, tuple[str, dict[Engine, list[AnyEvent]]]]
"""Title and events of each side, by the experiment's name."""


def runs(root: Path, own: Path | None = None, histories: Sequence[Path] = ()) -> list[dict[str, Any]]:
    """Return the runs that there is something to draw of: recordings first, then published histories.

    Args:
        root: The folder of published results.
        own: A reader's own results folder, whose histories come before all others.
        histories: Files that a reader recorded, also of programs of their own; each is a run of its own.

    Raises:
        UnreadableHistory: If one of them is no history.
    """
    found: dict[str, Experiments] = {}
    for number, path in enumerate(histories, start=1):
        _gather(found, read(path).events, f"{YOURS} {number}")
    for path in sorted((own / HISTORIES).glob("*.jsonl")) if own else ():
        _gather(found, read(path).events, path.name.partition(".")[0])
    for path in sorted(RECORDINGS.glob("*/*.jsonl")):
        _gather(found, read(path).events, path.parent.name)
    for machine in published.machines(root):
        for name, events in published.histories(root, machine).items():
            _gather(found, events, name.rpartition("/")[2].partition(".")[0])
    concepts = catalogue.ledger().concepts
    order = {name: at for at, name in enumerate(concepts)}

    def place(name: str) -> int:
        return -1 if name.startswith(YOURS) else order.get(name, len(order))

    return [
        {"name": name, "title": _title(name, concepts), "experiments": drawn}
        for name in sorted(found, key=place)
        if (drawn := list(_drawn(found[name])))
    ]


def _title(name: str, concepts: Mapping[str, Concept]) -> str:
    if name.startswith(YOURS):
        return f"Your run{name.removeprefix(YOURS)}"
    return concepts[name].title if name in concepts else "Training"


def _gather(found: dict[str, Experiments], events: Sequence[AnyEvent], concept: str) -> None:
    """Add a history's experiments, or the whole of it where it has none; the first history of each stays."""
    experiments = found.setdefault(concept, {})
    for name, title, engine, part in split(events):
        _, sides = experiments.setdefault(name, (title, {}))
        sides.setdefault(engine, part)


def split(events: Iterable[AnyEvent]) -> Iterator[tuple[str, str, Engine, list[AnyEvent]]]:
    """Yield the experiments of a history: name, title, side, and events with begin and end."""
    running: dict[Engine, list[AnyEvent]] = {}
    whole: dict[Engine, list[AnyEvent]] = {}
    for event in events:
        if isinstance(event, ExperimentBegun):
            running[event.side] = [event]
        elif event.side in running:
            running[event.side].append(event)
            if isinstance(event, ExperimentEnded):
                part = running.pop(event.side)
                begun = part[0]
                assert isinstance(begun, ExperimentBegun)
                yield begun.experiment, begun.title, event.side, part
                whole.pop(event.side, None)
        else:
            whole.setdefault(event.side, []).append(event)
    for side, rest in whole.items():
        if any(isinstance(event, StepBegun | FaultInjected | LogLine) for event in rest):
            yield "run", "The whole run", side, rest


def _drawn(experiments: Experiments) -> Iterator[dict[str, Any]]:
    for name, (title, sides) in experiments.items():
        drawn = {engine: diagram(sides[engine]).plain() for engine in ENGINES if engine in sides}
        worth = [
            each
            for each in drawn.values()
            if each["arrows"] or any(mark[3] == "fault" for mark in each["marks"])
        ]
        if worth:
            yield {"name": name, "title": title, "sides": drawn}


def diagram(events: Sequence[AnyEvent]) -> Diagram:
    """Return the diagram of one side of one experiment, or of a whole run."""
    messages = [event for event in events if isinstance(event, Message)]
    if any(message.time >= 0 for message in messages):
        return _timed(events, messages)
    if messages:
        return _ordered(messages)
    return _recorded(events)


def _timed(events: Sequence[AnyEvent], messages: Sequence[Message]) -> Diagram:
    """Draw messages on the clock that they were stamped with."""
    made = Diagram()
    began = events[0].at
    sent = [message for message in messages if message.phase == "sent"]
    apart = sum(message.time == 0 for message in sent) > 1
    made.note = "each call has a clock of its own; they stand where they were recorded" if apart else ""
    for message in sent:
        made.lane(message.sender)
    for message in messages:
        made.lane(message.receiver)
    for message in sent:
        shift = (message.at - began) / SECONDS if apart else 0.0
        out, there = made.lane(message.sender), made.lane(message.receiver)
        start = shift + message.time / SECONDS
        later = {
            each.phase: shift + each.time / SECONDS
            for each in messages
            if each.id == message.id and each is not message
        }
        made.marks.append([out, round(start, 6), f"{message.id} sent", "sent"])
        if "begun" in later:
            made.arrows.append(
                [out, round(start, 6), there, round(later["begun"], 6), f"{message.id} begins", "call"]
            )
        if "answered" in later:
            middle = later.get("ended", later.get("begun", (start + later["answered"]) / 2))
            if "begun" not in later:
                made.arrows.append([out, round(start, 6), there, round(middle, 6), message.id, "call"])
            made.arrows.append(
                [
                    there,
                    round(middle, 6),
                    out,
                    round(later["answered"], 6),
                    f"{message.id} answered",
                    "answer",
                ]
            )
        if "dropped" in later:
            made.marks.append([there, round(later["dropped"], 6), f"{message.id} dropped", "fault"])
    return made


def _ordered(messages: Sequence[Message]) -> Diagram:
    """Draw messages by order only: from the place in the sender's order to that in the receiver's."""
    made = Diagram(
        unit="order", note="only the order is known: sent from left to right, begun from left to right"
    )
    for message in messages:
        made.lane(message.sender)
    places: dict[str, int] = {}
    numbers = sorted({message.number for message in messages})
    for message in messages:
        place = places.setdefault(message.receiver, 0)
        places[message.receiver] = place + 1
        start = numbers.index(message.number)
        kind = "call" if start == place else "overtaken"
        text = f"message {message.number} of {message.sender}: begun as number {place}"
        made.arrows.append([made.lane(message.sender), start, made.lane(message.receiver), place, text, kind])
    return made


def _recorded(events: Sequence[AnyEvent]) -> Diagram:
    """Draw faults, observations, steps and calls where the history recorded them."""
    made = Diagram(note="faults and observations stand where they were recorded")
    program, began = made.lane(PROGRAM), events[0].at
    open_: dict[Any, tuple[float, str]] = {}
    name = getattr(events[0], "experiment", "")
    delay = _delay(events) if name in SINCE_FAULT else None
    for event in events:
        at = round((event.at - began) / SECONDS, 6)
        if isinstance(event, FaultInjected):
            _fault(made, event, at, delay)
            delay = None
        elif isinstance(event, Observation) and not isinstance(event.value, dict):
            made.marks.append(
                [program, at, f"{event.key} = {one_line(say(event.value, event.unit))[:LONGEST]}", "notice"]
            )
        elif isinstance(event, LogLine) and event.origin in ("demo", "stdout"):
            made.marks.append([program, at, one_line(event.text)[:LONGEST], "notice"])
        elif isinstance(event, StepBegun | OperationInvoked):
            open_[_key(event)] = (at, event.title if isinstance(event, StepBegun) else event.name)
        elif isinstance(event, StepEnded | OperationEnded) and _key(event) in open_:
            start, text = open_.pop(_key(event))
            made.bars.append([program, start, at, text, "step" if isinstance(event, StepEnded) else "call"])
        elif isinstance(event, ExperimentEnded | SideEnded):
            made.bars.append([program, 0.0, at, "", "life"])
    _keep_what_tells(made)
    return made


def _key(event: StepBegun | StepEnded | OperationInvoked | OperationEnded) -> tuple[str, int]:
    if isinstance(event, StepBegun | StepEnded):
        return "step", event.step
    return "operation", event.operation


def _delay(events: Sequence[AnyEvent]) -> tuple[float, float] | None:
    """Return the seconds from the fault to its notice, and when they were observed; None if they were not."""
    for event in events:
        if isinstance(event, Observation) and event.key == "seconds" and isinstance(event.value, int | float):
            return float(event.value), (event.at - events[0].at) / SECONDS
    return None


def _fault(made: Diagram, event: FaultInjected, at: float, delay: tuple[float, float] | None) -> None:
    """Mark a fault on the lane of what it hit; with a known delay, also the way of its notice."""
    lane, text = made.lane(event.target), f"{event.fault}: {event.target}"
    if delay:
        seconds, observed = delay
        at = round(max(0.0, at - seconds) if observed - at < TOGETHER else at, 6)
        made.note = "fault and notice stand as far apart as the run measured"
        told = f"noticed after {say(seconds, 's')}"
        made.arrows.append([lane, at, made.lane(PROGRAM), round(at + seconds, 6), told, "notice"])
    made.marks.append([lane, at, text, "fault"])


def _keep_what_tells(made: Diagram) -> None:
    """Put what a reader looks for first, so that it is what stays of many: faults, then longer bars."""
    made.marks.sort(key=lambda mark: (mark[3] != "fault", mark[1]))
    made.bars.sort(key=lambda bar: (bar[4] != "life", bar[4] != "step", bar[1] - bar[2]))
