"""The models of the pictures: what runs observed of the engines is what they give for the same numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch_vs_ray.notebook import demos
from monarch_vs_ray.notebook.models import Buffer, Part, arrivals, broadcast_parents, held_up, hops

ACTORS = 8


@pytest.fixture(scope="module")
def facts():
    return demos.recorded("topology_meshes").state.sides["monarch"].facts


def ranges(numbers: list[int]) -> str:
    return f"{numbers[0]}-{numbers[-1]}" if len(numbers) > 1 else f"{numbers[0]}"


def test_the_tree_is_the_one_that_the_recorded_run_observed(facts):
    name = "row_with_fanout_of_two"
    tree = broadcast_parents(ACTORS, 2)
    assert ranges(held_up(tree, 1)) == facts.value(name, "held_up")
    assert max(hops(tree)) == facts.value(name, "hops_to_eight")
    assert max(hops(broadcast_parents(4, 2))) == facts.value(name, "hops_to_four")


def test_with_a_fan_out_of_one_it_is_a_chain_and_with_many_it_is_flat():
    assert broadcast_parents(4, 1) == [None, 0, 1, 2]
    assert broadcast_parents(4, 16) == [None, 0, 0, 0]


@given(st.integers(1, 80), st.integers(1, 20))
def test_every_actor_is_reached_once_by_an_earlier_one(actors, fan_out):
    parents = broadcast_parents(actors, fan_out)
    assert parents[0] is None
    assert all(parent is not None and parent < actor for actor, parent in enumerate(parents) if actor)
    assert all(parents.count(actor) <= fan_out for actor in range(actors))


def test_parts_of_a_mesh_are_those_that_the_recorded_run_reached(facts):
    second_host = Part((("hosts", 2, 1, 1), ("procs", 4, 0, 3)))
    assert second_host.ranks == facts.value("replies", "second_host")
    assert second_host.call() == "mesh.slice(hosts=1)"
    assert second_host.shape == {"procs": 4}
    both = Part((("hosts", 2, 0, 1), ("procs", 4, 1, 2)))
    assert both.ranks == [1, 2, 5, 6]
    assert both.call() == "mesh.slice(procs=slice(1, 3))"
    assert Part((("hosts", 2, 0, 1), ("procs", 4, 0, 3))).call() == "mesh"


@given(st.integers(1, 20), st.integers(0, 19), st.integers(0, 20))
def test_a_buffer_runs_all_in_order_however_they_arrive(messages, late, by):
    late = min(late, messages - 1)
    order = arrivals(messages, late, by)
    assert sorted(order) == list(range(messages))
    buffer = Buffer()
    for number in order:
        buffer.take(number)
        assert buffer.ran == list(range(len(buffer.ran)))
    assert len(buffer.ran) == messages
    assert buffer.waiting == []


def test_a_message_that_overtakes_waits():
    buffer = Buffer()
    for number in arrivals(5, 1, 2)[:3]:
        buffer.take(number)
    assert buffer.ran == [0]
    assert buffer.waiting == [2, 3]
