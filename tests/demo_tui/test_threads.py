"""Logging and setting from many threads and tasks while the dashboard draws."""

from __future__ import annotations

import asyncio
import threading

import pytest
from panel_samples import terminal, written

from demo_tui import DashboardBase, KeyValuePanel, LogPanel, PanelConfig

THREADS, LINES = 4, 5_000


def test_no_line_is_lost_and_each_thread_keeps_its_order_while_drawing() -> None:
    board = DashboardBase(terminal(100, 30))
    log = board.add_panel("log", LogPanel(PanelConfig("Log", max_lines=THREADS * LINES)))
    board.add_panel("status", KeyValuePanel())

    def work(name: int) -> None:
        for number in range(LINES):
            board.log(f"{name} {number}")
            if number % 100 == 0:
                board.set_status("status", f"thread {name}", number)

    def callback(_: DashboardBase) -> str:
        threads = [threading.Thread(target=work, args=(name,)) for name in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return "done"

    assert board.run(callback, refresh_hz=200, keys=False) == "done"
    assert log.total == THREADS * LINES
    for name in range(THREADS):
        own = [int(line.split()[1]) for line in log.lines if line.split()[0] == str(name)]
        assert own == list(range(LINES))
    assert sorted(entry.number for entry in log.entries) == list(range(THREADS * LINES))
    assert f"{LINES - 100}" in written(board.console)


def test_the_first_log_calls_of_many_threads_make_one_panel() -> None:
    board = DashboardBase(terminal())
    barrier = threading.Barrier(8)

    def work() -> None:
        barrier.wait()
        board.log("hello")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(board.panels) == ["log"]
    assert isinstance(board["log"], LogPanel)
    assert len(board["log"].lines) == 8


def test_it_runs_around_an_event_loop() -> None:
    board = DashboardBase(terminal())

    async def task(number: int) -> None:
        for _ in range(10):
            board.log(f"task {number}")
            await asyncio.sleep(0)

    async def everything() -> int:
        await asyncio.gather(*(task(number) for number in range(5)))
        return 5

    assert board.run(lambda _: asyncio.run(everything()), keys=False) == 5
    assert isinstance(board["log"], LogPanel)
    assert board["log"].total == 50


def test_a_callback_that_raises_is_heard_after_the_screen_is_restored() -> None:
    board = DashboardBase(terminal())
    try:
        board.run(lambda _: 1 // 0, keys=False)
    except ZeroDivisionError:
        # `keep` shows the last frame on the normal screen
        assert "\x1b[?1049l" in written(board.console)
    else:
        raise AssertionError("the error was swallowed")
    assert not any(thread.name == "demo_tui" for thread in threading.enumerate())


def test_a_layout_that_breaks_meanwhile_is_shown_and_does_not_cost_the_result() -> None:
    import time

    from demo_tui import Rows

    board = DashboardBase(terminal(60, 10), layout=Rows("a", "b"))
    board.add_panel("a")
    board.add_panel("b")

    def work(_: DashboardBase) -> str:
        board.remove_panel("b")
        end = time.monotonic() + 20
        while "no panel 'b'" not in written(board.console):
            assert time.monotonic() < end
            time.sleep(0.01)
        return "result"

    assert board.run(work, refresh_hz=100, keys=False) == "result"


def test_a_panel_that_never_returns_does_not_hold_the_result_up(monkeypatch: pytest.MonkeyPatch) -> None:
    from demo_tui import Panel, drawer, live

    monkeypatch.setattr(drawer, "STUCK", 0.2)
    monkeypatch.setattr(live, "PATIENCE", 0.2)
    board = DashboardBase(terminal(60, 10))
    stuck, release = threading.Event(), threading.Event()

    class Hangs(Panel):
        def body(self, width: int, height: int, theme: object) -> list[str]:
            if threading.current_thread().name == "demo_tui":
                stuck.set()
                release.wait(60)
            return ["drawn"]

    panel = board.add_panel("hangs", Hangs("Hangs"))

    def work(_: DashboardBase) -> str:
        panel.touch()
        assert stuck.wait(20)
        return "result"

    try:
        assert board.run(work, refresh_hz=100, keys=False, keep=False) == "result"
        assert written(board.console).endswith("\x1b[?1049l")
    finally:
        release.set()


def test_plain_lines_are_complete_when_threads_overtake_each_other() -> None:
    log = LogPanel(PanelConfig(max_lines=10))
    log.extend(["a", "b"])
    first, second = log._entries
    log._entries.clear()
    log._entries.append(second)
    assert list(log.plain_lines()) == ["b"]
    log._entries.append(first)
    log.append("c")
    assert list(log.plain_lines()) == ["a", "c"]
    log.extend(str(number) for number in range(100))
    assert list(log.plain_lines())[0] == "(90 lines are not shown)"  # noqa: RUF015
    assert list(log.plain_lines()) == []


def test_memory_stays_flat() -> None:
    import tracemalloc

    board = DashboardBase(terminal())
    log = board.add_panel("log", LogPanel(PanelConfig("Log", max_lines=100)))
    for number in range(2_000):
        board.log(f"warm up {number}")
    board.frame()
    tracemalloc.start()
    for number in range(20_000):
        log.append(f"line {number}")
        if number % 2_000 == 0:
            board.frame()
    current, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert current < 300_000
    assert len(log.lines) == 100
