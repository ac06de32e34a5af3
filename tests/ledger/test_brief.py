"""Every statement of the first document, word for word, has a claim on each engine."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from monarch_vs_ray.campaign import catalogue

with open(Path(__file__).with_name("brief.tsv"), newline="") as file:
    BRIEF = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
CLAIMS = catalogue.ledger().claims
CELLS = [(row, engine) for row in BRIEF for engine in ("monarch", "ray")]


@pytest.mark.parametrize(
    ("row", "engine"), CELLS, ids=[f"{r['concept']}-{r['aspect']}-{e}" for r, e in CELLS]
)
def test_every_cell_of_the_brief_has_a_claim(row, engine):
    (claim,) = [
        claim
        for claim in CLAIMS
        if (claim.concept, claim.aspect, claim.engine) == (row["concept"], row["aspect"], engine)
    ]
    assert claim.cell.brief == row[engine]
    assert claim.cell.brief_verdict


def test_nothing_else_is_said_to_be_of_the_brief():
    cells = {(row["concept"], row["aspect"], engine) for row, engine in CELLS}
    assert {(claim.concept, claim.aspect, claim.engine) for claim in CLAIMS if claim.cell.brief} == cells


def test_there_are_at_least_thirty_rows_that_the_brief_did_not_know():
    rows = {(claim.concept, claim.row) for claim in CLAIMS if not claim.cell.brief}
    assert len(rows) >= 30


def test_advice_names_claims_that_were_tested():
    for claim in CLAIMS:
        if claim.concept == "when_to_choose" and claim.cell.brief:
            assert claim.cell.tested == "judgement"
            assert claim.cell.rests_on
