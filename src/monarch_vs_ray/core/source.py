"""Where events come from: a live run or a replay. Whoever consumes them cannot tell which."""

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


class Source(Protocol):
    """A stream of events that ends."""

    @property
    def over(self) -> bool:
        """Whether all events have been given."""
        ...

    def now(self) -> int:
        """Nanoseconds since the run began, on the run's own clock."""
        ...

    def poll(self, timeout: float) -> Batch:
        """What has come, waiting up to ``timeout`` seconds for the first of it."""
        ...

    def wake_for(self, fd: int) -> None:
        """From now on, return from ``poll`` early when this descriptor is readable."""
        ...

    def stop(self) -> None:
        """End it now; keep polling until ``over`` to hear how it went."""
        ...
