"""Show a demo in a terminal, live or as a replay; keys play, stop and seek."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from rich.console import Console

from monarch_vs_ray.core.concept import Concept
from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.stage.board import Board, View
from monarch_vs_ray.stage.captions import introduction, latest, sentences, steps_on_stage
from monarch_vs_ray.stage.playback import Playback
from monarch_vs_ray.stage.played_screen import PlayedScreen
from monarch_vs_ray.stage.presenter import Banner
from monarch_vs_ray.stage.state import State
from monarch_vs_ray.stage.timeline import END, START, Timeline
from monarch_vs_ray.stage.tour import Tour
from monarch_vs_ray.stage.transport import Transport

ROOMY = 100
"""Columns from which the header has room for when a replay was recorded."""
NEXT_DEMO_AFTER = 10.0
"""Seconds that the last frame of one of several demos stays, unless a key is pressed."""
ONLY = {"v": "picture", "c": "code", "o": "observed", "l": "log"}


@dataclass(frozen=True)
class Showing:
    """Hold the playing options: ``presenting`` stops after each step, ``speed`` 0 shows only the end."""

    speed: float = 1.0
    presenting: bool = False


class DemoScreen(PlayedScreen):
    """Present a demo; a context manager that owns the terminal.

    Args:
        concept: The concept that is shown.
        engines: The sides.
        banner: The text for a live run or a replay.
        showing: The playing options.
        tour: The next demo; the keys of this screen change it.
        console: The console to draw on; None for stdout.
        clock: Seconds; may be injected.
        ascii: Force or forbid plain characters; None asks the console's encoding.
    """

    def __init__(
        self,
        concept: Concept,
        engines: tuple[Engine, ...],
        banner: Banner,
        showing: Showing | None = None,
        tour: Tour | None = None,
        *,
        console: Console | None = None,
        clock: Callable[[], float] = time.monotonic,
        ascii: bool | None = None,
    ) -> None:
        self._showing, self._tour, self._banner = showing or Showing(), tour or Tour(), banner
        self._may_jump = tour is not None
        live = banner.mode == "LIVE"
        timeline = Timeline(concept, engines)
        transport = Transport(
            timeline, live=live, presenting=self._showing.presenting, speed=self._showing.speed
        )
        self.playback = Playback(lambda: State(concept, engines), timeline)
        self.board = Board(concept, engines, console=console, clock=clock, ascii=ascii)
        self._only = ""
        self._shown: object = None
        self._done = False
        self._asked = 0
        stays = self._showing.speed != 0
        super().__init__(self.board.dashboard, timeline, transport, live=live, stays=stays, clock=clock)

    # -- the presenter ---------------------------------------------------------------------------

    @property
    def quit(self) -> bool:
        """Return whether the user left this demo."""
        if self._live.quit_requested and not self._tour.wanted:
            self._tour.left = True
        return self._done or self._live.quit_requested

    @property
    def holding(self) -> bool:
        """Return whether the screen is still open after the run."""
        held = super().holding
        if not held or not self._stays or not self._tour.goes_on or self._showing.presenting:
            return held
        return self._ended_at is None or self._clock() - self._ended_at < NEXT_DEMO_AFTER

    def _refresh(self) -> None:
        times, size = self.transport.times(), self.board.dashboard.console.size
        self.playback.show(times)
        view = self._view(size.width)
        shown = (
            *times.values(),
            size,
            view.beat,
            view.generation,
            view.status,
            view.only,
            self._timeline.end,
        )
        if shown != self._shown:
            self._shown = shown
            self.board.show(view, size.width, size.height)

    def _view(self, width: int) -> View:
        beat = self.transport.beat
        at_end = self.transport.at_end
        return View(
            self.playback.state,
            END if at_end else beat.key if beat else START if self.transport.in_step else "",
            self.playback.generation,
            f"{self._banner.mode} {self._banner.note if width >= ROOMY else ''}".rstrip(),
            self._status(),
            self._only,
        )

    def _end(self) -> str:
        if not self._tour.goes_on:
            return super()._end()
        left = "" if self._ended_at is None else f"in {self._seconds_left():.0f} s, "
        return f"END  n: next demo {'' if self._showing.presenting else left}q leaves".strip()

    def _seconds_left(self) -> float:
        return max(0.0, NEXT_DEMO_AFTER - (self._clock() - (self._ended_at or 0.0)))

    # -- keys ------------------------------------------------------------------------------------

    def _bind_keys(self) -> None:
        super()._bind_keys()
        self._on_key("t", self.transport.toggle_in_step, "in step, or as it ran")
        self._on_key("g", self._list_steps, "list of steps")
        self._on_key("e", self._explain, "explain this step")
        for key, kind in ONLY.items():
            self._on_key(key, partial(self._show_only, kind), f"{kind} only, or all")
        for number in range(1, 9):
            help = "another demo: 1 to 8" if number == 1 else ""
            self._on_key(str(number), partial(self._jump, number), help)

    def _next(self) -> None:
        if self.transport.at_end and self._tour.goes_on:
            self._done = True
        elif self.transport.at_end:
            self._live.notify("This is the end: home starts again, q leaves, 1 to 8 show another demo.", 4.0)
        else:
            super()._next()

    def _show_only(self, kind: str) -> None:
        self._only = "" if self._only == kind else kind

    def _jump(self, number: int) -> None:
        if not self._may_jump:
            self._live.notify("Another demo: `mvr demo`; this is one history.", 4.0)
            return
        if self._is_live and not self._timeline.over and self._asked != number:
            self._asked = number
            self._live.notify(f"{number} once more ends this run and shows demo {number}.", 4.0)
            return
        self._tour.wanted, self._done = number, True

    # -- boxes -----------------------------------------------------------------------------------

    def _explain(self) -> None:
        state = self.playback.state
        width = min(92, self.board.dashboard.console.size.width - 8)
        beat = self.transport.beat
        step = next((step for step in steps_on_stage(state) if beat and step.experiment == beat.key), None)
        step = step or latest(state)
        lines = []
        if step is not None:
            told = sentences(state, step) or ["What it showed comes once both engines have taken it."]
            lines += [state.concept.fill(step.title), *told, ""]
        lines += introduction(state)
        wrapped = [part for line in lines for part in (textwrap.wrap(line, width) or [""])]
        self._live.show_box("This step, and what to watch", wrapped)

    def _list_steps(self, at: int | None = None) -> None:
        steps = steps_on_stage(self.playback.state)
        if at is None:
            beat, shown = self.transport.beat, latest(self.playback.state)
            keys = [step.experiment for step in steps]
            key = beat.key if beat and beat.key in keys else shown.experiment if shown else ""
            at = keys.index(key) if key in keys else 0
        at = min(len(steps) - 1, max(0, at))
        lines = [
            f"{'>' if number == at else ' '} {number + 1:>2}  {self.playback.state.concept.fill(step.title)}"
            for number, step in enumerate(steps)
        ]
        self._live.show_box("Steps: up and down, enter goes there", lines, lambda key: self._in_list(key, at))

    def _in_list(self, key: str, at: int) -> None:
        moves = {"up": -1, "down": 1, "k": -1, "j": 1, "pageup": -5, "pagedown": 5}
        if key in moves:
            self._list_steps(at + moves[key])
        elif key == "enter":
            step = steps_on_stage(self.playback.state)[at]
            if not self.transport.go_to(step.experiment):
                title = self.playback.state.concept.fill(step.title)
                self._live.notify(f"{title}: the run has not come there yet.")
            self._refresh()
