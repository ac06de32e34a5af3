"""Changed verdicts are found between two published states, kept, and put in words."""

from __future__ import annotations

import msgspec
import pytest

from monarch_vs_ray.campaign import catalogue
from monarch_vs_ray.core.errors import BadEvidence
from monarch_vs_ray.core.events import Machine
from monarch_vs_ray.core.paths import PUBLISHED
from monarch_vs_ray.ledger.evidence import Evidence
from monarch_vs_ray.report.changes import (
    FILE,
    between,
    between_releases,
    publish_release,
    read,
    said,
    summary,
    table,
    write,
)

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
    assert summary([change]).startswith("0 published verdicts on claims and 0 on the brief")
    link = "[`ordering.order.ray`](evidence/ordering.md#ordering.order.ray)"
    told = " Of 2 claims tested on Ray 2.50.1, 1 came out otherwise: "
    assert summary([change], [OLD, OLD]).endswith(f"{told}{link}.")
    assert summary([], [OLD]).endswith(" Of 1 claims tested on Ray 2.50.1, 0 came out otherwise.")
    (same,) = changed(verdict="unknown")
    assert summary([same]).startswith("1 published verdict on a claim and 0 on the brief's statements")


def test_a_change_of_the_briefs_verdict_is_told_apart():
    (change,) = changed(brief_verdict="partly", statement="It is nearly in order.")
    assert said(change).startswith("2026-11-30, the brief's statement: does not hold → partly, reworded")


def test_what_is_kept_is_read_again(tmp_path):
    assert read(tmp_path) == []
    found = changed(verdict="unknown")
    write(found, tmp_path)
    assert read(tmp_path) == found
    (tmp_path / FILE).write_text("{}\n")
    with pytest.raises(BadEvidence):
        read(tmp_path)


MACHINE = Machine(system="Linux", architecture="x86_64", cores=2, memory_bytes=1 << 34, python="3.11.2")


def publish(root, *all_):
    folder = root / "linux-x86_64-2-cores"
    folder.mkdir(parents=True, exist_ok=True)
    lines = b"".join(msgspec.json.encode(each) + b"\n" for each in all_)
    (folder / "ordering.ray.evidence.jsonl").write_bytes(lines)


def test_another_release_is_published_beside_and_compared(tmp_path):
    older = msgspec.structs.replace(
        OLD, verdict="refuted", said="n = 3, not 0", machine=MACHINE, date="2026-11-30"
    )
    newer = msgspec.structs.replace(OLD, version="2.60.0", machine=MACHINE)
    publish(tmp_path, newer)
    (path,) = publish_release([older, OLD], tmp_path)
    assert path == tmp_path / "linux-x86_64-2-cores" / "releases" / "ray-2.50.1.jsonl"
    (change,) = between_releases(tmp_path)
    assert (
        said(change) == "2026-11-30, 2.50.1 to 2.60.0, verdict: does not hold → holds (before: n = 3, not 0)"
    )
    publish_release([msgspec.structs.replace(older, verdict="holds")], tmp_path)
    assert between_releases(tmp_path) == [], "a later run takes the place of the earlier one"


def test_the_same_release_is_no_other_one(tmp_path):
    same = msgspec.structs.replace(OLD, verdict="refuted", machine=MACHINE)
    publish(tmp_path, msgspec.structs.replace(OLD, machine=MACHINE))
    publish_release([same], tmp_path)
    assert between_releases(tmp_path) == []


def test_published_changes_are_of_claims_that_there_were():
    known = {claim.id for claim in catalogue.ledger().claims}
    assert {change.claim for change in read(PUBLISHED)} <= known
