"""The findings of README and document rest on claims that the published evidence bears out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from monarch_vs_ray.campaign import catalogue
from monarch_vs_ray.core.paths import PUBLISHED
from monarch_vs_ray.ledger import published
from monarch_vs_ray.report.contents import published_counts, with_counts

PROJECT = Path(__file__).parents[2]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
DOCUMENT = (PROJECT / "docs" / "monarch-vs-ray-analysis.md").read_text(encoding="utf-8")
LINK = re.compile(r"^- (.+) \[claim\]\(docs/monarch-vs-ray-analysis\.md#([\w.]+)\)$", re.MULTILINE)
FINDINGS = LINK.findall(README)
EVIDENCE = {each.id: each for each in published.evidence(PUBLISHED)}


def test_the_first_screen_has_ten_findings():
    assert len(FINDINGS) == 10
    assert README.index("## Findings") < README.index("## Two commands")


@pytest.mark.parametrize(("text", "row"), FINDINGS, ids=[row for _, row in FINDINGS])
def test_a_finding_rests_on_a_row_that_holds(text, row):
    claims = catalogue.ledger().find(row)
    assert claims
    assert {EVIDENCE[claim.id].verdict for claim in claims} == {"holds"}
    assert f'<a id="{row}"></a>' in DOCUMENT
    assert text in " ".join(DOCUMENT.split()), "the document has the same findings"


def test_the_counts_of_the_readme_are_those_of_the_published_evidence():
    told = published_counts()
    assert with_counts(README) == README, "run `mvr document`"
    assert " ".join(told) in README
    assert all(f"- {sentence}" in DOCUMENT for sentence in told)
    assert told[0].startswith("Of 126 statements of the brief ")
