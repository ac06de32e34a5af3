"""The dashboard: named panels, a layout, and the ways to show them."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, TypeVar, overload

from rich.console import Console

from demo_tui.frame import Frame, compose
from demo_tui.layout import Columns, Fixed, Node, Region, Rows, place, solve
from demo_tui.panel import Panel, PanelConfig
from demo_tui.panels.key_value import KeyValuePanel
from demo_tui.panels.log import LogPanel
from demo_tui.strips import Ink
from demo_tui.theme import DARK, LIGHT, Theme, detect_theme

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.layout import Layout

    from demo_tui.live import Live
    from demo_tui.panels.comparison import ComparisonPanel
    from demo_tui.panels.progress import ProgressPanel

__all__ = ["ComparisonPanel", "DashboardBase", "KeyValuePanel", "LogPanel", "PanelConfig", "ProgressPanel"]

P = TypeVar("P", bound=Panel)
T = TypeVar("T")
LOG = "log"


class DashboardBase:
    """Named panels on one screen.

    `clock` gives seconds and may be injected, as may `console`. `theme` is a `Theme`, `dark`, `light`, or
    None to find out. `ascii` forces or forbids plain characters; None asks the console's encoding. Without
    a `layout`, panels are arranged two by two, with logs at the bottom.

    `log` and `set_status` may be called from any thread and never wait for the drawing.
    """

    def __init__(
        self,
        console: Console | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        theme: Theme | str | None = None,
        title: str = "dashboard",
        layout: Node | None = None,
        ascii: bool | None = None,
    ) -> None:
        self.console = console if console is not None else Console()
        self.clock = clock
        self.start_time = clock()
        self.title = title
        self.theme = _theme(theme, self.console, ascii)
        self.panels: dict[str, Panel] = {}
        self._layout = layout
        self._placed: tuple[object, object, dict[str, Region]] = (None, None, {})
        self._lock = threading.Lock()
        self._log: LogPanel | None = None
        self._ink: Ink | None = None

    # -- panels ----------------------------------------------------------------------------------

    @overload
    def add_panel(self, name: str, config: P) -> P: ...

    @overload
    def add_panel(self, name: str, config: PanelConfig | RenderableType | None = None) -> Panel: ...

    def add_panel(self, name: str, config: PanelConfig | Panel | RenderableType | None = None) -> Panel:
        """Register a panel under a name and return it.

        A `PanelConfig` (or nothing) makes a `KeyValuePanel`, or the `LogPanel` of `log()` where the name is
        `log`. Anything else that rich can print is shown as it is. Raises ValueError for a name in use.
        """
        with self._lock:
            if name in self.panels:
                raise ValueError(
                    f"there is a panel {name!r} already; remove it first, or choose another name"
                )
            panel = _as_panel(name, config)
            if panel.clock is time.monotonic:
                panel.clock = self.clock
            self.panels = {**self.panels, name: panel}
            if isinstance(panel, LogPanel) and (self._log is None or name == LOG):
                self._log = panel
        return panel

    def remove_panel(self, name: str) -> None:
        """Forget a panel. Raises KeyError where there is none of this name."""
        with self._lock:
            gone = self.panels[name]
            self.panels = {other: panel for other, panel in self.panels.items() if other != name}
            if self._log is gone:
                self._log = None

    def __getitem__(self, name: str) -> Panel:
        try:
            return self.panels[name]
        except KeyError:
            raise KeyError(f"no panel {name!r}; there are: {', '.join(self.panels) or 'none'}") from None

    @property
    def layout(self) -> Node:
        """The layout that was given, or the automatic one."""
        return self._layout if self._layout is not None else automatic(self.panels)

    @layout.setter
    def layout(self, layout: Node | None) -> None:
        self._layout = layout

    # -- content ---------------------------------------------------------------------------------

    def log(self, message: object, style: str | None = None, tag: str = "") -> None:
        """Append a message, stamped with the seconds since the start, to the log panel.

        That is the panel named `log`, else the first `LogPanel`; where there is none, one is added.
        """
        panel = self._log or self._make_log()
        panel.append(message, style, tag, self.clock() - self.start_time)  # type: ignore[arg-type]

    def _make_log(self) -> LogPanel:
        try:
            self.add_panel(LOG, LogPanel(PanelConfig("Log")))
        except ValueError:  # another thread was faster, or the name belongs to another kind of panel
            if self._log is None:
                raise
        assert self._log is not None
        return self._log

    def set_status(self, panel_name: str, key: str, value: object, style: str | None = None) -> None:
        """Set one pair of a `KeyValuePanel`. Raises KeyError or TypeError for the wrong panel."""
        panel = self[panel_name]
        if not isinstance(panel, KeyValuePanel):
            raise TypeError(
                f"panel {panel_name!r} is a {type(panel).__name__}; set_status needs a KeyValuePanel"
            )
        panel.set(key, value, style)

    def scroll_log(self, lines: int) -> None:
        """Move the log's view back by `lines` entries, forward if negative; nothing without a log."""
        if self._log is not None:
            self._log.scroll(lines)

    def elapsed(self) -> float:
        """Seconds since the dashboard was made."""
        return self.clock() - self.start_time

    # -- pictures --------------------------------------------------------------------------------

    def frame(self, width: int | None = None, height: int | None = None) -> Frame:
        """The present picture at a size in cells; by default that of the console."""
        if width is None or height is None:
            size = self.console.size
            width, height = width or size.width, height or size.height
        panels = self.panels
        regions = self.regions(width, height)
        boxes = {
            name: (region, panels[name].safe_box(region.width, region.height, self.theme))
            for name, region in regions.items()
            if name in panels
        }
        return compose(boxes, width, height, self.theme)

    def regions(self, width: int, height: int) -> Mapping[str, Region]:
        """Where each visible panel goes at a size. Raises KeyError where the layout names no panel."""
        # The key holds what the placement was made from, so that a panel added meanwhile is never missed.
        made_from = (self.panels, self._layout)  # kept alive, so that no other object gets their ids
        key = (width, height, *map(id, made_from))
        _, known, placed = self._placed
        if key != known:
            placed = place(self.layout, width, height, self._minimum)
            self._placed = (made_from, key, placed)
        return placed

    def _minimum(self, name: str) -> tuple[int, int]:
        panel = self[name]
        return panel.min_width, panel.min_height

    def state_key(self, width: int, height: int) -> Hashable:
        """Equal keys mean equal frames; cheap enough to ask for every frame."""
        panels = self.panels
        shown = [panels[name] for name in self.regions(width, height) if name in panels]
        return width, height, self.theme, *(_key(panel) for panel in shown)

    def ink(self) -> Ink:
        """What turns this dashboard's frames into the escape sequences of its console."""
        if self._ink is None:
            self._ink = Ink(self.console)
        return self._ink

    def render(self) -> Layout:
        """The panels as a rich `Layout`, arranged for the console's present size."""
        from demo_tui.rich_layout import to_layout

        width, height = self.console.size
        solved = solve(self.layout, width, height, self._minimum)
        return to_layout(solved, Region(0, 0, width, height), self.panels)

    # -- showing ---------------------------------------------------------------------------------

    def live(
        self,
        refresh_hz: float = 10.0,
        *,
        screen: bool = True,
        keys: bool = True,
        record: str | os.PathLike[str] | None = None,
        capture: bool = True,
        keep: bool = False,
        save_dir: str | os.PathLike[str] = ".",
    ) -> Live:
        """A context for a program with a loop of its own, which calls `tick()`; starts no thread.

        `screen` uses the alternate screen. `record` is the path of an asciicast file to write. `capture`
        turns what is printed meanwhile into log lines. `keep` prints the last frame after leaving the
        alternate screen. Pictures that `s` saves go to `save_dir`. Where the console is no terminal,
        plain lines are written instead.
        """
        from pathlib import Path

        from demo_tui.live import Live

        return Live(
            self, refresh_hz, screen=screen, keys=keys, capture=capture, keep=keep,
            record=Path(record) if record is not None else None, save_dir=Path(save_dir),
        )  # fmt: skip

    def run(
        self,
        callback: Callable[[DashboardBase], T],
        refresh_hz: float = 4.0,
        *,
        screen: bool = True,
        keys: bool = True,
        record: str | os.PathLike[str] | None = None,
        capture: bool = True,
        keep: bool = True,
    ) -> T | None:
        """Call `callback(self)` in this thread while another one draws; return what it returns.

        The key `q` interrupts the callback, and None is returned. Exceptions, Ctrl-C included, pass through
        after the terminal is restored.
        """
        from demo_tui.live import drive

        live = self.live(refresh_hz, screen=screen, keys=keys, record=record, capture=capture, keep=keep)
        return drive(live, lambda: callback(self))


