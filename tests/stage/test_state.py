"""The fold of events into what the stage knows."""

from __future__ import annotations

import io
import textwrap

import msgspec
import pytest

from histories import CONCEPT, Script, both, in_time, side
from monarch_vs_ray.campaign.sides import recording
from monarch_vs_ray.concepts import all_concepts
from monarch_vs_ray.core.concept import Closing, Concept
from monarch_vs_ray.core.errors import ExitCode
from monarch_vs_ray.core.events import (
    ExperimentEnded,
    HarnessNote,
    LineReached,
    LogLine,
    Observation,
    OperationEnded,
    OperationInvoked,
    SideEnded,
    StepBegun,
    StepEnded,
)
from monarch_vs_ray.core.stream import Batch
from monarch_vs_ray.history import read
from monarch_vs_ray.stage.captions import sentences
from monarch_vs_ray.stage.closing import print_closing
from monarch_vs_ray.stage.lines import JsonLines, PlainLines
from monarch_vs_ray.stage.presenter import Banner
from monarch_vs_ray.stage.state import LOG_LINES, State
from monarch_vs_ray.stage.summary import conclusions, exit_code, finding, lines, side_sentence
from monarch_vs_ray.stage.values import say


def after(events) -> State:
    state = State(CONCEPT, ("monarch", "ray"))
    state.apply(events)
    return state


def recorded(concept: Concept) -> State:
    state = State(concept, ("monarch", "ray"))
    state.apply(read(recording(concept)).events)
    return state


def until(events, seconds: float) -> State:
    return after(event for event in events if event.at <= seconds * 1e9)


def test_the_running_experiment_lights_its_lines_and_an_open_call_its_own():
    ray = until(side("ray"), 0.65).sides["ray"]
    assert ray.current
    assert (ray.current.title, ray.file, ray.lit) == ("Greet", "greeting/ray/experiments.py", range(16, 17))
    ray = until(side("ray"), 0.85).sides["ray"]
    assert ray.lit == range(15, 19)
    ray = after(side("ray")).sides["ray"]
    assert (ray.current, ray.lit) == (None, range(0))


def test_the_line_that_was_reached_is_lit_until_the_experiment_ends():
    file = "greeting/ray/experiments.py"
    reached = Script("ray").add(LineReached, 0.55, file=file, line=17).events
    ray = until(in_time(side("ray"), reached), 0.65).sides["ray"]
    assert (ray.file, ray.lit) == (file, range(17, 18))
    assert after(in_time(side("ray"), reached)).sides["ray"].lit == range(0)


def test_steps_go_from_running_to_done_or_failed():
    script = Script("ray").add(StepBegun, 0.1, step=0, title="Make", file="f", line=1, end_line=2)
    assert after(script.events).sides["ray"].steps[0].state == "running"
    script.add(StepEnded, 1.0, step=0, error="ValueError: no")
    assert after(script.events).sides["ray"].steps[0].state == "failed"
    assert [step.state for step in until(side("ray"), 0.6).sides["ray"].steps.values()] == ["done", "running"]


def test_an_experiment_that_raised_is_a_failed_step():
    events = [event for event in side("ray") if event.at <= 0.9e9 and not isinstance(event, Observation)]
    script = Script("ray")
    script.add(ExperimentEnded, 1.0, experiment="greet", answer="failed", nanoseconds=1, error="E: no")
    ray = after([*events, *script.events]).sides["ray"]
    assert ray.steps["greet"].state == "failed"
    assert ray.log[-1].text == "Greet: E: no"


def test_calls_are_counted_by_name_and_outcome_with_their_median():
    script = Script("ray")
    for number, (outcome, took) in enumerate(
        [("ok", 1000), ("ok", 3000), ("failed", 9000), ("unknown", 2000)]
    ):
        script.add(OperationInvoked, number, operation=number, step=-1, name="call", file="f", line=1)
        script.add(OperationEnded, number, operation=number, outcome=outcome, nanoseconds=took)
    calls = after(script.events).sides["ray"].operations["call"]
    assert (calls.ok, calls.failed, calls.unknown, calls.median_us) == (2, 1, 1, 2.5)


