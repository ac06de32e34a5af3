"""What a dashboard writes where there is no terminal: plain lines, as for a build log."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TextIO

from demo_tui.cells import clean

if TYPE_CHECKING:
    from demo_tui.dashboard import DashboardBase
    from demo_tui.panel import Panel

__all__ = ["PlainWriter"]


class PlainWriter:
    """New log lines at once; the state of other panels every `every` seconds and at the end."""

    def __init__(self, dashboard: DashboardBase, file: TextIO, every: float = 10.0) -> None:
        self._dashboard = dashboard
        self._file = file
        self._every = every
        self._next_summary = dashboard.clock() + every
        self._ascii = dashboard.theme.ascii

    def write(self, last: bool = False) -> bool:
        """Write what is new; with `last`, the state of everything, too. True where there was something."""
        lines = self._collect("plain_lines")
        now = self._dashboard.clock()
        if last or now >= self._next_summary:
            lines += self._collect("summary_lines")
            self._next_summary = now + self._every
        if lines:
            self._file.write("".join(clean(line, self._ascii).rstrip() + "\n" for line in lines))
            self._file.flush()
        return bool(lines)

    def _collect(self, method: str) -> list[str]:
        found: dict[str, list[str]] = {}
        for name, panel in self._dashboard.panels.items():
            lines = _safely(panel, getattr(panel, method))
            if lines:
                found[name] = lines
        alone = method == "plain_lines" and len(self._dashboard.panels) == 1
        return [line if alone else f"[{name}] {line}" for name, lines in found.items() for line in lines]


def _safely(panel: Panel, produce: Callable[[], Iterable[str]]) -> list[str]:
    try:
        return list(produce())
    except Exception as error:
        return [f"({type(panel).__name__} failed: {type(error).__name__}: {error})"]
