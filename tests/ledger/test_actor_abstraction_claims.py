"""The claims on the actor abstraction: the brief is all there, and judging tells right from wrong."""

from __future__ import annotations

from typing import Any

import pytest

from histories import Script
from monarch_vs_ray.concepts import claim_folders
from monarch_vs_ray.core.events import Engine, Observation, ProbeBegun, ProbeEnded
from monarch_vs_ray.ledger.brackets import Bracket, brackets
from monarch_vs_ray.ledger.claims import Claim, load
from monarch_vs_ray.ledger.judge import Judgement, judge

CONCEPT = "actor_abstraction"
BRIEF = {
    "Base class": ("Explicit `Actor` inheritance", "`@ray.remote` decorator on any class"),
    "Method exposure": ("Opt-in via `@endpoint`", "Opt-out (all public methods are remote by default)"),
    "Spawn model": (
        "Two-step: `spawn_procs()` then `spawn()` on a ProcMesh",
        "Single-step: `Class.remote()`, scheduler picks a node",
    ),
    "Return type": ("`ActorMesh` (collective-addressable group)", "`ActorHandle` (single actor proxy)"),
    "Invocation": ("`actor.method.call_one().get()`", "`ray.get(actor.method.remote())`"),
    "Concurrency": ("Sequential by default (one message at a time)", "Configurable via `max_concurrency`"),
    "Actor inheritance": (
        "Supported (normal Python inheritance from `Actor`)",
        "Blocked — `ActorClassInheritanceException` raised",
    ),
}
CLAIMS = load(claim_folders()).find(CONCEPT)

Seen = dict[str, object]


def claim(row: str, engine: Engine) -> Claim:
    (found,) = [each for each in CLAIMS if each.row == row and each.engine == engine]
    return found


def ran(engine: Engine, probes: dict[str, Seen]) -> dict[str, Bracket]:
    """The brackets of a side in which each of these probes saw this."""
    script = Script(engine)
    for at, (name, seen) in enumerate(probes.items()):
        script.add(ProbeBegun, at, probe=name, line=1, end_line=2, code_sha256="0" * 64)
        for key, value in seen.items():
            script.add(Observation, at, key=key, value=value)
        script.add(ProbeEnded, at, probe=name, answer="ok", nanoseconds=1)
    return brackets(script.events)


def judged(subject: Claim, seen: Seen, control: Seen) -> Judgement:
    """What is found when the claim's probe saw one thing, and its control another."""
    probes = {subject.cell.probe: seen, subject.cell.control: control}
    return judge(subject, ran(subject.engine, probes))


def test_every_row_of_the_brief_is_here_word_for_word() -> None:
    quoted: dict[str, dict[str, str]] = {}
    for each in CLAIMS:
        if each.cell.brief:
            quoted.setdefault(each.aspect, {})[each.engine] = each.cell.brief
    assert quoted == {aspect: {"monarch": one, "ray": two} for aspect, (one, two) in BRIEF.items()}


def test_every_row_speaks_of_both_engines() -> None:
    rows = {each.row for each in CLAIMS}
    assert {(each.row, each.engine) for each in CLAIMS} == {
        (row, engine) for row in rows for engine in ("monarch", "ray")
    }


def test_every_claim_is_tested_by_a_run_that_has_a_control() -> None:
    assert [each.id for each in CLAIMS if each.cell.tested != "probe" or not each.cell.control] == []


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
    finding = judge(subject, ran("monarch", {subject.cell.probe: {"lives": True}})).statement
    assert (finding.verdict, finding.said) == ("unknown", "no control: stopped did not run")


def test_a_probe_that_saw_nothing_tells_nothing() -> None:
    assert judged(claim("printed_output", "ray"), {}, {"lines_that_came": 0}).statement.verdict == "unknown"
