"""Resident memory before, while and after a million lines are logged."""

import os

import psutil

from demo_tui import DashboardBase, LogPanel

process = psutil.Process(os.getpid())
dashboard = DashboardBase()
panel = dashboard.add_panel("log", LogPanel())
sizes = []
for number in range(1_000_001):
    dashboard.log(f"line {number} with some text that fills it")
    if number % 10_000 == 0:
        dashboard.frame(120, 40)
    if number % 250_000 == 0:
        sizes.append(process.memory_info().rss / 2**20)
print("resident memory after 0, 250k, 500k, 750k, 1M lines:", ", ".join(f"{size:.1f} MiB" for size in sizes))
print(f"kept {len(panel.lines):,} of {panel.total:,}; {sizes[-1] - sizes[1]:+.2f} MiB after the first 250k")
