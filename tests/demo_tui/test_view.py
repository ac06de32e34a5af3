"""Zoom, what is hidden, tables, tabs, notebooks, keys, and what the painters write."""

from __future__ import annotations

import asyncio
import re

import pytest
from panel_samples import SAMPLES, FakeClock, terminal, written
from rich.progress import Progress

from demo_tui import (
    DARK,
    Columns,
    DashboardBase,
    GpuPanel,
    KeyValuePanel,
    LogPanel,
    Mouse,
    Panel,
    ProcessPanel,
    ProgressPanel,
    RenderablePanel,
    Rows,
    SystemPanel,
    TablePanel,
    TabsPanel,
)
from demo_tui.gpu_monitor import GpuMonitor, GpuStats
from demo_tui.keys import KeyParser, decode
from demo_tui.painter import InlinePainter


def lines(panel: Panel, width: int = 40, height: int = 8) -> list[str]:
    return [strip.text[1:-1].strip() for strip in panel.render_box(width, height, DARK)[1:-1]]


# -- layout --------------------------------------------------------------------------------------


def test_what_has_no_room_is_named() -> None:
    board = DashboardBase(terminal(), layout=Rows(Columns("a", "b"), "c", "d"))
    for name in "abcd":
        board.add_panel(name, KeyValuePanel(f"Panel {name}", {"k": 1}))
    assert board.frame(20, 5).lines[-1] == "╰─────── +3 hidden ╯"
    assert "+2 hidden: Panel c, Panel d" in board.frame(70, 9).lines[-1]
    assert "hidden" not in board.frame(80, 24).text


def test_a_zoomed_panel_is_alone() -> None:
    board = DashboardBase(terminal())
    board.add_panel("a", KeyValuePanel("A", {"k": 1}))
    board.add_panel("b", KeyValuePanel("B", {"k": 2}))
    board.zoomed = "b"
    text = board.frame(40, 10).text
    assert "─ B ─" in text
    assert "─ A ─" not in text
    assert "hidden" not in text


@pytest.mark.parametrize(
    "name", [name for name in SAMPLES if name not in ("log", "header", "code", "renderable")]
)
def test_any_panel_scrolls_to_its_end_and_back(name: str) -> None:
    panel = SAMPLES[name]("text")
    low = panel.render_box(60, 5, DARK)
    everything = [strip.text for strip in panel.render_box(60, 60, DARK) if strip.text.strip("│ ")]
    seen = set()
    for _ in range(40):
        seen |= {strip.text for strip in panel.render_box(60, 5, DARK)[1:-1]}
        panel.scroll(-1)
    if name != "series":  # it is always shown whole
        assert {_first_word(line) for line in everything[1:-1]} <= set(map(_first_word, seen))
    panel.scroll_home()
    assert [s.text for s in panel.render_box(60, 5, DARK)] == [s.text for s in low]


def _first_word(line: str) -> str:
    return next(iter(re.findall(r"\w+", line)), "")


# -- tables and tabs -----------------------------------------------------------------------------


def test_tables_sort_by_number_and_keep_their_header_while_scrolling() -> None:
    panel = TablePanel(["file", "size"], "Files")
    for number in range(20):
        panel.set_row(number, (f"f{number}", f"{number * 7 % 20} %"))
    panel.sort("size", reverse=True)
    assert [row[1] for row in panel.rows[:3]] == ["19 %", "18 %", "17 %"]
    panel.set_row("new", ("new", "18.5 %"))
    assert panel.rows[1][0] == "new"
    lines(panel)
    panel.scroll(-5)
    shown = lines(panel)
    assert shown[0].split() == ["file", "size", "↓"]
    assert "15 %" in shown[1]
    panel.sort(None)
    assert panel.rows[0][0] == "f0"
    with pytest.raises(ValueError, match="no column 'age'; there are: file, size"):
        panel.sort("age")
    with pytest.raises(ValueError, match="no column 7"):
        panel.sort(7)


