"""The dashboard: named panels, a layout, and the ways to show them."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Coroutine, Hashable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from rich.console import Console

from demo_tui.cells import clean
from demo_tui.frame import Frame, compose, corner
from demo_tui.layout import Columns, Fixed, Node, Region, Rows, leaves, natural, place, solve
from demo_tui.panel import Panel, PanelConfig
from demo_tui.panel_set import PanelSet
from demo_tui.panels.key_value import KeyValuePanel
from demo_tui.panels.log import LogPanel
from demo_tui.strips import Ink
from demo_tui.theme import DARK, LIGHT, Theme, detect_theme

if TYPE_CHECKING:
    from rich.layout import Layout

    from demo_tui.live import Live
    from demo_tui.panels.comparison import ComparisonPanel
    from demo_tui.panels.progress import ProgressPanel

__all__ = ["ComparisonPanel", "DashboardBase", "KeyValuePanel", "LogPanel", "PanelConfig", "ProgressPanel"]

T = TypeVar("T")


class DashboardBase(PanelSet):
    """Named panels on one screen.

    `log` and `set_status` may be called from any thread and never wait for the drawing.

    Args:
        console: Where to show them; None for stdout.
        clock: Returns seconds; may be injected, as may the console.
        theme: A `Theme`, `dark`, `light`, or None to find out.
        title: Used for pictures and recordings.
        layout: Where the panels go; None to arrange them two by two, with logs at the bottom.
        ascii: Force or forbid plain characters; None asks the console's encoding.

    Raises:
        ValueError: For an unknown theme.
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
        super().__init__(clock)
        self.console = console if console is not None else Console()
        self.title = title
        self.theme = _theme(theme, self.console, ascii)
        self.zoomed: str | None = None
        self._layout = layout
        self._placed: tuple[object, object, dict[str, Region]] = (None, None, {})
        self._ink: Ink | None = None

    # -- pictures --------------------------------------------------------------------------------

    @property
    def layout(self) -> Node:
        """Return the layout that was given, or the automatic one."""
        return self._layout if self._layout is not None else automatic(self.panels)

    @layout.setter
    def layout(self, layout: Node | None) -> None:
        """Arrange the panels in another way; None for the automatic layout."""
        self._layout = layout

    def frame(self, width: int | None = None, height: int | None = None) -> Frame:
        """Draw the present picture.

        Args:
            width: Cells of a row; None for that of the console.
            height: Number of rows; None for that of the console.

        Returns:
            The frame. Where panels had no room, its last row says which.
        """
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
        frame = compose(boxes, width, height, self.theme)
        hidden = [name for name in leaves(self.layout) if name not in regions]
        if hidden and self.zoomed is None:
            return corner(frame, _hidden(hidden, panels, width))
        return frame

    def regions(self, width: int, height: int) -> Mapping[str, Region]:
        """Compute where each visible panel goes.

        Args:
            width: Cells of a row.
            height: Number of rows.

        Returns:
            Regions by panel name.

        Raises:
            KeyError: Where the layout names a panel that there is not.
        """
        if self.zoomed is not None and self.zoomed in self.panels:
            return {self.zoomed: Region(0, 0, width, height)}
        # The key holds what the placement was made from, so that a panel added meanwhile is never missed.
        made_from = (self.panels, self._layout)  # kept alive, so that no other object gets their ids
        key = (width, height, *map(id, made_from))
        _, known, placed = self._placed
        if key != known:
            placed = place(self.layout, width, height, self._minimum)
            self._placed = (made_from, key, placed)
        return placed

    def natural_height(self, width: int) -> int:
        """Compute how many lines show everything.

        Args:
            width: Cells of a row.

        Returns:
            The number of lines.
        """
        return natural(self.layout, width, self._minimum, lambda name: self[name].natural_height())

    def _minimum(self, name: str) -> tuple[int, int]:
        panel = self[name]
        return panel.min_width, panel.min_height

    def state_key(self, width: int, height: int) -> Hashable:
        """Compute a key that is cheap enough to ask for every frame.

        Args:
            width: Cells of a row.
            height: Number of rows.

        Returns:
            Equal keys mean equal frames.
        """
        panels = self.panels
        shown = [panels[name] for name in self.regions(width, height) if name in panels]
        return width, height, self.theme, self.zoomed, *(_key(panel) for panel in shown)

    def ink(self) -> Ink:
        """Return what turns this dashboard's frames into the escape sequences of its console."""
        if self._ink is None:
            self._ink = Ink(self.console)
        return self._ink

    def render(self) -> Layout:
        """Return the panels as a rich `Layout`, arranged for the console's present size."""
        from demo_tui.rich_layout import to_layout

        width, height = self.console.size
        solved = solve(self.layout, width, height, self._minimum)
        return to_layout(solved, Region(0, 0, width, height), self.panels)

    def _repr_html_(self) -> str:
        return self.frame(100, min(60, max(6, self.natural_height(100))))._repr_html_()

    # -- showing ---------------------------------------------------------------------------------

    def live(self, refresh_hz: float = 10.0, **options: Any) -> Live:
        """Return a context for a program with a loop of its own, which calls `tick()`.

        Drawing starts no thread; with `capture`, one reads what is printed. Where the console is no terminal,
        plain lines are written instead.

        Args:
            refresh_hz: The most frames per second.
            options: The arguments of `Options`: `screen`, `keys`, `mouse`, `record`, `capture`, `keep`,
                `unseen`, `height`, `save_dir`.

        Returns:
            The context.

        Raises:
            ValueError: For a rate that is not positive.
        """
        from demo_tui.live import Live
        from demo_tui.options import Options

        return Live(self, Options(refresh_hz, **options))

    def run(
        self,
        callback: Callable[[DashboardBase], T | Coroutine[Any, Any, T]],
        refresh_hz: float = 4.0,
        **options: Any,
    ) -> T | None:
        """Call a function in this thread while another one draws.

        The key `q` ends the view at once and interrupts the function as Ctrl-C would; off the main thread,
        and where it goes on working, its end is awaited. Exceptions, Ctrl-C included, pass through after the
        terminal is restored.

        Args:
            callback: Called with this dashboard. An `async def` function is run with `asyncio.run`.
            refresh_hz: The most frames per second.
            options: As for `live`; `keep` is True unless it is given.

        Returns:
            What the function returned; None where `q` interrupted it.

        Raises:
            ValueError: For a rate that is not positive.
        """
        if inspect.iscoroutinefunction(callback):
            import asyncio

            return asyncio.run(self.run_async(callback, refresh_hz, **options))
        from demo_tui.drawer import drive

        live = self.live(refresh_hz, **{"keep": True, **options})
        return drive(live, lambda: callback(self))  # type: ignore[return-value]

    async def run_async(
        self,
        work: Callable[[DashboardBase], Coroutine[Any, Any, T]] | Coroutine[Any, Any, T],
        refresh_hz: float = 4.0,
        **options: Any,
    ) -> T | None:
        """Await a coroutine while a thread draws, so that the view goes on while the event loop is busy.

        The key `q` ends the view at once and cancels the coroutine.

        Args:
            work: A coroutine, or an `async def` function that is called with this dashboard.
            refresh_hz: The most frames per second.
            options: As for `run`.

        Returns:
            What the coroutine returned; None where `q` cancelled it.

        Raises:
            ValueError: For a rate that is not positive.
        """
        from demo_tui.drawer import drive_async

        live = self.live(refresh_hz, **{"keep": True, **options})
        return await drive_async(live, work if inspect.iscoroutine(work) else work(self))  # type: ignore[operator]


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


def _hidden(names: list[str], panels: Mapping[str, Panel], width: int) -> str:
    """As much as fits of what has no room: how many panels, and which."""
    titles = [clean(panels[name].config.title) or name if name in panels else name for name in names]
    text = f" +{len(names)} hidden: {', '.join(titles)} "
    return text if len(text) <= width // 2 else f" +{len(names)} hidden "


def automatic(panels: Mapping[str, Panel]) -> Node:
    """Arrange panels for those who give no layout: header lines, then panels two by two, then logs.

    Args:
        panels: The panels by name.

    Returns:
        The layout.
    """
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
