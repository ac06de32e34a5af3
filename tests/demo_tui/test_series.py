"""Curves: the whole run, one axis for all, gaps, smoothing."""

from __future__ import annotations

import math

import pytest

from demo_tui import DARK, SeriesPanel
from demo_tui.panels.curve import PARTS, Curve


def shown(panel: SeriesPanel, width: int = 60, height: int = 14, ascii: bool = True) -> list[str]:
    theme = DARK.in_ascii() if ascii else DARK
    return [strip.text[2:-2] for strip in panel.render_box(width, height, theme)[1:-1]]


def test_all_of_10_000_points_is_shown() -> None:
    panel = SeriesPanel("Loss", x_label="step")
    for number in range(10_000):
        panel.append(10_000 - number, "loss")
    lines = shown(panel)
    assert lines[-1].split() == ["0", "step", "9999"]
    assert lines[1].split()[0] == "10,000"
    first, last = lines[1].partition("|")[2], lines[-2].partition("|")[2]
    assert first.startswith("*")
    assert last.rstrip().endswith("*")
    assert len(last) - len(last.rstrip()) <= 1
    assert len(panel.values("loss")) == 1000


def test_negative_values_differ() -> None:
    panel = SeriesPanel()
    for value in (-3, -2, -1, -2, -3):
        panel.append(value)
    lines = shown(panel)
    assert lines[1].split()[0] == "-1"
    assert lines[-2].split()[0] == "-3"
    assert "*" in lines[1]
    assert "*" in lines[-2]


def test_training_and_validation_share_the_axes() -> None:
    panel = SeriesPanel()
    for step in range(101):
        panel.append(math.exp(-step / 30), "train", x=step)
        if step % 20 == 0:
            panel.append(math.exp(-step / 30) + 0.1, "validation", x=step)
    lines = shown(panel)
    assert lines[0].startswith("* train")
    assert "o validation" in lines[0]
    assert lines[-1].split() == ["0", "100"]
    columns = [column for line in lines[1:-1] for column, char in enumerate(line) if char == "o"]
    assert max(columns) - min(columns) > 40, "the validation curve spans the run, too"


def test_series_without_room_in_the_legend_are_counted() -> None:
    panel = SeriesPanel()
    for number in range(12):
        panel.append(number, f"series number {number}")
    assert shown(panel)[0].rstrip().endswith("more")


def test_a_gap_stays_a_gap_and_ends_can_be_given() -> None:
    panel = SeriesPanel(low=0, high=10)
    for value in (5, 5, math.nan, math.inf, 5, 5):
        panel.append(value)
    lines = shown(panel, width=70)
    middle = next(line for line in lines[1:-1] if "*" in line).partition("|")[2]
    assert re_gap(middle)
    assert (lines[1].split()[0], lines[-2].split()[0]) == ("10", "0")


def re_gap(line: str) -> bool:
    return "* " in line.strip()


def test_a_flat_curve_and_a_single_value_are_seen() -> None:
    for values in ([0.0], [7.0] * 50, [-2.5], [3.0, 3.0 + 1e-9, 3.0]):
        panel = SeriesPanel()
        for value in values:
            panel.append(value)
        lines = shown(panel)
        assert any("*" in line for line in lines[1:-1])
        assert float(lines[1].split()[0]) > float(lines[-2].split()[0])


def test_smoothing_is_a_corrected_moving_average() -> None:
    curve = Curve()
    values = [4.0, 0.0, 4.0, 0.0]
    for value in values:
        curve.append(value)
    total = norm = 0.0
    expected = []
    for value in values:
        total, norm = 0.9 * total + 0.1 * value, 0.9 * norm + 0.1
        expected.append(total / norm)
    assert [point.mean for point in curve.points(smooth=0.9)] == pytest.approx(expected)
    with pytest.raises(ValueError, match="smooth is 1"):
        SeriesPanel(smooth=1)


def test_memory_is_bounded_and_extremes_survive() -> None:
    curve = Curve()
    for number in range(100_000):
        curve.append(1000.0 if number == 12_345 else 0.0)
    points = curve.points()
    assert len(points) <= PARTS
    assert max(point.high for point in points) == 1000.0
    assert sum(point.size for point in points) == 100_000
    assert points[-1].x > 99_000


def test_a_window_shows_the_last_part() -> None:
    panel = SeriesPanel(window=100)
    for number in range(1000):
        panel.append(number)
    assert shown(panel)[-1].split() == ["899", "999"]
