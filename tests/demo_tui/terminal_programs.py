"""Programs for the tests in a real pseudo-terminal; the first argument names the function that runs."""

from __future__ import annotations

import ctypes
import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from rich.console import Console

from demo_tui import DashboardBase, KeyValuePanel, LogPanel, ProgressPanel, Rows

FOLDER = Path(sys.argv[2]) if len(sys.argv) > 2 else Path()


def board(*names: str, **options: object) -> DashboardBase:
    """A dashboard with a status and, if named, a log."""
    layout = Rows(*(names or ("status",)))
    made = DashboardBase(title="test", theme="dark", layout=layout, **options)  # type: ignore[arg-type]
    if "status" in (names or ("status",)):
        made.add_panel("status", KeyValuePanel("Status", {"state": "start"}))
    if "log" in names:
        made.add_panel("log", LogPanel("Log"))
    return made


def wait_for(name: str, seconds: float = 20.0) -> None:
    """Until the test has made a file."""
    end = time.monotonic() + seconds
    while not (FOLDER / name).exists():
        assert time.monotonic() < end, f"waited {seconds} s for {name}"
        time.sleep(0.01)


def steps(made: DashboardBase, number: int = 1000) -> str:
    """Work until the test says that it is enough."""
    for step in range(number):
        made.set_status("status", "state", f"step {step}")
        (FOLDER / "step").write_text(str(step))
        if (FOLDER / "enough").exists():
            break
        time.sleep(0.02)
    return "finished"


def ignores_hangup() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    made = board("status", "log")
    result = made.run(steps, refresh_hz=30)
    (FOLDER / "result").write_text(str(result))


def swallows_interrupt() -> None:
    made = board("status", "log")

    def work(_: DashboardBase) -> str:
        try:
            steps(made)
        except KeyboardInterrupt:
            print("cleaning up")
        wait_for("enough")
        return "cleaned up"

    print("result:", made.run(work, refresh_hz=30, keep=False))


def off_the_main_thread() -> None:
    made = board("status", "log")
    results: list[object] = []
    thread = threading.Thread(target=lambda: results.append(made.run(steps, refresh_hz=30, keep=False)))
    thread.start()
    thread.join()
    print("result:", results)


def without_a_log_panel() -> None:
    made = board("status")

    def work(_: DashboardBase) -> None:
        print("printed line")
        made.log("logged line")
        logging.basicConfig(level=logging.INFO, format="%(message)s", force=True)
        logging.info("record during the run")
        subprocess.run(["echo", "line of a child"], check=True)

    made.run(work, refresh_hz=30, keep=False)
    logging.info("record after the run")
    print("end")


def every_way_to_write() -> None:
    made = board("log")

    def work(_: DashboardBase) -> None:
        print("by print")
        sys.stdout.buffer.write(b"by buffer\n")
        sys.stdout.flush()
        Console().print("by rich")
        print("by stderr", file=sys.stderr)
        subprocess.run("echo by a child; echo by its stderr >&2", shell=True, check=True)
        libc = ctypes.CDLL(None)
        libc.printf(b"by a C library\n")
        os.write(1, b"by descriptor\n")
        child = os.fork()
        if child == 0:
            print("by a fork")
            made.log("by log in a fork")
            sys.exit(0)
        os.waitpid(child, 0)
        process = multiprocessing.get_context("fork").Process(target=print, args=("by multiprocessing",))
        process.start()
        process.join()
        sys.stdout.write("10%\r")
        sys.stdout.write("50%\r")
        sys.stdout.flush()
        wait_for("enough")
        sys.stdout.write("100% done\n")

    made.run(work, refresh_hz=30, keep=False)
    print("alternate screen left once")


