"""Compute the state of a run at any point in time, from the beginning when the view goes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.stage.state import State
from monarch_vs_ray.stage.timeline import Timeline, Times

S = TypeVar("S", bound=State)


class Playback(Generic[S]):
    """Fold a timeline up to a point in time of each side.

    ``generation`` changes when the state was computed anew, since the view went back.

    Args:
        begin: Return the state before the first event.
        timeline: The events; it may grow.
    """

    def __init__(self, begin: Callable[[], S], timeline: Timeline) -> None:
        self._begin, self._timeline = begin, timeline
        self.generation = 0
        self._start()

    def _start(self) -> None:
        self.state = self._begin()
        self._folded: dict[Engine, int] = dict.fromkeys(self._timeline.tracks, 0)

    def show(self, times: Times) -> None:
        """Fold up to these points in time."""
        counts = {engine: self._timeline.tracks[engine].count(moment) for engine, moment in times.items()}
        if any(count < self._folded[engine] for engine, count in counts.items()):
            self.generation += 1
            self._start()
        for engine, count in counts.items():
            self.state.apply(self._timeline.tracks[engine].events[self._folded[engine] : count])
            self._folded[engine] = count
