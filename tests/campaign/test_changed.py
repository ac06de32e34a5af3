"""Only what changed is verified again; what lacks its hardware costs nothing."""

from __future__ import annotations

import msgspec
import pytest

from monarch_vs_ray.campaign import catalogue
from monarch_vs_ray.campaign.changed import NOT_PUBLISHED, SUPPORT, changed, published_for, told
from monarch_vs_ray.campaign.verify import Options, choose, needs
from monarch_vs_ray.core.paths import PUBLISHED

LEDGER = catalogue.ledger()
EVIDENCE = published_for(PUBLISHED, "")
VERSIONS = {each.engine: each.version for each in EVIDENCE.values() if each.version}
ADVICE = "when_to_choose.fault_tolerance.ray"


def changes(**fields):
    """Return what changed among some claims when the evidence of one of them has other fields."""
    asked = ["supervision.restart.ray", "supervision.restart.monarch", ADVICE]
    claims = [claim for name in asked for claim in LEDGER.find(name)]
    evidence = dict(EVIDENCE)
    if fields.pop("missing", False):
        del evidence["supervision.restart.ray"]
    else:
        current = evidence["supervision.restart.ray"]
        evidence["supervision.restart.ray"] = msgspec.structs.replace(current, **fields)
    return changed(LEDGER, claims, evidence, VERSIONS)


def test_all_that_is_published_has_a_fingerprint():
    assert [each.id for each in EVIDENCE.values() if not each.fingerprint] == []


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"missing": True}, NOT_PUBLISHED),
        ({"version": "2.59.0"}, "is installed, 2.59.0 was tested"),
        ({"fingerprint": ""}, "its evidence has no fingerprint"),
        ({"fingerprint": "0-0"}, "its experiment, or what that uses, changed"),
    ],
)
def test_a_claim_that_changed_is_named_with_the_reason_and_so_is_what_rests_on_it(fields, why):
    before, after = changes(), changes(**fields)
    assert why in after["supervision.restart.ray"]
    assert after[ADVICE] == before.get(ADVICE, SUPPORT)
    assert set(after) - set(before) <= {"supervision.restart.ray", ADVICE}


def test_it_is_said_how_many_changed_and_why():
    assert told({}, 7) == ["None of 7 claims changed since its published evidence: nothing to verify."]
    (sentence,) = told({"a": "x", "b": "x", "c": "y"}, 7)
    assert sentence == "3 of 7 claims changed since their published evidence (2: x; 1: y)."


def test_what_needs_cuda_is_chosen_and_nothing_else():
    claims = choose(Options(needs="cuda")).claims
    assert len(claims) >= 10
    assert all("cuda" in needs(LEDGER, claim) for claim in claims if claim.cell.tested == "experiment")
    assert {claim.engine for claim in claims} == {"monarch", "ray"}
