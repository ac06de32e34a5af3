"""Programs that public reports on live displays describe; the first argument names the function that runs."""

from __future__ import annotations

import logging
import multiprocessing
import sys
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.logging import RichHandler

from demo_tui import DashboardBase, LogPanel, Rows

FOLDER = Path(sys.argv[2]) if len(sys.argv) > 2 else Path()


def board(title: str = "Log") -> DashboardBase:
    made = DashboardBase(title="test", theme="dark", layout=Rows("log"))
    made.add_panel("log", LogPanel(title))
    return made


def wait_for(name: str, seconds: float = 20.0) -> None:
    """Until the test has made a file."""
    end = time.monotonic() + seconds
    while not (FOLDER / name).exists():
        assert time.monotonic() < end, f"waited {seconds} s for {name}"
        time.sleep(0.01)


def warn(number: int) -> int:
    warnings.warn(f"warning {number}", stacklevel=1)
    logging.getLogger("pool").warning("record %d", number)
    return number


def everything_that_logs() -> None:
    """Handlers that are older than the view, workers of a pool, a child process of each kind."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    rich_log = logging.getLogger("rich")
    rich_log.addHandler(RichHandler(console=Console(width=60), show_path=False, show_time=False))
    rich_log.propagate = False
    made = board()

    def work(_: DashboardBase) -> None:
        logging.info("an older handler")
        rich_log.info("a handler of rich [/bold]")
        with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
            list(pool.map(warn, [1]))
        wait_for("enough")

    made.run(work, refresh_hz=30, keep=False)


def a_view_in_a_view() -> None:
    made = board("Outer")

    def work(_: DashboardBase) -> object:
        inner = board("Inner").run(lambda other: other.log("logged inside") or "inner result")
        made.log(f"{inner} arrived")
        wait_for("enough")
        return inner

    print("result:", made.run(work, refresh_hz=30, keep=False))


def two_views_at_once() -> None:
    with board("Outer").live(30, capture=False) as live:
        try:
            with board("Inner").live(30, capture=False):
                pass
        except RuntimeError as error:
            live.dashboard.log(f"refused: {error}")
        while not (FOLDER / "enough").exists():
            live.tick()
            time.sleep(0.01)
    with board("Next").live(30, capture=False):
        pass
    print("result: fine")


def lines_without_end() -> None:
    made = board()

    def work(_: DashboardBase) -> None:
        number = 0
        while not (FOLDER / "enough").exists():
            number += 1
            made.log(f"line {number:06} of a long stream of text that fills the width of the terminal")
            time.sleep(0.002)
        made.log("the last line")
        wait_for("seen")

    made.run(work, refresh_hz=30, keep=False)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
