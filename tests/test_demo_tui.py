"""The dashboard library in eight tests; the details are in tests/demo_tui/."""

from __future__ import annotations

import pytest
from rich.console import Console
from rich.layout import Layout

from demo_tui import (
    SPINNERS,
    ComparisonPanel,
    DashboardBase,
    GpuMonitor,
    KeyValuePanel,
    LogPanel,
    Panel,
    PanelConfig,
    ProgressPanel,
    Spinner,
)


def text_of(panel: Panel, width: int, height: int) -> list[str]:
    return [strip.text.rstrip() for strip in panel.render_box(width, height)]


def test_dashboard_base_add_panel(sample_dashboard: DashboardBase) -> None:
    added = sample_dashboard.add_panel("gpu", PanelConfig("GPU", border_style="green", max_lines=7))
    assert isinstance(added, KeyValuePanel)
    assert (added.config.title, added.config.border_style, added.config.max_lines) == ("GPU", "green", 7)
    assert list(sample_dashboard.panels) == ["status", "log", "gpu"]
    assert sample_dashboard["gpu"] is added
    with pytest.raises(ValueError, match="'gpu' already"):
        sample_dashboard.add_panel("gpu", PanelConfig("again"))
    with pytest.raises(KeyError, match="status, log, gpu"):
        sample_dashboard["gpus"]


def test_dashboard_base_render_layout(sample_dashboard: DashboardBase, mock_console: Console) -> None:
    layout = sample_dashboard.render()
    assert isinstance(layout, Layout)
    assert layout["status"].name == "status"
    mock_console.print(layout)
    # rich and this library draw the same picture.
    assert mock_console.file.getvalue() == "".join(f"{line}\n" for line in sample_dashboard.frame().lines)  # type: ignore[attr-defined]
    assert "step  1" in sample_dashboard.frame().text
    assert "00:00.0 ready" in sample_dashboard.frame().text


def test_log_panel_respects_max_lines() -> None:
    panel = LogPanel(PanelConfig("Log", max_lines=3))
    panel.extend(f"line {number}" for number in range(10))
    assert panel.lines == ["line 7", "line 8", "line 9"]
    assert panel.total == 10
    assert text_of(panel, 30, 4) == [
        "╭─ Log ─────────── 10 lines ─╮",
        "│ line 8                     │",
        "│ line 9                     │",
        "╰────────────────────────────╯",
    ]


def test_key_value_panel_render() -> None:
    panel = KeyValuePanel(PanelConfig("Status"), {"step": 3})
    panel.set("loss", 0.123456)
    assert text_of(panel, 24, 4) == [
        "╭─ Status ─────────────╮",
        "│ step  3              │",
        "│ loss  0.1235         │",
        "╰──────────────────────╯",
    ]


def test_progress_panel_percentage() -> None:
    panel = ProgressPanel(total=8)
    assert panel.percentage() == 0.0
    panel.update(completed=2)
    assert panel.percentage() == 25.0
    panel.update(advance=3)
    assert panel.percentage() == 62.5
    panel.update(completed=100)
    assert panel.percentage() == 100.0
    panel.update("unknown end", 5)
    assert panel.percentage("unknown end") is None
    panel.update("nothing to do", 0, total=0)
    assert panel.percentage("nothing to do") == 100.0


def test_progress_bar_is_as_long_as_its_percentage_says() -> None:
    panel = ProgressPanel()
    panel.update("x", 50, total=100)
    bar = panel.render_box(60, 3)[1].text
    assert bar.count("━") == bar.count("─")
    assert " 50%" in bar


def test_spinner_cycles() -> None:
    spinner = Spinner("line")
    first = [spinner.next() for _ in SPINNERS["line"]]
    assert first == ["-", "\\", "|", "/"]
    assert [spinner.next() for _ in SPINNERS["line"]] == first
    assert [Spinner(["a", "bb"]).next() for _ in range(2)] == ["a", "a"]
    assert Spinner("ab", frames_per_second=2).at(0.5) == "b"
    with pytest.raises(ValueError, match="at least one frame"):
        Spinner([])


def test_comparison_panel_side_by_side() -> None:
    panel = ComparisonPanel("Monarch", "Ray", PanelConfig("Ordering"))
    panel.set_row("order", "kept", "kept")
    panel.set_row("restart", left="tree")
    panel.set_row("restart", right="count")
    panel.append("Ray", "1 3 2")
    assert text_of(panel, 46, 6) == [
        "╭─ Ordering ─────────────────────────────────╮",
        "│           Monarch        │ Ray             │",
        "│ order   = kept           │ kept            │",
        "│ restart ≠ tree           │ count           │",
        "│                          │ 1 3 2           │",
        "╰────────────────────────────────────────────╯",
    ]


def test_gpu_monitor_fallback() -> None:
    def no_package() -> object:
        raise ImportError("pynvml")

    monitor = GpuMonitor(load_nvml=no_package, modules={})
    assert monitor.sample() == []
    assert "pip install nvidia-ml-py" in monitor.reason
    real = GpuMonitor()
    assert real.sample() or real.reason  # on this machine, whatever it has
