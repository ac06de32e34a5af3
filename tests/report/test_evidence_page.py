"""Evidence pages: made anew they do not change; every claim has its anchor, and all there is to it."""

from __future__ import annotations

import re

import pytest

from monarch_vs_ray.campaign import catalogue
from monarch_vs_ray.core.paths import PUBLISHED
from monarch_vs_ray.ledger import published
from monarch_vs_ray.ledger.sabotage import read_all
from monarch_vs_ray.report.contents import evidence_folder, make_evidence

FOLDER = evidence_folder()
PAGES = make_evidence()
LEDGER = catalogue.ledger()
EVIDENCE = {each.id: each for each in published.evidence(PUBLISHED)}
ANCHOR = re.compile(r'<a id="([^"]+)"></a>')


def part(claim):
    """Return what a page says of a claim."""
    return PAGES[f"{claim.concept}.md"].split(f'<a id="{claim.id}"></a>')[1].split("<a id=")[0]


def test_making_them_anew_changes_nothing():
    kept = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    assert kept.keys() == PAGES.keys(), "run `mvr document`"
    for name, text in PAGES.items():
        assert kept[name] == text, f"run `mvr document`: {name}"


def test_every_row_and_claim_has_its_anchor_once():
    found = [anchor for concept in LEDGER.concepts for anchor in ANCHOR.findall(PAGES[f"{concept}.md"])]
    wanted = [claim.id for claim in LEDGER.claims] + list(LEDGER.numbers)
    assert sorted(found) == sorted(wanted)


@pytest.mark.parametrize("concept", LEDGER.concepts)
def test_a_claim_has_statement_verdict_observation_and_breaks(concept):
    breaks = read_all(PUBLISHED / published.machines(PUBLISHED)[0])
    for claim in (claim for claim in LEDGER.claims if claim.concept == concept):
        text = part(claim)
        assert " ".join(claim.cell.statement.split()) in text
        if claim.id in EVIDENCE:
            assert "**Observation**" in text
            assert EVIDENCE[claim.id].date[:10] in text
        if claim.cell.control:
            assert f"`{claim.cell.control}`" in text
        assert claim.cell.no_control in text
        if claim.id in breaks:
            assert text.count("**Break ") == len(breaks[claim.id].breaks)
        if claim.cell.brief:
            assert " ".join(claim.cell.brief.split()) in text.replace("\\|", "|")


def test_experiments_are_linked_by_their_lines():
    links = re.findall(r"\]\(([^)#]+)#L(\d+)-L(\d+)\)", PAGES["supervision.md"])
    assert len(links) > 40
    for path, first, last in links:
        lines = (FOLDER / path).read_text(encoding="utf-8").splitlines()
        assert re.match(r"(@|def |async def )", lines[int(first) - 1])
        assert int(last) <= len(lines)


def test_the_index_lists_every_page():
    linked = set(re.findall(r"\]\((\w+\.md)\)", PAGES["README.md"]))
    assert linked >= PAGES.keys() - {"README.md", "costs.md"}


def test_every_statement_of_the_brief_is_on_its_page():
    claims = [claim for claim in LEDGER.claims if claim.cell.brief and claim.id in EVIDENCE]
    for claim in claims:
        assert f"`{claim.id}`" in PAGES["brief.md"]
    assert "# Do not hold: " in PAGES["brief.md"]
