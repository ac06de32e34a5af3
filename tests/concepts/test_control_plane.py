"""Control plane: its oracle, its closing sentences, and the process that stops others."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from monarch_vs_ray.concepts.control_plane import freezer, spec
from monarch_vs_ray.core.events import AnyEvent, Observation
from monarch_vs_ray.core.paths import RECORDINGS
from monarch_vs_ray.history import read
from monarch_vs_ray.stage.state import State
from monarch_vs_ray.stage.summary import conclusions, exit_code


@pytest.fixture
def recorded() -> list[AnyEvent]:
    (recording,) = (RECORDINGS / spec.CONCEPT.name).glob("*.jsonl")
    return list(read(recording).events)


def folded(events: list[AnyEvent], **doctored: object) -> State:
    """The state after these events, Ray having observed what ``doctored`` says instead."""
    state = State(spec.CONCEPT, ("monarch", "ray"))
    state.apply([_doctor(event, doctored) for event in events])
    return state


def _doctor(event: AnyEvent, doctored: dict[str, object]) -> AnyEvent:
    if isinstance(event, Observation) and event.side == "ray" and event.key in doctored:
        return _with_value(event, doctored[event.key])
    return event


def _with_value(event: Observation, value: object) -> Observation:
    fields = {name: getattr(event, name) for name in event.__struct_fields__}
    return Observation(**{**fields, "value": value})


def test_the_oracle_accepts_the_recorded_run(recorded):
    assert exit_code(folded(recorded)) == 0


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("early", [0, 1]),
        ("told", [1, 0, 1]),
        ("told_gives", "a reference"),
        ("chosen", [12, 1, 0]),
        ("values", [0, 1, 2]),
        ("values_early", 0),
        ("unread_bounded", 8),
        ("timeout_is", False),
        ("talk_peer", 7),
        ("talk_program", 0),
    ],
)
def test_the_oracle_refuses_a_doctored_run(recorded, key, value):
    assert exit_code(folded(recorded, **{key: value})) == 1


def test_all_sentences_are_said_of_the_recorded_run(recorded):
    assert len(conclusions(folded(recorded))) == len(spec.CONCEPT.closing) == 6


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("values_early", 77, "77 on Ray, as a generator"),
        ("unread_bounded", 77, "77 with an option on Ray"),
        ("given_up_ran", 77, "Ray 77"),
        ("told_error", False, "died on Ray"),
        ("talk_program", 77, "77 on Ray; with one"),
        ("talk_program", 0, "on one host the program is on the path on Ray."),
        ("talk_peer", 77, "0 and 77: on one host"),
        ("services", 77, "Ray has 77 processes"),
        ("talk_services", {"GCS": 0, "raylet": 77}, "0 with the GCS stopped, 77 with the raylet stopped"),
        ("talk_services", {"GCS": 0, "raylet": 77}, "needed for them: GCS."),
        ("talk_services", {"GCS": 1, "raylet": 77}, "needed for them: none of these."),
        ("born", {"new processes": 77}, "Ray's GCS stopped: 77 in new processes."),
    ],
)
def test_a_doctored_observation_changes_what_is_said(recorded, key, value, said):
    assert not any(said in sentence for sentence in conclusions(folded(recorded)))
    assert any(said in sentence for sentence in conclusions(folded(recorded, **{key: value})))


def test_a_sentence_whose_observation_is_missing_is_not_said():
    assert spec.CONCEPT.conclude({}, {}) == []
    assert dataclasses.replace(spec.CONCEPT, closing=()).conclude({}, {}) == []


@pytest.fixture
def child():
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def test_a_process_is_stopped_for_a_while_and_goes_on(child, monkeypatch):
    monkeypatch.setattr(spec, "FROZEN", 0.05)
    before = time.monotonic()
    began, ended = spec.freeze(child.pid)
    assert before < began < ended < time.monotonic()
    assert ended - began >= 0.05
    assert not freezer.stands_still(child.pid)


def test_a_process_can_have_itself_stopped(monkeypatch):
    monkeypatch.setattr(spec, "FROZEN", 0.05)
    began, ended = spec.freeze(os.getpid())
    assert began < ended <= time.monotonic()


def test_it_goes_on_also_when_the_one_that_stopped_it_is_interrupted(child):
    helper = [sys.executable, "-I", "-S", str(Path(freezer.__file__)), "30", str(child.pid)]
    with subprocess.Popen(helper, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert spec.until(lambda: freezer.stands_still(child.pid))
        process.terminate()
        assert process.wait(timeout=10) != 0
    assert spec.until(lambda: not freezer.stands_still(child.pid), 5)


def test_who_cannot_be_stopped_is_an_error():
    with pytest.raises(subprocess.CalledProcessError):
        spec.freeze(2**22 + 1)


def test_a_freeze_has_a_longest(child, monkeypatch):
    monkeypatch.setattr(spec, "LONGEST", 0.02)
    began, ended = spec.freeze(child.pid, at_least=1e6)
    assert ended - began < 10


def test_moments_inside_a_window():
    assert spec.inside([0.9, 1.0, 1.5, 2.0, 2.1], (1.0, 2.0)) == 3
    assert spec.inside([], (1.0, 2.0)) == 0


def test_outcome_and_error():
    assert spec.outcome(lambda: 3) == "3"
    assert spec.outcome(lambda: [][0]) == "IndexError"
    assert spec.error_of(lambda: 3) is None
    assert isinstance(spec.error_of(lambda: [][0]), IndexError)


def test_settled_sees_a_count_that_exceeds_what_was_expected():
    counts = iter(range(1000))
    assert spec.settled(lambda: next(counts), 3) > 3
    assert spec.settled(lambda: 2, 2) == 2
    assert spec.settled(lambda: 1, 2, seconds=0.02) == 1


def test_some_tries_again_but_not_forever():
    counts = iter([0, 0, 4, 0, 0, 0, 5])
    assert spec.some(lambda: next(counts)) == 4
    assert spec.some(lambda: next(counts)) == 0
