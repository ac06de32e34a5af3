"""What is shown of a training run: a function of its events, live and replayed."""

from __future__ import annotations

import io

import pyte
import pytest
from rich.console import Console

from histories import MACHINE, VERSIONS, Script, in_time
from monarch_vs_ray.core.errors import ExitCode
from monarch_vs_ray.core.events import (
    FORMAT,
    HARNESS,
    FaultInjected,
    LogLine,
    Metric,
    Observation,
    RunStarted,
    SideEnded,
)
from monarch_vs_ray.core.stream import Batch
from monarch_vs_ray.stage.lines import PlainLines
from monarch_vs_ray.stage.presenter import Banner
from monarch_vs_ray.transformer.board import TrainingBoard
from monarch_vs_ray.transformer.screen import TrainingScreen
from monarch_vs_ray.transformer.state import TrainingState, closing, outcome
from stage.test_screen import PlainText

STEPS = 40
PLAN = {
    "steps": STEPS,
    "characters_per_step": 2048,
    "parameters": 233_876,
    "workers": 2,
    "device": "CPU",
    "backend": "gloo",
    "torch": "2.13.0",
    "uniform": 2.996,
    "unigram": 2.423,
    "rate": 0.856,
    "floor": 0.868,
}


def loss(step: int) -> float:
    return 0.87 + 2.1 * 0.9**step


def trained(script: Script, steps: range, begin: float, off: float = 0.0) -> float:
    """Steps of 50 ms; gives when the last one was done."""
    at = begin
    for number, step in enumerate(steps, start=1):
        at = begin + 0.05 * number
        value = {"step": step, "loss": loss(step) + off, "seconds": 0.04}
        script.add(Observation, at, key="trained", value=value)
    return at


def run(engine, *, killed: int = 0, off: float = 0.0, again_off: float = 0.0, last: int = STEPS):
    """A training run; a worker is killed after a step, and the last checkpoint is five steps old."""
    script = Script(engine)
    versions = {engine: VERSIONS[engine], "python": "3.11.7"}
    script.add(
        RunStarted, 0.1, format=FORMAT, concept="monarch_vs_ray.transformer", versions=versions,
        machine=MACHINE, date="2026-01-02T03:04:05+00:00", code={},
    )  # fmt: skip
    script.add(Observation, 0.2, key="training", value=PLAN)
    script.add(Observation, 2.0, key="started", value=0)
    at = trained(script, range(1, (killed or last) + 1), 2.0, off)
    if killed:
        script.add(FaultInjected, at, fault="SIGKILL", target="worker 1")
        script.add(Observation, at + 3.0, key="started", value=killed - 5)
        at = trained(script, range(killed - 4, last + 1), at + 3.0, off + again_off)
    written = {"text": "the of the to", "words": 3, "known": 3}
    script.add(Observation, at + 0.1, key="written", value=written)
    script.add(Observation, at + 0.1, key="recoveries", value=int(killed > 0))
    script.add(SideEnded, at + 0.5, ending="exit", exit_code=0)
    for second in (1, 2):
        metric = {"name": "CPU, 2 cores", "value": 50.0 * second, "unit": "%"}
        script.events.append(Metric(side=engine, at=second * 10**9, seq=HARNESS, **metric))
    return in_time(script.events)


def fold(*sides) -> TrainingState:
    state = TrainingState(dict.fromkeys(event.side for events in sides for event in events))
    state.apply(in_time(*sides))
    return state


def test_a_whole_run_is_fine():
    state = fold(run("monarch"), run("ray"))
    assert state.difference == (0.0, STEPS)
    assert all(course.complete for course in state.courses.values())
    assert outcome(state) == ExitCode.FINE


def test_speed_is_from_step_to_step():
    course = fold(run("monarch")).courses["monarch"]
    assert len(course.intervals) == STEPS - 1
    assert course.tokens_per_second == pytest.approx([2048 / 0.05] * (STEPS - 1))
    assert course.step_ms == pytest.approx(40)


def test_a_death_that_was_survived_is_fine_and_its_pause_is_no_step():
    course = fold(run("monarch", killed=20)).courses["monarch"]
    assert (course.faults, course.recoveries, course.starts) == ([20], 1, [0, 15])
    assert course.outages == pytest.approx([3.05])
    assert sorted(course.again) == [16, 17, 18, 19, 20]
    assert max(course.again.values()) == 0.0
    assert max(course.intervals) == pytest.approx(0.05)
    assert course.complete