def test_the_screens_log_is_bounded_and_counts_what_it_forgot():
    script = Script("ray")
    for number in range(LOG_LINES + 10):
        script.add(LogLine, number, origin="demo", text=str(number))
    ray = after(script.events).sides["ray"]
    assert (len(ray.log), ray.logged, ray.log[0].text) == (LOG_LINES, LOG_LINES + 10, "10")


def test_a_side_that_is_not_on_stage_is_passed_over():
    state = State(CONCEPT, ("ray",))
    state.apply(both())
    assert list(state.sides) == ["ray"]
    assert state.over


def test_rows_differ_only_when_both_have_a_value():
    only_monarch = after(side("monarch"))
    assert [line.differs for line in lines(only_monarch)] == [False]
    different = after(both(reply="hi"))
    assert [line.differs for line in lines(different)] == [True]


def test_observations_are_as_claimed_or_not():
    state = after(both())
    assert [cell.met for cell in lines(state)[0].cells.values()] == [True, True]
    assert finding(state).startswith("2 of 2 observations are as claimed.")
    assert exit_code(state) is ExitCode.FINE


def concluded(events, *more: Closing) -> list[str]:
    concept = msgspec.structs.replace(CONCEPT, closing=[*CONCEPT.closing, *more])
    state = State(concept, ("monarch", "ray"))
    state.apply(events)
    return [f"{each.kind}: {each.text}" for each in conclusions(state)]


def test_closing_sentences_come_from_the_observations():
    never = Closing(text="Never seen: {ray[greet.nothing]}.")
    assert concluded(both(), never) == ["same: Both answered: hello you and hello you."]


def test_a_closing_sentence_falls_with_its_claim():
    assert concluded(both(reply="bye")) == [
        "not as claimed: greeting.answer.ray (reply = 'bye', not 'hello you')."
    ]


def test_what_one_engine_says_in_place_of_an_observation_is_no_difference():
    row = msgspec.structs.replace(CONCEPT.demo[1].rows[0], says={"ray": "nothing of the kind"})
    step = msgspec.structs.replace(CONCEPT.demo[1], rows=[row])
    state = State(msgspec.structs.replace(CONCEPT, demo=[step]), ("monarch", "ray"))
    state.apply(both(reply="bye"))
    (line,) = lines(state)
    assert (line.cells["ray"].text, line.cells["ray"].met, line.differs) == (
        "(nothing of the kind)",
        None,
        False,
    )


def test_a_wrong_observation_changes_the_finding_and_the_exit_code():
    state = after(both(reply="bye"))
    assert finding(state) == (
        "1 of 2 observations are as claimed. Not: Reply of one actor. The engines differed in 1 of 1 rows."
    )
    assert exit_code(state) is ExitCode.NOT_AS_EXPECTED


def test_an_expected_observation_that_never_came_is_not_fine():
    events = [event for event in both() if not isinstance(event, Observation)]
    assert exit_code(after(events)) is ExitCode.NOT_AS_EXPECTED


def test_a_failed_side_weighs_more_than_a_wrong_observation():
    assert exit_code(after(both(reply="bye", exit_code=1))) is ExitCode.SIDE_FAILED


def test_a_troubled_pipe_is_not_fine():
    note = Script("ray").add(HarnessNote, 0.5, trouble="garbled", detail="x").events
    assert exit_code(after(in_time(both(), note))) is ExitCode.NOT_AS_EXPECTED


def test_how_a_side_ended_is_told_with_its_numbers():
    assert side_sentence(after(both()).sides["ray"]) == (
        "Ray: 2 of 2 steps, 1 call, 3.6 s; it left no process behind."
    )
    killed = (
        Script("ray").add(SideEnded, 2, ending="signal", signal=9, strays=["raylet", "gcs_server"]).events
    )
    assert side_sentence(after(killed).sides["ray"]) == (
        "Ray was killed by signal 9 after 0 of 0 steps, 2.0 s;"
        " 2 processes outlived it and were ended (gcs_server, raylet)."
    )


def test_values_read_as_a_person_would_write_them():
    shown = [say(value) for value in (True, None, 3, 0.12345, 12345.6, [1, "a"], {"x": False}, [[1, 2], [3]])]
    assert shown == ["yes", "none", "3", "0.123", "12,346", "1, a", "x: no", "[1, 2], [3]"]


