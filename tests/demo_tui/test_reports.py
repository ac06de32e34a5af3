"""Public reports on live displays, tried here: those of `docs/guide/demo_tui/reports.md`."""

from __future__ import annotations

import io
import logging
import os
import random
import re
import sys
import threading
import time
from pathlib import Path

import pyte
import pytest
from panel_samples import FakeClock, terminal, written
from rich.console import Console

from demo_tui import (
    DashboardBase,
    KeyValuePanel,
    LogHandler,
    LogPanel,
    Panel,
    PanelConfig,
    ProgressPanel,
    TablePanel,
)
from demo_tui.cells import width
from demo_tui.keys import KeyParser
from pseudo_terminal import PseudoTerminal

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PAGE = ROOT / "docs" / "guide" / "demo_tui" / "reports.md"
ENVIRONMENT = {"PYTHONPATH": str(ROOT / "src"), "COLORTERM": "truecolor"}
LEFT = b"\x1b[?1049l"


def start(name: str, folder: Path, columns: int = 80, rows: int = 24) -> PseudoTerminal:
    program = str(HERE / "report_programs.py")
    return PseudoTerminal([sys.executable, program, name, str(folder)], columns, rows, ENVIRONMENT)


def board(panel: Panel, console: Console | None = None, clock: FakeClock | None = None) -> DashboardBase:
    made = DashboardBase(console or terminal(80, 24), clock=clock or FakeClock(), theme="dark")
    made.add_panel("panel", panel)
    return made


def picture(panel: Panel, columns: int = 80, rows: int = 6, clock: FakeClock | None = None) -> list[str]:
    return board(panel, clock=clock).frame(columns, rows).text.splitlines()


# -- more than the screen has room for ---------------------------------------------------------------


def test_a_block_that_outgrows_the_terminal_leaves_no_copies_in_the_scrollback() -> None:
    console, clock = terminal(40, 10), FakeClock()
    made = board(LogPanel("Log"), console, clock)
    with made.live(10, keys=False, screen=False, capture=False) as live:
        for number in range(30):
            made.log(f"line {number:03}")
            clock.advance(0.2)
            live.tick()
    screen = pyte.HistoryScreen(40, 10, history=1000)
    pyte.Stream(screen).feed(written(console))
    assert not screen.history.top
    assert re.findall(r"line (\d+)", "\n".join(screen.display)) == [f"{n:03}" for n in range(23, 30)]


def test_a_long_label_leaves_room_for_the_bar_at_80_columns() -> None:
    panel = ProgressPanel("P")
    panel.update("transformations.py:842 _normalise_and_validate_incoming_payload()", 40, total=100)
    assert picture(panel)[1].count("━") + picture(panel)[1].count("─") >= 15
    assert "40/100" in picture(panel)[1]


@pytest.mark.parametrize("columns", [1, 5, 12, 30])
def test_a_narrow_terminal_is_no_error(columns: int) -> None:
    panel = ProgressPanel("P")
    panel.update("a description that is wider than the terminal", 40, total=100)
    assert all(width(line) <= columns for line in picture(panel, columns))


def test_a_long_value_does_not_push_other_columns_out() -> None:
    panel = TablePanel(["name", "size", "link"])
    panel.set_row(1, ["README.md", "2.91 KiB", "magnet:?dn=README.md&xt=" + "a" * 200])
    assert re.search(r"README\.md +2\.91 KiB +magnet:", picture(panel, 60)[2])


# -- text ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["⏸️ x", "🖥️ s", ":tada: 🎉", "👩‍👩‍👧 fam", "a\x07b", "two\nlines", "\udc9d"])
def test_any_character_in_a_bar_keeps_the_border_straight(text: str) -> None:
    panel = ProgressPanel("P")
    panel.update(text, 3, total=10, note=text)
    lines = picture(panel, 60, 3)
    assert {width(line) for line in lines} == {60}
    assert len(lines) == 3


@pytest.mark.parametrize("text", ["[/bold]", "❌ []", "[red]x", "[[]]"])
def test_square_brackets_are_text_everywhere(text: str) -> None:
    made = DashboardBase(terminal(80, 24), clock=FakeClock(), theme="dark")
    made.add_panel("log", LogPanel(f"title {text}"))
    made.add_panel("status", KeyValuePanel())
    bars = made.add_panel("bars", ProgressPanel("P"))
    made.log(text)
    made.set_status("status", text, text)
    bars.update(text, 1, total=2, note=text)
    assert made.frame(80, 24).text.count(text) == 6


def test_a_line_feed_in_a_log_message_begins_a_line() -> None:
    made = board(LogPanel("L"))
    made.log("in loop 20\nnew line")
    made.log("next")
    lines = [line[2:-2].strip() for line in made.frame(60, 6).text.splitlines()[1:4]]
    assert [re.sub(r"^\d\d:\d\d\.\d ", "", line) for line in lines] == ["in loop 20", "new line", "next"]


