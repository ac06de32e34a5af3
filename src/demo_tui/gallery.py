"""Every panel on one screen with live data; `python -m demo_tui` runs it, and it is an example to copy."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence

from rich.table import Table

from demo_tui import spinners
from demo_tui.dashboard import DashboardBase
from demo_tui.gpu_monitor import GpuMonitor, GpuStats
from demo_tui.layout import Columns, Fixed, Rows, Weighted
from demo_tui.panels.code import CodePanel
from demo_tui.panels.comparison import ComparisonPanel
from demo_tui.panels.header import HeaderPanel
from demo_tui.panels.key_value import KeyValuePanel
from demo_tui.panels.log import LogPanel
from demo_tui.panels.machine import GpuPanel
from demo_tui.panels.progress import ProgressPanel, short_time
from demo_tui.panels.renderable import RenderablePanel
from demo_tui.panels.series import SeriesPanel
from demo_tui.panels.table import Column, TablePanel
from demo_tui.panels.tree import TreePanel
from demo_tui.system_monitor import SystemMonitor, SystemStats

__all__ = ["LAYOUT", "Gallery"]

LAYOUT = Rows(
    Fixed("header", 1, priority=9),
    Weighted(
        Columns(
            Rows(Weighted("code", 3, priority=5), Weighted("log", 2, priority=8), ratio=5),
            Rows(Weighted("progress", 2, minimum=5, priority=7), Weighted("series", 3, priority=6),
                 Weighted("tree", 3, minimum=6, priority=2), ratio=4),
            narrow=90,
        ),
        3,
    ),
    Weighted(
        Columns(Weighted("comparison", 5, priority=4), Weighted("table", 4, priority=3),
                Weighted("status", 3, priority=1), narrow=90),
        1,
        minimum=9,
    ),
    Weighted(Columns("gpu", "rich", narrow=90), 1, minimum=6, priority=-1),
    Fixed("footer", 1, priority=8),
)  # fmt: skip

MIB, GIB = 2**20, 2**30
LONG = (
    "a long line is wrapped at words, and what is below the first line is indented so it reads easily, "
    "even where the panel is narrow"
)
STEPS = (
    ("main", "connected to 2 hosts", "good"),
    ("loader", "read shard 7 of 12: [bold]markup[/bold] is shown, not interpreted", None),
    ("worker", "\x1b[32mcolours\x1b[0m of a \x1b[35mchild process\x1b[0m are kept", None),
    ("worker", "wide characters 你好 and emoji 🚀 keep the border straight", None),
    ("main", LONG, "dim"),
    ("loader", "retrying in 2 s", "warn"),
    ("worker", "worker 1 lost its connection", "bad"),
)  # fmt: skip


class Gallery:
    """The dashboard and what happens on it. `step` moves everything to the present time of its clock.

    Args:
        dashboard: An empty one.
        system: Returns a sample of the machine, or None; it is called once a second.
        gpus: Returns samples of the GPUs.
    """

    def __init__(
        self,
        dashboard: DashboardBase,
        system: Callable[[], SystemStats | None] | None = None,
        gpus: Callable[[], Sequence[GpuStats]] | None = None,
    ) -> None:
        self.dashboard = dashboard
        dashboard.layout = LAYOUT
        self._monitor = GpuMonitor()
        if gpus is not None:
            self._monitor.sample = lambda: list(gpus())  # type: ignore[method-assign]
        self._system = system or SystemMonitor(clock=dashboard.clock).sample
        self._steps = self._samples = 0
        self._add_panels()

    def _add_panels(self) -> None:
        add = self.dashboard.add_panel
        self.header = add("header", HeaderPanel("demo_tui", "every panel, live", rule=True))
        source = inspect.getsource(spinners)
        self.code = add("code", CodePanel(source, config="CodePanel: spinners.py"))
        self.log = add("log", LogPanel("LogPanel", tag_width=6))
        self.progress = add("progress", ProgressPanel("ProgressPanel"))
        self.series = add(
            "series", SeriesPanel("SeriesPanel", unit="%", low=0.0, high=100.0, x_label="seconds")
        )
        self.tree = add("tree", TreePanel("TreePanel"))
        self.comparison = add("comparison", ComparisonPanel("run 41", "run 42", "ComparisonPanel"))
        columns: list[str | Column] = [
            "process",
            Column("pid", "right"),
            Column("cpu", "right"),
            Column("memory", "right"),
        ]
        self.table = add("table", TablePanel(columns, "TablePanel: this process"))
        self.status = add("status", KeyValuePanel("KeyValuePanel"))
        self.gpu = add("gpu", GpuPanel("GpuPanel", self._monitor))
        add("rich", RenderablePanel(_rich_table(), "RenderablePanel: anything rich prints"))
        add("footer", HeaderPanel("q quit   p pause   s save a picture   ? help"))
        self._fill()

    def _fill(self) -> None:
        for name, total in (("load", 40.0), ("train", 300.0), ("connect", None), ("upload", 20.0)):
            self.progress.add(name, total)
        self.tree.set("root", "controller", note="pid 4711")
        for index in range(3):
            self.tree.set(index, f"host {index}", "root")
            self.tree.set((index, 0), "actor 0", index)
            self.tree.set((index, 1), "actor 1", index)
        self.comparison.set_row("batch size", "32", "64")
        self.comparison.set_row("optimizer", "AdamW", "AdamW")
        self.comparison.set_row("schedule", "constant", "cosine, with a warm-up of 500 steps")

    # -- what happens ----------------------------------------------------------------------------

    def step(self) -> None:
        """Bring the panels up to the present; cheap to call as often as you like."""
        elapsed = self.dashboard.elapsed()
        while self._steps <= elapsed * 4:
            self._event(self._steps)
            self._steps += 1
        if self._samples <= elapsed:
            self._samples = int(elapsed) + 1
            self._sample()
        self.header.set(right=short_time(elapsed))

    def _event(self, number: int) -> None:
        """Four times a second, something happens that depends on nothing but its number."""
        lines = [index for index, text in enumerate(self.code.code.splitlines(), 1) if text[:8].isspace()]
        self.code.light(lines[number // 2 % len(lines)], keep="done" if number // 2 % len(lines) else None)
        tag, text, style = STEPS[number // 2 % len(STEPS)]
        if number % 2 == 0:
            self.log.append(text, style, tag, number / 4)
        self._advance(number)
        self.status.set("event", number)
        self.status.set("loss", 2.0 / (1 + number / 20))
        self.tree.set(1, state="failed" if number % 40 >= 28 else "running")
        self.tree.set((2, 1), state=("waiting", "running", "done", "restarting")[number // 8 % 4])

    def _advance(self, number: int) -> None:
        self.progress.update("load", min(40, number), note="12 shards")
        self.progress.update("train", number % 301, note=f"epoch {number // 301 + 1}")
        self.progress.start("connect")
        if number < 14:
            self.progress.update("upload", number)
        else:
            self.progress.fail("upload", "disk full")

    def _sample(self) -> None:
        stats = self._system()
        if stats is not None:
            self._show_system(stats)
        self.series.append(50 + 40 * math.sin(self._samples / 4), "sine")
        self.gpu.sample()

    def _show_system(self, stats: SystemStats) -> None:
        self.series.append(stats.cpu_percent, "cpu")
        self.status.set("cpu", f"{stats.cpu_percent:.0f} %")
        self.status.set(
            "memory", f"{stats.memory_used_bytes / GIB:.1f} of {stats.memory_total_bytes / GIB:.1f} GiB"
        )
        self.table.set_rows(
            (" " * process.depth + process.name, process.pid, f"{process.cpu_percent:.0f} %",
             f"{process.memory_bytes / MIB:.0f} MiB")
            for process in stats.processes
        )  # fmt: skip


def _rich_table() -> Table:
    table = Table("a rich", "table", expand=True)
    table.add_row("any", "renderable")
    table.add_row("works", "as a panel")
    return table
