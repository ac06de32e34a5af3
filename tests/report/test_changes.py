"""What changed of verdicts: found between two published states, kept, said in words."""

from __future__ import annotations

import msgspec
import pytest

from monarch_vs_ray.campaign import catalogue
from monarch_vs_ray.core.errors import BadEvidence
from monarch_vs_ray.core.paths import PUBLISHED
from monarch_vs_ray.ledger.evidence import Evidence
from monarch_vs_ray.report.changes import FILE, between, read, said, summary, table, write

OLD = Evidence(
    id="ordering.order.ray",
    concept="ordering",
    aspect="Order",
    engine="ray",
    statement="It is in order.",
    tested="experiment",
    verdict="holds",
    said="n = 0",
    brief_verdict="refuted",
    version="2.50.1",
)


def changed(**fields):
    new = msgspec.structs.replace(OLD, **fields)
    return between("a-machine", "2026-11-30T12:00:00+00:00", {OLD.id: OLD}, {new.id: new})


def test_the_same_verdicts_are_no_change():
    assert changed(said="n = 1", date="2026-12-01") == []
    assert between("a", "b", {}, {OLD.id: OLD}) == [], "a new claim is no change of a verdict"


def test_a_change_with_a_release_names_both():
    (change,) = changed(verdict="refuted", version="2.60.0")
    assert said(change) == "2026-11-30, 2.50.1 to 2.60.0, verdict: holds → does not hold"
    assert "`ordering.order.ray`" in table([change], "evidence/")
    assert summary([change]).startswith("1 published verdict on a claim and 0 on the brief")
    assert "1 of them with a release of an engine" in summary([change])


def test_a_change_of_the_briefs_verdict_is_told_apart():
    (change,) = changed(brief_verdict="partly", statement="It is nearly in order.")
    assert said(change) == "2026-11-30, the brief's statement: does not hold → partly, reworded"


def test_what_is_kept_is_read_again(tmp_path):
    assert read(tmp_path) == []
    found = changed(verdict="unknown")
    write(found, tmp_path)
    assert read(tmp_path) == found
    (tmp_path / FILE).write_text("{}\n")
    with pytest.raises(BadEvidence):
        read(tmp_path)


def test_published_changes_are_of_claims_that_there_were():
    known = {claim.id for claim in catalogue.ledger().claims}
    assert {change.claim for change in read(PUBLISHED)} <= known
