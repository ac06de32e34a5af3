"""What both sides observed, next to each other; keeps in view what came last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from demo_tui import ComparisonPanel, ComparisonRow, PanelConfig, Theme
from demo_tui.strips import Strip


class MeasuredRow(ComparisonRow):
    """Measured numbers always differ; whether that means anything is for the benchmark to say."""

    def mark(self) -> bool | None:
        """No mark."""
        return None


class ObservedPanel(ComparisonPanel):
    """A comparison of one or two columns that shows the rows with a value, the latest ones at least."""

    def __init__(self, names: Sequence[str]) -> None:
        left, right = (*names, "")[:2]
        super().__init__(
            left, right, PanelConfig("Observed (times are indicative: both engines share the cores)")
        )
        self._first = 0

    def set_rows(self, rows: Sequence[ComparisonRow]) -> None:
        """Show these rows, the latest last; the same ones again cost nothing."""
        wanted = {row.label: row for row in rows}
        if list(wanted.items()) != list(self._rows.items()):
            self._rows = wanted
            self.touch()

    @property
    def rows(self) -> list[ComparisonRow]:
        """The rows from the first that is in view."""
        return super().rows[self._first :]

    def body(self, cells: int, height: int, theme: Theme) -> Iterable[Strip]:
        """Leave out rows from the top until the rest fits."""
        self._first = 0
        total = len(super().rows)
        while True:
            shown = list(super().body(cells, height, theme))
            fits = len(shown) <= height and not shown[-1].text.startswith("+")
            if fits or self._first >= total - 1:
                return shown
            self._first += 1