def _key(panel: Panel) -> Hashable:
    try:
        return panel.content_key()
    except Exception:  # its box shows the error
        return object()


def _theme(theme: Theme | str | None, console: Console, ascii: bool | None) -> Theme:
    if isinstance(theme, str):
        known = {"dark": DARK, "light": LIGHT}
        if theme not in known:
            raise ValueError(f"{theme!r} is no theme; use 'dark', 'light' or a Theme")
        theme = known[theme]
    theme = theme if theme is not None else detect_theme()
    if ascii is None:
        ascii = not console.encoding.lower().startswith("utf")
    return theme.in_ascii() if ascii else theme


def _as_panel(name: str, config: PanelConfig | Panel | RenderableType | None) -> Panel:
    if isinstance(config, Panel):
        return config
    if config is None or isinstance(config, PanelConfig):
        config = config or PanelConfig(name.capitalize())
        return LogPanel(config) if name == LOG else KeyValuePanel(config)
    from demo_tui.panels.renderable import RenderablePanel

    return RenderablePanel(config, PanelConfig(name.capitalize()))


def automatic(panels: Mapping[str, Panel]) -> Node:
    """The layout for those who give none: header lines, then panels two by two, then logs."""
    lines = [Fixed(name, 1) for name, panel in panels.items() if not panel.bordered]
    logs = [name for name, panel in panels.items() if isinstance(panel, LogPanel)]
    rest = [name for name, panel in panels.items() if panel.bordered and name not in logs]
    pairs = [Columns(*rest[index : index + 2]) for index in range(0, len(rest), 2)]
    return Rows(*lines, *pairs, *([Columns(*logs)] if logs else []))


def __getattr__(name: str) -> object:
    if name == "ProgressPanel":
        from demo_tui.panels.progress import ProgressPanel

        return ProgressPanel
    if name == "ComparisonPanel":
        from demo_tui.panels.comparison import ComparisonPanel

        return ComparisonPanel
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