@pytest.mark.parametrize(
    "events",
    [
        [run("monarch"), run("ray", off=2e-5)],
        [run("monarch", last=STEPS - 1)],
        [run("monarch", killed=20, again_off=2e-5)],
    ],
    ids=["curves differ", "a step is missing", "it goes on otherwise"],
)
def test_what_should_not_be_is_told_to_the_shell(events):
    assert outcome(fold(*events)) == ExitCode.NOT_AS_EXPECTED


def test_a_fault_without_a_recovery_is_no_success():
    state = fold(run("monarch"))
    state.apply([FaultInjected(side="monarch", at=9, fault="SIGKILL", target="worker 1")])
    assert outcome(state) == ExitCode.NOT_AS_EXPECTED


def test_a_side_that_failed_weighs_more():
    state = fold([*run("monarch")[:-1], SideEnded(side="monarch", at=9, ending="exit", exit_code=1)])
    assert outcome(state) == ExitCode.SIDE_FAILED


def test_the_closing_has_the_numbers():
    said = closing(fold(run("monarch", killed=20), run("ray")))
    text = "\n".join(said)
    assert f"Monarch: final loss {sum(map(loss, range(21, 41))) / 20:.3f} nats per character" in text
    assert "mean of the last 20 of 40 steps" in text
    assert "2.996" in text
    assert "2.423" in text
    assert "0.868" in text
    assert "Monarch: median 40,960 tokens/s (n=43" in text
    assert "1 worker killed after step 20; 1 recovery, training again 3.0 s later, from step 16" in text
    assert "5 steps were taken twice, with losses equal to the last bit" in text
    assert "Ray: no worker was killed; 0 recoveries." in text
    assert "The two loss curves agree: over 40 steps they are equal to the last bit" in text
    assert "3 of 3 words" in text


def test_curves_that_differ_are_said_to():
    assert "DO NOT AGREE: over 40 steps they are at most 2.0e-05 apart" in "\n".join(
        closing(fold(run("monarch"), run("ray", off=2e-5)))
    )


def test_what_was_not_observed_is_not_said():
    state = TrainingState(["monarch"])
    assert closing(state) == ["Monarch has not ended."]


def test_plain_lines_tell_of_every_tenth_step():
    state, stream = TrainingState(["monarch"]), io.StringIO()
    lines = PlainLines(state, stream)
    state.apply(run("monarch"))
    lines.update(None, 0)
    steps = [line for line in stream.getvalue().splitlines() if " step " in line and " loss " in line]
    assert len(steps) == 5
    assert "trained =" not in stream.getvalue()


def console(width: int = 120, height: int = 40) -> Console:
    options = {"force_terminal": True, "color_system": "truecolor"}
    return Console(file=io.StringIO(), width=width, height=height, **options)


def picture(*sides, width=120, height=40, until: float = 99.0, now: float | None = None, ascii: bool = False):
    state = TrainingState(dict.fromkeys(event.side for events in sides for event in events))
    state.apply(event for event in in_time(*sides) if event.at <= until * 1e9)
    board = TrainingBoard(state.sides, console=console(), ascii=ascii)
    return board.frame(state, width, height, int((until if now is None else now) * 1e9))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize("moment", [0.0, 4.0, 99.0])
def test_pictures(snapshot, size, moment):
    width, height = size
    shown = picture(run("monarch", killed=20), run("ray"), width=width, height=height, until=moment).text
    assert shown == snapshot.use_extension(PlainText)


def test_picture_in_ascii(snapshot):
    shown = picture(run("ray", killed=20), ascii=True, width=100, height=30, now=8.0).text
    assert shown == snapshot.use_extension(PlainText)
    assert shown.isascii()


@pytest.mark.parametrize("size", [(20, 5), (28, 10), (50, 20), (240, 70)])
@pytest.mark.parametrize("moment", [0.0, 0.3, 2.1, 99.0])
def test_any_size_fills_its_cells(size, moment):
    width, height = size
    frame = picture(run("monarch", killed=20), run("ray"), width=width, height=height, until=moment)
    assert len(frame.lines) == height
    assert "Error" not in frame.text


