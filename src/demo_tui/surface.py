"""What the showing side needs to know of a dashboard."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.console import Console

    from demo_tui.frame import Frame
    from demo_tui.layout import Region
    from demo_tui.panel import Panel
    from demo_tui.panels.log import LogPanel
    from demo_tui.strips import Ink
    from demo_tui.theme import Theme

__all__ = ["Surface"]


class Surface(Protocol):
    """A dashboard, as `Live`, the keys and the plain writer see it."""

    console: Console
    clock: Callable[[], float]
    title: str
    theme: Theme
    panels: dict[str, Panel]
    zoomed: str | None
    running: object

    @property
    def log_panel(self) -> LogPanel:
        """Return the panel that `log` writes to."""
        ...

    @property
    def existing_log(self) -> LogPanel | None:
        """Return that panel, or None before there is one."""
        ...

    def log(self, message: object, style: str | None = None, tag: str = "") -> None:
        """Append a message to the log panel."""
        ...

    def frame(self, width: int | None = None, height: int | None = None) -> Frame:
        """Return the present picture."""
        ...

    def regions(self, width: int, height: int) -> Mapping[str, Region]:
        """Return where each visible panel is."""
        ...

    def natural_height(self, width: int) -> int:
        """Return how many lines show everything."""
        ...

    def state_key(self, width: int, height: int) -> Hashable:
        """Return a key; equal keys mean equal frames."""
        ...

    def ink(self) -> Ink:
        """Return what turns frames into escape sequences."""
        ...
