"""Place the events of a run on a time axis, and pair the steps of both engines as beats.

A beat is a step of the demo: the same key on both engines. In step, both sides begin a beat together,
whenever they really began it. A short beat is stretched and a long one is shortened, for the viewer.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from monarch_vs_ray.core.concept import Concept, Step
from monarch_vs_ray.core.events import AnyEvent, Engine, ExperimentBegun, ExperimentEnded, SideEnded

START, END = "start.", "end."
"""The keys of what is no step: the engines start; they stop, and what is left is removed."""

WHOLE = 1 - 1e-5
"""The share of a beat from which all of it is shown, so that who stops just before its end sees it."""

Times = dict[Engine, int]
"""A moment of each side, in nanoseconds of its run."""


@dataclass(frozen=True)
class Pace:
    """Set the duration of a beat on the screen, in seconds.

    ``shortest`` and ``longest`` bound the time in which its events are shown. Then nothing moves for ``rest``
    seconds, so that the result can be read.
    """

    shortest: float
    longest: float
    rest: float = 0.0


@dataclass(frozen=True)
class Beat:
    """Hold one beat on the screen: its begin and end, in seconds, and each side's own time meanwhile."""

    key: str
    begin: float
    play: float
    rest: float
    parts: dict[Engine, tuple[int, int]]

    @property
    def end(self) -> float:
        """Return the begin of the next beat."""
        return self.begin + self.play + self.rest

    def times(self, position: float) -> Times:
        """Return each side's time at a position within the beat."""
        passed = max(0.0, position - self.begin)
        longest = max((after - before for before, after in self.parts.values()), default=0)
        return {
            engine: _moment(part, passed / self._seconds(part, longest))
            for engine, part in self.parts.items()
        }

    def position(self, engine: Engine, moment: int) -> float:
        """Return the position at which a side's moment within this beat is shown; reverses ``times``."""
        before, after = self.parts[engine]
        longest = max(after - before for before, after in self.parts.values())
        share = (min(max(moment, before), after) - before) / (after - before) if after > before else 1.0
        return self.begin + share * self._seconds((before, after), longest)

    def _seconds(self, part: tuple[int, int], longest: int) -> float:
        """Return how long a side is shown: in proportion, with a minimum."""
        share = (part[1] - part[0]) / longest if longest else 1.0
        return max(1e-9, self.play * max(0.4, share))


def _moment(part: tuple[int, int], share: float) -> int:
    before, after = part
    return after if share >= WHOLE else before + int((after - before) * share)


@dataclass
class Track:
    """Hold one side's events in the order of arrival, and the begin and end of each step."""

    events: list[AnyEvent] = field(default_factory=list)
    due: list[int] = field(default_factory=list)
    begun: dict[str, int] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)
    over: bool = False

    @property
    def end(self) -> int:
        """Return the moment of the latest event."""
        return self.due[-1] if self.due else 0

    def add(self, event: AnyEvent) -> None:
        """Append an event; a late event gets the current time."""
        self.events.append(event)
        self.due.append(max(self.end, event.at))
        if type(event) is ExperimentBegun:
            self.begun.setdefault(event.experiment, self.end)
        elif type(event) is ExperimentEnded:
            self.ended[event.experiment] = self.end
        elif type(event) is SideEnded:
            self.over = True

    def count(self, moment: int) -> int:
        """Return the number of events up to a point in time."""
        return bisect_right(self.due, moment)

    def has_taken(self, key: str) -> bool:
        """Return whether a side has finished a step, or can no longer take it."""
        return key in self.ended or self.over

    def until(self, key: str) -> int | None:
        """Return the end of a step; None if this side never finishes it."""
        if key in self.ended:
            return self.ended[key]
        return self.end if key in self.begun and self.over else None


class Timeline:
    """Hold both sides' events so far, and their beats.

    Args:
        concept: The concept; its demo defines the beats.
        engines: The sides that are shown.
    """

    def __init__(self, concept: Concept, engines: Iterable[Engine]) -> None:
        self.tracks: dict[Engine, Track] = {engine: Track() for engine in engines}
        self.steps: list[Step] = [
            step for step in concept.demo if any(engine in step.engines for engine in self.tracks)
        ]
        self._known: tuple[object, list[Beat]] = (None, [])

    def add(self, events: Iterable[AnyEvent]) -> None:
        """Append new events; those of a side that is not shown are ignored."""
        for event in events:
            track = self.tracks.get(event.side)
            if track is not None:
                track.add(event)

    @property
    def over(self) -> bool:
        """Return whether every side has ended."""
        return all(track.over for track in self.tracks.values())

    @property
    def end(self) -> int:
        """Return the moment of the latest event of any side."""
        return max((track.end for track in self.tracks.values()), default=0)

    def marks(self) -> list[int]:
        """Return the times that keys go to, in the run's own time: each step, when the last side began it."""
        begun = [
            [track.begun[step.experiment] for track in self.tracks.values() if step.experiment in track.begun]
            for step in self.steps
        ]
        return sorted(max(moments) for moments in begun if moments)

    def beats(self, pace: Pace) -> list[Beat]:
        """Return the beats that all sides have finished, in the order of the demo.

        The first beat is the start of the engines. After the last step, one more beat holds the remaining
        events.
        """
        tracks = self.tracks.values()
        made_from = (
            pace,
            self.over,
            *((bool(track.begun), len(track.ended), track.over) for track in tracks),
        )
        if made_from != self._known[0]:
            self._known = (made_from, self._make(pace))
        return self._known[1]

    def _make(self, pace: Pace) -> list[Beat]:
        here = dict.fromkeys(self.tracks, 0)
        beats: list[Beat] = []
        if not all(track.begun or track.over for track in self.tracks.values()):
            return beats
        first = {
            engine: min(track.begun.values(), default=track.end + 1) - 1
            for engine, track in self.tracks.items()
        }
        short = replace(pace, longest=pace.shortest)  # nothing is to be seen there
        self._append(beats, START, here, first, short)
        for step in self.steps:
            takers = [engine for engine in self.tracks if engine in step.engines]
            if not all(self.tracks[engine].has_taken(step.experiment) for engine in takers):
                return beats
            until = {engine: self.tracks[engine].until(step.experiment) for engine in takers}
            there = {engine: moment for engine, moment in until.items() if moment is not None}
            if there:
                self._append(beats, step.experiment, here, there, pace)
        if self.over:
            ends = {engine: track.end for engine, track in self.tracks.items()}
            self._append(beats, END, here, ends, replace(short, rest=0.0))
        return beats

    def _append(self, beats: list[Beat], key: str, here: Times, there: Times, pace: Pace) -> None:
        """Append a beat between two positions, and advance to the second."""
        parts = {engine: (moment, max(moment, there.get(engine, moment))) for engine, moment in here.items()}
        longest = max(after - before for before, after in parts.values()) / 1e9
        begin = beats[-1].end if beats else 0.0
        beats.append(Beat(key, begin, min(pace.longest, max(pace.shortest, longest)), pace.rest, parts))
        here.update({engine: after for engine, (_, after) in parts.items()})
