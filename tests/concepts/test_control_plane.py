"""Control plane: its inputs, and what a run is worth in which it was observed."""

from __future__ import annotations

import pytest

from monarch_vs_ray.concepts import find
from monarch_vs_ray.concepts.control_plane import inputs
from recorded import doctored, recording, verdict

CONCEPT = find("control_plane")


@pytest.fixture(scope="module")
def events():
    return recording(CONCEPT)


def test_the_recorded_run_is_as_claimed(events):
    assert verdict(CONCEPT, events) == 0


ON_BOTH = [
    ("ways_to_send.reached", {}),
    ("replies_as_they_come.early", [0, 1]),
    ("values_of_one_call.while_running", 0),
    ("wait_too_short.ran", 2),
    ("talk.rounds", 0),
    ("talk.large_rounds", 0),
    ("new_actors.in_new_processes", 1),
]
OF_ONE = [
    ("monarch", "processes.services", 1),
    ("monarch", "values_of_one_call.after_last", "StopIteration"),
    ("monarch", "slow_reader.made", 2),
    ("monarch", "mailbox.processes", 1),
    ("monarch", "mailbox.handed_on", "answered 1"),
    ("monarch", "queued_call_given_up.queued_began", False),
    ("monarch", "one_of_several.to_the_busy_one", 1),
    ("monarch", "error_unheard.survived", True),
    ("monarch", "error_unheard.hook_called", False),
    ("ray", "error_unheard.logged", True),
    ("monarch", "talk_between_hosts.rounds", 0),
    ("monarch", "talk_between_hosts.rounds_from_here", 1),
    ("ray", "values_of_one_call.after_last", "TimeoutError"),
    ("ray", "slow_reader_with_limit.made", 3),
    ("ray", "mailbox.processes", 0),
    ("ray", "queued_call_given_up.queued_began", True),
    ("ray", "one_of_several.to_the_busy_one", 2),
    ("ray", "error_unheard.survived", False),
    ("ray", "talk_in_small_messages.rounds", 0),
    ("ray", "talk_in_large_messages.large_rounds", 1),
    ("ray", "talk_between_hosts.rounds_from_here", 0),
]


@pytest.mark.parametrize(
    ("side", "key", "value"), [*((side, *wrong) for side in ("monarch", "ray") for wrong in ON_BOTH), *OF_ONE]
)
def test_what_must_not_be_changes_the_exit_code(events, side, key, value):
    assert verdict(CONCEPT, doctored(events, side, key, value)) == 1


def test_only_moments_within_the_window_count():
    assert inputs.inside([0.9, 1.0, 1.5, 2.0, 2.1], (1.0, 2.0)) == 3
    assert inputs.inside([], (1.0, 2.0)) == 0
