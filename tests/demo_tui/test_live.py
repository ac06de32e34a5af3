"""The manually driven live context, on a fake clock and a console that writes into a string."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pyte
import pytest
from panel_samples import SAMPLES, FakeClock, terminal, written
from rich.console import Console

from demo_tui import DashboardBase, KeyValuePanel, LogPanel, Panel, ProgressPanel, Rows
from demo_tui.live import Live


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def console() -> Console:
    return terminal(60, 12)


@pytest.fixture
def dashboard(console: Console, clock: FakeClock) -> DashboardBase:
    board = DashboardBase(console, clock=clock, theme="dark", title="live test")
    board.add_panel("status", KeyValuePanel("Status", {"step": 0}))
    board.add_panel("log", LogPanel())
    return board


def open_live(dashboard: DashboardBase, **options: object) -> Live:
    return dashboard.live(10, keys=False, **options)  # type: ignore[arg-type]


def shown(console: Console) -> list[str]:
    """What a terminal shows after everything that was written."""
    screen = pyte.Screen(*console.size)
    pyte.Stream(screen).feed(written(console))
    return [line.rstrip() for line in screen.display]


def test_it_draws_only_when_due_and_only_when_something_changed(
    dashboard: DashboardBase, console: Console, clock: FakeClock
) -> None:
    with open_live(dashboard) as live:
        assert not live.tick()  # the first frame was drawn on entering
        clock.advance(live.seconds_until_frame())
        size = len(written(console))
        assert not live.tick()
        assert len(written(console)) == size
        dashboard.set_status("status", "step", 1)
        assert not live.tick()  # changed, but not due
        clock.advance(live.seconds_until_frame())
        assert live.tick()
        assert 0 < live.seconds_until_frame() <= 0.1
        assert len(written(console)) - size < 200  # one line, not the screen
        assert shown(console) == [line.rstrip() for line in dashboard.frame().lines]


def test_a_log_flood_costs_what_is_visible(
    dashboard: DashboardBase, console: Console, clock: FakeClock
) -> None:
    with open_live(dashboard) as live:
        for number in range(20_000):
            dashboard.log(f"line {number}")
        clock.advance(1)
        live.tick()
        assert "line 19999" in "\n".join(shown(console))


def test_a_resize_repaints_everything(dashboard: DashboardBase, console: Console, clock: FakeClock) -> None:
    with open_live(dashboard) as live:
        console.size = (40, 9)  # type: ignore[assignment]
        clock.advance(1)
        assert live.tick()
        after = written(console).rpartition("\x1b[2J")[2]
        assert all(f"\x1b[{row};1H" in after for row in range(1, 10))


def test_leaving_restores_the_screen_also_after_an_error(dashboard: DashboardBase, console: Console) -> None:
    with pytest.raises(ZeroDivisionError), open_live(dashboard):
        raise ZeroDivisionError
    assert written(console).endswith("\x1b[?7h\x1b[?25h\x1b[?1049l")
    assert not isinstance(sys.stdout, type(None))


def test_printing_meanwhile_becomes_log_lines(
    dashboard: DashboardBase, console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_live(dashboard):
        print("two\nlines")
        print("no newline", end="")
        print("error", file=sys.stderr)
    log = dashboard["log"]
    assert isinstance(log, LogPanel)
    assert log.lines == ["two", "lines", "error", "no newline"]
    assert capsys.readouterr().out == ""


def test_pausing_freezes_the_view_but_not_the_data(
    dashboard: DashboardBase, console: Console, clock: FakeClock
) -> None:
    with open_live(dashboard) as live:
        live.press("p")
        clock.advance(1)
        live.tick()
        frozen = shown(console)
        dashboard.set_status("status", "step", 99)
        clock.advance(1)
        assert not live.tick()
        assert shown(console) == frozen
        assert "PAUSED" in frozen[-1]
        live.press("p")
        live.tick()
        assert "99" in "\n".join(shown(console))
        assert "PAUSED" not in "\n".join(shown(console))


def test_a_box_shows_lines_until_a_key_and_hands_that_key_on(
    dashboard: DashboardBase, console: Console
) -> None:
    keys: list[str] = []
    with open_live(dashboard) as live:
        live.show_box("Choose", ["> one", "  two"], keys.append)
        live.draw()
        assert "> one" in "\n".join(shown(console))
        live.press("down")
        live.tick()
        assert "> one" not in "\n".join(shown(console))
        assert keys == ["down"]
        live.show_box("Choose", ["  one", "> two"])
        live.press("q")
        assert live.quit_requested


@pytest.mark.parametrize("unseen", [True, False])
def test_log_lines_that_no_panel_showed_are_printed_afterwards_if_wanted(
    dashboard: DashboardBase, console: Console, unseen: bool
) -> None:
    dashboard.layout = Rows("status")
    with open_live(dashboard, unseen=unseen):
        dashboard.log("nobody saw this")
    assert ("nobody saw this" in written(console)) is unseen


def test_help_covers_the_middle_and_leaves_the_rest(dashboard: DashboardBase, console: Console) -> None:
    log = dashboard["log"]
    assert isinstance(log, LogPanel)
    console.size = (90, 24)  # type: ignore[assignment]
    log.append("你好" * 100)
    with open_live(dashboard) as live:
        live.draw()
        before = shown(console)
        live.press("?")
        live.tick()
        during = shown(console)
        assert "q        quit" in "\n".join(during)
        assert [line[:5] for line in during] == [line[:5] for line in before]
        assert [line[-3:] for line in during] == [line[-3:] for line in before]
        live.press("a")
        live.tick()
        assert shown(console) == before


def test_notices_go_away(dashboard: DashboardBase, console: Console, clock: FakeClock) -> None:
    with open_live(dashboard) as live:
        live.notify("hello", 2.0)
        clock.advance(0.2)
        live.tick()
        assert shown(console)[-1] == " hello"
        clock.advance(2.0)
        live.tick()
        assert "hello" not in "\n".join(shown(console))


def test_saved_pictures_take_the_next_free_name(dashboard: DashboardBase, tmp_path: Path) -> None:
    with open_live(dashboard, save_dir=tmp_path) as live:
        live.press("s")
        live.press("s")
        assert live.save(tmp_path / "mine.txt").read_text() == dashboard.frame().text
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "live-test-1.svg",
        "live-test-2.svg",
        "mine.txt",
    ]


def test_a_panel_that_raises_shows_its_error_and_the_others_live(
    dashboard: DashboardBase, console: Console, clock: FakeClock
) -> None:
    class Broken(Panel):
        def content_key(self) -> int:
            return 1 // 0 if clock.now > 100.5 else 0

        def body(self, width: int, height: int, theme: object) -> list[str]:
            raise RuntimeError("sensor [red]gone[/red]")

    dashboard.add_panel("broken", Broken("Broken"))
    with open_live(dashboard) as live:
        assert "RuntimeError: sensor" in "\n".join(shown(console))
        dashboard.set_status("status", "step", 5)
        clock.advance(1)
        live.tick()
        assert "step  5" in "\n".join(shown(console))
        assert "ZeroDivisionError" in "\n".join(shown(console))


def test_running_bars_move_with_the_clock(
    dashboard: DashboardBase, console: Console, clock: FakeClock
) -> None:
    progress = dashboard.add_panel("progress", ProgressPanel())
    progress.start("work")
    with open_live(dashboard) as live:
        before = shown(console)
        clock.advance(0.5)
        assert live.tick()
        assert shown(console) != before


def test_a_recording_replays_to_the_same_picture(
    dashboard: DashboardBase, console: Console, clock: FakeClock, tmp_path: Path
) -> None:
    path = tmp_path / "shown.cast"
    with open_live(dashboard, record=path) as live:
        clock.advance(1.5)
        dashboard.set_status("status", "step", 7)
        live.tick()
        last = dashboard.frame().lines
        console.size = (50, 10)  # type: ignore[assignment]
        clock.advance(1.0)
        live.tick()
    header, *events = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert (header["version"], header["width"], header["height"]) == (2, 60, 12)
    resize = next(index for index, event in enumerate(events) if event[1] == "r")
    assert events[resize][2] == "50x10"
    screen = pyte.Screen(60, 12)
    stream = pyte.Stream(screen)
    for _, _, data in events[:resize]:
        stream.feed(data)
    assert [line.rstrip() for line in screen.display] == [line.rstrip() for line in last]
    assert [event[0] for event in events] == sorted(event[0] for event in events)
    assert events[-1][0] == 2.5


@pytest.mark.parametrize("screen", [True, False], ids=["screen", "inline"])
def test_every_update_leads_to_the_picture_that_the_frame_says(clock: FakeClock, screen: bool) -> None:
    console = terminal(100, 31)
    board = DashboardBase(console, clock=clock, theme="dark")
    for name, make in SAMPLES.items():
        board.add_panel(name, make("text"))
    log = board["log"]
    assert isinstance(log, LogPanel)
    with open_live(board, screen=screen) as live:
        for number in range(30):
            log.append(f"entry {number} 你好" + "x" * number)
            clock.advance(0.2)
            live.tick()
        height = 31 if screen else 30
        assert shown(console)[:height] == [line.rstrip() for line in board.frame(100, height).lines]


def test_no_color_and_keep(monkeypatch: pytest.MonkeyPatch, clock: FakeClock) -> None:
    console = terminal(60, 12, no_color=True)
    board = DashboardBase(console, clock=clock)
    board.log("red", style="bold red")
    with open_live(board, keep=True):
        pass
    assert "\x1b[31" not in written(console)
    assert "38;" not in written(console)
    assert "red" in written(console).rpartition("\x1b[?1049l")[2]


def test_without_a_terminal_it_writes_plain_lines(clock: FakeClock) -> None:
    console = terminal(60, 12, force_terminal=False)
    board = DashboardBase(console, clock=clock)
    board.add_panel("status", KeyValuePanel("Status", {"step": 0}))
    board.log("first [bold]line[/bold]\nsecond", tag="main")
    with open_live(board) as live:
        assert not live.is_terminal
        clock.advance(1)
        board.log("\x1b[31mthird\x07")
        board.set_status("status", "step", 3)
        live.tick()
        clock.advance(10)
        live.tick()
        board.set_status("status", "step", 4)
    assert written(console).splitlines() == [
        "[log] 00:00.0 main first [bold]line[/bold]",
        "[log] 00:00.0 main second",
        "[log] 00:01.0 third␇",
        "[status] step=3",
        "[status] step=4",
    ]


def test_a_terminal_that_is_gone_ends_the_drawing_and_nothing_else(
    dashboard: DashboardBase, clock: FakeClock
) -> None:
    live = open_live(dashboard)
    with live:
        dashboard.console.file.close()
        dashboard.log("more")
        clock.advance(1)
        assert not live.tick()
        assert live.terminal_lost
        assert not live.quit_requested


def test_a_rate_must_be_positive(dashboard: DashboardBase) -> None:
    with pytest.raises(ValueError, match="refresh_hz is 0"):
        dashboard.live(0)
