"""Space-time diagrams: each arrow, fault and notice is one that the history has."""

from __future__ import annotations

import msgspec
import pytest

from histories import Script, both
from monarch_vs_ray.core.events import (
    FORMAT,
    ExperimentBegun,
    ExperimentEnded,
    FaultInjected,
    LogLine,
    Message,
    Observation,
    SideEnded,
    StepBegun,
    StepEnded,
    encode,
)
from monarch_vs_ray.core.paths import PUBLISHED
from monarch_vs_ray.history import Header
from monarch_vs_ray.page import runs


def experiment(*events, name="held_call"):
    script = Script("ray")
    place = {"file": "f/ray/experiments.py", "line": 1, "end_line": 2, "code_sha256": "1" * 64}
    script.add(ExperimentBegun, 1.0, experiment=name, title="Held", **place)
    for kind, at, fields in events:
        script.add(kind, at, **fields)
    script.add(ExperimentEnded, 3.0, experiment=name, answer="ok", nanoseconds=2_000_000_000)
    return script.events


def message(id_, phase, time, number=0, sender="a"):
    return (
        Message,
        2.9,
        {"id": id_, "sender": sender, "receiver": "inbox", "phase": phase, "number": number, "time": time},
    )


def test_a_message_is_an_arrow_from_its_sending_to_its_begin():
    events = experiment(message("a0", "sent", 1_000_000), message("a0", "begun", 501_000_000))
    made = runs.diagram(events)
    assert made.lanes == ["a", "inbox"]
    assert made.arrows == [[0, 0.001, 1, 0.501, "a0 begins", "call"]]
    assert made.plain()["length"] == 0.501


def test_an_answer_goes_back():
    times = {"sent": 1, "begun": 2, "ended": 4, "answered": 5}
    made = runs.diagram(experiment(*(message("a0", phase, at * 1_000_000) for phase, at in times.items())))
    assert [(arrow[0], arrow[1], arrow[2], arrow[3]) for arrow in made.arrows] == [
        (0, 0.001, 1, 0.002),
        (1, 0.004, 0, 0.005),
    ]


def test_where_only_the_order_is_known_an_overtaken_message_crosses():
    made = runs.diagram(experiment(*(message(str(number), "begun", -1, number) for number in (0, 2, 1))))
    assert made.unit == "order"
    assert [(arrow[1], arrow[3], arrow[5]) for arrow in made.arrows] == [
        (0, 0, "call"),
        (2, 1, "overtaken"),
        (1, 2, "overtaken"),
    ]


def fault(at):
    return (FaultInjected, at, {"fault": "SIGKILL", "target": "worker 0"})


@pytest.mark.parametrize(("observed", "stands"), [(2.0, 0.6), (2.4, 1.0)])
def test_fault_and_notice_stand_as_far_apart_as_measured(observed, stands):
    seen = (Observation, observed, {"key": "seconds", "value": 0.4, "unit": "s"})
    made = runs.diagram(experiment(fault(2.0), seen, name="idle_death"))
    (mark,) = [mark for mark in made.marks if mark[3] == "fault"]
    assert made.lanes == ["program", "worker 0"]
    assert mark[:2] == [1, stands]
    assert made.arrows == [[1, stands, 0, round(stands + 0.4, 6), "noticed after 400 ms", "notice"]]


def test_elsewhere_a_fault_has_no_notice_that_was_not_measured():
    seen = (Observation, 2.0, {"key": "seconds", "value": 0.4, "unit": "s"})
    made = runs.diagram(experiment(fault(2.0), seen, name="parent_killed"))
    assert made.arrows == []
    assert made.note == "faults and observations stand where they were recorded"


def test_what_is_left_out_of_a_long_run_is_said():
    script = Script("ray")
    for number in range(runs.MOST + 20):
        script.add(StepBegun, number, step=number, title="s", file="f", line=1, end_line=1)
        script.add(StepEnded, number + 0.5, step=number)
    (name, _, engine, events) = next(runs.split(script.events))
    plain = runs.diagram(events).plain()
    assert (name, engine) == ("run", "ray")
    assert len(plain["bars"]) == runs.MOST
    assert "20 of 100 bars left out" in plain["note"]


def test_a_history_is_split_by_experiment_and_side():
    found = {(name, side) for name, _, side, _ in runs.split(both())}
    assert found == {(name, side) for name in ("make_a_greeter", "greet") for side in ("monarch", "ray")}


def test_recordings_and_published_histories_have_what_is_worth_drawing():
    found = {run["name"]: run for run in runs.runs(PUBLISHED)}
    assert {"message_ordering", "supervision", "transformer"} <= found.keys()
    (held,) = [each for each in found["message_ordering"]["experiments"] if each["name"] == "held_call"]
    assert held["sides"].keys() == {"monarch", "ray"}
    for run in found.values():
        for each in run["experiments"]:
            for side in each["sides"].values():
                assert all(0 <= arrow[1] <= side["length"] for arrow in side["arrows"])
                assert all(mark[0] < len(side["lanes"]) for mark in side["marks"])


def test_a_program_of_ones_own_is_drawn_from_its_record(tmp_path):
    script = Script("ray")
    script.add(LogLine, 0.5, origin="stdout", text="worker 1 is process 7")
    script.add(FaultInjected, 1.0, fault="SIGKILL", target="worker 1")
    script.add(LogLine, 1.5, origin="stdout", text="worker 1 is back")
    script.add(SideEnded, 2.0, ending="exit", exit_code=0)
    path = tmp_path / "secret-name.jsonl"
    header = Header(format=FORMAT, concept="programs", sides=["ray"], date="2026-11-30")
    path.write_bytes(msgspec.json.encode(header) + b"\n" + b"".join(map(encode, script.events)))
    first = runs.runs(PUBLISHED, histories=[path])[0]
    (whole,) = first["experiments"]
    assert first["title"] == "Your run 1"
    assert whole["sides"]["ray"]["lanes"] == ["program", "worker 1"]
    texts = [mark[2] for mark in whole["sides"]["ray"]["marks"]]
    assert texts == ["SIGKILL: worker 1", "worker 1 is process 7", "worker 1 is back"]
    assert "secret" not in str(first)
