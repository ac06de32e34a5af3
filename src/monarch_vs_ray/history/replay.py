"""Plays a history again, with its own timing; to its consumer it is a run like any other."""

from __future__ import annotations

from monarch_vs_ray.core.clock import Clock
from monarch_vs_ray.core.stream import Batch
from monarch_vs_ray.history.reader import History


class Replay:
    """A source that gives a history's events when they are due.

    ``speed`` 1 is the original timing, 4 is four times as fast, 0 gives everything at once.
    """

    def __init__(self, history: History, clock: Clock, speed: float = 1.0) -> None:
        self._history = history
        self._clock = clock
        self._speed = speed
        self._next = 0
        self._fd: int | None = None
        self._began = clock.now()
        self._due: list[int] = []
        latest = 0
        for event in history.events:
            latest = max(latest, event.at)
            self._due.append(latest)

    @property
    def over(self) -> bool:
        """Whether all events have been given."""
        return self._next >= len(self._due)

    def now(self) -> int:
        """Nanoseconds since the recorded run began, at the replay's speed."""
        end = self._due[-1] if self._due else 0
        if self._speed == 0:
            return end
        return min(end, int((self._clock.now() - self._began) * self._speed))

    def wake_for(self, fd: int) -> None:
        """From now on, return from ``poll`` early when this descriptor is readable."""
        self._fd = fd

    def poll(self, timeout: float) -> Batch:
        """The events that are due, waiting up to ``timeout`` seconds for the first of them."""
        if not self.over and self._speed:
            left = (self._due[self._next] - self.now()) / 1e9 / self._speed
            if left > 0:
                self._clock.wait(min(timeout, left), self._fd)
        now = self.now()
        batch = Batch()
        while not self.over and self._due[self._next] <= now:
            batch.events.append(self._history.events[self._next])
            batch.raw += self._history.lines[self._next] + b"\n"
            self._next += 1
        return batch

    def stop(self) -> None:
        """End here; what was not yet due is not given."""
        self._next = len(self._due)
