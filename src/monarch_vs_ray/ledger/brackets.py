"""One experiment, cut out of the history of its side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from monarch_vs_ray.core.events import (
    AnyEvent,
    Engine,
    ExperimentBegun,
    ExperimentEnded,
    FaultInjected,
    Observation,
    OperationEnded,
    RunStarted,
    SideEnded,
)


@dataclass(frozen=True)
class Bracket:
    """The events of one experiment, and the run that they belong to.

    ``ended`` is None when the side ended first; ``side_ended`` then says how. ``history`` names the history
    that the events are kept in.
    """

    began: ExperimentBegun
    events: tuple[AnyEvent, ...] = ()
    ended: ExperimentEnded | None = None
    started: RunStarted | None = None
    side_ended: SideEnded | None = None
    history: str = ""

    @property
    def engine(self) -> Engine:
        """Return the engine that the experiment ran on."""
        return self.began.side

    @property
    def seen(self) -> dict[str, object]:
        """Return what was observed, by key; of several observations of one key, the last."""
        return {event.key: event.value for event in self.events if isinstance(event, Observation)}

    @property
    def operations(self) -> list[OperationEnded]:
        """Return the calls that ended."""
        return [event for event in self.events if isinstance(event, OperationEnded)]

    @property
    def faults(self) -> int:
        """Return how many faults fired."""
        return sum(event.times for event in self.events if isinstance(event, FaultInjected))


@dataclass
class _Open:
    began: ExperimentBegun
    events: list[AnyEvent] = field(default_factory=list)
    ended: ExperimentEnded | None = None


def brackets(events: Iterable[AnyEvent], history: str = "") -> dict[str, Bracket]:
    """Return the experiments of one side's run, by name; the last one may not have ended."""
    opened: dict[str, _Open] = {}
    current: _Open | None = None
    started: RunStarted | None = None
    side_ended: SideEnded | None = None
    for event in events:
        if isinstance(event, RunStarted):
            started = event
        elif isinstance(event, SideEnded):
            side_ended = event
        elif isinstance(event, ExperimentBegun):
            current = opened[event.experiment] = _Open(event)
        elif isinstance(event, ExperimentEnded) and current is not None:
            current.ended, current = event, None
        elif current is not None:
            current.events.append(event)
    return {
        name: Bracket(each.began, tuple(each.events), each.ended, started, side_ended, history)
        for name, each in opened.items()
    }
