"""The bases of screens: one owns the terminal; one draws a run as it comes, with header, footer and logs."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import TypeVar

from rich.console import Console

from demo_tui import DashboardBase, Frame, HeaderPanel, LogPanel
from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.core.stream import Batch
from monarch_vs_ray.stage.presenter import Banner
from monarch_vs_ray.stage.state import Entry, SideState, State
from monarch_vs_ray.stage.values import NAMES

FRAMES_PER_SECOND = 10.0
NARROW = 70
S = TypeVar("S", bound="LiveScreen")
MOST_NEW_LINES = 400
"""More log lines than any screen has; under a flood, the older ones are not even looked at."""

TAG_STYLES = {
    "step": "title",
    "saw": "good",
    "failed": "warn",
    "unavailable": "warn",
    "unknown": "warn",
    "fault": "bad",
    "harness": "bad",
    "stderr": "muted",
    "stdout": "muted",
    "demo": "value",
}


class LiveScreen:
    """The base of presenters that draw a dashboard; within its context one owns the terminal.

    Args:
        dashboard: What is drawn.
        unseen: Show at the end the output that no panel showed.
    """

    def __init__(self, dashboard: DashboardBase, *, unseen: bool = True) -> None:
        self.dashboard = dashboard
        self._live = dashboard.live(FRAMES_PER_SECOND, capture=False, unseen=unseen)

    def __enter__(self: S) -> S:
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

    def press(self, key: str) -> None:
        """Handle a key, named as in demo_tui."""
        self._live.press(key)

    @property
    def quit(self) -> bool:
        """Return whether the user left."""
        return self._live.quit_requested

    @property
    def frames(self) -> int:
        """Return the number of frames that were drawn."""
        return self._live.frames

    def _refresh(self) -> None:
        """Bring the panels to what is to be shown."""
        raise NotImplementedError

    def _draw(self) -> None:
        """Draw if a frame is due."""
        if self.wait() == 0:
            self._refresh()
        self._live.tick()


class Screen(LiveScreen):
    """Draw a run as it comes, header, footer and logs included; nothing stays after it.

    Outside the context it still makes pictures: ``frame`` is a function of the state.
    """

    def __init__(
        self,
        state: State,
        banner: Banner,
        *,
        console: Console | None = None,
        clock: Callable[[], float] = time.monotonic,
        ascii: bool | None = None,
    ) -> None:
        super().__init__(DashboardBase(console, clock=clock, title=f"mvr {state.concept.name}", ascii=ascii))
        self._state = state
        self._banner = banner
        self._now = 0
        self._shown = dict.fromkeys(state.sides, 0)
        self._header, self._footer = HeaderPanel(), HeaderPanel()
        self._log: dict[Engine, LogPanel] = {}
        self._add_panels()

    def _add_panels(self) -> None:
        """Make the panels, among them ``_header``, ``_footer`` and a log for each side."""
        raise NotImplementedError

    # -- the presenter ---------------------------------------------------------------------------

    @property
    def holding(self) -> bool:
        """Return that nothing is shown after the run."""
        return False

    @property
    def whole(self) -> bool:
        """Return that who quits has not seen the end."""
        return False

    def update(self, batch: Batch, now: int) -> None:
        """Draw if a frame is due; what came is in the state already."""
        self._now = now
        self._draw()

    def frame(self, width: int, height: int, now: int) -> Frame:
        """The picture at a moment of the run, given in nanoseconds, and at a size in cells."""
        self._now = now
        self._refresh()
        return self.dashboard.frame(width, height)

    # -- from state to panels --------------------------------------------------------------------

    def _seconds(self) -> float:
        return self._now / 1e9

    def _show_header(self) -> None:
        versions = "  ".join(_name(side) for side in self._state.sides.values())
        concept = self._state.concept
        self._header.set(
            left=f"{concept.number or ''} {concept.title}  {self._banner.mode}".lstrip(),
            centre=versions,
            right=f"{self._banner.note}  {self._seconds():6.1f} s",
            style="header",
        )
        keys = "q quit  p pause  s save picture  ? help  "
        self._footer.set(left=keys, right=concept.question, style="dim")

    def _show_log(self, side: SideState) -> None:
        new = min(side.logged - self._shown[side.engine], len(side.log), MOST_NEW_LINES)
        self._shown[side.engine] = side.logged
        for entry in list(side.log)[len(side.log) - new :] if new else ():
            self._append(self._log[side.engine], entry)

    def _append(self, panel: LogPanel, entry: Entry) -> None:
        panel.append(entry.text, TAG_STYLES.get(entry.origin), entry.origin, entry.at / 1e9)


def _name(side: SideState) -> str:
    version = side.manifest.versions.get(side.engine, "") if side.manifest else ""
    return f"{NAMES[side.engine]} {version}".rstrip()
