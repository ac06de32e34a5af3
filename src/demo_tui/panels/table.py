"""A table whose columns share the width, with rows in any order of a column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from demo_tui.cells import clean, width
from demo_tui.panel import Panel, PanelConfig
from demo_tui.panels.key_value import format_value
from demo_tui.strips import Pen, Strip
from demo_tui.theme import Theme

__all__ = ["Column", "TablePanel"]

Row = tuple[Sequence[object], "str | None"]


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Args:
        name: Shown in the header.
        align: `left`, `right` or `center`.
        style: A theme name or a rich style.
    """

    name: str
    align: str = "left"
    style: str | None = None


class TablePanel(Panel):
    """Rows under a header. Columns are as wide as their content; where that is too much, the widest shrink.

    Rows that do not fit are counted in the last line; the panel scrolls under its header. The rows are in
    the order in which they were set until `sort` chooses a column.

    Args:
        columns: Names, or `Column` objects.
        config: A title, or a `PanelConfig`.
    """

    min_height = 5
    min_width = 24
    sticky = 1

    def __init__(self, columns: Sequence[str | Column], config: PanelConfig | str | None = None) -> None:
        super().__init__(config)
        self.columns = [Column(column) if isinstance(column, str) else column for column in columns]
        self._rows: dict[object, Row] = {}
        self._sort: tuple[int | None, bool] = (None, False)
        self._starts: list[int] = []

    def set_row(self, key: object, values: Sequence[object], style: str | None = None) -> None:
        """Add a row, or replace the one with this key.

        Args:
            key: Anything hashable.
            values: One for each column; missing ones are empty, superfluous ones ignored.
            style: A theme name or a rich style for the whole row.
        """
        self._rows[key] = (tuple(values), style)
        self.touch()

    def set_rows(self, rows: Iterable[Sequence[object]]) -> None:
        """Replace all rows; their keys are their positions.

        Args:
            rows: The values of each row.
        """
        self._rows = {index: (tuple(values), None) for index, values in enumerate(rows)}
        self.touch()

    def remove_row(self, key: object) -> None:
        """Forget a row; no error if it is not there.

        Args:
            key: The key that it was set with.
        """
        self._rows.pop(key, None)
        self.touch()

    def sort(self, column: int | str | None, reverse: bool = False) -> None:
        """Choose the order of the rows; rows that are set later go to their place.

        Args:
            column: A position or a name; None for the order in which the rows were set.
            reverse: Show the greatest first.

        Raises:
            ValueError: For a column that there is not.
        """
        names = [each.name for each in self.columns]
        if isinstance(column, str):
            if column not in names:
                raise ValueError(f"no column {column!r}; there are: {', '.join(names)}")
            column = names.index(column)
        if column is not None and not -len(names) <= column < len(names):
            raise ValueError(f"no column {column}; there are {len(names)}")
        self._sort = (None if column is None else column % len(names), reverse)
        self.touch()

    def sort_next(self) -> str:
        """Sort by the next column, after the last one by none.

        Returns:
            A sentence that says what the order is now.
        """
        column = 0 if self._sort[0] is None else self._sort[0] + 1
        self.sort(column if column < len(self.columns) else None, self._sort[1])
        return self._order()

    def sort_reverse(self) -> str:
        """Turn the order round.

        Returns:
            A sentence that says what the order is now.
        """
        self.sort(self._sort[0], not self._sort[1])
        return self._order()

    def _order(self) -> str:
        column, reverse = self._sort
        name = "in the order of arrival" if column is None else f"by {self.columns[column].name}"
        return f"sorted {name}{', reversed' if reverse else ''}"

    @property
    def rows(self) -> list[Sequence[object]]:
        """Return the values of all rows, in the order in which they are shown."""
        return [values for values, _ in self._sorted()]

    def natural_height(self) -> int:
        """Return one line for each row, one for the header, and two for the border."""
        return len(self._rows) + 3

    def click(self, x: int, y: int) -> bool:
        """Sort by the column whose name was clicked; a second click turns the order round."""
        if y != 1 or not self._starts or x < 2:
            return False
        column = max(index for index, start in enumerate(self._starts) if start <= max(0, x - 2))
        self.sort(column, not self._sort[1] if self._sort[0] == column else False)
        return True

    def _sorted(self) -> list[Row]:
        rows = list(self._rows.copy().values())
        column, reverse = self._sort
        if column is not None:
            return sorted(rows, key=lambda row: _order_of(row[0], column), reverse=reverse)
        return rows[::-1] if reverse else rows

    def body(self, cells: int, height: int, theme: Theme) -> Iterable[Strip]:
        """Return the header and the rows that fit."""
        rows = self._sorted()
        visible = rows if len(rows) < height else rows[: max(0, height - 2)]
        texts = [[self._text(values, i, theme) for i in range(len(self.columns))] for values, _ in visible]
        header = [self._name(index, theme) for index in range(len(self.columns))]
        widths = self._widths([header, *texts], cells)
        self._starts = [sum(widths[:index]) + 2 * index for index in range(len(widths))]
        yield self._line(header, widths, ["key"] * len(header), cells, theme)
        for row, (_, style) in zip(texts, visible, strict=True):
            yield self._line(row, widths, [style or column.style for column in self.columns], cells, theme)
        if len(visible) < len(rows):
            yield Pen(cells, theme).put(f"+{len(rows) - len(visible)} more", "dim").strip()

    def _name(self, index: int, theme: Theme) -> str:
        column, reverse = self._sort
        mark = "" if index != column else " ↓" if reverse else " ↑"
        return clean(clean(self.columns[index].name) + mark, theme.ascii)

    def _text(self, values: Sequence[object], index: int, theme: Theme) -> str:
        return clean(format_value(values[index])[:1000], theme.ascii) if index < len(values) else ""

    def _widths(self, texts: list[list[str]], cells: int) -> list[int]:
        widths = [max(width(row[index]) for row in texts) for index in range(len(self.columns))]
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


def _order_of(values: Sequence[object], column: int) -> tuple[int, float, str]:
    """Numbers first, by their value (also those in texts, such as "12 %"), then texts, then nothing."""
    if column >= len(values) or values[column] is None:
        return 2, 0.0, ""
    text = format_value(values[column])
    try:
        number = float(values[column])  # type: ignore[arg-type]
    except Exception:
        try:
            number = float(text.split()[0].rstrip("%").replace(",", ""))
        except (ValueError, IndexError):
            return 1, 0.0, text.casefold()
    return (0, number, text) if number == number else (1, 0.0, text)
