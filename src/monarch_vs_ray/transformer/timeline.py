"""Place a training run on a time axis; keys go from one event to the next."""

from __future__ import annotations

from collections.abc import Iterable

from monarch_vs_ray.core.events import AnyEvent, Engine, FaultInjected, Observation
from monarch_vs_ray.stage.timeline import Timeline
from monarch_vs_ray.transformer.state import TRAINING

PARTS = 8
"""Besides starts, deaths and the end, the keys go to each eighth of the steps."""


class TrainingTimeline(Timeline):
    """Hold both sides' events so far; the marks are starts of workers, deaths, eighths of the steps, the end.

    Args:
        engines: The sides that are shown.
    """

    def __init__(self, engines: Iterable[Engine]) -> None:
        super().__init__(TRAINING, engines)
        self._marks: set[int] = set()
        self._every = dict.fromkeys(self.tracks, 0)

    def add(self, events: Iterable[AnyEvent]) -> None:
        """Append new events; those of a side that is not shown are ignored."""
        for event in events:
            super().add([event])
            if event.side in self.tracks and self._is_mark(event):
                self._marks.add(self.tracks[event.side].end)

    def _is_mark(self, event: AnyEvent) -> bool:
        if isinstance(event, FaultInjected):
            return True
        if not isinstance(event, Observation):
            return False
        value = event.value if isinstance(event.value, dict) else {}
        if event.key == "training":
            self._every[event.side] = max(1, int(value.get("steps", 0)) // PARTS)
        elif event.key == "trained":
            every = self._every[event.side]
            return every > 0 and int(value.get("step", 0)) % every == 0
        return event.key in ("started", "written")

    def marks(self) -> list[int]:
        """Return the times that keys go to."""
        return sorted(self._marks)
