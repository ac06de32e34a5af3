"""A demo in a terminal: live or a replay, played, stopped and sought by keys."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import TracebackType

from rich.console import Console

from monarch_vs_ray.core.concept import Concept
from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.core.stream import Batch
from monarch_vs_ray.stage.board import Board, View
from monarch_vs_ray.stage.captions import introduction, latest, sentences, steps_on_stage
from monarch_vs_ray.stage.playback import Playback
from monarch_vs_ray.stage.presenter import Banner
from monarch_vs_ray.stage.timeline import END, START, Timeline
from monarch_vs_ray.stage.tour import Tour
from monarch_vs_ray.stage.transport import Transport

FRAMES_PER_SECOND = 10.0
ROOMY = 100
"""Columns from which the header has room for when a replay was recorded."""
SEEK = 5.0
"""Seconds that an arrow key moves the view."""
NEXT_DEMO_AFTER = 10.0
"""Seconds that the last frame of one of several demos stays, unless a key is pressed."""
ONLY = {"v": "picture", "c": "code", "o": "observed", "l": "log"}


@dataclass(frozen=True)
class Showing:
    """How a demo is played: ``presenting`` stops after each step, ``speed`` 0 shows only its end."""

    speed: float = 1.0
    presenting: bool = False


class DemoScreen:
    """A presenter of a demo; a context manager, within which it owns the terminal.

    Args:
        concept: The concept that is shown.
        engines: The sides.
        banner: Live, or a replay.
        showing: How it is played.
        tour: What is shown afterwards; the keys of this screen change it.
        console: Where to draw; None for stdout.
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
        self._is_live = banner.mode == "LIVE"
        self._timeline = Timeline(concept, engines)
        self.playback = Playback(concept, self._timeline)
        self.transport = Transport(
            self._timeline,
            live=self._is_live,
            presenting=self._showing.presenting,
            speed=self._showing.speed,
        )
        self.board = Board(concept, engines, console=console, clock=clock, ascii=ascii)
        self._clock, self._last = clock, clock()
        self._only = ""
        self._shown: object = None
        self._done = False
        self._asked = 0
        self._ended_at: float | None = None
        self.whole = False
        self._live = self.board.dashboard.live(FRAMES_PER_SECOND, capture=False, unseen=False)
        self._bind_keys()

    # -- the presenter ---------------------------------------------------------------------------

    def __enter__(self) -> DemoScreen:
        self._refresh()
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def fd(self) -> int | None:
        """Return the keyboard's descriptor."""
        return self._live.fileno()

    def wait(self) -> float:
        """Return the seconds until the next frame is due."""
        return self._live.seconds_until_frame()

    @property
    def quit(self) -> bool:
        """Return whether the user left this demo."""
        if self._live.quit_requested and not self._tour.wanted:
            self._tour.left = True
        return self._done or self._live.quit_requested

    @property
    def holding(self) -> bool:
        """Return whether the last frame, and all before it, can still be looked at."""
        if self._live.terminal_lost:
            return False
        if self._showing.speed == 0 or self.fd() is None:  # nobody asked to look, or nobody can leave
            return not self.whole
        if not self._tour.goes_on or self._showing.presenting or self._ended_at is None:
            return True
        return self._clock() - self._ended_at < NEXT_DEMO_AFTER

    @property
    def frames(self) -> int:
        """Return how many frames were drawn."""
        return self._live.frames

    def update(self, batch: Batch, now: int) -> None:
        """Take in what came, let the view move on, and draw if a frame is due."""
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
        if self.wait() == 0:
            self._refresh()
        self._live.tick()

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

    def _status(self) -> str:
        """Return what the header says of the view: how it moves, and how far behind the run it is."""
        view = self.transport
        told = f"view {view.behind:.1f} s behind" if view.behind >= 0.5 else ""
        if view.at_end:
            if self._tour.goes_on:
                left = "" if self._ended_at is None else f"in {self._seconds_left():.0f} s, "
                return f"END  n: next demo {'' if self._showing.presenting else left}q leaves".strip()
            return "END  home: again, q leaves"
        if view.waiting:
            return f"waits until both have taken the next step  {told}".rstrip()
        if not view.playing:
            return ("space: next step" if view.held else "PAUSED: space goes on") + f"  {told}".rstrip()
        if view.following:
            return f"{view.edge:.1f} s"
        at = "in step" if view.in_step else f"as it ran, {view.position:.1f} s"
        return f"{at}, speed {view.speed:g}  {told}".rstrip()

    def _seconds_left(self) -> float:
        return max(0.0, NEXT_DEMO_AFTER - (self._clock() - (self._ended_at or 0.0)))

    def press(self, key: str) -> None:
        """Do what a key does, named as demo_tui names keys."""
        self._live.press(key)

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
            ("t", move.toggle_in_step, "in step, or as it ran"),
            ("g", self._list_steps, "list of steps"),
            ("e", self._explain, "explain this step"),
        ):
            self._on_key(key, action, help)
        for key, kind in ONLY.items():
            self._on_key(key, partial(self._show_only, kind), f"{kind} only, or all")
        for number in range(1, 9):
            help = "another demo: 1 to 8" if number == 1 else ""
            self._on_key(str(number), partial(self._jump, number), help)

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
        if self.transport.at_end and self._tour.goes_on:
            self._done = True
        elif self.transport.at_end:
            self._live.notify("This is the end: home starts again, q leaves, 1 to 8 show another demo.", 4.0)
        elif not self.transport.next():
            if self.transport.over:
                self.transport.last()
            else:
                self._live.notify("The next step has not come yet.")

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
