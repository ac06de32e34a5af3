"""One of every panel, with content, on a clock that stands still; used by goldens and property tests."""

from __future__ import annotations

import io
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from demo_tui import (
    CodePanel,
    Column,
    ComparisonPanel,
    HeaderPanel,
    KeyValuePanel,
    LogPanel,
    Panel,
    PanelConfig,
    ProgressPanel,
    RenderablePanel,
    SeriesPanel,
    TablePanel,
    TreePanel,
)
from demo_tui.cells import clean

CODE = '''class Counter(Actor):
    """Counts."""

    def __init__(self, start: int = 0) -> None:
        self.value = start

    @endpoint
    async def increment(self, by: int) -> int:
        self.value += by  # ordered per sender
        return self.value
'''


class FakeClock:
    """A clock that stands still until it is told."""

    def __init__(self, now: float = 100.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


def terminal(width: int = 80, height: int = 24, **options: object) -> Console:
    """A console that believes that it is a terminal and writes into a string."""
    settings: dict[str, object] = {"force_terminal": True, "color_system": "truecolor", "_environ": {}}
    return Console(file=io.StringIO(), width=width, height=height, **{**settings, **options})  # type: ignore[arg-type]


def written(console: Console) -> str:
    """What was written to such a console so far."""
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def code(text: str) -> Panel:
    panel = CodePanel(text, lit=[9], config=PanelConfig("counter.py", "left"))
    panel.mark([4, 5], "done")
    panel.mark(10, "failed")
    panel.note(9, "x12")
    panel.light(9)
    return panel


def log(text: str) -> Panel:
    panel = LogPanel("Events", tag_width=6)
    panel.append("started", time=0.0, tag="main")
    panel.append(text, time=61.25, tag="child", style="warn")
    panel.append("a line that is rather long, so that it has to be wrapped at some place", time="12:00:00")
    panel.append("[bold]markup[/bold] is shown as it is")
    return panel


def key_values(text: str) -> Panel:
    panel = KeyValuePanel(PanelConfig("Status", "cyan"), {"step": 12_000, "loss": 0.123456, "host": "node-1"})
    panel.set("text", text, "good")
    return panel


def progress(text: str) -> Panel:
    panel = ProgressPanel()
    clock = FakeClock()
    panel.clock = clock
    panel.update("train", 0, total=200)
    clock.advance(10)
    panel.update("train", 50, note=text)
    panel.start("connect")
    panel.update("load", 3, total=3)
    panel.update("copy", 1, total=4)
    panel.fail("copy", "disk full")
    panel.add("later", total=10)
    return panel


def comparison(text: str) -> Panel:
    panel = ComparisonPanel("Left hand", "Right hand", PanelConfig("Ordering"))
    panel.set_row("per sender", "in order", "in order")
    panel.set_row("across senders", text, "any order")
    panel.set_row("restart", "supervision tree, then the owner decides")
    panel.append("Left hand", "1 2 3")
    panel.append("right", "1 3 2")
    return panel


def table(text: str) -> Panel:
    panel = TablePanel(["actor", Column("calls", "right"), Column("state", style="good")], "Actors")
    panel.set_rows([("counter", 12_345.0, "running"), (text, 7, "idle"), ("short row",)])
    panel.set_row("last", ("logger", 0.5, "failed"), "bad")
    return panel


def series(text: str) -> Panel:
    panel = SeriesPanel("Load", unit="%")
    for index in range(120):
        panel.append(abs(index % 40 - 20) * 5.0, "cpu")
        panel.append(index * 0.5, text[:20])
    return panel


def tree(text: str) -> Panel:
    panel = TreePanel("Supervision")
    panel.set("root", "controller", note="pid 12")
    panel.set("a", "worker 0", "root", "done")
    panel.set("b", text, "root", "failed")
    panel.set("c", "grandchild", "b", "restarting")
    panel.set("d", "worker 2", "root", "waiting")
    return panel


def header(text: str) -> Panel:
    return HeaderPanel(text, "live", "00:12", rule=True)


def renderable(text: str) -> Panel:
    grid = Table("name", "value", expand=True)
    grid.add_row("alpha", "1")
    grid.add_row("text", clean(text).replace("[", "("))
    return RenderablePanel(grid, "Rich table")


SAMPLES: dict[str, Callable[[str], Panel]] = {
    "code": code,
    "log": log,
    "key_value": key_values,
    "progress": progress,
    "comparison": comparison,
    "table": table,
    "series": series,
    "tree": tree,
    "header": header,
    "renderable": renderable,
}