def test_tabs_show_one_panel_and_find_its_log() -> None:
    log = LogPanel()
    tabs = TabsPanel({"Status": KeyValuePanel("x", {"k": 1}), "Log": log})
    board = DashboardBase(terminal())
    board.add_panel("tabs", tabs)
    board.log("hello")
    assert log.lines == ["hello"]
    assert list(board.panels) == ["tabs"]
    assert "[Status]  Log" in board.frame(40, 8).text
    tabs.move(1)
    assert "hello" in board.frame(40, 8).text
    board.log("more")  # a change of the tab that is shown is drawn
    assert "more" in board.frame(40, 8).text
    with pytest.raises(KeyError, match="no tab 'x'"):
        tabs.show("x")
    with pytest.raises(ValueError, match="at least one tab"):
        TabsPanel({})


# -- things that change by themselves -------------------------------------------------------------


def test_a_rich_progress_moves_without_an_update() -> None:
    progress = Progress()
    task = progress.add_task("work", total=10)
    panel = RenderablePanel(progress)
    assert "0%" in "".join(strip.text for strip in panel.safe_box(60, 4, DARK))
    progress.update(task, completed=5)
    assert "50%" in "".join(strip.text for strip in panel.safe_box(60, 4, DARK))
    still = RenderablePanel("text")
    assert still.content_key() == still.content_key()


def test_the_gpu_panel_says_what_was_lost() -> None:
    monitor = GpuMonitor(load_nvml=lambda: None, modules={})
    stats = GpuStats(1, "H100", "nvml", 37.0, 20 * 2**30, 80 * 2**30, 55.0, 312.5, 700.0)
    monitor.sample = lambda: [stats]  # type: ignore[method-assign]
    monitor.reason = "GPU 0 cannot be read: GPU is lost"
    panel = GpuPanel(monitor=monitor)
    panel.sample()
    shown = lines(panel, width=90)
    assert shown[0].startswith("1   37%")
    assert "20.0/80 GiB  55 °C  312/700 W  H100" in shown[0]
    assert shown[1] == "GPU 0 cannot be read: GPU is lost"


def test_the_system_panel_samples_by_itself_while_it_is_shown() -> None:
    import time

    panel = SystemPanel(seconds=0.05)
    end = time.monotonic() + 20
    while not panel.rows:
        assert time.monotonic() < end
        panel.content_key()
        time.sleep(0.01)
    shown = lines(panel, width=100)
    assert re.match(r"cpu \d+ %  memory [\d.]+/[\d.]+ GiB", shown[0])
    assert shown[1].split() == ["process", "pid", "cpu", "memory"]


# -- processes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("tty", [True, False])
def test_a_command_runs_in_a_panel(tty: bool) -> None:
    panel = ProcessPanel("echo out; echo err >&2; printf '10%%\\r90%%\\r'; printf 'last'; exit 3", tty=tty)
    assert panel.wait(20) == 3
    assert panel.lines[:2] == ["out", "err"]
    assert panel.lines[2].endswith("last")
    assert "exit 3" in panel.render_box(60, 5, DARK)[0].text
    assert "10%" not in "".join(lines(panel))


def test_a_command_that_does_not_end_is_stopped_with_its_children() -> None:
    import psutil

    with ProcessPanel(["bash", "-c", "trap '' TERM; sleep 100 & echo $!; wait"], "Stubborn") as panel:
        import time

        end = time.monotonic() + 20
        while not panel.lines:
            assert time.monotonic() < end
            time.sleep(0.01)
        child = int(panel.lines[0])
        assert f"pid {panel.pid}" in panel.right_title()
        assert panel.stop(0.2) == -9
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE
    with pytest.raises(FileNotFoundError):
        ProcessPanel(["/no/such/program"])


# -- asyncio and the running live -----------------------------------------------------------------


def test_a_coroutine_runs_and_the_live_is_at_hand() -> None:
    board = DashboardBase(terminal())
    seen: list[object] = []

    async def work(same: DashboardBase) -> str:
        seen.append(same.running)
        same.running.notify("from within", 60)
        await asyncio.sleep(0.1)
        return "done"

    assert board.run(work, refresh_hz=100, keys=False) == "done"
    assert seen[0] is not None
    assert board.running is None
    assert "from within" in written(board.console)

    async def inside() -> object:
        return await board.run_async(work(board), keys=False)

    assert asyncio.run(inside()) == "done"

    async def fails() -> None:
        raise LookupError("oh")

    with pytest.raises(LookupError, match="oh"):
        asyncio.run(board.run_async(fails(), keys=False))


