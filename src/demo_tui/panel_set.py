"""Named panels, and the two short ways to fill them: `log` and `set_status`."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, overload

from demo_tui.panel import Panel, PanelConfig
from demo_tui.panels.key_value import KeyValuePanel
from demo_tui.panels.log import LogPanel

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["PanelSet"]

P = TypeVar("P", bound=Panel)
LOG = "log"
_sets: weakref.WeakSet[PanelSet] = weakref.WeakSet()


class PanelSet:
    """Panels by name, and a clock that they share.

    Args:
        clock: Returns seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.start_time = clock()
        self.panels: dict[str, Panel] = {}
        self.running: Any = None
        """The `Live` that shows the panels at present, for keys and messages from within; else None."""
        self._lock = threading.Lock()
        self._log: LogPanel | None = None
        self._forked = False
        _sets.add(self)

    # -- panels ----------------------------------------------------------------------------------

    @overload
    def add_panel(self, name: str, config: P) -> P: ...

    @overload
    def add_panel(self, name: str, config: PanelConfig | RenderableType | None = None) -> Panel: ...

    def add_panel(self, name: str, config: PanelConfig | Panel | RenderableType | None = None) -> Panel:
        """Register a panel under a name.

        Args:
            name: Names it in layouts and in `set_status`.
            config: A panel; or anything else that rich can print, which is shown as it is; or a
                `PanelConfig`, or None, which make a `KeyValuePanel`, or for the name `log` the `LogPanel`.

        Returns:
            The panel.

        Raises:
            ValueError: For a name in use.
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
            log = _log_in(panel, self.clock)
            if log is not None and (self._log is None or name == LOG):
                self._log = log
        return panel

    def remove_panel(self, name: str) -> None:
        """Forget a panel.

        Args:
            name: Its name.

        Raises:
            KeyError: Where there is none of this name.
        """
        with self._lock:
            gone = self[name]
            self.panels = {other: panel for other, panel in self.panels.items() if other != name}
            if self._log is gone:
                self._log = None

    def __getitem__(self, name: str) -> Panel:
        try:
            return self.panels[name]
        except KeyError:
            raise KeyError(f"no panel {name!r}; there are: {', '.join(self.panels) or 'none'}") from None

    # -- content ---------------------------------------------------------------------------------

    def log(self, message: object, style: str | None = None, tag: str = "", level: int = 0) -> None:
        """Append a message, stamped with the seconds since the start, to the log panel.

        In a forked child, which has no screen, the message is printed; the parent shows it.

        Args:
            message: Anything; it passes through `str`.
            style: A theme name or a rich style.
            tag: Where it came from.
            level: As in the logging module; 0 for none.
        """
        if self._forked:
            print(message, flush=True)
            return
        panel = self._log or self.log_panel
        panel.append(message, style, tag, self.clock() - self.start_time, level)  # type: ignore[arg-type]

    @property
    def existing_log(self) -> LogPanel | None:
        """Return the panel that `log` writes to, or None before there is one."""
        return self._log

    @property
    def log_panel(self) -> LogPanel:
        """Return the panel that `log` writes to: that named `log`, else the first; a new one if needed."""
        if self._log is None:
            try:
                self.add_panel(LOG, LogPanel(PanelConfig("Log")))
            except ValueError:  # another thread was faster, or the name belongs to another kind of panel
                if self._log is None:
                    raise
        assert self._log is not None
        return self._log

    def set_status(self, panel_name: str, key: str, value: object, style: str | None = None) -> None:
        """Set one pair of a `KeyValuePanel`.

        Args:
            panel_name: The name of the panel.
            key: The name that is shown.
            value: Anything.
            style: A theme name or a rich style.

        Raises:
            KeyError: Where there is no panel of this name.
            TypeError: Where it is of another kind.
        """
        panel = self[panel_name]
        if not isinstance(panel, KeyValuePanel):
            raise TypeError(
                f"panel {panel_name!r} is a {type(panel).__name__}; set_status needs a KeyValuePanel"
            )
        panel.set(key, value, style)

    def scroll_log(self, lines: int) -> None:
        """Scroll the log; nothing without one.

        Args:
            lines: How far back; negative for forward.
        """
        if self._log is not None:
            self._log.scroll(lines)

    def elapsed(self) -> float:
        """Return the seconds since the dashboard was made."""
        return self.clock() - self.start_time


def _as_panel(name: str, config: PanelConfig | Panel | RenderableType | None) -> Panel:
    if isinstance(config, Panel):
        return config
    if config is None or isinstance(config, PanelConfig):
        config = config or PanelConfig(name.capitalize())
        return LogPanel(config) if name == LOG else KeyValuePanel(config)
    from demo_tui.panels.renderable import RenderablePanel

    return RenderablePanel(config, PanelConfig(name.capitalize()))


def _log_in(panel: Panel, clock: Callable[[], float]) -> LogPanel | None:
    """The log that a panel is, or that is among its tabs; tabs get the clock."""
    tabs: dict[str, Panel] = getattr(panel, "tabs", {})
    for inner in tabs.values():
        if inner.clock is time.monotonic:
            inner.clock = clock
    return next((each for each in (panel, *tabs.values()) if isinstance(each, LogPanel)), None)


def _forget_after_fork() -> None:
    for panels in list(_sets):
        panels._forked = panels.running is not None
        panels._lock = threading.Lock()


os.register_at_fork(after_in_child=_forget_after_fork)
