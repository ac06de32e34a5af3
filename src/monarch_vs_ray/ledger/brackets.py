"""What one probe did, cut out of the history of its side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from monarch_vs_ray.core.events import (
    AnyEvent,
    Engine,
    FaultInjected,
    Observation,
    OperationEnded,
    ProbeBegun,
    ProbeEnded,
    RunStarted,
    SideEnded,
)


@dataclass(frozen=True)
class Bracket:
    """The events between a probe's beginning and its end, and the run that they belong to.

    ``ended`` is None when the side ended first; ``side_ended`` then says how. ``history`` names the file
    that the events are kept in.
    """

    began: ProbeBegun
    events: tuple[AnyEvent, ...] = ()
    ended: ProbeEnded | None = None
    started: RunStarted | None = None
    side_ended: SideEnded | None = None
    history: str = ""

    @property
    def engine(self) -> Engine:
        """Whose probe it is."""
        return self.began.side

    @property
    def seen(self) -> dict[str, object]:
        """What was observed, by key; of several observations of one key, the last."""
        return {event.key: event.value for event in self.events if isinstance(event, Observation)}

    @property
    def operations(self) -> list[OperationEnded]:
        """The calls that ended."""
        return [event for event in self.events if isinstance(event, OperationEnded)]

    @property
    def faults(self) -> int:
        """How many faults were injected."""
        return sum(isinstance(event, FaultInjected) for event in self.events)


@dataclass
class _Open:
    began: ProbeBegun
    events: list[AnyEvent] = field(default_factory=list)
    ended: ProbeEnded | None = None


def brackets(events: Iterable[AnyEvent], history: str = "") -> dict[str, Bracket]:
    """The probes of one side's run, by name; the last one may not have ended."""
    opened: dict[str, _Open] = {}
    current: _Open | None = None
    started: RunStarted | None = None
    side_ended: SideEnded | None = None
    for event in events:
        if isinstance(event, RunStarted):
            started = event
        elif isinstance(event, SideEnded):
            side_ended = event
        elif isinstance(event, ProbeBegun):
            current = opened[event.probe] = _Open(event)
        elif isinstance(event, ProbeEnded) and current is not None:
            current.ended, current = event, None
        elif current is not None:
            current.events.append(event)
    return {
        name: Bracket(each.began, tuple(each.events), each.ended, started, side_ended, history)
        for name, each in opened.items()
    }
