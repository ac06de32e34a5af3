"""Live terminal dashboards on top of rich. Start with `DashboardBase`; see `python -m demo_tui`.

Names are imported when they are first used, so that `import demo_tui` costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from demo_tui.dashboard import DashboardBase
    from demo_tui.frame import Frame
    from demo_tui.gpu_monitor import GpuMonitor, GpuProcess, GpuStats
    from demo_tui.keys import Mouse
    from demo_tui.layout import Columns, Fixed, Pane, Rows, Weighted
    from demo_tui.live import Live
    from demo_tui.logging_handler import LogHandler
    from demo_tui.options import Options
    from demo_tui.panel import Panel, PanelConfig
    from demo_tui.panels.code import CodePanel
    from demo_tui.panels.comparison import ComparisonPanel, ComparisonRow
    from demo_tui.panels.header import HeaderPanel
    from demo_tui.panels.key_value import KeyValuePanel
    from demo_tui.panels.log import LogPanel
    from demo_tui.panels.log_entry import LogEntry
    from demo_tui.panels.machine import GpuPanel, SystemPanel
    from demo_tui.panels.process import ProcessPanel
    from demo_tui.panels.progress import ProgressPanel
    from demo_tui.panels.progress_task import ProgressTask
    from demo_tui.panels.renderable import RenderablePanel
    from demo_tui.panels.series import SeriesPanel
    from demo_tui.panels.table import Column, TablePanel
    from demo_tui.panels.tabs import TabsPanel
    from demo_tui.panels.tree import TreeNode, TreePanel
    from demo_tui.spinners import SPINNERS, Spinner
    from demo_tui.system_monitor import ProcessStats, SystemMonitor, SystemStats
    from demo_tui.theme import DARK, LIGHT, Theme

_HOMES = {
    "dashboard": ("DashboardBase",),
    "frame": ("Frame",),
    "gpu_monitor": (
        "GpuMonitor",
        "GpuProcess",
        "GpuStats",
    ),
    "keys": ("Mouse",),
    "layout": (
        "Columns",
        "Fixed",
        "Pane",
        "Rows",
        "Weighted",
    ),
    "live": ("Live",),
    "logging_handler": ("LogHandler",),
    "options": ("Options",),
    "panel": (
        "Panel",
        "PanelConfig",
    ),
    "panels.code": ("CodePanel",),
    "panels.comparison": (
        "ComparisonPanel",
        "ComparisonRow",
    ),
    "panels.header": ("HeaderPanel",),
    "panels.key_value": ("KeyValuePanel",),
    "panels.log": ("LogPanel",),
    "panels.log_entry": ("LogEntry",),
    "panels.machine": (
        "GpuPanel",
        "SystemPanel",
    ),
    "panels.process": ("ProcessPanel",),
    "panels.progress": ("ProgressPanel",),
    "panels.progress_task": ("ProgressTask",),
    "panels.renderable": ("RenderablePanel",),
    "panels.series": ("SeriesPanel",),
    "panels.table": (
        "Column",
        "TablePanel",
    ),
    "panels.tabs": ("TabsPanel",),
    "panels.tree": (
        "TreeNode",
        "TreePanel",
    ),
    "spinners": (
        "SPINNERS",
        "Spinner",
    ),
    "system_monitor": (
        "ProcessStats",
        "SystemMonitor",
        "SystemStats",
    ),
    "theme": (
        "DARK",
        "LIGHT",
        "Theme",
    ),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "DARK",
    "LIGHT",
    "SPINNERS",
    "CodePanel",
    "Column",
    "Columns",
    "ComparisonPanel",
    "ComparisonRow",
    "DashboardBase",
    "Fixed",
    "Frame",
    "GpuMonitor",
    "GpuPanel",
    "GpuProcess",
    "GpuStats",
    "HeaderPanel",
    "KeyValuePanel",
    "Live",
    "LogEntry",
    "LogHandler",
    "LogPanel",
    "Mouse",
    "Options",
    "Pane",
    "Panel",
    "PanelConfig",
    "ProcessPanel",
    "ProcessStats",
    "ProgressPanel",
    "ProgressTask",
    "RenderablePanel",
    "Rows",
    "SeriesPanel",
    "Spinner",
    "SystemMonitor",
    "SystemPanel",
    "SystemStats",
    "TablePanel",
    "TabsPanel",
    "Theme",
    "TreeNode",
    "TreePanel",
    "Weighted",
]


def __getattr__(name: str) -> object:
    module = _HOME_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(f"{__name__}.{module}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
