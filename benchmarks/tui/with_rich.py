"""The content with plain rich: a Layout in a Live, as its documentation shows it."""

import time
from collections import deque

import content
from rich.layout import Layout
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

lines = deque(maxlen=1000)


def grid(pairs):
    table = Table.grid(padding=(0, 2))
    for key, value in pairs.items():
        table.add_row(key, value)
    return table


def workers(frame):
    table = Table(expand=True)
    for name in ("actor", "calls", "state"):
        table.add_column(name)
    for row in content.rows(frame):
        table.add_row(*row)
    return table


def picture(layout, frame, total):
    lines.extend(content.new_lines(frame))
    layout["status"].update(Panel(grid(content.status(frame)), title="Status"))
    layout["table"].update(Panel(workers(frame), title="Actors"))
    layout["progress"].update(Panel(ProgressBar(100, content.share(frame, total)), title="Progress"))
    layout["log"].update(Panel(Text("\n".join(list(lines)[-20:])), title="Log"))


def main():
    layout = Layout()
    layout.split_column(Layout(name="top", size=15), Layout(name="progress", size=3), Layout(name="log"))
    layout["top"].split_row(Layout(name="status"), Layout(name="table"))
    total = content.frames_wanted()
    picture(layout, 0, total)
    with Live(layout, auto_refresh=False, screen=True) as live:
        live.refresh()
        due, start = time.monotonic(), content.cpu()
        for frame in range(1, total + 1):
            picture(layout, frame, total)
            live.refresh()
            due += 1 / content.FRAMES_PER_SECOND
            time.sleep(max(0, due - time.monotonic()))
        used = content.cpu() - start
    content.report(total, used)


main()
