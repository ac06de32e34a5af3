"""What is shown of a training run: a function of its events, live and replayed."""

from __future__ import annotations

import io

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
from monarch_vs_ray.stage.lines import PlainLines
from monarch_vs_ray.stage.presenter import Banner
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


def screen(*sides, until: float = 99.0, ascii: bool = False) -> TrainingScreen:
    state = TrainingState(dict.fromkeys(event.side for events in sides for event in events))
    state.apply(event for event in in_time(*sides) if event.at <= until * 1e9)
    console = Console(file=io.StringIO(), width=120, height=40, force_terminal=True, color_system="truecolor")
    return TrainingScreen(state, Banner("LIVE"), console=console, ascii=ascii)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize("moment", [0.0, 4.0, 99.0])
def test_pictures(snapshot, size, moment):
    shown = (
        screen(run("monarch", killed=20), run("ray"), until=moment).frame(*size, now=int(moment * 1e9)).text
    )
    assert shown == snapshot.use_extension(PlainText)


def test_picture_in_ascii(snapshot):
    shown = screen(run("ray", killed=20), ascii=True).frame(100, 30, now=8_000_000_000).text
    assert shown == snapshot.use_extension(PlainText)
    assert shown.isascii()


@pytest.mark.parametrize("size", [(20, 5), (28, 10), (50, 20), (240, 70)])
@pytest.mark.parametrize("moment", [0.0, 0.3, 2.1, 99.0])
def test_any_size_fills_its_cells(size, moment):
    frame = screen(run("monarch", killed=20), run("ray"), until=moment).frame(*size, now=int(moment * 1e9))
    assert len(frame.lines) == size[1]
    assert "Error" not in frame.text


def test_the_same_events_give_the_same_picture_however_they_arrive():
    events = in_time(run("monarch", killed=20), run("ray"))
    whole = screen(run("monarch", killed=20), run("ray")).frame(120, 40, now=8_000_000_000)
    state = TrainingState(["monarch", "ray"])
    console = Console(file=io.StringIO(), width=120, height=40, force_terminal=True)
    stage = TrainingScreen(state, Banner("LIVE"), console=console)
    for event in events:
        state.apply([event])
        stage.frame(120, 40, now=event.at)
    assert stage.frame(120, 40, now=8_000_000_000).text == whole.text


def test_a_line_of_a_side_is_in_its_log():
    state = fold(run("monarch"))
    state.apply([LogLine(side="monarch", at=1, origin="stderr", text="[red]noise")])
    console = Console(file=io.StringIO(), width=120, height=40, force_terminal=True)
    assert "[red]noise" in TrainingScreen(state, Banner("LIVE"), console=console).frame(120, 40, now=1).text
