"""The published evidence: judged again from its histories, different when a subject is broken."""

from __future__ import annotations

import re
from functools import cache

import msgspec
import pytest

from monarch_vs_ray.campaign import catalogue
from monarch_vs_ray.core.events import Observation
from monarch_vs_ray.core.paths import PUBLISHED
from monarch_vs_ray.core.verdicts import Finding, unstable
from monarch_vs_ray.ledger import published
from monarch_vs_ray.ledger.brackets import Bracket, brackets
from monarch_vs_ray.ledger.judge import judge

CLAIMS = {claim.id: claim for claim in catalogue.ledger().claims}
MACHINES = published.machines(PUBLISHED)
EVIDENCE = {
    (machine, each.id): each for machine in MACHINES for each in published.evidence(PUBLISHED, machine)
}
TESTED = {key: each for key, each in EVIDENCE.items() if key[1] in CLAIMS and each.tested == "experiment"}
KNOWN = [key for key, each in TESTED.items() if each.verdict != "unknown"]
HARDWARE = re.compile(r"needs .*(RDMA|CUDA|NCCL|GPU|nixl)")


@cache
def histories(machine):
    return published.histories(PUBLISHED, machine)


def found(key):
    """Return the brackets of a claim's experiments, from the histories, for each repeat."""
    machine, _ = key
    runs: dict[int, dict[str, Bracket]] = {}
    for each in EVIDENCE[key].observed:
        bracket = brackets(histories(machine)[each.history], each.history)[each.experiment]
        runs.setdefault(each.run, {})[each.experiment] = bracket
    return list(runs.values()) or [{}]


def test_evidence_is_of_claims_that_there_are():
    assert {id_ for _, id_ in EVIDENCE} <= set(CLAIMS)


def test_most_claims_are_published():
    """A new claim waits for its evidence as "not yet published"; a rule for the guide, not a loophole."""
    assert len({id_ for _, id_ in EVIDENCE}) >= 0.9 * len(CLAIMS)


def test_what_is_unknown_names_the_missing_hardware():
    unknown = {key: each.said for key, each in TESTED.items() if each.verdict == "unknown"}
    assert all(HARDWARE.search(said) for said in unknown.values()), unknown


def test_nothing_is_refuted_or_stale():
    assert [key for key, each in EVIDENCE.items() if each.verdict == "refuted" or each.stale] == []


@pytest.mark.parametrize("key", TESTED, ids="/".join)
def test_the_verdict_follows_from_the_histories(key):
    evidence, claim = EVIDENCE[key], CLAIMS[key[1]]
    runs = found(key)
    missing = {} if claim.cell.experiment in runs[-1] else {claim.cell.experiment: evidence.said}
    judgements = [judge(claim, run, missing) for run in runs]
    if evidence.observed:
        assert unstable(each.statement for each in judgements) == evidence.finding
    brief = [each.brief for each in judgements if each.brief]
    if brief and evidence.observed:
        assert unstable(brief).verdict == evidence.brief_verdict
    assert evidence.statement == claim.cell.statement


@pytest.mark.parametrize("key", KNOWN, ids="/".join)
def test_a_broken_subject_changes_the_verdict(key):
    """Take the control's observations for the experiment's; or, without one, observe something else."""
    claim, whole = CLAIMS[key[1]], found(key)[-1]
    if claim.cell.control:
        broken = {**whole, claim.cell.experiment: whole[claim.cell.control]}
        assert judge(claim, broken).statement.verdict != "holds"
        return
    bracket = whole[claim.cell.experiment]
    events = tuple(
        msgspec.structs.replace(event, value=None) if isinstance(event, Observation) else event
        for event in bracket.events
    )
    altered = Bracket(bracket.began, events, bracket.ended, bracket.started, bracket.side_ended)
    assert judge(claim, {**whole, claim.cell.experiment: altered}).statement != Finding("holds", "")
    assert judge(claim, {**whole, claim.cell.experiment: altered}).statement.verdict != "holds"
