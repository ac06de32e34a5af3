"""Findings rest on claims that hold, and on observations and names that exist."""

from __future__ import annotations

import pytest

from monarch_vs_ray.advice.findings import Finding, Need, findings
from monarch_vs_ray.bench.catalogue import workloads
from monarch_vs_ray.campaign import catalogue
from monarch_vs_ray.core.errors import BadConcept
from monarch_vs_ray.core.paths import PUBLISHED
from monarch_vs_ray.ledger import published
from monarch_vs_ray.programs.patterns import all_patterns

EVIDENCE = {id_: published.best(several) for id_, several in published.by_claim(PUBLISHED).items()}
ALL: list[Finding | Need] = [*findings().finding, *findings().need]


def test_there_are_ten_findings_and_the_needs_that_readers_come_with():
    assert len(findings().finding) == 10
    assert [need.id for need in findings().need][:3] == ["rl", "pretraining", "serving"]


@pytest.mark.parametrize("each", ALL, ids=lambda each: getattr(each, "topic", None) or each.id)
def test_it_rests_on_claims_that_hold(each):
    assert each.claims
    for row in each.claims:
        verdicts = {EVIDENCE[claim.id].verdict for claim in catalogue.ledger().find(row)}
        assert verdicts == {"holds"}, row


@pytest.mark.parametrize("each", ALL, ids=lambda each: getattr(each, "topic", None) or each.id)
def test_each_number_was_observed(each):
    for engine, number in each.observed.items():
        row = number.claim or each.claims[0]
        assert row in each.claims
        (seen,) = [
            one.seen
            for one in EVIDENCE[f"{row}.{engine}"].observed
            if one.experiment == number.experiment and one.run == 0
        ]
        assert number.key in seen


def test_patterns_and_benchmarks_are_there():
    patterns = {pattern.name for pattern in all_patterns()}
    for need in findings().need:
        assert set(need.patterns) <= patterns
        assert set(need.benchmarks) <= workloads().keys()


def test_a_field_that_is_none_is_an_error(tmp_path):
    file = tmp_path / "findings.toml"
    file.write_text(
        'need = []\n[[finding]]\ntopic = "t"\nmonarch = "m"\nray = "r"\nclaims = []\ncolour = "red"\n'
    )
    with pytest.raises(BadConcept, match="colour"):
        findings(file)
