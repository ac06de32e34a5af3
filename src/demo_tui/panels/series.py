"""The curves of a whole run: one plot with axes and a legend."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence

from demo_tui.cells import clean, describe, width
from demo_tui.panel import Panel, PanelConfig
from demo_tui.panels.curve import Curve, Plot
from demo_tui.panels.key_value import format_value
from demo_tui.strips import Pen, Strip
from demo_tui.theme import Theme

__all__ = ["SeriesPanel"]

STYLES = tuple(f"series.{number}" for number in range(1, 7))
ASCII_MARKS = "*o+x#@"


class SeriesPanel(Panel):
    """Curves of one or several metrics on the same axes, from the first value to the newest.

    Memory is bounded: of each series, the last `config.max_lines` values are kept as they are, and the whole
    run as the least, greatest and mean value of up to 1,024 equal parts. Values that are not finite, and
    those that are no numbers, leave a gap.

    Args:
        config: A title, or a `PanelConfig`.
        unit: Shown after the numbers.
        low: The lower end of the scale; None for the least value.
        high: The upper end of the scale; None for the greatest value.
        styles: A style for each series, in the order in which they are created.
        window: Show only the last so many units of x; None for the whole run.
        smooth: Weight of the past in a moving average, from 0 (none) to below 1 (0.9 is usual). The values
            themselves are not changed.
        x_label: The name of the x axis, such as `step`.

    Raises:
        ValueError: For a `smooth` that is not from 0 to below 1.
    """

    min_height = 5
    min_width = 20

    def __init__(
        self,
        config: PanelConfig | str | None = None,
        *,
        unit: str = "",
        low: float | None = None,
        high: float | None = None,
        styles: Sequence[str] = STYLES,
        window: float | None = None,
        smooth: float = 0.0,
        x_label: str = "",
    ) -> None:
        super().__init__(config)
        if not 0 <= smooth < 1:
            raise ValueError(f"smooth is {smooth}; it must be from 0 to below 1")
        self.unit = unit
        self.low, self.high = low, high
        self.styles = tuple(styles) or STYLES
        self.window = window
        self.smooth = smooth
        self.x_label = x_label
        self._curves: dict[str, Curve] = {}
        self._recent: dict[str, deque[float]] = {}

    def append(self, value: float, name: str = "", x: float | None = None) -> None:
        """Add a value to a series, which is created if it is new.

        Args:
            value: The value.
            name: The name of the series.
            x: Where it belongs on the x axis, such as the step; None for the number of values before it.
        """
        curve = self._curves.get(name)
        if curve is None:
            self._recent.setdefault(name, deque(maxlen=self.config.max_lines))
            curve = self._curves.setdefault(name, Curve())
        number = _number(value)
        self._recent[name].append(number)
        curve.append(number, None if x is None else _number(x))
        self.touch()

    def values(self, name: str = "") -> list[float]:
        """Return the latest values of a series.

        Args:
            name: The name of the series.

        Returns:
            Up to `config.max_lines` values, oldest first.

        Raises:
            KeyError: For an unknown name.
        """
        return list(self._recent[name].copy())

    def clear(self) -> None:
        """Forget all series."""
        self._curves, self._recent = {}, {}
        self.touch()

    def natural_height(self) -> int:
        """Return 12."""
        return 12

    def right_title(self) -> str:
        """Return what the curves are smoothed with."""
        return f"smoothed {self.smooth:g}" if self.smooth else ""

    # -- drawing ---------------------------------------------------------------------------------

    def body(self, cells: int, height: int, theme: Theme) -> Iterable[Strip]:
        """Return the legend, the curves, and the x axis."""
        curves = self._curves.copy()
        if not curves:
            return [Pen(cells, theme).put("no values yet", "dim").strip()]
        lines = [self._legend(list(curves.items()), cells, theme)]
        points = {name: curve.points(self.window, self.smooth) for name, curve in curves.items()}
        plot = Plot(points, self.low, self.high)
        rows = height - 2 if height >= 4 else height - 1
        if rows >= 1 and plot.has_values:
            lines += self._plot_lines(plot, list(curves), cells, rows, theme)
            if rows == height - 2:
                lines.append(self._axis(plot, cells, theme, self._label_width(plot)))
        return lines[:height]

    def _style(self, index: int) -> str:
        return self.styles[index % len(self.styles)]

    def _legend(self, curves: list[tuple[str, Curve]], cells: int, theme: Theme) -> Strip:
        pen = Pen(cells, theme)
        unit = f" {self.unit}" if self.unit else ""
        for index, (name, curve) in enumerate(curves):
            mark = ASCII_MARKS[index % len(ASCII_MARKS)] if theme.ascii else theme.glyphs.dot
            text = f"{describe(name)} " if describe(name) else ""
            value = "" if curve.last is None else f"{format_value(curve.last)}{unit}"
            rest = f" +{len(curves) - index} more"
            needed = width(clean(text, theme.ascii)) + width(clean(value, theme.ascii)) + 4
            more = index < len(curves) - 1
            if index and needed + (len(rest) if more else 0) > pen.room:
                return pen.put(rest, "dim").strip()
            pen.put(f"{mark} ", self._style(index)).put(text, "value").put(value, self._style(index)).put(
                "  "
            )
        if len(curves) == 1 and pen.room >= 24 and curves[0][1].last is not None:
            low, high = curves[0][1].extremes
            pen.put(f"min {format_value(low)}  max {format_value(high)}", "dim")
        return pen.strip()

    def _label_width(self, plot: Plot) -> int:
        return max(len(format_value(plot.low)), len(format_value(plot.high)))

    def _plot_lines(self, plot: Plot, names: list[str], cells: int, rows: int, theme: Theme) -> list[Strip]:
        label = self._label_width(plot)
        if label > cells // 3:
            label = 0
        room = max(1, cells - label - (2 if label else 0))
        grid = plot.draw(room, rows, theme.ascii)
        marks = {0: plot.high, rows - 1: plot.low}
        if rows >= 7:
            marks[rows // 2] = plot.high - (plot.high - plot.low) * (rows // 2) / (rows - 1)
        lines = []
        for row in range(rows):
            pen = Pen(cells, theme)
            if label:
                text = format_value(marks[row]) if row in marks else ""
                pen.cell(text, label, "dim", "right").put(" " + theme.glyphs.bar, "border")
            for text, series in grid.row(row, ASCII_MARKS):
                pen.put(text, None if series is None else self._style(series))
            lines.append(pen.strip())
        return lines

    def _axis(self, plot: Plot, cells: int, theme: Theme, label: int) -> Strip:
        indent = label + 2 if label <= cells // 3 else 0
        first, last = format_value(plot.first), format_value(plot.last)
        name = clean(self.x_label, theme.ascii)
        pen = Pen(cells, theme).fill(" ", indent)
        room = pen.room - len(first) - len(last)
        if room < 1:
            return pen.cell(last, pen.room, "dim", "right").strip()
        middle = name if width(name) + 2 <= room else ""
        pen.put(first, "dim").cell(middle, room, "dim", "center")
        return pen.put(last, "dim").strip()

    def summary_lines(self) -> Iterable[str]:
        """Return the newest value of each series."""
        parts = [
            f"{describe(name) or 'value'}={format_value(curve.last)}"
            for name, curve in self._curves.copy().items()
            if curve.last is not None
        ]
        return [", ".join(parts)] if parts else []


def _number(value: object) -> float:
    try:
        number = float(value)  # type: ignore[arg-type]
    except Exception:
        return math.nan
    return number if math.isfinite(number) else math.nan
