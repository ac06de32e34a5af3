"""How breaks are chosen, run and judged, with no engine."""

from __future__ import annotations

import msgspec
import pytest

from ledger.experimented import ExperimentedSide, claim
from monarch_vs_ray.campaign import catalogue, sabotage
from monarch_vs_ray.campaign.plan import SidePlan
from monarch_vs_ray.campaign.sabotage import ANNOUNCED, Evidenced, Job, breaks_of, evidenced, jobs, written
from monarch_vs_ray.campaign.verify import Choice
from monarch_vs_ray.core.breaks import Break
from monarch_vs_ray.core.verdicts import Finding
from monarch_vs_ray.ledger.evidence import evidence
from monarch_vs_ray.ledger.judge import Judgement
from monarch_vs_ray.ledger.sabotage import (
    Broken,
    Sabotaged,
    code_hash,
    merged,
    read,
    score,
    why_none,
    write,
)

LEDGER = catalogue.ledger()
CLAIMS = {each.id: each for each in LEDGER.claims}
DONE = [name for name in LEDGER.concepts if written(name).all]
"""Concepts whose breaks are written."""


def broken(**fields):
    usual = {"claim": "c.r.ray", "what": "w", "kind": "subject", "before": "holds", "under": "refuted"}
    return Broken(**{**usual, "said": "n = 1", "noticed": True, "code_sha256": "1" * 64, **fields})


@pytest.mark.parametrize("name", DONE)
def test_each_claim_about_behaviour_has_a_break_or_a_reason(name):
    known = evidenced()
    published = [each for each in LEDGER.find(name) if each.id in known.evidence]
    bare = [each.id for each in published if not why_none(each) and not breaks_of(each, known)]
    assert bare == []


def choice(*ids):
    return Choice(LEDGER, [CLAIMS[each] for each in ids], [], True)


def test_a_side_runs_the_experiment_of_a_claim_under_each_of_its_breaks():
    todo = jobs(choice("supervision.propagation.monarch"), evidenced())
    assert {tuple(job.plan.names) for job in todo} == {("parent_handles",)}
    assert len({job.broken.what for job in todo}) == len(todo) >= 4


def test_claims_of_one_experiment_share_the_side():
    ids = ("supervision.model.monarch", "supervision.unhandled_failures.monarch")
    todo = jobs(choice(*ids), evidenced())
    assert all({each.id for each in job.claims} == set(ids) for job in todo)


def test_the_control_is_left_out():
    [first, *_] = jobs(choice("supervision.propagation.monarch"), evidenced())
    assert [each.cell.control for each in first.claims] == [""]


def test_a_claim_that_does_not_hold_is_not_broken():
    known = evidenced()
    claim_ = CLAIMS["supervision.propagation.monarch"]
    refuted = msgspec.structs.replace(known.evidence[claim_.id], verdict="refuted")
    assert jobs(choice(claim_.id), Evidenced({claim_.id: refuted}, known.found)) == []


def test_a_claim_whose_experiment_kills_has_a_break_that_does_not():
    known = evidenced()
    assert ANNOUNCED in breaks_of(CLAIMS["supervision.propagation.monarch"], known)
    assert ANNOUNCED not in breaks_of(CLAIMS["supervision.awaited_exception.ray"], known)


def test_what_is_not_out_of_date_is_left_out():
    id_ = "supervision.propagation.monarch"
    known = evidenced()
    claim_ = CLAIMS[id_]
    outcomes = [
        broken(claim=id_, what=what, code_sha256=code_hash(LEDGER, claim_, each))
        for what, (_, each) in breaks_of(claim_, known).items()
    ]
    assert jobs(choice(id_), known, {id_: Sabotaged(breaks=outcomes)}) == []
    old = msgspec.structs.replace(outcomes[0], code_sha256="0" * 64)
    [job] = jobs(choice(id_), known, {id_: Sabotaged(breaks=[old, *outcomes[1:]])})
    assert job.broken.what == old.what


def test_the_hash_changes_with_break_check_and_faults():
    one = CLAIMS["supervision.propagation.monarch"]
    usual = code_hash(LEDGER, one, Break(of=[], what="w", file="a", old="b", new="c"))
    assert usual != code_hash(LEDGER, one, Break(of=[], what="w", file="a", old="b", new="d"))
    for change in ({"faults": 2}, {"check": {"checker": "equals", "key": "n", "value": 1}}):
        other = msgspec.structs.replace(one, cell=msgspec.structs.replace(one.cell, **change))
        assert usual != code_hash(LEDGER, other, Break(of=[], what="w", file="a", old="b", new="c"))


@pytest.mark.parametrize(
    ("verdict", "said", "noticed"),
    [
        ("refuted", "n = 1", True),
        ("unknown", "n was not observed", True),
        ("unknown", "p failed: TimeoutError: waited 30 s", True),
        ("holds", "n = 0", False),
        ("unknown", "p failed: NameError: name 'x' is not defined", False),
        ("unknown", "p failed: ActorError: ... ModuleNotFoundError: No module named 'y'", False),
        ("unknown", "the side did not start: SyntaxError", False),
    ],
)
def test_a_break_that_failed_itself_is_not_noticed(monkeypatch, verdict, said, noticed):
    mine = claim()
    found = ExperimentedSide().experiment("p", {"n": 0}).end().brackets
    under = evidence(mine, Judgement(Finding(verdict, said)), found.values(), "2026")
    known = Evidenced({mine.id: msgspec.structs.replace(under, verdict="holds")}, {})
    monkeypatch.setattr(sabotage, "code_hash", lambda *_: "1" * 64)
    plan = SidePlan("ray", "message_ordering", ())
    outcome = sabotage._outcome(Job(Break(of=[], what="w"), "subject", plan, (mine,)), under, known)
    assert (outcome.noticed, outcome.before, outcome.under) == (noticed, "holds", verdict)


def test_what_was_run_now_takes_the_place_of_what_was_published():
    old = Sabotaged(breaks=[broken(what="a", said="old"), broken(what="gone"), broken(what="b")])
    now = [broken(what="a", said="new"), broken(what="c")]
    assert [(each.what, each.said) for each in merged(old, now, ["a", "b", "c", "d"])] == [
        ("a", "new"),
        ("b", "n = 1"),
        ("c", "n = 1"),
    ]


def test_the_score_counts_breaks_and_claims():
    one, two = claim(), msgspec.structs.replace(claim(), row="s")
    three = msgspec.structs.replace(claim(no_break="why"), row="t")
    four = msgspec.structs.replace(claim(), row="u")
    missed = broken(claim=two.id, noticed=False, under="holds")
    found = {
        one.id: Sabotaged(breaks=[broken()], altered=3),
        two.id: Sabotaged(breaks=[broken(), missed], altered=2, missed=["n 0"]),
    }
    assert score([one, two, three, four], found) == [
        "2 of 3 breaks on the engines noticed (66.7%), and 4 of 5 altered observations (80.0%).",
        "1 of 2 claims with a break survive; 1 have none, with a reason; 1 have none that was run.",
        f"Not noticed: {two.id}: w (n = 1).",
    ]


def test_a_file_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "c.ray.sabotage.json"
    assert read(path) == {}
    found = {"c.r.ray": Sabotaged(breaks=[broken()], altered=3, missed=["n 0"])}
    write(path, found)
    assert read(path) == found
    assert b'"break": "w"' in path.read_bytes()
