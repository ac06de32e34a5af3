"""Starts the sides of a run, gathers their events and ends them; the parent's half of a run.

Nothing here raises because of what a side does: a garbled line, a flood, a crash, a hang or a
closed pipe each become an event of the history.
"""

from __future__ import annotations

import selectors
import sys
from collections.abc import Sequence

from monarch_vs_ray.core.clock import Clock
from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.core.stream import Batch
from monarch_vs_ray.side.run_folder import sweep_dead
from monarch_vs_ray.side.running import Limits, RunningSide, SideSpec

LONGEST_WAIT = 0.1


def side_command(engine: Engine, *what: str, interpreter: str = sys.executable) -> tuple[str, ...]:
    """The command that runs a concept, or ``--abilities``, on an engine in an interpreter of its own."""
    return (interpreter, "-u", "-m", "monarch_vs_ray.side.main", engine, *what)


class Run:
    """The sides of one run, started together: a source of events until all of them are over."""

    def __init__(self, specs: Sequence[SideSpec], clock: Clock, limits: Limits | None = None) -> None:
        self._watch = selectors.DefaultSelector()
        self._clock = clock
        if specs:
            sweep_dead(specs[0].traces)
        self._origin = clock.now()
        self.sides = [
            RunningSide(spec, self._origin, self.now, limits or Limits(), self._watch) for spec in specs
        ]

    def now(self) -> int:
        """Nanoseconds since the run began."""
        return self._clock.now() - self._origin

    @property
    def over(self) -> bool:
        """Whether every side has ended and nothing of it is left."""
        return all(side.over for side in self.sides)

    def wake_for(self, fd: int) -> None:
        """From now on, return from ``poll`` early when this descriptor is readable (a keyboard's, say)."""
        self._watch.register(fd, selectors.EVENT_READ, None)

    def poll(self, timeout: float) -> Batch:
        """What has come, waiting up to ``timeout`` seconds for the first of it."""
        batch = Batch()
        for key, _ in self._watch.select(max(0.0, min(timeout, LONGEST_WAIT))):
            if key.data is not None:
                side, name = key.data
                side.read(name, batch)
        for side in self.sides:
            if not side.over:
                side.tend(batch)
        return batch

    def stop(self) -> None:
        """End all sides now; keep polling until ``over`` to hear how it went."""
        for side in self.sides:
            if not side.over:
                side.stop()