def test_the_same_events_give_the_same_picture_however_they_arrive():
    sides = run("monarch", killed=20), run("ray")
    whole = picture(*sides, now=8.0)
    state = TrainingState(["monarch", "ray"])
    board = TrainingBoard(state.sides, console=console())
    for event in in_time(*sides):
        state.apply([event])
        board.frame(state, 120, 40, event.at)
    assert board.frame(state, 120, 40, 8_000_000_000).text == whole.text


def test_a_line_of_a_side_is_in_its_log():
    noise = LogLine(side="monarch", at=98 * 10**9, origin="stderr", text="[red]noise")
    assert "[red]noise" in picture([*run("monarch"), noise]).text


# -- keys ----------------------------------------------------------------------------------------------


class Seat:
    """Somebody who watches a training: lets time pass, presses keys, and looks."""

    def __init__(self, *sides, live: bool = False, speed: float = 1.0) -> None:
        self.now, self.console = 0.0, console()
        banner = Banner("LIVE") if live else Banner("REPLAY", "recorded 2026-01-02")
        self.screen = TrainingScreen(
            ("monarch", "ray"), banner, speed, console=self.console, clock=lambda: self.now
        )
        self.screen.fd = lambda: 0
        self.screen.__enter__()
        self.screen.update(Batch(in_time(*sides)), 0)

    def wait(self, seconds: float, run: float = 0.0) -> Seat:
        for _ in range(max(1, round(seconds / 0.1))):
            self.now += 0.1
            self.screen.update(Batch(), int(run * 1e9))
        return self

    def press(self, *keys: str) -> Seat:
        for key in keys:
            self.screen.press(key)
        return self.wait(0.1)

    @property
    def text(self) -> str:
        """Return what is on the screen."""
        shown = pyte.Screen(self.console.width, self.console.height)
        pyte.Stream(shown).feed(self.console.file.getvalue())
        return "\n".join(line.rstrip() for line in shown.display)

    @property
    def done(self) -> int:
        """Return Monarch's step that is shown."""
        return self.screen.playback.state.courses["monarch"].done


@pytest.fixture
def seat():
    opened = []

    def take(*sides, **options) -> Seat:
        opened.append(Seat(*(sides or (run("monarch", killed=20), run("ray"))), **options))
        return opened[-1]

    yield take
    for made in opened:
        made.screen.__exit__(None, None, None)


def test_a_replay_plays_stops_and_goes_on(seat):
    view = seat().wait(2.5)
    assert 5 <= view.done <= 12
    held = view.press("space").done
    assert view.wait(1.0).done == held
    assert "PAUSED" in view.text
    assert view.press("space").wait(0.3).done > held


def test_keys_go_from_event_to_event(seat):
    view = seat()
    assert view.press("n", "space").done == 0  # the workers begin
    seen = [view.press("n", "space").done for _ in range(25)]
    assert seen[:4] == [5, 10, 15, 20]
    assert max(seen) == STEPS
    before = view.done
    assert view.press("b", "space").done <= before


def test_going_back_shows_the_picture_as_it_was(seat):
    view = seat()
    begin = view.press("home", "space").text
    assert view.press("end").done == STEPS
    assert view.press("home", "space").text == begin


def test_seek_and_speed(seat):
    view = seat().press("space", "right", "space")
    assert view.screen.transport.position == pytest.approx(5.0)
    assert view.press("left", "space").screen.transport.position == pytest.approx(0.0, abs=0.2)
    assert "speed 2" in view.press("space", "+").text


def test_the_last_frame_stays_until_q(seat):
    view = seat().wait(12.0)
    assert "END" in view.text
    assert view.screen.holding
    assert view.screen.whole
    assert view.press("q").screen.quit


def test_speed_0_shows_the_end_and_leaves(seat):
    view = seat(speed=0).wait(0.2)
    assert view.done == STEPS
    assert not view.screen.holding


def test_a_live_view_follows_and_may_lag_behind(seat):
    view = seat(run("monarch", last=10)[:-3], run("ray", last=10)[:-3], live=True).wait(0.2, run=2.6)
    assert view.done == 10
    assert "behind" in view.press("space").wait(0.2, run=9.0).text
