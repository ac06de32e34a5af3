"""The base of screens that play a run, live or recorded: keys stop it, seek, and change its speed."""

from __future__ import annotations

import time
from collections.abc import Callable

from demo_tui import DashboardBase
from monarch_vs_ray.core.stream import Batch
from monarch_vs_ray.stage.screen import LiveScreen
from monarch_vs_ray.stage.timeline import END, Timeline
from monarch_vs_ray.stage.transport import Transport

SEEK = 5.0
"""Seconds that an arrow key moves the view."""


class PlayedScreen(LiveScreen):
    """Play the events of a timeline at the position that the transport holds.

    Args:
        dashboard: What is drawn.
        timeline: The events; it grows with each update.
        transport: The position that is shown.
        live: Whether the run is live.
        stays: Whether the last frame stays until the user leaves.
        clock: Seconds; may be injected.
    """

    def __init__(
        self,
        dashboard: DashboardBase,
        timeline: Timeline,
        transport: Transport,
        *,
        live: bool,
        stays: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(dashboard, unseen=False)
        self._timeline, self.transport = timeline, transport
        self._is_live, self._stays = live, stays
        self._clock, self._last = clock, clock()
        self._ended_at: float | None = None
        self.whole = False
        self._bind_keys()

    # -- the presenter ---------------------------------------------------------------------------

    @property
    def holding(self) -> bool:
        """Return whether the screen is still open after the run."""
        if self._live.terminal_lost:
            return False
        if not self._stays or self.fd() is None:  # nobody asked to look, or nobody can leave
            return not self.whole
        return True

    def update(self, batch: Batch, now: int) -> None:
        """Apply new events, advance the view, and draw if a frame is due."""
        self._timeline.add(batch.events)
        at = self._clock()
        self.transport.advance(at - self._last, now)
        self._last = at
        beat = self.transport.beat
        at_the_end = self.transport.at_end or (beat is not None and beat.key == END)
        self.whole = self.whole or at_the_end or (self._is_live and self._timeline.over)
        if not self.transport.at_end:
            self._ended_at = None
        elif self._ended_at is None:
            self._ended_at = at
        self._draw()

    # -- the header ------------------------------------------------------------------------------

    def _status(self) -> str:
        """Return the header's text about the view: its mode, and how far it is behind the run."""
        view = self.transport
        told = f"view {view.behind:.1f} s behind" if view.behind >= 0.5 else ""
        if view.at_end:
            return self._end()
        if view.waiting:
            return f"waits until both have taken the next step  {told}".rstrip()
        if not view.playing:
            return ("space: next step" if view.held else "PAUSED: space goes on") + f"  {told}".rstrip()
        if view.following:
            return f"{view.edge:.1f} s"
        at = "in step" if view.in_step else f"as it ran, {view.position:.1f} s"
        return f"{at}, speed {view.speed:g}  {told}".rstrip()

    def _end(self) -> str:
        """Return the header's text at the end."""
        return "END  home: again, q leaves"

    # -- keys ------------------------------------------------------------------------------------

    def _bind_keys(self) -> None:
        move = self.transport
        for key, action, help in (
            ("space", self._toggle, "pause, or go on"),
            ("p", self._toggle, ""),
            ("enter", self._toggle, ""),
            ("n", self._next, "next step"),
            ("b", move.previous, "this or the previous step"),
            ("home", move.home, "to the beginning"),
            ("end", move.last, "to the end, or to now"),
            ("left", lambda: move.seek(-SEEK), f"{SEEK:g} s back"),
            ("right", lambda: move.seek(SEEK), f"{SEEK:g} s on"),
            ("+", lambda: move.change_speed(1), "faster"),
            ("=", lambda: move.change_speed(1), ""),
            ("-", lambda: move.change_speed(-1), "slower"),
        ):
            self._on_key(key, action, help)

    def _on_key(self, key: str, action: Callable[[], object], help: str) -> None:
        def act() -> None:
            action()
            self._ended_at = self._clock() if self._ended_at else None  # who presses a key is looking
            self._refresh()

        self._live.on_key(key, act, help)

    def _toggle(self) -> None:
        if self.transport.at_end:
            self._next()
        else:
            self.transport.toggle()

    def _next(self) -> None:
        if self.transport.at_end:
            self._live.notify("This is the end: home starts again, q leaves.", 4.0)
        elif not self.transport.next():
            if self.transport.over:
                self.transport.last()
            else:
                self._live.notify("The next step has not come yet.")
