"""A stream of events, from a live run or a replay; its consumer cannot tell which."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from monarch_vs_ray.core.events import AnyEvent, encode


@dataclass
class Batch:
    """Events in the order of their arrival, and the same as lines of a history."""

    events: list[AnyEvent] = field(default_factory=list)
    raw: bytearray = field(default_factory=bytearray)

    def add(self, event: AnyEvent) -> None:
        """Append one event."""
        self.events.append(event)
        self.raw += encode(event)


class EventStream(Protocol):
    """A stream of events that ends."""

    @property
    def over(self) -> bool:
        """Return whether all events have been delivered."""
        ...

    def now(self) -> int:
        """Return nanoseconds since the run began, on the run's own clock."""
        ...

    def poll(self, timeout: float) -> Batch:
        """Return what has arrived, waiting up to ``timeout`` seconds for the first of it."""
        ...

    def wake_for(self, fd: int) -> None:
        """Return from ``poll`` early whenever this descriptor is readable."""
        ...

    def stop(self) -> None:
        """End the run now; poll until ``over`` to receive its last events."""
        ...
