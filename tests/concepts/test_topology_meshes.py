"""Topology and meshes: what both must observe, what its sentences rest on, and the helpers of its sides."""

from __future__ import annotations

import pytest

from monarch_vs_ray.concepts.topology_meshes import spec
from monarch_vs_ray.core.errors import ExitCode
from monarch_vs_ray.core.events import Observation
from monarch_vs_ray.core.paths import RECORDINGS
from monarch_vs_ray.history import read
from monarch_vs_ray.stage.state import State
from monarch_vs_ray.stage.summary import conclusions, exit_code, lines

CONCEPT = spec.CONCEPT
ENGINES = ("monarch", "ray")
(RECORDING,) = (RECORDINGS / CONCEPT.name).glob("*.jsonl")


def recorded(engine: str = "", **doctored: object) -> State:
    """What the recording shows, with some of one engine's observations replaced."""
    state = State(CONCEPT, ENGINES)
    events = read(RECORDING).events
    for event in events:
        if isinstance(event, Observation) and event.side == engine and event.key in doctored:
            event = type(event)(
                side=event.side, at=event.at, seq=event.seq, key=event.key, value=doctored[event.key]
            )
        state.apply([event])
    return state


def test_the_oracle_accepts_the_recorded_run_which_observed_every_row():
    state = recorded()
    assert exit_code(state) == ExitCode.FINE
    for side in state.sides.values():
        assert {row.key for row in CONCEPT.rows} == set(side.observations)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("per_host", [5, 3]),
        ("processes", 7),
        ("column", [1, 4]),
        ("regrouped", [0, 2, 4, 6]),
        ("same_pids", False),
        ("beside", [1, 1]),
        ("lost", 1),
    ],
)
def test_the_oracle_refuses_a_doctored_run(engine, key, value):
    state = recorded(engine, **{key: value})
    assert exit_code(state) != ExitCode.FINE
    refused = [line.row.key for line in lines(state) if line.cells[engine].met is False]
    assert refused == [key]


def test_each_closing_sentence_is_said_and_rests_on_what_was_observed():
    said = conclusions(recorded())
    assert len(said) == len(CONCEPT.closing)
    doctored = {
        "held": "nothing at all",
        "same_pids": False,
        "beside_processes": 77,
        "held_up": {"1": "66", "4": "55"},
        "lost": 88,
        "landed": "on the moon",
    }
    others = conclusions(recorded("monarch", **doctored))
    assert not set(said) & set(others)
    for word in ("nothing at all", "on Ray only", "77", "55", "88", "the moon"):
        assert sum(word in sentence for sentence in others) == 1


def test_a_sentence_whose_observations_are_missing_is_not_said():
    assert CONCEPT.conclude({}, {}) == []
    assert CONCEPT.conclude({"held_up": "garbled"}, {"held_up": "garbled"}) == []


def test_hosts_are_numbered_as_they_first_appear():
    parents = [70, 70, 30, 30, 30]
    assert spec.places(parents) == [0, 0, 1, 1, 1]
    assert spec.per_host(parents) == [2, 3]


def test_who_was_held_up_is_said_in_ranges():
    assert spec.held_up({0: [0], 1: [3, 1, 2], 4: [4, 5, 7], 5: []}) == {
        "0": "0",
        "1": "1-3",
        "4": "4-5+7",
        "5": "none",
    }


def test_a_shape_is_said_with_its_names():
    assert spec.shape({"hosts": 2, "procs": 4}) == "hosts 2 x procs 4"


def test_a_refusal_is_said_with_the_beginning_of_its_error():
    def refuse(*said: str) -> None:
        raise ValueError(*said)

    assert spec.refusal(lambda: 5) == "5"
    assert spec.refusal(lambda: refuse("no: because")) == "ValueError: no"
    assert spec.refusal(refuse) == "ValueError"
