"""What a dashboard writes where there is no terminal: plain lines, as for a build log."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from demo_tui.cells import clean
from demo_tui.output import Output

if TYPE_CHECKING:
    from demo_tui.panel import Panel
    from demo_tui.surface import Surface

__all__ = ["PlainWriter"]


class PlainWriter:
    """Writes new log lines at once, and the state of other panels now and then and at the end.

    Args:
        dashboard: What to write about.
        out: Where to write. A full disk ends the writing and nothing else.
        every: Seconds between two states.
    """

    def __init__(self, dashboard: Surface, out: Output, every: float = 10.0) -> None:
        self._dashboard = dashboard
        self._out = out
        self._every = every
        self._next_summary = dashboard.clock() + every
        self._ascii = dashboard.theme.ascii

    def write(self, last: bool = False) -> bool:
        """Write what is new.

        Args:
            last: Write the state of everything, too.

        Returns:
            True where there was something.
        """
        lines = self._collect("plain_lines")
        now = self._dashboard.clock()
        if last or now >= self._next_summary:
            lines += self._collect("summary_lines")
            self._next_summary = now + self._every
        if lines:
            self._out.write("".join(clean(line, self._ascii).rstrip() + "\n" for line in lines))
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
