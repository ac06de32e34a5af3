"""Topology and meshes: how places are written down, and what a run is worth in which it was observed."""

from __future__ import annotations

import pytest

from monarch_vs_ray.concepts import find
from monarch_vs_ray.concepts.topology_meshes import inputs
from recorded import doctored, recording, verdict

CONCEPT = find("topology_meshes")


@pytest.fixture(scope="module")
def events():
    return recording(CONCEPT)


def test_the_recorded_run_is_as_claimed(events):
    assert verdict(CONCEPT, events) == 0


@pytest.mark.parametrize(
    ("side", "key", "value"),
    [
        ("monarch", "what_is_held.actors", "ActorMesh rank 8"),
        ("monarch", "replies.replies_as", "list of 8"),
        ("ray", "replies.replies_as", "ValueMesh hosts 2 x procs 4"),
        ("monarch", "second_half.reached", [4, 5, 6]),
        ("ray", "every_second.reached", [0, 2, 4, 6]),
        ("monarch", "regrouped.same_processes", False),
        ("ray", "actors_beside.new_processes", 0),
        ("monarch", "actors_beside.new_processes", 2),
        ("monarch", "stopped_process.held_up", "4"),
        ("ray", "stopped_process.held_up", "4-7"),
        ("ray", "stopped_process.lost", 1),
        ("monarch", "row_with_fanout_of_two.hops_to_eight", 2),
        ("ray", "compiled_graph.reached_by_one_call", 7),
        ("ray", "more_gpus_than_there_are.state", "CREATED"),
    ],
)
def test_what_must_not_be_changes_the_exit_code(events, side, key, value):
    assert verdict(CONCEPT, doctored(events, side, key, value)) == 1


def test_hosts_are_numbered_as_they_appear():
    assert inputs.places([70, 70, 12, 70]) == [0, 0, 1, 0]


@pytest.mark.parametrize(
    ("numbers", "told"), [([], "none"), ([4], "4"), ([7, 4, 5, 6, 1], "1+4-7"), (range(8), "0-7")]
)
def test_neighbours_are_drawn_together(numbers, told):
    assert inputs.ranges(numbers) == told


def test_a_shape_in_words():
    assert inputs.shape({"hosts": 2, "procs": 4}) == "hosts 2 x procs 4"