def test_a_task_that_is_cancelled_from_outside_is_cancelled() -> None:
    board = DashboardBase(terminal())

    async def main() -> str:
        task = asyncio.create_task(board.run_async(asyncio.sleep(60), keys=False))
        await asyncio.sleep(0.05)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            return "cancelled"
        return "not"

    assert asyncio.run(main()) == "cancelled"
    assert board.running is None


# -- keys ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "keys"),
    [("\x1bq", ["alt+q"]), ("q", ["q"]), ("\x1b", ["escape"]), ("\x1b[A", ["up"]), ("\x1b[1;5A", ["ctrl+up"]),
     ("\x1b[Z", ["shift+tab"]), ("\x0c", ["ctrl+l"]), ("\x1b[999z", []), ("ü🚀", ["ü", "🚀"]),
     ("\x1bOP", ["f1"]),
     ("\x1b[15~", ["f5"]), ("a\x1b[5~b", ["a", "pageup", "b"]), (" \r\x7f", ["space", "enter", "backspace"])],
)  # fmt: skip
def test_input_becomes_keys(text: str, keys: list[str]) -> None:
    assert decode(text) == keys
    parser = KeyParser()
    piecewise = [key for char in text for key in parser.feed(char)] + parser.flush()
    assert piecewise == keys


def test_the_mouse_is_decoded() -> None:
    assert KeyParser().feed("\x1b[<64;3;5M\x1b[<0;1;1M\x1b[<0;1;1m") == [
        Mouse("wheel up", 2, 4), Mouse("press", 0, 0),
    ]  # fmt: skip


def test_focus_goes_round_and_scrolls_what_is_focused() -> None:
    clock = FakeClock()
    board = DashboardBase(terminal(60, 14), clock=clock, layout=Rows("values", "log"))
    values = board.add_panel("values", KeyValuePanel("Values", {f"k{n}": n for n in range(50)}))
    board.add_panel("log", LogPanel()).extend(map(str, range(100)))
    with board.live(10, keys=False) as live:
        live.press("tab")
        assert values.focused
        live.press("down")
        live.press("pagedown")
        live.draw()
        assert "↑" in board.frame(60, 14).lines[0]
        live.press("home")
        live.draw()
        assert "k0" in board.frame(60, 14).text
        live.press("escape")
        assert not values.focused
        live.press("up")
        assert "1 back" in board.frame(60, 14).text
        live.press("/")
        for key in "no such":
            live.press("space" if key == " " else key)
        live.press("enter")
        live.draw(force=True)
        assert "not found: no such" in written(board.console)


# -- pictures for notebooks, and inline blocks ----------------------------------------------------


def test_notebooks_get_html() -> None:
    board = DashboardBase(terminal())
    panel = board.add_panel("a", KeyValuePanel("A", {"k": "<b>"}))
    for html in (board._repr_html_(), panel._repr_html_(), board.frame(40, 5)._repr_html_()):
        assert html.startswith("<pre style=")
        assert "&lt;b&gt;" in html
        assert html.count("<pre") == html.count("</pre>") == 1


def test_a_narrower_terminal_has_broken_the_block_into_more_lines() -> None:
    painter = InlinePainter()
    board = DashboardBase(terminal(60, 20))
    board.add_panel("a", KeyValuePanel("A", {"k": 1}))
    ink = board.ink()
    painter.update(board.frame(60, 5), ink)
    assert painter.update(board.frame(40, 5), ink).startswith("\x1b[?2026h\r\x1b[10A")
    assert painter.update(board.frame(60, 5), ink).startswith("\x1b[?2026h\r\x1b[5A")
    assert painter.update(board.frame(60, 5), ink) == ""
    above = painter.above("printed\n", 60)
    assert above == "\r\x1b[5A\x1b[Jprinted\r\n"
    assert "\x1b[5A" not in painter.update(board.frame(60, 5), ink)


def test_below_the_prompt_bars_take_the_lines_they_need() -> None:
    board = DashboardBase(terminal(60, 30))
    board.add_panel("p", ProgressPanel()).add("a", 10)
    assert board.natural_height(60) == 3
    board.add_panel("q", KeyValuePanel("Q", dict.fromkeys("abcd", 1)))
    assert board.natural_height(60) == 6
    with board.live(keys=False, screen=False, height=4):
        pass
    assert written(board.console).count("\r\n") == 4
