"""The state of a run at any moment: folded forwards, and from the beginning when the view goes back."""

from __future__ import annotations

from monarch_vs_ray.core.concept import Concept
from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.stage.state import State
from monarch_vs_ray.stage.timeline import Timeline, Times


class Playback:
    """Folds a timeline up to a moment of each side.

    ``generation`` changes when the state is another one, since the view went back.

    Args:
        concept: The concept that is shown.
        timeline: The events; it may grow.
    """

    def __init__(self, concept: Concept, timeline: Timeline) -> None:
        self._concept, self._timeline = concept, timeline
        self.generation = 0
        self._begin()

    def _begin(self) -> None:
        self.state = State(self._concept, self._timeline.tracks)
        self._folded: dict[Engine, int] = dict.fromkeys(self._timeline.tracks, 0)

    def show(self, times: Times) -> None:
        """Fold up to these moments."""
        counts = {engine: self._timeline.tracks[engine].count(moment) for engine, moment in times.items()}
        if any(count < self._folded[engine] for engine, count in counts.items()):
            self.generation += 1
            self._begin()
        for engine, count in counts.items():
            self.state.apply(self._timeline.tracks[engine].events[self._folded[engine] : count])
            self._folded[engine] = count
