"""What bars say of speed and time, on a clock of our own; and that no step is lost."""

from __future__ import annotations

import threading

import pytest
from panel_samples import FakeClock

from demo_tui import DARK, DashboardBase, ProgressPanel
from demo_tui.panels.progress_task import short_count


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def panel(clock: FakeClock) -> ProgressPanel:
    panel = ProgressPanel()
    panel.clock = clock
    return panel


def lines(panel: ProgressPanel, width: int = 90, height: int = 12) -> list[str]:
    return [strip.text[1:-1].strip() for strip in panel.render_box(width, height, DARK)[1:-1]]


def eta(panel: ProgressPanel, clock: FakeClock, name: str = "k") -> float | None:
    return {task.name: task for task in panel.tasks}[name].eta(clock.now)


def test_resumed_work_is_no_speed(panel: ProgressPanel, clock: FakeClock) -> None:
    panel.add("k", total=1000)
    panel.update("k", 900)
    for step in range(901, 906):
        clock.advance(1)
        panel.update("k", step)
    assert eta(panel, clock) == pytest.approx(95)


@pytest.mark.parametrize("added", [True, False])
def test_the_first_step_counts_once(panel: ProgressPanel, clock: FakeClock, added: bool) -> None:
    if added:
        panel.add("k", total=10)
    for step in range(1, 11):
        clock.advance(1)
        panel.update("k", step, total=10)
        if step == 2:
            assert eta(panel, clock) == pytest.approx(8)
    assert "in 10.0s" in lines(panel)[0]


def test_going_back_to_nothing_begins_again(panel: ProgressPanel, clock: FakeClock) -> None:
    for _ in range(2):
        panel.update("k", 0, total=10)
        for step in range(1, 11):
            clock.advance(1)
            panel.update("k", step)
            if step == 6:
                assert eta(panel, clock) == pytest.approx(4)
        assert "in 10.0s" in lines(panel)[0]
        clock.advance(100)


def test_slow_steps_have_an_estimate_that_runs_down(panel: ProgressPanel, clock: FakeClock) -> None:
    panel.update("k", 0, total=10)
    for step in range(1, 4):
        clock.advance(60)
        panel.update("k", step)
    assert eta(panel, clock) == pytest.approx(7 * 60)
    clock.advance(30)
    assert eta(panel, clock) == pytest.approx(7 * 60 - 30)
    clock.advance(30)
    due = eta(panel, clock)
    clock.advance(120)  # the step is late: the estimate must not go on falling
    late = eta(panel, clock)
    assert due is not None
    assert late is not None
    assert late > due


def test_no_estimate_before_there_is_anything_to_measure(panel: ProgressPanel, clock: FakeClock) -> None:
    panel.update("k", 3, total=10)
    assert eta(panel, clock) is None
    clock.advance(10)
    assert eta(panel, clock) is None
    assert "eta" not in lines(panel)[0]


def test_no_step_of_six_threads_is_lost(panel: ProgressPanel) -> None:
    panel.add("k", total=120_000)

    def work() -> None:
        for _ in range(20_000):
            panel.update("k", advance=1)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert panel.tasks[0].completed == 120_000
    assert panel.tasks[0].state == "done"


def test_running_bars_are_shown_first_and_the_rest_is_counted(panel: ProgressPanel) -> None:
    for number in range(30):
        panel.update(f"done {number}", 1, total=1)
    panel.update("running", 1, total=2)
    shown = lines(panel, height=7)
    assert shown[-2].split()[1] == "running"
    assert shown[-1] == "+27 more (27 done)"
    panel.scroll(-3)  # any of them can be reached
    assert "done 3" in lines(panel, height=7)[0]


def test_counts_rates_and_percentages_line_up(panel: ProgressPanel, clock: FakeClock) -> None:
    panel.add("read", total=3_000_000_000, unit="B")
    panel.add("slow", total=10, unit="epoch")
    panel.add("a rather long name", total=200, note="with a note")
    panel.update("slow", 0)
    clock.advance(100)
    panel.update("slow", 2)
    panel.start("read")
    panel.start("a rather long name")
    for _ in range(10):
        clock.advance(0.5)
        panel.update("read", advance=50_000_000)
        panel.update("a rather long name", advance=5)
    text = lines(panel, 110, 5)
    assert len({line.index("%") for line in text}) == 1
    assert "500 MB/3.0 GB" in text[0]
    assert "100 MB/s" in text[0]
    assert "2/10" in text[1]
    assert "50.0s/epoch" in text[1]
    assert "50/200" in text[2]
    assert "with a note" in text[2]


def test_track_follows_a_loop_to_its_end_or_its_failure(panel: ProgressPanel) -> None:
    assert list(panel.track([1, 2, 3], "k")) == [1, 2, 3]
    assert (panel.tasks[0].state, panel.percentage("k")) == ("done", 100.0)
    for number in panel.track(iter([1, 0]), "fails"):
        if number == 1:
            break  # the loop's own end never reaches a generator: leaving it early is all that it sees
    assert {task.name: task.state for task in panel.tasks}["fails"] == "failed"

    def broken() -> object:
        yield 1
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        list(panel.track(broken(), "source"))  # type: ignore[call-overload]
    assert "OSError" in lines(panel)[2]


def test_tasks_nest_and_go_with_their_parent(panel: ProgressPanel) -> None:
    panel.add("train", total=2)
    panel.add("load", total=1)
    panel.add("epoch 1", total=10, parent="train")
    panel.add("batch", total=5, parent="epoch 1")
    assert [task.name for task in panel.tasks] == ["train", "epoch 1", "batch", "load"]
    assert lines(panel)[2].startswith("○     batch ")
    panel.remove("train")
    assert [task.name for task in panel.tasks] == ["load"]
    panel.add("a", parent="b")
    panel.add("b", parent="a")  # each other's parents are shown all the same
    assert {task.name for task in panel.tasks} == {"load", "a", "b"}


def test_reset_forgets_what_was_done(panel: ProgressPanel, clock: FakeClock) -> None:
    panel.update("k", 5, total=10)
    panel.reset("k", total=20)
    assert (panel.tasks[0].state, panel.tasks[0].completed, panel.tasks[0].total) == ("waiting", 0.0, 20)
    with pytest.raises(KeyError):
        panel.reset("no such bar")


def test_values_that_are_no_numbers_change_nothing(panel: ProgressPanel) -> None:
    panel.add("k", total=10)
    panel.update("k", 3)
    for bad in ("many", float("nan"), float("inf"), [1]):
        panel.update("k", bad)  # type: ignore[arg-type]
        panel.update("k", advance=bad, total=bad)  # type: ignore[arg-type]
    assert panel.percentage("k") == 30.0


def test_the_dashboards_clock_is_used() -> None:
    clock = FakeClock()
    panel = DashboardBase(clock=clock).add_panel("p", ProgressPanel())
    panel.start("k")
    assert panel.tasks[0].started == clock.now


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [(0, "", "0"), (12_345, "", "12345"), (1.5, "", "1.5"), (2_500_000, "", "2.5M"), (999, "B", "999 B"),
     (1_500, "B", "1.5 kB"), (3e9, "B", "3.0 GB"), (250e6, "B", "250 MB"), (float("inf"), "", "?")],
)  # fmt: skip
def test_numbers_are_short(value: float, unit: str, shown: str) -> None:
    assert short_count(value, unit) == shown
