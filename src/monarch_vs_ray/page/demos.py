"""Recorded demos as data for a player: what is shown of both engines, and from which second on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from monarch_vs_ray.campaign.sides import recording
from monarch_vs_ray.concepts import all_concepts
from monarch_vs_ray.core.concept import Concept
from monarch_vs_ray.core.errors import NoRecording
from monarch_vs_ray.core.events import (
    ENGINES,
    AnyEvent,
    Engine,
    ExperimentBegun,
    FaultInjected,
    LineReached,
    LogLine,
    Observation,
    RunStarted,
)
from monarch_vs_ray.core.output import one_line
from monarch_vs_ray.history import read
from monarch_vs_ray.page.sources import machine_text
from monarch_vs_ray.pictures.facts import Facts
from monarch_vs_ray.pictures.finding import picture_for
from monarch_vs_ray.pictures.vector import COLUMN, fragment
from monarch_vs_ray.stage.captions import sentences
from monarch_vs_ray.stage.state import State
from monarch_vs_ray.stage.summary import Line, conclusions, lines
from monarch_vs_ray.stage.timeline import END, START, Beat, Pace, Timeline

PACE = Pace(shortest=2.0, longest=6.0, rest=2.0)
TITLES = {START: "The engines start", END: "Both end; what is left is removed"}
LONGEST_LINE = 300
"""Characters of a log line that are shown."""
NAMED = re.compile(r"execution id \S+")
"""Monarch prints the name of the user."""
MOST_LINES = 60
"""Log lines of a side that are shown; a flood's first ones."""
WHOLE = 10**6


@dataclass
class Lines:
    """The lines of pictures, each kept once."""

    all: list[tuple[str, str]] = field(default_factory=list)
    places: dict[object, int] = field(default_factory=dict)

    def place(self, line: tuple[tuple[str, str], ...]) -> int:
        """Return the number of a line."""
        if line not in self.places:
            self.places[line] = len(self.all)
            self.all.append((fragment(line), "".join(text for text, _ in line).rstrip()))
        return self.places[line]


@cache
def demos() -> list[dict[str, Any]]:
    """Return the demos that there is a recording of, in the order of their numbers."""
    found = []
    for concept in all_concepts():
        try:
            file = recording(concept)
        except NoRecording:
            continue
        found.append(demo(concept, read(file).events))
    return found


def demo(concept: Concept, events: Sequence[AnyEvent]) -> dict[str, Any]:
    """Return one demo.

    Args:
        concept: The concept that the events are a run of.
        events: A whole history.
    """
    engines = [engine for engine in ENGINES if any(event.side == engine for event in events)]
    timeline = Timeline(concept, engines)
    timeline.add(events)
    beats = timeline.beats(PACE)
    state = State(concept, engines)
    state.apply(events)
    drawn = Lines()
    files: list[str] = []
    tracks = {engine: _track(concept, engine, timeline, beats, files, drawn) for engine in engines}
    started = [event for event in events if isinstance(event, RunStarted)]
    return {
        "name": concept.name,
        "number": concept.number,
        "title": concept.title,
        "question": concept.fill(concept.question),
        "watch": [concept.fill(text) for text in concept.watch],
        "recorded": {
            "date": started[0].date[:10],
            "machine": machine_text(started[0].machine),
            "versions": {event.side: event.versions.get(event.side, "") for event in started},
        },
        "length": round(beats[-1].end, 3) if beats else 0.0,
        "beats": [_beat(concept, beat, state) for beat in beats],
        "tracks": tracks,
        "files": {name: text for event in started for name, text in event.code.items() if name in files},
        "lines": drawn.all,
        "columns": COLUMN,
        "closing": [each.text for each in conclusions(state)],
    }


def _beat(concept: Concept, beat: Beat, state: State) -> dict[str, Any]:
    """Return a beat: its title, what is said after it, and the rows of what was observed."""
    step = next((each for each in concept.demo if each.experiment == beat.key), None)
    if step is None:
        return {
            "title": TITLES[beat.key],
            "begin": round(beat.begin, 3),
            "played": _played(beat),
            "said": [],
            "rows": [],
        }
    keys = {f"{step.experiment}.{row.observation}" for row in step.rows}
    return {
        "title": concept.fill(step.title),
        "begin": round(beat.begin, 3),
        "played": _played(beat),
        "said": sentences(state, step),
        "rows": [_row(line) for line in lines(state) if line.key in keys],
    }


def _played(beat: Beat) -> float:
    """Return the second from which all of a beat is shown."""
    return round(beat.begin + beat.play, 3)


def _row(line: Line) -> dict[str, Any]:
    compared = not (line.measured or line.described or line.named)
    return {
        "key": line.key,
        "label": line.label,
        "cells": {engine: cell.text for engine, cell in line.cells.items()},
        "differs": line.differs if compared or line.differs else None,
    }


def _track(
    concept: Concept,
    engine: Engine,
    timeline: Timeline,
    beats: Iterable[Beat],
    files: list[str],
    drawn: Lines,
) -> dict[str, Any]:
    """Return one side: from which second on which line runs, what is logged, drawn and observed."""
    track, facts = timeline.tracks[engine], Facts()
    found = _Track()
    at = 0
    experiment = ""
    for beat in beats:
        until = track.count(beat.parts[engine][1])
        for event, due in zip(track.events[at:until], track.due[at:until], strict=True):
            second = round(beat.position(engine, due), 3)
            if isinstance(event, ExperimentBegun):
                experiment = event.experiment
                found.reach(second, event.file, event.line, files, begins=True)
            elif isinstance(event, LineReached):
                found.reach(second, event.file, event.line, files)
            else:
                found.log(second, event, experiment)
            facts.apply(event)
            if not isinstance(event, LineReached):
                found.draw(second, concept, engine, facts, drawn)
        at = until
    return {"code": found.code, "log": found.lines, "seen": found.seen, "frames": found.frames}


@dataclass
class _Track:
    """Gather what belongs to one side, each with its second."""

    code: list[list[Any]] = field(default_factory=list)
    lines: list[list[Any]] = field(default_factory=list)
    seen: dict[str, float] = field(default_factory=dict)
    frames: list[list[Any]] = field(default_factory=list)

    def reach(self, second: float, file: str, line: int, files: list[str], *, begins: bool = False) -> None:
        """Note the line that runs; of several at one moment, the last."""
        if file not in files:
            files.append(file)
        entry: list[Any] = [second, file, line]
        if self.code and self.code[-1][0] == second and not begins:
            self.code[-1] = entry
        else:
            self.code.append(entry)

    def log(self, second: float, event: AnyEvent, experiment: str) -> None:
        """Note a line of the log: what was printed, broken on purpose, or observed."""
        if isinstance(event, Observation):
            self.seen.setdefault(f"{experiment}.{event.key}", second)
            return
        if isinstance(event, LogLine):
            self._put(second, event.origin, event.text)
        elif isinstance(event, FaultInjected):
            self._put(second, "fault", f"{event.fault} {event.target}")

    def _put(self, second: float, kind: str, text: str) -> None:
        if len(self.lines) < MOST_LINES:
            shown = NAMED.sub("execution id <id>", one_line(text))
            self.lines.append([second, kind, shown[:LONGEST_LINE]])

    def draw(self, second: float, concept: Concept, engine: Engine, facts: Facts, drawn: Lines) -> None:
        """Note the picture, if it changed."""
        picture = picture_for(concept, engine, facts, COLUMN)
        shown = [drawn.place(line) for line in picture.fit(WHOLE)]
        if not self.frames or self.frames[-1][1] != shown:
            self.frames.append([second, shown])
