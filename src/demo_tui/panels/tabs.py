"""Several panels in the place of one."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping

from demo_tui.cells import clean, width
from demo_tui.panel import Panel, PanelConfig
from demo_tui.strips import Strip
from demo_tui.theme import Theme

__all__ = ["TabsPanel"]


class TabsPanel(Panel):
    """Panels of which one is shown; their names are in the border, the active one in brackets.

    Change tabs with `show`, with the keys left and right while the panel is focused, or with a click.

    Args:
        tabs: Panels by name; at least one.
        config: A `PanelConfig` for the border; its title is not used.

    Raises:
        ValueError: For no tabs.
    """

    min_height = 5

    def __init__(self, tabs: Mapping[str, Panel], config: PanelConfig | str | None = None) -> None:
        if not tabs:
            raise ValueError("a TabsPanel needs at least one tab")
        super().__init__(config)
        self.tabs = dict(tabs)
        self.active = next(iter(self.tabs))
        self.min_width = max(panel.min_width for panel in self.tabs.values())
        self._name_tabs()

    @property
    def panel(self) -> Panel:
        """Return the panel that is shown."""
        return self.tabs[self.active]

    def show(self, name: str) -> None:
        """Show another tab.

        Args:
            name: Its name.

        Raises:
            KeyError: Where there is none of this name.
        """
        if name not in self.tabs:
            raise KeyError(f"no tab {name!r}; there are: {', '.join(self.tabs)}")
        self.active = name
        self._name_tabs()
        self.touch()

    def move(self, step: int) -> None:
        """Show a neighbour of the tab that is shown.

        Args:
            step: 1 for the next one, -1 for the one before; after the last comes the first.
        """
        names = list(self.tabs)
        self.show(names[(names.index(self.active) + step) % len(names)])

    def _name_tabs(self) -> None:
        self.config.title = "  ".join(f"[{name}]" if name == self.active else name for name in self.tabs)

    def bind_clock(self) -> None:
        """Give the panels this panel's clock."""
        for panel in self.tabs.values():
            panel.clock = self.clock

    def click(self, x: int, y: int) -> bool:
        """Show the tab whose name was clicked."""
        if y > 0:
            return self.panel.click(x, y)
        at = 3
        for name in self.tabs:
            size = width(clean(name)) + (2 if name == self.active else 0)
            if at <= x < at + size:
                self.show(name)
                return True
            at += size + 2
        return False

    def content_key(self) -> Hashable:
        """Return a key made of that of the panel that is shown."""
        return self.version, self.active, self.panel.content_key()

    def body(self, width: int, height: int, theme: Theme) -> Iterable[Strip]:
        """Return the content of the panel that is shown."""
        return self.panel._fill(width, height, theme)

    def right_title(self) -> str:
        """Return that of the panel that is shown."""
        return self.panel.right_title()

    def natural_height(self) -> int:
        """Return that of the highest tab."""
        return max(panel.natural_height() for panel in self.tabs.values())

    def scroll(self, lines: int) -> None:
        """Scroll the panel that is shown."""
        self.panel.scroll(lines)
        self.touch()

    def plain_lines(self) -> Iterable[str]:
        """Return the new lines of all tabs."""
        return [line for panel in self.tabs.values() for line in panel.plain_lines()]

    def summary_lines(self) -> Iterable[str]:
        """Return the state of all tabs."""
        return [line for panel in self.tabs.values() for line in panel.summary_lines()]
