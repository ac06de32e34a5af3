"""The claims on the actor abstraction: the brief is all there, and judging tells right from wrong."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.probed import ProbedSide, Seen, claims_of, judged
from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.ledger.claims import Claim
from monarch_vs_ray.ledger.judge import judge

CLAIMS = claims_of("actor_abstraction")


def claim(row: str, engine: Engine) -> Claim:
    return CLAIMS[f"{row}.{engine}"]


ANSWERED = "answered 'pong hello'"
ORIGINAL = "ValueError: no ball"
KINDS: list[Any] = [
    # row, engine, what must be accepted, what must be refused, what a control shows
    pytest.param(
        "base_class",
        "monarch",
        {"spawn": "ValueError: <class 'WithoutBase'> must subclass monarch.service.Actor to spawn it."},
        {"spawn": "answered 'ActorMesh'"},
        {"spawn": "answered 'ActorMesh'"},
        id="a refusal in words",
    ),
    pytest.param(
        "method_exposure",
        "ray",
        {"public": ["count", "ping"], "remote": ["count", "ping"]},
        {"public": ["count", "ping"], "remote": ["ping"]},
        {"public": ["ping", "score"], "remote": ["ping"]},
        id="two lists that are the same",
    ),
    pytest.param(
        "spawn_model",
        "monarch",
        {
            "host_can_spawn_actors": False,
            "processes_of_spawn_procs": 1,
            "processes_of_both_steps": 1,
            "processes": 1,
        },
        {
            "host_can_spawn_actors": False,
            "processes_of_spawn_procs": 0,
            "processes_of_both_steps": 1,
            "processes": 1,
        },
        {"processes": 2},
        id="counted processes",
    ),
    pytest.param("spawn_model", "ray", {"nodes": 2}, {"nodes": 1}, {"nodes": 1}, id="counted nodes"),
    pytest.param(
        "invocation",
        "ray",
        {"reply": ANSWERED},
        {"reply": "TypeError: Actor methods cannot be called directly"},
        {"reply": "TypeError: Actor methods cannot be called directly"},
        id="an answer",
    ),
    pytest.param(
        "concurrency", "monarch", {"at_once": 1}, {"at_once": 4}, {"at_once": 4}, id="one at a time"
    ),
    pytest.param("async_methods", "ray", {"at_once": 4}, {"at_once": 1}, {"at_once": 1}, id="four at once"),
    pytest.param(
        "exception_type",
        "ray",
        {"caught": "RayTaskError(ValueError)", "is_of_the_original_type": True, "original": ORIGINAL},
        {"caught": "RayTaskError(ValueError)", "is_of_the_original_type": False, "original": ORIGINAL},
        {"caught": "RayTaskError", "is_of_the_original_type": False, "original": "Final: no ball"},
        id="the type of an error",
    ),
    pytest.param(
        "constructor_failure",
        "ray",
        {"failed_at": "first call", "caught": "ActorDiedError", "names_the_original": True},
        {"failed_at": "remote", "caught": "ActorDiedError", "names_the_original": True},
        {"failed_at": "nothing"},
        id="the moment of an error",
    ),
    pytest.param("last_reference", "ray", {"lives": False}, {"lives": True}, {"lives": True}, id="an end"),
    pytest.param(
        "helper_processes",
        "ray",
        {
            "helpers": 5,
            "names": ["gcs_server", "log_monitor.py", "monitor.py", "raylet", "ray::DashboardAgent"],
        },
        {"helpers": 2, "names": ["gcs_server", "raylet"]},
        {"helpers": 0, "names": []},
        id="at least so many",
    ),
    pytest.param(
        "memory", "monarch", {"megabytes": 66.0}, {"megabytes": 15.0}, {"megabytes": 266.0}, id="a range"
    ),
]


@pytest.mark.parametrize(("row", "engine", "accepted", "refused", "control"), KINDS)
def test_a_history_is_accepted_or_refused(
    row: str, engine: Engine, accepted: Seen, refused: Seen, control: Seen
) -> None:
    subject = claim(row, engine)
    assert judged(subject, accepted, control).statement.verdict == "holds"
    assert judged(subject, refused, control).statement.verdict == "refuted"
    # A control that shows the same as the probe shows that the probe cannot tell.
    assert judged(subject, accepted, accepted).statement.verdict == "unknown"


@pytest.mark.parametrize(("row", "engine", "accepted", "refused", "control"), KINDS)
def test_the_verdict_on_the_brief_follows_what_was_seen(
    row: str, engine: Engine, accepted: Seen, refused: Seen, control: Seen
) -> None:
    subject = claim(row, engine)
    for seen, verdict in ((accepted, "holds"), (refused, "refuted")):
        brief = judged(subject, seen, control).brief
        assert (brief.verdict if brief else None) == (verdict if subject.cell.brief else None)


def test_a_probe_without_its_control_tells_nothing() -> None:
    subject = claim("last_reference", "monarch")
    finding = judge(
        subject, ProbedSide("monarch").probe(subject.cell.probe, {"lives": True}).brackets
    ).statement
    assert (finding.verdict, finding.said) == ("unknown", "no control: stopped did not run")


def test_a_probe_that_saw_nothing_tells_nothing() -> None:
    assert judged(claim("printed_output", "ray"), {}, {"lines_that_came": 0}).statement.verdict == "unknown"
