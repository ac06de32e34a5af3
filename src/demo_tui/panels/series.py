"""The history of a metric as a graph."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from demo_tui.panel import Panel, PanelConfig
from demo_tui.panels.key_value import format_value
from demo_tui.strips import Pen, Strip
from demo_tui.theme import Theme

__all__ = ["SeriesPanel"]

# Dots of a braille cell by column, from the bottom up.
_LEFT, _RIGHT = (0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08)
_ASCII_LEVELS = " .:|#"


class SeriesPanel(Panel):
    """Filled graphs of one or several metrics, newest value at the right.

    Each series keeps its last `config.max_lines` values. The scale is `low` to `high`; where these are
    None, it follows the values that are visible. Values that are not finite leave a gap.
    """

    min_height = 5
    min_width = 20

    def __init__(
        self,
        config: PanelConfig | str | None = None,
        *,
        unit: str = "",
        low: float | None = 0.0,
        high: float | None = None,
        styles: Sequence[str] = ("series", "right", "good", "warn"),
    ) -> None:
        super().__init__(config)
        self.unit = unit
        self.low, self.high = low, high
        self.styles = tuple(styles)
        self._series: dict[str, deque[float]] = {}

    def append(self, value: float, name: str = "") -> None:
        """Add a value to a series, which is created if it is new."""
        series = self._series.get(name)
        if series is None:
            series = self._series.setdefault(name, deque(maxlen=self.config.max_lines))
        series.append(float(value))
        self.touch()

    def values(self, name: str = "") -> list[float]:
        """The values of a series that are kept, oldest first. Raises KeyError for an unknown name."""
        return list(self._series[name].copy())

    def body(self, width: int, height: int, theme: Theme) -> Iterable[Strip]:
        """The series below each other, in equal parts."""
        named = list(self._series.copy().items())[: max(1, height // 2)]
        if not named:
            yield Pen(width, theme).put("no values yet", "dim").strip()
            return
        rows, extra = divmod(height, len(named))
        for index, (name, series) in enumerate(named):
            style = self.styles[index % len(self.styles)]
            yield from self._graph(name, list(series.copy()), width, rows + (index < extra), style, theme)

    def _graph(
        self, name: str, values: list[float], width: int, height: int, style: str, theme: Theme
    ) -> Iterable[Strip]:
        """A line with name and numbers, then the graph in what is left."""
        samples = width * (1 if theme.ascii else 2)
        visible = values[-samples:]
        finite = [value for value in visible if _finite(value)]
        yield self._legend(name, values, finite, width, style, theme)
        low = self.low if self.low is not None else min(finite, default=0.0)
        high = self.high if self.high is not None else max(finite, default=1.0)
        levels = scale(visible, low, high, (height - 1) * 4)
        draw = _ascii_rows if theme.ascii else _braille_rows
        for row in draw(levels, width, height - 1):
            yield Pen(width, theme).put(row, style).strip()

    def _legend(
        self, name: str, values: list[float], finite: list[float], width: int, style: str, theme: Theme
    ) -> Strip:
        unit = f" {self.unit}" if self.unit else ""
        pen = Pen(width, theme)
        if name:
            pen.put(f"{name} ", style)
        if values:
            pen.put(f"{format_value(values[-1])}{unit}", "value")
        if finite and width >= 36:
            pen.put(f"  min {format_value(min(finite))}  max {format_value(max(finite))}", "dim")
        return pen.strip()


def _finite(value: float) -> bool:
    return value - value == 0.0


def scale(values: Sequence[float], low: float, high: float, steps: int) -> list[int]:
    """Each value as a whole number from 0 to `steps`; -1 for a gap. `low` maps to 0, `high` to `steps`.

    A value above `low` is at least 1, so that it can be seen.
    """
    span = high - low
    if not _finite(span) or span <= 0:
        return [-1 if not _finite(value) else min(steps, 1) for value in values]
    out = []
    for value in values:
        if not _finite(value):
            out.append(-1)
            continue
        level = round((value - low) / span * steps)
        out.append(max(1 if value > low and steps else 0, min(steps, level)))
    return out


def _braille_rows(levels: Sequence[int], width: int, height: int) -> Iterable[str]:
    padded = [-1] * (width * 2 - len(levels)) + list(levels)
    for row in range(height - 1, -1, -1):
        cells = []
        for column in range(width):
            dots = _dots(padded[2 * column] - 4 * row, _LEFT) | _dots(
                padded[2 * column + 1] - 4 * row, _RIGHT
            )
            cells.append(chr(0x2800 + dots) if dots else " ")
        yield "".join(cells)


def _dots(level: int, column: Sequence[int]) -> int:
    return sum(column[: max(0, min(4, level))])


def _ascii_rows(levels: Sequence[int], width: int, height: int) -> Iterable[str]:
    padded = [-1] * (width - len(levels)) + list(levels)
    for row in range(height - 1, -1, -1):
        yield "".join(_ASCII_LEVELS[max(0, min(4, level - 4 * row))] for level in padded)
