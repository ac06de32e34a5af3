"""Two runs held against each other: what changed, and nothing else."""

from __future__ import annotations

import msgspec
import pytest
from typer.testing import CliRunner

from histories import MACHINE
from monarch_vs_ray.campaign import catalogue
from monarch_vs_ray.cli.app import app
from monarch_vs_ray.core.errors import CannotRecord, NoResults, UserError
from monarch_vs_ray.core.paths import PUBLISHED
from monarch_vs_ray.ledger import published
from monarch_vs_ray.ledger.evidence import encoder
from monarch_vs_ray.page import compare, sources

CLAIM = "supervision.restart.ray"
OTHER = "supervision.detection_time.ray"


@pytest.fixture(scope="module")
def evidence():
    return published.evidence(PUBLISHED)


def changed(evidence, **of):
    return [msgspec.structs.replace(each, **of) if each.id == CLAIM else each for each in evidence]


def folder_of(place, evidence):
    place.mkdir(parents=True)
    (place / "evidence.jsonl").write_bytes(b"".join(encoder.encode(each) + b"\n" for each in evidence))
    return place


def test_a_run_does_not_differ_from_itself(evidence):
    found = compare.compare(catalogue.ledger(), evidence, evidence)
    assert found["verdicts"] == found["observations"] == found["unlike"] == []
    assert found["both"] == len(evidence)
    assert [each["count"] for each in found["only"]] == [0, 0]


def test_another_verdict_is_told_with_what_each_observed(evidence):
    found = compare.compare(
        catalogue.ledger(), evidence, changed(evidence, verdict="refuted", said="came back never")
    )
    (row,) = found["verdicts"]
    assert row["id"] == CLAIM
    assert [side["verdict"] for side in row["sides"]] == ["holds", "refuted"]
    assert row["sides"][1]["said"] == "came back never"


def test_other_numbers_and_missing_claims_are_counted(evidence):
    (claim,) = [each for each in evidence if each.id == CLAIM]
    seen = [
        msgspec.structs.replace(one, seen={**one.seen, "seconds": one.seen["seconds"] * 2})
        for one in claim.observed
        if "seconds" in one.seen
    ]
    less = [each for each in changed(evidence, observed=seen) if each.id != OTHER]
    found = compare.compare(catalogue.ledger(), evidence, less)
    assert {row["key"].partition(".")[2] for row in found["observations"]} == {"seconds"}
    assert all(row["ratio"] == 2 for row in found["observations"])
    assert found["only"][0] == {"count": 1, "ids": [OTHER]}


def test_machines_releases_and_days_are_named(evidence):
    elsewhere = [
        msgspec.structs.replace(
            each, version="9.9", date="2031-01-01T00:00:00+00:00", machine=each.machine and MACHINE
        )
        for each in evidence
    ]
    told = compare.compare(catalogue.ledger(), evidence, elsewhere)["unlike"]
    assert any(line.startswith("Ray: ") and line.endswith("and 9.9") for line in told)
    assert any(line.startswith("day: ") and line.endswith("2031-01-01") for line in told)


def test_the_command_compares_two_folders(evidence, tmp_path):
    first = folder_of(tmp_path / "m" / "2030-01-01T00-00-00", evidence)
    second = folder_of(
        tmp_path / "m" / "2030-01-02T00-00-00", changed(evidence, verdict="unknown", said="changed")
    )
    output = tmp_path / "page.html"
    done = CliRunner().invoke(app, ["page", "--compare", str(first), str(second), "--output", str(output)])
    assert done.exit_code == 0, done.output
    html = output.read_text(encoding="utf-8")
    assert "<strong>1 have another verdict</strong>" in html
    assert str(tmp_path) not in html


def test_published_results_of_a_machine_are_a_run_too(evidence):
    (machine,) = published.machines(PUBLISHED)[:1]
    assert {each.id for each in sources.evidence_of(PUBLISHED / machine)} == {each.id for each in evidence}


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--run", ".", "--compare", ".", "."], UserError),
        (["--run", "nowhere"], NoResults),
        (["--output", "nowhere/page.html"], CannotRecord),
    ],
)
def test_what_cannot_be_is_one_clear_error(arguments, error, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["page", *arguments])
    assert isinstance(done.exception, error)
    assert list(tmp_path.iterdir()) == []
