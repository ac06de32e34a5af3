"""Curves of any length in bounded memory, and how they become characters."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

__all__ = ["Curve", "Grid", "Plot", "Point"]

PARTS = 1024
# Dots of a braille cell: by column and row, from the top.
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))


class Point(NamedTuple):
    """A part of a curve: where it begins, and the values in it.

    Args:
        x: The x of its first value.
        end: The x of its last value.
        low: The least value; NaN where there is none.
        high: The greatest value.
        mean: The mean of the values.
        size: How many values.
    """

    x: float
    end: float
    low: float
    high: float
    mean: float
    size: int


class Curve:
    """All values of one series. Once there are more than 1,024 parts, neighbours are merged by twos."""

    def __init__(self) -> None:
        self.last: float | None = None
        self.extremes = (math.inf, -math.inf)
        self._points: list[Point] = []
        self._size = 1
        self._count = 0

    def append(self, value: float, x: float | None = None) -> None:
        """Add a value.

        Args:
            value: A finite number, or NaN for a gap.
            x: Its place; None, or NaN, for the number of values before it.
        """
        place = float(self._count) if x is None or x != x else x
        self._count += 1
        if value == value:
            self.last = value
            self.extremes = (min(self.extremes[0], value), max(self.extremes[1], value))
        points = self._points
        new = Point(place, place, value, value, value, 1)
        if points and points[-1].size < self._size:
            points[-1] = _merged(points[-1], new)
            return
        points.append(new)
        if len(points) > PARTS:
            merged = [
                _merged(*points[i : i + 2]) if i + 1 < len(points) else points[i]
                for i in range(0, PARTS + 1, 2)
            ]
            self._points = merged
            self._size *= 2

    def points(self, window: float | None = None, smooth: float = 0.0) -> list[Point]:
        """Return the curve.

        Args:
            window: Only the last so many units of x; None for all.
            smooth: Weight of the past in a moving average; 0 for none.

        Returns:
            Points, in the order in which they came.
        """
        points = list(self._points)
        if smooth:
            points = _smoothed(points, smooth)
        if window is not None and points:
            start = points[-1].end - window
            points = [point for point in points if point.end >= start]
        return points


def _merged(first: Point, second: Point) -> Point:
    if first.mean != first.mean:  # a gap takes the values of its neighbour
        return second._replace(x=first.x, size=first.size + second.size)
    if second.mean != second.mean:
        return first._replace(end=second.end, size=first.size + second.size)
    count = first.size + second.size
    mean = (first.mean * first.size + second.mean * second.size) / count
    return Point(first.x, second.end, min(first.low, second.low), max(first.high, second.high), mean, count)


def _smoothed(points: Sequence[Point], weight: float) -> list[Point]:
    """An exponential moving average, corrected for its beginning, as TensorBoard draws it."""
    out, total, norm = [], 0.0, 0.0
    for point in points:
        if point.mean != point.mean:
            out.append(point)
            continue
        past = weight**point.size
        total = past * total + (1 - past) * point.mean
        norm = past * norm + (1 - past)
        mean = total / norm
        out.append(point._replace(low=mean, high=mean, mean=mean))
    return out


class Grid:
    """Cells of dots, each with the series that it belongs to.

    Args:
        width: Columns of cells.
        height: Rows of cells.
        ascii: One dot for each cell, else 2 x 4.
    """

    def __init__(self, width: int, height: int, ascii: bool) -> None:
        self.ascii = ascii
        self.columns, self.rows = (width, height) if ascii else (2 * width, 4 * height)
        self._width = width
        self._cells: dict[tuple[int, int], tuple[int, int]] = {}

    def set(self, x: int, y: int, series: int) -> None:
        """Set a dot.

        Args:
            x: Column of dots.
            y: Row of dots, from the top.
            series: The number of the series; a later one covers an earlier one in the same cell.
        """
        cell = (y, x) if self.ascii else (y // 4, x // 2)
        bit = 1 if self.ascii else _DOTS[x % 2][y % 4]
        owner, bits = self._cells.get(cell, (series, 0))
        self._cells[cell] = (series, bits | bit if owner == series else bit)

    def row(self, number: int, marks: str) -> Iterator[tuple[str, int | None]]:
        """Return one row of cells as runs of text.

        Args:
            number: The row, from the top.
            marks: A character for each series, for ASCII.

        Returns:
            Pairs of a text and the series it belongs to; None for empty cells.
        """
        text, owner = "", None
        for column in range(self._width):
            series, bits = self._cells.get((number, column), (None, 0))
            char = " " if series is None else marks[series % len(marks)] if self.ascii else chr(0x2800 + bits)
            if series != owner and text:
                yield text, owner
                text = ""
            text, owner = text + char, series
        if text:
            yield text, owner


class Plot:
    """Several curves on the same axes.

    Args:
        series: Points by name.
        low: The lower end of the scale; None for the least value.
        high: The upper end of the scale; None for the greatest value.
    """

    def __init__(self, series: Mapping[str, Sequence[Point]], low: float | None, high: float | None) -> None:
        self._series = list(series.values())
        finite = [point for points in self._series for point in points if point.mean == point.mean]
        every = [point for points in self._series for point in points]
        self.has_values = bool(finite)
        self.first = min((point.x for point in every), default=0.0)
        self.last = max((point.end for point in every), default=0.0)
        self.low = low if low is not None else min((point.low for point in finite), default=0.0)
        self.high = high if high is not None else max((point.high for point in finite), default=1.0)
        # A flat curve lies in the middle, unless an end is given; noise in the fifth digit is flat.
        if not self.high - self.low > 1e-4 * abs(self.high):
            step = abs(self.low) * 0.1 or 1.0
            self.low, self.high = (self.low if low is not None else self.low - step), self.high + step

    def draw(self, width: int, height: int, ascii: bool) -> Grid:
        """Draw the curves.

        Args:
            width: Columns of cells.
            height: Rows of cells.
            ascii: Without braille characters.

        Returns:
            The grid.
        """
        grid = Grid(width, height, ascii)
        for number, points in enumerate(self._series):
            self._curve(grid, points, number)
        return grid

    def _curve(self, grid: Grid, points: Sequence[Point], number: int) -> None:
        before: tuple[int, int] | None = None
        for point in points:
            if point.mean != point.mean:
                before = None
                continue
            x = self._column(point.x, grid)
            top, bottom = self._row(point.high, grid), self._row(point.low, grid)
            middle = self._row(point.mean, grid)
            for y in range(top, bottom + 1):
                grid.set(x, y, number)
            for dot in _between(before or (x, middle), (x, middle)):
                grid.set(*dot, number)
            before = (self._column(point.end, grid), middle)
            for dot in _between((x, middle), before):
                grid.set(*dot, number)

    def _column(self, x: float, grid: Grid) -> int:
        span = self.last - self.first
        return 0 if span <= 0 else round((x - self.first) / span * (grid.columns - 1))

    def _row(self, value: float, grid: Grid) -> int:
        share = (self.high - value) / (self.high - self.low)
        share = share if math.isfinite(share) else 0.5
        return max(0, min(grid.rows - 1, round(max(-1.0, min(2.0, share)) * (grid.rows - 1))))


def _between(start: tuple[int, int], end: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """The dots of a straight line."""
    (x0, y0), (x1, y1) = start, end
    length = max(abs(x1 - x0), abs(y1 - y0), 1)
    for part in range(length + 1):
        yield round(x0 + (x1 - x0) * part / length), round(y0 + (y1 - y0) * part / length)
