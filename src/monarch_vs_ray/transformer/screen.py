"""Show a training in a terminal, live or as a replay; keys play, stop and seek."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from rich.console import Console

from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.stage.playback import Playback
from monarch_vs_ray.stage.played_screen import PlayedScreen
from monarch_vs_ray.stage.presenter import Banner
from monarch_vs_ray.stage.transport import Transport
from monarch_vs_ray.transformer.board import TrainingBoard
from monarch_vs_ray.transformer.state import TrainingState
from monarch_vs_ray.transformer.timeline import TrainingTimeline

ROOMY = 110
"""Columns from which the header has room for when a replay was recorded."""


class TrainingScreen(PlayedScreen):
    """Present a training; a context manager that owns the terminal.

    Args:
        engines: The sides.
        banner: The text for a live run or a replay.
        speed: The speed of play; 0 shows only the end.
        console: The console to draw on; None for stdout.
        clock: Seconds; may be injected.
        ascii: Force or forbid plain characters; None asks the console's encoding.
    """

    def __init__(
        self,
        engines: Iterable[Engine],
        banner: Banner,
        speed: float = 1.0,
        *,
        console: Console | None = None,
        clock: Callable[[], float] = time.monotonic,
        ascii: bool | None = None,
    ) -> None:
        sides, self._banner, live = tuple(engines), banner, banner.mode == "LIVE"
        timeline = TrainingTimeline(sides)
        transport = Transport(timeline, live=live, speed=speed, in_step=False)
        self.playback = Playback(lambda: TrainingState(sides), timeline)
        self.board = TrainingBoard(sides, console=console, clock=clock, ascii=ascii)
        stays = speed != 0
        super().__init__(self.board.dashboard, timeline, transport, live=live, stays=stays, clock=clock)

    def _refresh(self) -> None:
        times = self.transport.times()
        self.playback.show(times)
        note = self._banner.note if self.dashboard.console.size.width >= ROOMY else ""
        self.board.show(
            self.playback.state,
            max(times.values(), default=0),
            f"{self._banner.mode} {note}".rstrip(),
            self._status(),
            self.playback.generation,
        )
