"""Counts: one function, from evidence and from what breaks did."""

from __future__ import annotations

import json

from monarch_vs_ray.ledger.counts import Breaks, breaks, count, sentences
from monarch_vs_ray.ledger.evidence import Evidence, Observed


def found(verdict, brief=None, tested="experiment", experiments=("p", "c"), **more):
    observed = [Observed(experiment=name, seen={}, code_sha256="", history="") for name in experiments]
    return Evidence(
        id=f"a.{verdict}.ray",
        concept="a",
        aspect="",
        engine="ray",
        statement="",
        tested=tested,
        verdict=verdict,
        said="",
        brief_verdict=brief,
        observed=observed,
        **more,
    )


def test_each_verdict_is_counted_once():
    all_ = [
        found("holds", "holds"),
        found("holds", "partly"),
        found("holds", "refuted", experiments=("q", "c")),
        found("unknown", "unknown"),
        found("holds", "holds", tested="judgement", experiments=()),
        found("refuted"),
    ]
    counts = count(all_, Breaks(run=9, noticed=8))
    assert (counts.statements, counts.experiments, counts.judgement) == (5, 3, 1)
    brief, *rest = sentences(counts)
    assert brief.startswith(
        "Of 5 statements of the brief 2 stand, 1 stand partly, 1 do not stand, 1 are unknown;"
    )
    assert rest == [
        "Of 6 claims of ours, 4 hold, 1 are refuted, 1 are unknown; 1 of them are judgement.",
        "3 experiments ran for them, controls included.",
        "Of 9 breaks of their subjects 8 were noticed.",
    ]


def test_breaks_are_counted_wherever_they_stand_in_their_files(tmp_path):
    one = {"claim": "a.b.ray", "break": "fault dropped", "noticed": True}
    other = {"claim": "a.c.ray", "break": "order swapped", "noticed": False}
    (tmp_path / "a.ray.sabotage.json").write_text(json.dumps({"a.b.ray": {"breaks": [one], "altered": 3}}))
    (tmp_path / "sabotage.json").write_text(json.dumps([other]))
    assert breaks(tmp_path) == Breaks(run=2, noticed=1)
    assert breaks(tmp_path, ["a.c.ray"]) == Breaks(run=1, noticed=0)


def test_without_breaks_nothing_is_said_of_them(tmp_path):
    assert breaks(tmp_path / "nowhere") == Breaks()
    assert not any("break" in sentence for sentence in sentences(count([found("holds")])))
