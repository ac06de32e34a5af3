"""What the keys and the mouse do to the panels: focus, scroll, zoom, search, sort."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from demo_tui.keys import Mouse
from demo_tui.panels.log import LogPanel
from demo_tui.panels.table import TablePanel
from demo_tui.panels.tabs import TabsPanel

if TYPE_CHECKING:
    from demo_tui.panel import Panel
    from demo_tui.surface import Surface

__all__ = ["Controls"]

Action = Callable[[], object]


class Controls:
    """Knows which panel is focused, and what is being typed.

    Args:
        surface: The dashboard.
        size: Returns the width and height that are shown.
        notify: Shows a short message.
    """

    def __init__(
        self, surface: Surface, size: Callable[[], tuple[int, int]], notify: Callable[[str], object]
    ) -> None:
        self._surface, self._size, self._notify = surface, size, notify
        self.focused: str | None = None
        self.prompt: tuple[str, str] | None = None
        """What is asked for, and what was typed so far."""
        self._submit: Callable[[str], object] = str

    def bindings(self) -> Iterator[tuple[str, Action, str]]:
        """Return keys with their actions and their help; an empty help is not listed."""
        yield from (
            ("tab", lambda: self.focus(1), "focus the next panel"),
            ("shift+tab", lambda: self.focus(-1), ""),
            ("up", lambda: self._scroll("scroll", 1), "scroll; also pageup, home, end"),
            ("down", lambda: self._scroll("scroll", -1), ""),
            ("pageup", lambda: self._scroll("scroll_page", 1), ""),
            ("pagedown", lambda: self._scroll("scroll_page", -1), ""),
            ("home", lambda: self._scroll("scroll_home"), ""),
            ("end", lambda: self._scroll("scroll_end"), ""),
            ("left", lambda: self._tab(-1), ""),
            ("right", lambda: self._tab(1), ""),
            ("z", self.zoom, "zoom the focused panel"),
            ("escape", self.escape, "leave zoom, filter, focus"),
            ("/", lambda: self._ask("search", self._search), "search the log"),
            ("n", lambda: self._again(False), "next match; N: the other way"),
            ("N", lambda: self._again(True), ""),
            ("f", lambda: self._ask("filter", self._filter), "filter the log"),
            ("l", self._level, "level of the log"),
            ("o", lambda: self._sort("sort_next"), "sort the table; O: reverse"),
            ("O", lambda: self._sort("sort_reverse"), ""),
        )  # fmt: skip

    # -- focus -----------------------------------------------------------------------------------

    def _shown(self) -> list[str]:
        panels = self._surface.panels
        return [name for name in self._surface.regions(*self._size()) if panels[name].bordered]

    def focus(self, step: int) -> None:
        """Focus a neighbour of the panel that is focused.

        Args:
            step: 1 for the next one, -1 for the one before.
        """
        names = self._shown()
        if not names:
            return
        if self.focused in names:
            at = (names.index(self.focused) + step) % len(names)
        else:
            at = 0 if step > 0 else -1
        self._focus(names[at])

    def _focus(self, name: str | None) -> None:
        for other, panel in self._surface.panels.items():
            if panel.focused != (other == name):
                panel.focused = other == name
                panel.touch()
        self.focused = name

    def target(self, kind: type[Panel] | None = None) -> Panel | None:
        """Return the panel that a key is for.

        Args:
            kind: The kind of panel that the key needs.

        Returns:
            The focused panel, else a log, else any; or the tab that it shows. None where there is none.
        """
        panels = self._surface.panels
        shown = [panels[name] for name in self._shown()]
        focused = panels.get(self.focused or "")
        ranked = ([focused] if focused in shown and focused is not None else []) + sorted(
            shown, key=lambda panel: not isinstance(_inner(panel), LogPanel)
        )
        for panel in ranked:
            if kind is None or isinstance(_inner(panel), kind):
                return panel if kind is None else _inner(panel)
        return None

    # -- what keys do ----------------------------------------------------------------------------

    def _scroll(self, method: str, *arguments: int) -> None:
        panel = self.target()
        if panel is not None:
            getattr(panel, method)(*arguments)

    def _tab(self, step: int) -> None:
        panels = self._surface.panels
        candidates = [self.focused] if self.focused else self._shown()
        for name in candidates:
            panel = panels.get(name)
            if isinstance(panel, TabsPanel):
                panel.move(step)
                return

    def zoom(self) -> None:
        """Show the focused panel alone, or all panels again."""
        surface = self._surface
        if surface.zoomed is not None:
            surface.zoomed = None
            return
        panel = self.target()
        surface.zoomed = next((name for name, other in surface.panels.items() if other is panel), None)

    def escape(self) -> None:
        """Leave what was entered last: zoom, filter and marks, focus."""
        log = self.target(LogPanel)
        if self._surface.zoomed is not None:
            self._surface.zoomed = None
        elif isinstance(log, LogPanel) and log.restricted:
            log.filter()
            log.set_level()
            log.search("")
        else:
            self._focus(None)

    def _sort(self, method: str) -> None:
        table = self.target(TablePanel)
        if table is not None:
            self._notify(getattr(table, method)())

    def _level(self) -> None:
        log = self.target(LogPanel)
        if isinstance(log, LogPanel):
            self._notify(f"log: {log.next_level()}")

    def _search(self, text: str) -> None:
        log = self.target(LogPanel)
        if isinstance(log, LogPanel) and not log.search(text) and text:
            self._notify(f"not found: {text}")

    def _again(self, forward: bool) -> None:
        log = self.target(LogPanel)
        if isinstance(log, LogPanel) and not log.search_next(forward=forward):
            self._notify("no more matches")

    def _filter(self, text: str) -> None:
        log = self.target(LogPanel)
        if isinstance(log, LogPanel):
            log.filter(text)

    # -- typing ----------------------------------------------------------------------------------

    def _ask(self, what: str, submit: Callable[[str], object]) -> None:
        if self.target(LogPanel) is None:
            self._notify(f"there is no log to {what}")
            return
        self.prompt, self._submit = (what, ""), submit

    def type(self, key: str) -> None:
        """Take a key while something is being typed.

        Args:
            key: The key; Enter submits, Escape gives up.

        Raises:
            ValueError: For a text that is of no use.
        """
        assert self.prompt is not None
        what, text = self.prompt
        if key == "enter":
            self.prompt = None
            self._submit(text)
        elif key in ("escape", "ctrl+c"):
            self.prompt = None
        elif key in ("backspace", "delete"):
            self.prompt = (what, text[:-1])
        elif key == "ctrl+u":
            self.prompt = (what, "")
        elif key == "space" or len(key) == 1:
            self.prompt = (what, text + (" " if key == "space" else key))

    # -- the mouse -------------------------------------------------------------------------------

    def mouse(self, event: Mouse) -> None:
        """React to the mouse: the wheel scrolls the panel below it, a click focuses.

        Args:
            event: What it did.
        """
        for name, (x, y, width, height) in self._surface.regions(*self._size()).items():
            if not (x <= event.x < x + width and y <= event.y < y + height):
                continue
            panel = self._surface.panels[name]
            if event.kind == "press":
                if panel.bordered:
                    self._focus(name)
                panel.click(event.x - x, event.y - y)
            else:
                panel.scroll(3 if event.kind == "wheel up" else -3)
            return


def _inner(panel: Panel) -> Panel:
    return panel.panel if isinstance(panel, TabsPanel) else panel