def test_a_duration_is_in_the_unit_that_fits():
    shown = [say(value, "us") for value in (688.4, 43_210, 5_193_568, 80e6)]
    assert shown == ["688 us", "43.2 ms", "5.2 s", "1 min 20 s"]
    assert [say(0.417, "s"), say(2, "ms"), say(None, "s")] == ["417 ms", "2 ms", "none"]


def test_names_and_measured_numbers_are_no_finding_but_a_zero_is():
    def differs(monarch, ray, **fields) -> bool:
        row = msgspec.structs.replace(CONCEPT.demo[1].rows[0], **fields)
        step = msgspec.structs.replace(CONCEPT.demo[1], rows=[row])
        state = State(msgspec.structs.replace(CONCEPT, demo=[step]), ("monarch", "ray"))
        state.apply(in_time(side("monarch", reply=monarch), side("ray", reply=ray)))
        return lines(state)[0].differs

    assert differs("TimeoutError", "GetTimeoutError")
    assert not differs("TimeoutError", "GetTimeoutError", named=True)
    assert not differs(84, 261, measured=True)
    assert differs(0, 44, measured=True)


def test_plain_lines_come_once_each_in_the_order_of_time():
    state, stream = State(CONCEPT, ("monarch", "ray")), io.StringIO()
    presenter = PlainLines(state, stream)
    events = both()
    for start in range(0, len(events), 5):
        batch = Batch(events[start : start + 5])
        state.apply(batch.events)
        presenter.update(batch, 0)
    shown = stream.getvalue().splitlines()
    assert len(shown) == 8
    assert shown[0] == "   0.200s  monarch  step     Make a greeter"
    assert not any("\x1b" in line for line in shown)


def test_json_lines_are_the_lines_of_the_history():
    stream, batch = io.BytesIO(), Batch()
    for event in both():
        batch.add(event)
    JsonLines(stream).update(batch, 0)
    assert stream.getvalue() == bytes(batch.raw)


def test_the_closing_stays_readable_without_a_terminal():
    stream = io.StringIO()
    banner = Banner("REPLAY", "recorded 2026-01-02, speed 1")
    print_closing(after(both(reply="hi")), banner, further="Go on: elsewhere", stream=stream)
    text = stream.getvalue()
    assert "replay (recorded 2026-01-02, speed 1)" in text
    assert "indicative" not in text
    assert "Monarch: 2 of 2 steps, 1.2 s; Ray: 2 of 2 steps, 3.6 s; no process left." in text
    assert "1 of 2 observations are as claimed" in text
    assert text.endswith("Go on: elsewhere\n")


def test_the_closing_prints_its_tables_when_asked_for():
    stream = io.StringIO()
    print_closing(after(both()), Banner("LIVE"), verbose=True, stream=stream)
    assert "Reply of one actor" in stream.getvalue()
    assert "indicative" in stream.getvalue()


@pytest.mark.parametrize("concept", all_concepts(), ids=lambda concept: concept.name)
def test_the_closing_of_a_demo_has_at_most_12_lines(concept):
    state, stream = recorded(concept), io.StringIO()
    print_closing(state, Banner("LIVE"), further="Go on: elsewhere", stream=stream)
    assert max(map(len, stream.getvalue().splitlines())) <= 88
    assert len(stream.getvalue().splitlines()) <= 12


@pytest.mark.parametrize("concept", all_concepts(), ids=lambda concept: concept.name)
def test_each_step_of_a_demo_says_what_happened_and_what_differs(concept):
    state = recorded(concept)
    assert [step.experiment for step in concept.demo if len(sentences(state, step)) != 2] == []


@pytest.mark.parametrize("concept", all_concepts(), ids=lambda concept: concept.name)
def test_the_sentences_of_each_step_fit_three_lines_of_80_columns(concept):
    state = recorded(concept)
    needed = {
        step.experiment: sum(len(textwrap.wrap(text, 80)) for text in sentences(state, step))
        for step in concept.demo
    }
    assert {name: lines for name, lines in needed.items() if lines > 3} == {}


def test_the_sentences_of_a_step_come_once_both_engines_have_taken_it():
    step = CONCEPT.demo[1]
    assert sentences(until(both(), 2.0), step) == []
    assert sentences(after(both()), step) == [
        "One greeter is called.",
        "The answer: hello you on Monarch, hello you on Ray.",
    ]
