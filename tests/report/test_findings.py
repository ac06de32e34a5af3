"""The findings of README and document rest on claims that the published evidence bears out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from monarch_vs_ray.campaign import catalogue
from monarch_vs_ray.core.paths import PUBLISHED
from monarch_vs_ray.ledger import published
from monarch_vs_ray.report.contents import make_readme, published_counts

PROJECT = Path(__file__).parents[2]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
DOCUMENT = (PROJECT / "docs" / "monarch-vs-ray-analysis.md").read_text(encoding="utf-8")
LINK = re.compile(r"\]\((docs/[^)#]+)#([\w.-]+)\)")
FINDINGS = re.findall(r"^\d+\. (.+)$", README.split("## Findings")[1].split("\n## ")[0], re.MULTILINE)
EVIDENCE = {each.id: each for each in published.evidence(PUBLISHED)}


def test_the_first_screen_has_ten_findings():
    assert len(FINDINGS) == 10
    assert README.index("## Findings") < README.index("## Two commands")


@pytest.mark.parametrize("text", FINDINGS, ids=lambda text: text.partition(".")[0])
def test_a_finding_rests_on_rows_that_hold_or_on_measurements(text):
    links = LINK.findall(text)
    assert links
    for path, place in links:
        assert (PROJECT / path).is_file()
        if place != "what-it-costs":
            claims = catalogue.ledger().find(place)
            assert claims
            assert {EVIDENCE[claim.id].verdict for claim in claims} == {"holds"}


def test_the_findings_are_those_of_the_document():
    for text in FINDINGS:
        assert text.rpartition(" [")[0] in DOCUMENT
    assert make_readme(README) == README, "run `mvr document`"


def test_a_readme_without_marks_stays_as_it_is():
    assert make_readme("# Nothing\n") == "# Nothing\n"


def test_the_counts_are_those_of_the_published_evidence():
    told = published_counts()
    assert " ".join(told) in README
    assert all(f"- {sentence}" in DOCUMENT for sentence in told)
    assert told[0].startswith("Of 126 statements of the brief ")
