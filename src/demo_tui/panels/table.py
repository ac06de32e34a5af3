"""A table whose columns share the width."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from demo_tui.cells import clean, width
from demo_tui.panel import Panel, PanelConfig
from demo_tui.panels.key_value import format_value
from demo_tui.strips import Pen, Strip
from demo_tui.theme import Theme

__all__ = ["Column", "TablePanel"]


@dataclass(frozen=True)
class Column:
    """A column: its name, `align` (left, right, center), and its style."""

    name: str
    align: str = "left"
    style: str | None = None


class TablePanel(Panel):
    """Rows under a header. Columns are as wide as their content; where that is too much, the widest shrink.

    Rows have keys, so that they can be replaced; `set_rows` replaces all. Rows that do not fit are counted
    in the last line.
    """

    min_height = 5
    min_width = 24

    def __init__(self, columns: Sequence[str | Column], config: PanelConfig | str | None = None) -> None:
        super().__init__(config)
        self.columns = [Column(column) if isinstance(column, str) else column for column in columns]
        self._rows: dict[object, tuple[Sequence[object], str | None]] = {}

    def set_row(self, key: object, values: Sequence[object], style: str | None = None) -> None:
        """Add or replace the row with this key; missing values are empty, superfluous ones ignored."""
        self._rows[key] = (tuple(values), style)
        self.touch()

    def set_rows(self, rows: Iterable[Sequence[object]]) -> None:
        """Replace all rows; their keys are their positions."""
        self._rows = {index: (tuple(values), None) for index, values in enumerate(rows)}
        self.touch()

    def remove_row(self, key: object) -> None:
        """Forget a row; no error if it is not there."""
        self._rows.pop(key, None)
        self.touch()

    @property
    def rows(self) -> list[Sequence[object]]:
        """The values of all rows, in order."""
        return [values for values, _ in self._rows.copy().values()]

    def body(self, cells: int, height: int, theme: Theme) -> Iterable[Strip]:
        """The header and the rows that fit."""
        rows = list(self._rows.copy().values())
        visible = rows if len(rows) < height else rows[: max(0, height - 2)]
        texts = [[self._text(values, i, theme) for i in range(len(self.columns))] for values, _ in visible]
        widths = self._widths(texts, cells, theme)
        header = [column.name for column in self.columns]
        yield self._line(header, widths, ["key"] * len(header), cells, theme)
        for row, (_, style) in zip(texts, visible, strict=True):
            yield self._line(row, widths, [style or column.style for column in self.columns], cells, theme)
        if len(visible) < len(rows):
            yield Pen(cells, theme).put(f"+{len(rows) - len(visible)} more", "dim").strip()

    def _text(self, values: Sequence[object], index: int, theme: Theme) -> str:
        return clean(format_value(values[index])[:1000], theme.ascii) if index < len(values) else ""

    def _widths(self, texts: list[list[str]], cells: int, theme: Theme) -> list[int]:
        widths = [
            max([width(clean(column.name, theme.ascii)), *(width(row[index]) for row in texts)])
            for index, column in enumerate(self.columns)
        ]
        room = max(len(widths), cells - 2 * (len(widths) - 1))
        while sum(widths) > room:
            widest = max(range(len(widths)), key=widths.__getitem__)
            second = max((w for i, w in enumerate(widths) if i != widest), default=0)
            widths[widest] = max(
                1, min(widths[widest] - 1, max(second, widths[widest] - (sum(widths) - room)))
            )
        return widths

    def _line(
        self, texts: list[str], widths: list[int], styles: Sequence[str | None], cells: int, theme: Theme
    ) -> Strip:
        pen = Pen(cells, theme)
        for index, (text, size, style) in enumerate(zip(texts, widths, styles, strict=True)):
            pen.put("  " if index else "").cell(text, size, style, self.columns[index].align)
        return pen.strip()
