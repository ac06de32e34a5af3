"""The published evidence: complete, judged again from its histories, different when a subject is broken."""

from __future__ import annotations

import re
from functools import cache

import msgspec
import pytest

from monarch_vs_ray.report.contents import RESULTS
from monarch_vs_ray.concepts import claim_folders
from monarch_vs_ray.core.events import Observation
from monarch_vs_ray.history import read
from monarch_vs_ray.ledger.brackets import brackets
from monarch_vs_ray.ledger.claims import load
from monarch_vs_ray.ledger.judge import judge
from monarch_vs_ray.ledger.results import load as load_evidence
from monarch_vs_ray.ledger.results import published

FOLDER = published(RESULTS)
EVIDENCE = {each.id: each for each in load_evidence(FOLDER)}
CLAIMS = load(claim_folders()).claims
TESTED = [claim for claim in CLAIMS if claim.cell.tested == "probe"]
KNOWN = [claim for claim in TESTED if EVIDENCE[claim.id].verdict != "unknown"]
HARDWARE = re.compile(r"needs .*(RDMA|CUDA|NCCL|GPU)")
by_id = pytest.mark.parametrize("claim", TESTED, ids=lambda claim: claim.id)


@cache
def history(name):
    path = FOLDER / name
    return brackets(read(path if path.exists() else path.with_name(f"{path.name}.gz")).events, name)


def found(claim):
    """The brackets of a claim's probes, from the histories."""
    return {
        each.probe: history(each.history)[each.probe]
        for each in EVIDENCE[claim.id].observed
        if each.probe in history(each.history)
    }


def test_every_claim_has_evidence():
    assert set(EVIDENCE) == {claim.id for claim in CLAIMS}


def test_what_is_unknown_names_the_missing_hardware_and_is_little():
    unknown = {name: each.said for name, each in EVIDENCE.items() if each.verdict == "unknown"}
    tested = {claim.id for claim in TESTED}
    assert all(HARDWARE.search(said) for name, said in unknown.items() if name in tested), unknown
    assert len(unknown) <= len(EVIDENCE) // 10


def test_nothing_is_refuted_or_stale():
    assert [name for name, each in EVIDENCE.items() if each.verdict == "refuted" or each.stale] == []


@by_id
def test_the_verdict_follows_from_the_history(claim):
    evidence, judgement = EVIDENCE[claim.id], judge(claim, found(claim))
    assert judgement.statement == evidence.finding
    assert (judgement.brief.verdict if judgement.brief else None) == evidence.brief_verdict
    assert evidence.statement == claim.cell.statement


@pytest.mark.parametrize("claim", KNOWN, ids=lambda claim: claim.id)
def test_a_broken_subject_changes_the_verdict(claim):
    """What the control did, taken for what the probe did; or, without one, something else observed."""
    whole = found(claim)
    if claim.cell.control:
        broken = {**whole, claim.cell.probe: whole[claim.cell.control]}
        assert judge(claim, broken).statement.verdict != "holds"
        return
    assert any(
        judge(claim, {**whole, claim.cell.probe: doctored(whole[claim.cell.probe], value)}).statement.verdict
        == "refuted"
        for value in (True, False, -1, 10**9, "something else", ["data", "serve"])
    )


def doctored(bracket, value):
    events = [
        msgspec.structs.replace(event, value=value) if isinstance(event, Observation) else event
        for event in bracket.events
    ]
    return type(bracket)(bracket.began, tuple(events), bracket.ended, bracket.started, bracket.side_ended)


def test_a_skipped_fault_makes_it_unknown():
    broken = [claim for claim in TESTED if claim.cell.faults]
    assert broken
    for claim in broken:
        whole = found(claim)
        probe = whole[claim.cell.probe]
        quiet = [event for event in probe.events if type(event).__name__ != "FaultInjected"]
        silent = type(probe)(probe.began, tuple(quiet), probe.ended, probe.started, probe.side_ended)
        assert judge(claim, {**whole, claim.cell.probe: silent}).statement.verdict == "unknown", claim.id


NAMES_A_MACHINE = re.compile(r"/root\b|/home/|/tmp/|/work\b|/Users/|token[\"=: ]+[0-9a-f]{16}", re.IGNORECASE)


@pytest.mark.parametrize("path", sorted((FOLDER / "histories").iterdir()), ids=lambda path: path.name)
def test_histories_name_no_machine(path):
    for line in read(path).lines:
        assert not NAMES_A_MACHINE.search(line.decode())
