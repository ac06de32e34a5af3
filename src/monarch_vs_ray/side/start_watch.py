"""Notice an engine that does not come up or has failed, and say what on this machine may be why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from monarch_vs_ray.core.events import (
    AnyEvent,
    ExperimentEnded,
    FaultInjected,
    Metric,
    Observation,
    OperationEnded,
    StepEnded,
)

PATIENCE_NS = 6_000_000_000
AGAIN_NS = 1_000_000_000
LIFE = (FaultInjected, Metric, Observation, OperationEnded, ExperimentEnded, StepEnded)


@dataclass(frozen=True)
class Suspect:
    """One thing on this machine that may be why; ``certain``: the engine cannot come up with it."""

    text: str
    certain: bool = False


Suspects = Callable[[str], Sequence[Suspect]]


class StartWatch:
    """Watches one side until it has achieved something, and looks for a cause when it does not, or dies."""

    def __init__(self, suspects: Suspects, run_dir: str) -> None:
        self._suspects = suspects
        self._run_dir = run_dir
        self._look_at = PATIENCE_NS
        self._told: set[str] = set()
        self.up = False

    def take(self, events: Iterable[AnyEvent]) -> None:
        """Look for a sign of life in what came."""
        self.up = self.up or any(isinstance(event, LIFE) for event in events)

    def stalled(self, now: int) -> list[Suspect]:
        """Return what is suspected, each thing once, if nothing was achieved ``now`` ns after the start."""
        if self.up or now < self._look_at:
            return []
        self._look_at = now + AGAIN_NS
        return self.found()

    def found(self) -> list[Suspect]:
        """Return what is suspected now, each thing once."""
        new = [each for each in self._suspects(self._run_dir) if each.text not in self._told]
        self._told |= {each.text for each in new}
        return new
