"""The claims on the control plane: all of the first document is there, and a wrong engine is found out."""

from __future__ import annotations

import pytest

from ledger.probed import Seen, claims_of, judged

CLAIMS = claims_of("control_plane")
VERBS = {"call_one": 1, "call": 3, "stream": 3, "broadcast": 3, "choose": 1}


# What the probe and its control see of an engine as it is.
AS_IT_IS: dict[str, tuple[Seen, Seen]] = {
    "messaging_patterns.monarch": ({"reached": VERBS}, {"reached": dict.fromkeys(VERBS, 1)}),
    "fire_and_forget.ray": (
        {"given": "NoneType", "told": [1, 1, 1]},
        {"given": "ObjectRef", "told": [1, 1, 1]},
    ),
    "streaming.monarch": (
        {"early": [1, 2], "replies": 3, "async_for": "TypeError"},
        {"early": [], "replies": 3},
    ),
    "streaming.ray": (
        {"while_running": 3, "given": "ObjectRefGenerator"},
        {"while_running": 0, "given": "ObjectRef"},
    ),
    "low_level_primitive.ray": ({"object": "OwnerDiedError"}, {"object": "1000000 bytes"}),
    "architecture.monarch": ({"services": 0, "runtime": "Rust"}, {"services": 2, "runtime": "Rust"}),
    "metadata_store.ray": (
        {"found": 0, "redis_by_default": False, "redis_if_told": True},
        {"found": 277},
    ),
    "message_routing.monarch": ({"reached": [0], "alone": 2}, {"reached": [0, 2], "alone": 2}),
    "back_pressure.ray": ({"made": 2}, {"made": 8}),
    "receive_given_up.monarch": ({"next_receive": "TimeoutError"}, {"next_receive": "hello"}),
    "cancel_running_call.ray": ({"running_ended": False}, {"running_ended": True}),
    "one_of_several.ray": ({"to_the_busy_one": 1}, {"to_the_busy_one": 24}),
    "program_stopped.monarch": ({"rounds": 511, "large_rounds": 159}, {"rounds": 0, "large_rounds": 0}),
    "large_messages.ray": ({"large_rounds": 0}, {"large_rounds": 34}),
    "listening.monarch": (
        {"internet": [], "unix": True},
        {"internet": ["127.0.0.1"], "unix": True},
    ),
    "listening.ray": ({"listening": ["loopback", "other"]}, {"listening": ["loopback"]}),
    "authentication.ray": ({"without_token": "UNAUTHENTICATED"}, {"without_token": "1 node"}),
}

# What the probe would see of an engine that is otherwise.
OTHERWISE: dict[str, Seen] = {
    "messaging_patterns.monarch": {"reached": {**VERBS, "choose": 3}},
    "fire_and_forget.ray": {"given": "NoneType", "told": [1, 0, 1]},
    "streaming.monarch": {"early": [1, 2], "replies": 3, "async_for": "3"},
    "streaming.ray": {"while_running": 0, "given": "ObjectRefGenerator"},
    "low_level_primitive.ray": {"object": "1000000 bytes"},
    "architecture.monarch": {"services": 0, "runtime": "unknown"},
    "metadata_store.ray": {"found": 1, "redis_by_default": False, "redis_if_told": True},
    "message_routing.monarch": {"reached": [0, 2], "alone": 2},
    "back_pressure.ray": {"made": 3},
    "receive_given_up.monarch": {"next_receive": "hello"},
    "cancel_running_call.ray": {"running_ended": True},
    "one_of_several.ray": {"to_the_busy_one": 2},
    "program_stopped.monarch": {"rounds": 511, "large_rounds": 0},
    "large_messages.ray": {"large_rounds": 1},
    "listening.monarch": {"internet": ["0.0.0.0"], "unix": True},
    "listening.ray": {"listening": ["loopback"]},
    "authentication.ray": {"without_token": "1 node"},
}


@pytest.mark.parametrize("name", AS_IT_IS)
def test_an_engine_as_it_is_is_accepted(name: str) -> None:
    judgement = judged(CLAIMS[name], *AS_IT_IS[name])
    assert judgement.statement.verdict == "holds", judgement.statement.said
    if judgement.brief:
        assert judgement.brief.verdict == CLAIMS[name].cell.brief_verdict


@pytest.mark.parametrize("name", OTHERWISE)
def test_an_engine_that_is_otherwise_is_refused(name: str) -> None:
    judgement = judged(CLAIMS[name], OTHERWISE[name], AS_IT_IS[name][1])
    assert judgement.statement.verdict == "refuted", judgement.statement.said


@pytest.mark.parametrize("name", AS_IT_IS)
def test_a_control_that_sees_the_same_makes_it_unknown(name: str) -> None:
    seen, _ = AS_IT_IS[name]
    assert judged(CLAIMS[name], seen, seen).statement.verdict == "unknown"


@pytest.mark.parametrize("name", ["program_stopped.monarch", "large_messages.ray", "metadata_store.ray"])
def test_nothing_is_known_when_nobody_was_stopped(name: str) -> None:
    assert judged(CLAIMS[name], *AS_IT_IS[name], faults=0).statement.verdict == "unknown"


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("streaming.monarch", {"early": [1, 2], "replies": 3, "async_for": "3"}),
        ("streaming.ray", {"while_running": 0, "given": "ObjectRef"}),
        ("fire_and_forget.ray", {"given": "ObjectRef", "told": [1, 1, 1]}),
    ],
)
def test_a_refuted_mark_would_be_stale_if_the_engine_were_as_the_brief_says(name: str, seen: Seen) -> None:
    brief = judged(CLAIMS[name], seen, AS_IT_IS[name][1]).brief
    assert brief
    assert brief.verdict == "holds"
