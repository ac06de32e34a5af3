"""A small dashboard for the pseudo-terminal tests; its first argument chooses how it ends."""

import select
import sys
import time

from demo_tui import Columns, DashboardBase, Fixed, HeaderPanel, KeyValuePanel, LogPanel, Rows

dashboard = DashboardBase(
    title="pty", theme="dark", layout=Rows(Fixed("top", 1), Columns("status", "log", narrow=70))
)
dashboard.add_panel("top", HeaderPanel("TOP"))
status = dashboard.add_panel("status", KeyValuePanel("Status", {"state": "start"}))
log = dashboard.add_panel("log", LogPanel("Log"))
how = sys.argv[1]


def manual() -> None:
    with dashboard.live(50, save_dir=sys.argv[2]) as live:
        live.on_key("1", lambda: status.set("state", "one"), "set the state")
        live.on_key("x", lambda: 1 // 0)
        live.on_key("r", fail)
        print("captured line")
        while not live.quit_requested:
            live.tick()
            status.set("elapsed", int(dashboard.elapsed() * 10))
            wait_on = [live.fileno()] if live.fileno() is not None else []
            select.select(wait_on, [], [], max(0.01, live.seconds_until_frame()))
    print("summary", live.is_terminal)


def fail() -> None:
    raise KeyboardInterrupt


def threaded(board: DashboardBase) -> str:
    for number in range(100_000):
        board.log(f"work {number}")
        time.sleep(0.02)
    return "never"


if how == "manual":
    manual()
else:
    print("result", dashboard.run(threaded, refresh_hz=30, keep=False))
