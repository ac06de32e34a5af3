"""One bad value spoils one cell: every place where a program's values go, with every kind of bad value."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from panel_samples import terminal

from demo_tui import (
    CodePanel,
    ComparisonPanel,
    DashboardBase,
    HeaderPanel,
    KeyValuePanel,
    LogPanel,
    Panel,
    PanelConfig,
    ProgressPanel,
    SeriesPanel,
    TablePanel,
    TreePanel,
)


class Silent:
    def __str__(self) -> str:
        raise RuntimeError("no text")


class Uncomparable:
    """As an array, whose comparison is an array."""

    def __eq__(self, other: object) -> bool:
        raise ValueError("the truth value is ambiguous")

    def __ne__(self, other: object) -> bool:
        raise ValueError("the truth value is ambiguous")

    __hash__ = object.__hash__

    def __str__(self) -> str:
        return "[1 2 3]"


BAD = [None, 3, 4.5, b"bytes", ["a", "list"], {"k": 1}, Silent(), Uncomparable(), "\ud800", "\x1b[2J\n\t"]


def log(value: object) -> Panel:
    panel = LogPanel(tag_width=4, tag_styles={"good": "bold"})
    panel.append("good")
    for arguments in ({"style": value}, {"tag": value}, {"time": value}):
        panel.append("text", **arguments)  # type: ignore[arg-type]
    panel.append(value)  # type: ignore[arg-type]
    return panel


def key_value(value: object) -> Panel:
    panel = KeyValuePanel("Status", {"good": "good"})
    panel.set("value", value)
    panel.set("style", "x", value)  # type: ignore[arg-type]
    if value.__hash__ is not None:
        panel.set(value, "key")  # type: ignore[arg-type]
    return panel


def comparison(value: object) -> Panel:
    panel = ComparisonPanel()
    panel.set_row("good", "good", "good")
    panel.set_row("both", value, value)
    panel.set_row("one", 1, value)
    panel.append("left", value)  # type: ignore[arg-type]
    return panel


def table(value: object) -> Panel:
    panel = TablePanel(["good", "b"])
    panel.set_rows([("good", value), (value, 1)])
    panel.set_row("style", ("x", "y"), value)  # type: ignore[arg-type]
    panel.sort("b")
    return panel


def tree(value: object) -> Panel:
    panel = TreePanel()
    panel.set("root", "good")
    panel.set("a", value, "root", value, value)  # type: ignore[arg-type]
    return panel


def progress(value: object) -> Panel:
    panel = ProgressPanel()
    panel.add("good", value, value)  # type: ignore[arg-type]
    panel.update("good", value, advance=value, total=value, note=value)  # type: ignore[arg-type]
    return panel


def series(value: object) -> Panel:
    panel = SeriesPanel("good")
    panel.append(1.0, "good")
    panel.append(value, "good", value)  # type: ignore[arg-type]
    return panel


def header(value: object) -> Panel:
    panel = HeaderPanel("good")
    panel.set(right=value, centre=value, style=value)  # type: ignore[arg-type]
    return panel


def code(value: object) -> Panel:
    panel = CodePanel("good = 1")
    panel.note(1, value)  # type: ignore[arg-type]
    return panel


def title(value: object) -> Panel:
    return KeyValuePanel(PanelConfig(value), {"good": 1})  # type: ignore[arg-type]


@pytest.mark.parametrize("value", BAD, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize(
    "make", [log, key_value, comparison, table, tree, progress, series, header, code, title]
)
def test_a_bad_value_spoils_one_cell(make: Callable[[object], Panel], value: object) -> None:
    board = DashboardBase(terminal(90, 16), theme="dark")
    panel = board.add_panel("panel", make(value))
    text = board.frame(90, 16).text
    assert "good" in text
    assert "Error:" not in text, text
    list(panel.plain_lines())
    list(panel.summary_lines())
    board.frame(90, 16).svg(title=value)  # type: ignore[arg-type]


def test_what_the_dashboard_is_told_may_be_anything() -> None:
    board = DashboardBase(terminal(90, 16), theme="dark", clock=lambda: 0.0)
    board.add_panel("status")
    board.log("x", tag=3)  # type: ignore[arg-type]
    board.log("y", style=5)  # type: ignore[arg-type]
    board.log(Silent())
    board.set_status("status", "value", Silent())
    text = board.frame(90, 16).text
    assert "00:00.0 3 x" in text
    assert "00:00.0 y" in text
    assert text.count("(str of Silent raises RuntimeError)") == 2