def print_storm_and_forks() -> None:
    made = board("log")

    def storm(stop: threading.Event) -> None:
        while not stop.is_set():
            print("storm")

    def work(_: DashboardBase) -> str:
        stop = threading.Event()
        threads = [threading.Thread(target=storm, args=(stop,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        codes = []
        for number in range(10):
            child = os.fork()
            if child == 0:
                os.write(1, b"child\n")
                made.log("child")
                os._exit(number)
            codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        stop.set()
        for thread in threads:
            thread.join()
        return str(codes == list(range(10)))

    print("all children ended:", made.run(work, refresh_hz=30, keep=False))


def a_flood_without_newlines() -> None:
    made = board("log")

    def work(_: DashboardBase) -> float:
        start = time.process_time()
        for _number in range(32_000):
            sys.stdout.write("x")
            sys.stdout.flush()
        return time.process_time() - start

    seconds = made.run(work, refresh_hz=30, keep=False)
    print("linear:", seconds is not None and seconds < 10)


def prints_across_the_end() -> None:
    made = board("log")
    stop = threading.Event()
    printed = [0]

    def chatter() -> None:
        while not stop.is_set():
            print("number", printed[0])
            printed[0] += 1
            time.sleep(0.002)

    thread = threading.Thread(target=chatter)

    def work(_: DashboardBase) -> None:
        thread.start()
        while printed[0] < 50:
            time.sleep(0.01)
        subprocess.Popen("sleep 0.3; echo late child", shell=True)

    made.run(work, refresh_hz=30, keep=False)
    last = printed[0] + 50
    while printed[0] < last:
        time.sleep(0.01)
    stop.set()
    thread.join()
    time.sleep(0.5)  # for the child
    (FOLDER / "logged").write_text("\n".join(made.log_panel.lines))


def hangs_up_by_default() -> None:
    made = board("status", "log")
    try:
        made.run(steps, refresh_hz=30)
    finally:
        (FOLDER / "result").write_text("cleaned up")


def draws_on_stderr() -> None:
    made = board("log", console=Console(stderr=True))

    def work(_: DashboardBase) -> None:
        print("for the file")
        print("for the panel", file=sys.stderr)
        wait_for("enough")

    made.run(work, refresh_hz=30, keep=False)


def records_on_a_full_disk() -> None:
    made = board("status", "log")
    print("result:", made.run(lambda _: steps(made, 10), refresh_hz=30, keep=False, record="/dev/full"))


def below_the_prompt() -> None:
    made = DashboardBase(theme="dark", layout=Rows("status"))
    made.add_panel("status", KeyValuePanel("Status", {"state": "start"}))
    print("printed before")

    def work(_: DashboardBase) -> str:
        print("printed above the block")
        return steps(made)

    made.run(work, refresh_hz=30, screen=False)
    print("printed after")


def in_the_background() -> None:
    made = board("status", "log")
    print("result:", made.run(steps, refresh_hz=30, keep=False))


def ends_in_a_fork() -> None:
    made = board("status", "log")

    def work(_: DashboardBase) -> str:
        child = os.fork()
        if child == 0:
            sys.exit(3)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        made.set_status("status", "child", f"ended with {code}")
        return steps(made)

    print("result:", made.run(work, refresh_hz=30, keep=False))


def asks_a_question() -> None:
    made = board("status", "log")

    def work(_: DashboardBase) -> str:
        steps(made, 5)
        print("captured before")
        with made.running.suspended():
            name = input("your name? ")
        print("captured after")
        steps(made)
        return name

    print("result:", made.run(work, refresh_hz=30, keep=False))


def on_a_stalled_terminal() -> None:
    made = board("status", "log")

    def work(_: DashboardBase) -> str:
        for number in range(3000):
            made.log(f"{number} " + "x" * 70)
            time.sleep(0.001)
        return "finished"

    result = made.run(work, refresh_hz=100, keep=False)
    (FOLDER / "result").write_text(str(result))


def asynchronous() -> None:
    import asyncio

    made = board("status", "log")

    async def work(_: DashboardBase) -> str:
        for step in range(1000):
            made.set_status("status", "state", f"step {step}")
            await asyncio.sleep(0.02)
        return "never"

    print("result:", made.run(work, refresh_hz=30, keep=False))


def a_tour() -> None:
    from demo_tui import SeriesPanel, TablePanel, TabsPanel

    made = DashboardBase(title="tour", theme="dark", layout=Rows("tabs", "log"))
    table = TablePanel(["name", "size"], "Files")
    table.set_rows([("b", 2), ("a", 10), ("c", 1)])
    made.add_panel(
        "tabs", TabsPanel({"Files": table, "Curve": SeriesPanel("Loss"), "Steps": ProgressPanel()})
    )
    log = made.add_panel("log", LogPanel("Log"))
    for number in range(100):
        log.append(f"line {number}", level=40 if number % 10 == 0 else 20)
    with made.live(50, mouse=True) as live:
        live.on_key("alt+q", lambda: live.notify("alt and q", 60))
        while not live.quit_requested:
            live.tick()
            time.sleep(0.01)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
