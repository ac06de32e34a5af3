"""The claims on interactive development: the brief is all there, and judging tells right from wrong."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.probed import ProbedSide, Seen, claims_of, judged
from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.ledger.claims import Claim
from monarch_vs_ray.ledger.judge import judge

CLAIMS = claims_of("interactive_devx")


def claim(row: str, engine: Engine) -> Claim:
    return CLAIMS[f"{row}.{engine}"]


TRAINED = [0.5, 1.0]
KINDS: list[Any] = [
    # row, engine, what must be accepted, what must be refused, what a control shows
    pytest.param(
        "development_model",
        "monarch",
        {"children_of_the_session": 2, "other_processes": 0},
        {"children_of_the_session": 2, "other_processes": 1},
        {"children_of_the_session": 0, "other_processes": 1},
        id="whose child a process is",
    ),
    pytest.param(
        "interaction",
        "ray",
        {"reply": [0, 0.0]},
        {"reply": "ObjectRef"},
        {"reply": "ObjectRef"},
        id="a reply",
    ),
    pytest.param(
        "hyperparameter_changes",
        "monarch",
        {"weights": [0.75, 1.5], "same_processes": True},
        {"weights": [0.75, 1.5], "same_processes": False},
        {"weights": [1.0, 2.0], "same_processes": True},
        id="a changed argument",
    ),
    pytest.param(
        "production_deployment",
        "monarch",
        {
            "was_interactive": [True, False],
            "interactive": TRAINED,
            "batch": TRAINED,
            "on_hosts_of_a_job": TRAINED,
            "there_in_processes_of_the_session": False,
        },
        {
            "was_interactive": [True, False],
            "interactive": TRAINED,
            "batch": [0.5, 0.5],
            "on_hosts_of_a_job": TRAINED,
            "there_in_processes_of_the_session": False,
        },
        {"there_in_processes_of_the_session": True},
        id="results that are the same",
    ),
    pytest.param(
        "spmd_support",
        "ray",
        {"model": "DistributedDataParallel", "fsdp": "FSDP is only available with GPU-enabled training."},
        {"model": "DistributedDataParallel", "fsdp": "no strategy is called fsdp"},
        {"model": "Linear"},
        id="the type of a model",
    ),
    pytest.param(
        "spmd_support",
        "ray",
        {"model": "DistributedDataParallel", "fsdp": "FullyShardedDataParallel"},
        {"model": "Linear", "fsdp": "FullyShardedDataParallel"},
        {"model": "Linear"},
        id="the type of a model, with a GPU",
    ),
    pytest.param(
        "restart_on_code_change",
        "monarch",
        {"new_code": True, "same_processes": True},
        {"new_code": False, "same_processes": True},
        {"new_code": False},
        id="new code",
    ),
    pytest.param(
        "processes_for_a_changed_class",
        "ray",
        {"processes": 2, "in_processes_of_the_old": 0},
        {"processes": 2, "in_processes_of_the_old": 1},
        {"in_processes_of_the_old": 1},
        id="counted processes",
    ),
    pytest.param(
        "changed_module",
        "ray",
        {"running": "old", "made_afterwards": "new", "reloaded": "new"},
        {"running": "new", "made_afterwards": "new", "reloaded": "new"},
        {"made_afterwards": "old"},
        id="the version of a module",
    ),
    pytest.param(
        "second_session",
        "ray",
        {"counts": 2},
        {"counts": "ValueError: Failed to look up actor with name"},
        {"counts": "ValueError: Failed to look up actor with name"},
        id="a count that goes on",
    ),
    pytest.param(
        "end_of_the_session",
        "monarch",
        {"answers_afterwards": False},
        {"answers_afterwards": True},
        {"answers_afterwards": True},
        id="an end",
    ),
    pytest.param(
        "kept_of_a_job",
        "ray",
        {"status": "SUCCEEDED", "log_has_the_result": True},
        {"status": "SUCCEEDED", "log_has_the_result": False},
        {"status": "RUNNING", "log_has_the_result": False},
        id="what a job leaves",
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


def test_a_tensor_alone_is_what_the_brief_speaks_of() -> None:
    subject = claim("state_inspection", "monarch")
    seen: Seen = {"seen": [[1.0, 1.0], [2.0, 2.0]], "of_an_actor": "list"}
    found = judged(subject, seen, {"seen": "ValueError: Missing key"})
    assert found.brief
    assert (found.statement.verdict, found.brief.verdict) == ("refuted", "holds")


def test_a_probe_without_its_control_tells_nothing() -> None:
    subject = claim("second_session", "monarch")
    seen: Seen = {"counts": 2, "on_the_sessions_own_host_counts": 2}
    finding = judge(subject, ProbedSide("monarch").probe(subject.cell.probe, seen).brackets).statement
    assert (finding.verdict, finding.said) == ("unknown", "no control: found_by_name did not run")