def test_escape_codes_in_a_log_record_are_colours_and_take_no_room() -> None:
    panel = LogPanel("L")
    panel.append("\x1b[31mred\x1b[0m text \x1b[2J")
    lines = picture(panel, 40, 4)
    assert "red text" in lines[1]
    assert {width(line) for line in lines} == {40}


def test_latin_1_gets_ascii_and_no_error() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="latin-1")
    made = board(LogPanel("é"), Console(file=stream, force_terminal=True, width=50, height=8))
    with made.live(10, keys=False, capture=False) as live:
        made.log("snow ☃ \udc80 café")
        live.draw(force=True)
    stream.flush()
    assert raw.getvalue().isascii()
    assert b"snow ? ? caf?" in raw.getvalue()
    assert b"+--" in re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", raw.getvalue())


# -- numbers -------------------------------------------------------------------------------------------


def test_totals_of_nothing_divide_nothing() -> None:
    clock, panel = FakeClock(), ProgressPanel("P")
    panel.clock = clock
    panel.update("zero", 0, total=0)
    panel.update("later", 0, total=10)
    clock.advance(1)
    panel.update("later", 0)
    panel.update("later", total=0)
    panel.update("below", 5, total=-3)
    panel.update("negative", -5, total=10)
    shown = "\n".join(picture(panel, 80, 8, clock))
    assert re.findall(r"(\d+)% ", shown) == ["100", "100", "100", "0"]
    assert "nan" not in shown


def test_bytes_and_their_rate_have_the_same_units() -> None:
    clock, panel = FakeClock(), ProgressPanel("P", unit="B")
    panel.clock = clock
    panel.add("dl", 10_000_000)
    for _ in range(5):
        panel.update("dl", advance=1_000_000)
        clock.advance(1)
    assert "5.0/10.0 MB 1.0 MB/s eta 4.0s" in picture(panel, 80, 3, clock)[1]


def test_nested_bars_keep_their_places_and_leave_no_copies() -> None:
    console, clock = terminal(60, 8), FakeClock()
    panel = ProgressPanel("P")
    made = board(panel, console, clock)
    with made.live(10, keys=False, capture=False) as live:
        for _ in range(3):
            panel.add("outer", 3)
            for name in ("second", "third"):
                panel.add(name, 10, parent="outer")
                panel.reset(name)
                panel.update(name, advance=10)
                clock.advance(0.2)
                live.tick()
            panel.update("outer", advance=1)
        names = re.findall(r"│ \S +(\w+)", made.frame(60, 8).text)
    assert names == ["outer", "second", "third"]


# -- threads -------------------------------------------------------------------------------------------


def test_entering_and_leaving_beside_a_thread_that_updates_never_hangs() -> None:
    panel, stop = ProgressPanel("P"), threading.Event()

    def update() -> None:
        while not stop.is_set():
            panel.update("bar", advance=1, total=1_000_000)

    thread = threading.Thread(target=update, daemon=True)
    thread.start()
    made = board(panel, terminal(60, 8))
    begin = time.monotonic()
    for _ in range(60):
        with made.live(1000, keys=False, capture=False) as live:
            live.draw(force=True)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
    assert time.monotonic() - begin < 20


def test_records_of_many_threads_arrive_and_cost_little() -> None:
    made = board(LogPanel(PanelConfig("L", max_lines=20_000)))
    log = logging.getLogger("report.threads")
    log.propagate, log.level = False, logging.INFO
    log.addHandler(LogHandler(made))

    def work() -> None:
        for number in range(500):
            log.info("record %d", number)

    threads = [threading.Thread(target=work) for _ in range(8)]
    before = time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum("record 499" in line for line in made.panels["panel"].plain_lines()) == 8
    assert time.process_time() - before < 4000 * 500e-6


def test_one_bar_that_moves_is_one_write_without_clearing() -> None:
    console, clock = terminal(100, 40), FakeClock()
    panel = ProgressPanel("P", spinner="line")
    for number in range(30):
        panel.update(f"done {number}", 1, total=1)
    panel.update("moving", 1, total=100)
    with board(panel, console, clock).live(10, keys=False, capture=False) as live:
        for completed in (48, 49):  # its rate has a column from here on
            panel.update("moving", completed)
            clock.advance(0.2)
            live.tick()
        before = len(written(console))
        panel.update("moving", 50)
        clock.advance(0.2)
        assert live.tick()
        out = written(console)[before:]
    assert out.startswith("\x1b[?2026h")
    assert out.endswith("\x1b[?2026l")
    assert "\x1b[2J" not in out
    assert len(re.findall(r"\x1b\[\d+;\d+H", out)) == 1, "more than the line of the bar"


# -- notebooks -----------------------------------------------------------------------------------------


