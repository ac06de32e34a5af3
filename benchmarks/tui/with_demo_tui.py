"""The content with demo_tui, driven by a loop of its own."""

import time

import content

from demo_tui import (
    Columns,
    DashboardBase,
    Fixed,
    KeyValuePanel,
    LogPanel,
    ProgressPanel,
    Rows,
    TablePanel,
)


def main():
    layout = Rows(Fixed(Columns("status", "table"), 15), Fixed("progress", 3), "log")
    dashboard = DashboardBase(layout=layout)
    status = dashboard.add_panel("status", KeyValuePanel("Status"))
    table = dashboard.add_panel("table", TablePanel(["actor", "calls", "state"], "Actors"))
    progress = dashboard.add_panel("progress", ProgressPanel())
    log = dashboard.add_panel("log", LogPanel())
    total = content.frames_wanted()
    with dashboard.live(content.FRAMES_PER_SECOND) as live:
        due, start, before = time.monotonic(), content.cpu(), live.frames
        for frame in range(1, total + 1):
            status.update(content.status(frame))
            table.set_rows(content.rows(frame))
            progress.update("", content.share(frame, total), total=100)
            log.extend(content.new_lines(frame))
            live.draw()
            due += 1 / content.FRAMES_PER_SECOND
            time.sleep(max(0, due - time.monotonic()))
        used = content.cpu() - start
        drawn = live.frames - before
    content.report(total, used, drawn)


main()
