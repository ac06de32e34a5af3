"""Message ordering: how disorder is counted, and what a run is worth in which it was observed."""

from __future__ import annotations

import itertools

import pytest

from monarch_vs_ray.concepts import find
from monarch_vs_ray.concepts.message_ordering import inputs
from monarch_vs_ray.side.emitter import PrintEmitter
from monarch_vs_ray.side.narration import narrate_to
from recorded import doctored, recording, verdict

CONCEPT = find("message_ordering")


@pytest.fixture(scope="module")
def events():
    return recording(CONCEPT)


def test_the_recorded_run_is_as_claimed(events):
    assert verdict(CONCEPT, events) == 0


WRONG = [
    ("two_threads.out_of_order", 1),
    ("four_kinds_of_call.out_of_order", 7),
    ("four_kinds_of_call_unordered.out_of_order", 0),  # a control that finds no disorder says nothing
    ("crash.ran", 102),
    ("crash.ran_twice", 1),
    ("crash_and_send_again.ran", 199),
    ("crash_and_send_again.ran_twice", 0),
    ("crash_and_send_again.out_of_order", 2),
]
OF_ONE = [
    ("monarch", "held_call.order", ["a0", "a1", "b0"]),
    ("monarch", "async_method.out_of_order", 1),
    ("ray", "two_kinds_of_method.out_of_order_in_a_lane", 1),
    ("ray", "crash_with_retries.ran", 199),
]


@pytest.mark.parametrize(
    ("side", "key", "value"), [*((side, *wrong) for side in ("monarch", "ray") for wrong in WRONG), *OF_ONE]
)
def test_what_must_not_be_changes_the_exit_code(events, side, key, value):
    assert verdict(CONCEPT, doctored(events, side, key, value)) == 1


@pytest.mark.parametrize("numbers", [*itertools.permutations(range(4))])
def test_only_the_right_order_counts_as_none_out_of_order(numbers):
    assert (inputs.inversions(numbers) == 0) == (list(numbers) == [0, 1, 2, 3])


def test_senders_are_looked_at_by_themselves():
    arrivals = [("a", 0), ("b", 0), ("a", 1), ("b", 1)]
    assert inputs.inversions_per_sender(arrivals) == 0
    assert inputs.changes_of_sender(arrivals) == 3
    assert inputs.inversions_per_sender([("a", 1), ("b", 0), ("a", 0)]) == 1


def test_repeats_are_counted_beyond_the_first():
    assert inputs.repeated([1, 2, 2, 2, 3]) == 2


def test_collecting_goes_on_until_there_are_enough():
    batches = iter([[("a", 0)], [], [("a", 1), ("a", 2)]])
    assert len(inputs.collect(lambda: next(batches), 3)) == 3


class Kept:
    """An emitter that keeps the fields of what is emitted."""

    def __init__(self):
        self.fields = []

    def emit(self, kind, /, **fields):
        self.fields.append(fields)


@pytest.fixture
def kept():
    kept = Kept()
    narrate_to(kept)
    yield kept.fields
    narrate_to(PrintEmitter())


def test_journeys_are_counted_from_the_first_call_that_was_sent(kept):
    journeys = inputs.Journeys()
    journeys.send("a0", 1_000)
    journeys.send("b0", 1_500)
    journeys.emit({"a0": 4_000})
    told = [(each["id"], each["phase"], each["time"]) for each in kept]
    assert told == [("a0", "sent", 0), ("a0", "begun", 3_000), ("b0", "sent", 500)]


def test_numbers_are_shown_around_the_first_that_came_late(kept):
    begun = [*range(100), 101, 100, *range(102, 600)]
    inputs.show_order(begun)
    numbers = [each["number"] for each in kept]
    assert len(numbers) == inputs.SHOWN
    assert 101 in numbers
    assert numbers == begun[numbers[0] : numbers[0] + inputs.SHOWN]