def test_in_a_notebook_prints_and_lines_come_and_nothing_blank(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(force_jupyter=True, file=io.StringIO())
    made = board(LogPanel("L"), console)

    def work(dashboard: DashboardBase) -> int:
        print("-\n-")
        dashboard.log("logged")
        return 5

    assert made.run(work, refresh_hz=30) == 5
    assert capsys.readouterr().out == "-\n-\n"
    assert re.sub(r"\d\d:\d\d\.\d ", "", console.file.getvalue()) == "logged\n"  # type: ignore[attr-defined]


# -- the mouse that a program before this one left on ------------------------------------------------------


def test_reports_of_a_mouse_that_nobody_asked_for_are_no_keys() -> None:
    parser = KeyParser()
    assert parser.feed("\x1b[M \ufffdqx") == ["x"]
    assert parser.feed("\x1b[M a") == []
    assert parser.feed("q") == []
    assert parser.feed("\x1b[35;51;104Mx") == ["x"]
    assert parser.feed("\x1b[M") == []
    assert parser.feed("\x1b[A") == ["up"]


def test_without_the_mouse_nothing_turns_it_on_or_off() -> None:
    console = terminal(40, 8)
    with board(LogPanel("L"), console).live(10, keys=False, capture=False):
        pass
    assert not re.search(r"\x1b\[\?10\d\d[hl]", written(console).replace("\x1b[?1049", ""))


# -- real terminals ----------------------------------------------------------------------------------------


def test_older_handlers_rich_and_workers_of_a_pool_are_shown_once(tmp_path: Path) -> None:
    with start("everything_that_logs", tmp_path) as view:
        text = view.until(lambda text: "record 1" in text, "the record of a worker")
        for line in ("an older handler", "a handler of rich [/bold]", "UserWarning", "record 1"):
            assert text.count(line) == 1, line
        (tmp_path / "enough").touch()
        assert view.wait() == 0
        assert view.written.rpartition(LEFT)[2] == b""


def test_a_view_within_a_view_writes_into_the_outer_log(tmp_path: Path) -> None:
    with start("a_view_in_a_view", tmp_path) as view:
        view.until(lambda text: "inner result arrived" in text and "logged inside" in text, "the inner lines")
        (tmp_path / "enough").touch()
        assert view.wait() == 0
        assert view.written.count(b"\x1b[?1049h") == 1
        assert b"result: inner result" in view.written.rpartition(LEFT)[2]


def test_two_views_on_one_terminal_are_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    with start("two_views_at_once", tmp_path) as view:
        view.until(lambda text: "refused: Another dashboard is on this terminal." in text, "the refusal")
        (tmp_path / "enough").touch()
        assert view.wait() == 0
        assert view.written.count(b"\x1b[?1049h") == 2, "the next one could not open after the refusal"


def test_a_storm_of_resizes_loses_no_character(tmp_path: Path) -> None:
    with start("lines_without_end", tmp_path) as view:
        view.until(lambda text: "line" in text, "a line")
        sizes = random.Random(7)
        for _ in range(60):
            view.resize(sizes.choice([46, 80, 110]), sizes.choice([12, 24, 30]))
            view.read(0.005)
        view.resize(90, 20)
        (tmp_path / "enough").touch()

        def whole(text: str) -> bool:
            lines = text.splitlines()
            streamed = [line for line in lines if re.search(r" line \d{6} ", line)]
            same = all(line.endswith("that fills the width of the terminal      │") for line in streamed)
            return "the last line" in text and len(streamed) == 17 and same

        view.until(whole, "the last picture, with every line whole")
        (tmp_path / "seen").touch()
        assert view.wait() == 0


def test_a_terminal_that_is_gone_costs_no_processor_time(tmp_path: Path) -> None:
    program = [sys.executable, str(HERE / "terminal_programs.py"), "ignores_hangup", str(tmp_path)]
    with PseudoTerminal(program, 80, 24, ENVIRONMENT) as view:
        view.until(lambda text: "step 5" in text, "work")
        view.hang_up()
        before, begin = _cpu(view.process.pid), time.monotonic()
        time.sleep(0.6)
        used, passed = _cpu(view.process.pid) - before, time.monotonic() - begin
        (tmp_path / "enough").touch()
        assert view.process.wait(20) == 0
    assert used / passed < 0.5


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# -- the page ------------------------------------------------------------------------------------------------


def test_every_row_of_the_page_names_a_report_and_a_test_that_is_there() -> None:
    rows = re.findall(r"^\| \[.+\]\(https://github\.com/.+\) \|.*$", PAGE.read_text(), re.MULTILINE)
    assert len(rows) >= 40
    links = re.findall(r"\((https://github\.com/[^)]+)\)", "\n".join(rows))
    assert len(links) == len(set(links))
    source = "".join(file.read_text() for file in HERE.glob("test_*.py"))
    tests = set(re.findall(r"def (test_\w+)", source))
    named = {name for row in rows for name in re.findall(r"`(test_\w+)`", row)}
    assert named - tests == set()
    assert all("`test_" in row or "(../demo_tui.md#limits)" in row for row in rows)
