"""The claims on topology and meshes: all of the first document is there, and a wrong engine is found out."""

from __future__ import annotations

import pytest

from ledger.probed import claims_of, judged

CLAIMS = claims_of("topology_meshes")

# What the probe and its control see of an engine as it is; and what they would see of one that is otherwise.
AS_IT_IS = {
    "broadcast.monarch": (
        {"hops_to_four": 2, "hops_to_eight": 3, "held_up": "1-4", "held_up_by_broadcast": "1-4", "lost": 0},
        {"hops_to_eight": 4, "held_up": "1-7"},
    ),
    "broadcast.ray": (
        {"reached_by_one_call": 1, "calls_for_all": 8, "heard_by_all": 8},
        {"reached_by_one_call": 2},
    ),
    "reshape.monarch": (
        {"split": "hosts 2 x dp 2 x tp 2", "same_processes": True},
        {"same_processes": False},
    ),
    "reshape.ray": ({"same_processes": True, "reached": [1, 3, 5, 7]}, {"same_processes": False}),
    "multi_host.ray": (
        {"landed": "apart", "landed_strictly": "apart"},
        {"landed": "together", "landed_strictly": "together"},
    ),
    "actors_on_a_slice.monarch": (
        {"hosts": [0, 1], "new_processes": 0},
        {"hosts": [0, 1], "new_processes": 2},
    ),
    "actors_on_a_slice.ray": (
        {"hosts": [0, 1], "new_processes": 2},
        {"hosts": [0, 1], "new_processes": 0},
    ),
    "stopped_process.monarch": ({"held_up": "4-7", "lost": 0}, {"held_up": "4", "lost": 0}),
    "stopped_process.ray": ({"held_up": "4", "lost": 0}, {"held_up": "4-7", "lost": 0}),
    "fan_out.monarch": ({"fan_out": 1, "held_up": "1-7"}, {"fan_out": 16, "held_up": "1"}),
    "strictness.ray": (
        {"packed": "infeasible", "spread": "infeasible"},
        {"packed": "placed", "spread": "placed"},
    ),
    "more_than_there_is.monarch": (
        {"outcome": "2 processes more than GPUs"},
        {"outcome": "IndexError: index out of range"},
    ),
    "more_than_there_is.ray": (
        {"state": "PENDING", "answer": "GetTimeoutError: Get timed out"},
        {"state": "CREATED", "answer": "0"},
    ),
    "stop_of_a_part.monarch": (
        {
            "outcome": "NotImplementedError",
            "processes": "ValueError: ProcMesh is not owned; must be stopped by an owner",
            "answering": 8,
        },
        {"outcome": "stopped"},
    ),
}
OTHERWISE = {
    "broadcast.monarch": [
        {"hops_to_eight": 7},
        {"hops_to_four": 3},
        {"held_up_by_broadcast": "1"},
        {"lost": 1},
    ],
    "broadcast.ray": [{"reached_by_one_call": 8}, {"heard_by_all": 7}],
    "reshape.monarch": [{"same_processes": False}, {"split": "hosts 2 x procs 4"}],
    "reshape.ray": [{"same_processes": False}, {"reached": [0, 2, 4, 6]}],
    "multi_host.ray": [{"landed": "together"}],
    "actors_on_a_slice.monarch": [{"new_processes": 2}, {"hosts": [1, 1]}],
    "actors_on_a_slice.ray": [{"new_processes": 0}],
    "stopped_process.monarch": [{"held_up": "4"}, {"held_up": "0-7"}, {"lost": 4}],
    "stopped_process.ray": [{"held_up": "4-7"}, {"lost": 1}],
    "fan_out.monarch": [{"held_up": "1"}, {"fan_out": 16}],
    "strictness.ray": [{"packed": "placed"}, {"spread": "placed"}],
    "more_than_there_is.monarch": [{"outcome": "RuntimeError: no such GPU"}],
    "more_than_there_is.ray": [{"state": "CREATED"}, {"answer": "RayActorError"}],
    "stop_of_a_part.monarch": [{"outcome": "stopped"}, {"answering": 4}],
}


@pytest.mark.parametrize("key", AS_IT_IS)
def test_what_the_engine_does_is_accepted(key):
    assert judged(CLAIMS[key], *AS_IT_IS[key]).statement.verdict == "holds"


@pytest.mark.parametrize(("key", "other"), [(key, other) for key in OTHERWISE for other in OTHERWISE[key]])
def test_an_engine_that_does_otherwise_is_refused(key, other):
    seen, of_control = AS_IT_IS[key]
    assert judged(CLAIMS[key], {**seen, **other}, of_control).statement.verdict == "refuted"


@pytest.mark.parametrize("key", AS_IT_IS)
def test_a_control_that_sees_the_same_makes_it_unknown(key):
    seen, _ = AS_IT_IS[key]
    assert judged(CLAIMS[key], seen, seen).statement.verdict == "unknown"


@pytest.mark.parametrize("key", [key for key in AS_IT_IS if CLAIMS[key].cell.faults])
def test_without_its_fault_a_probe_shows_nothing(key):
    assert judged(CLAIMS[key], *AS_IT_IS[key], faults=0).statement.verdict == "unknown"


@pytest.mark.parametrize("key", [key for key in AS_IT_IS if CLAIMS[key].cell.brief])
def test_the_brief_is_judged_as_it_is_marked(key):
    brief = judged(CLAIMS[key], *AS_IT_IS[key]).brief
    assert brief is not None
    assert brief.verdict == CLAIMS[key].cell.brief_verdict


def test_the_mark_on_reshaping_would_be_stale_if_the_actors_moved():
    seen, of_control = AS_IT_IS["reshape.ray"]
    brief = judged(CLAIMS["reshape.ray"], {**seen, "same_processes": False}, of_control).brief
    assert brief is not None
    assert brief.verdict == "holds"
