"""Find the claims whose published evidence no longer speaks of what is there now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.ledger import published
from monarch_vs_ray.ledger.claims import Claim, Ledger
from monarch_vs_ray.ledger.evidence import Evidence
from monarch_vs_ray.ledger.fingerprint import Fingerprints, reason

NOT_PUBLISHED = "it has no published evidence"
SUPPORT = "a claim that it rests on changed"


def published_for(root: Path, machine: str) -> dict[str, Evidence]:
    """Return the published evidence to compare with: this machine's, and where it has none another's."""
    found: dict[str, Evidence] = {}
    for name in sorted(published.machines(root), key=lambda name: name != machine):
        for each in published.evidence(root, name):
            found.setdefault(each.id, each)
    return found


def changed(
    ledger: Ledger,
    claims: Iterable[Claim],
    evidence: Mapping[str, Evidence],
    versions: Mapping[Engine, str],
) -> dict[str, str]:
    """Return why claims need new evidence, by id; one that needs none is not in it.

    Args:
        ledger: All claims.
        claims: Those that are looked at.
        evidence: What is published, by id.
        versions: The engines' installed releases.
    """
    fingerprints = Fingerprints(ledger)
    wanted = list(claims)
    found: dict[str, str] = {}
    for claim in ledger.with_support(wanted):
        if why := _why(claim, fingerprints, evidence.get(claim.id), versions):
            found[claim.id] = why
        elif any(support in found for support in claim.cell.rests_on):
            found[claim.id] = SUPPORT
    return {claim.id: found[claim.id] for claim in wanted if claim.id in found}


def _why(
    claim: Claim, fingerprints: Fingerprints, evidence: Evidence | None, versions: Mapping[Engine, str]
) -> str:
    if evidence is None:
        return NOT_PUBLISHED
    if evidence.version and evidence.version != versions[claim.engine]:
        return f"{claim.engine} {versions[claim.engine]} is installed, {evidence.version} was tested"
    return reason(evidence.fingerprint, fingerprints.of(claim))


def told(changes: Mapping[str, str], of: int) -> list[str]:
    """Say how many claims changed, and why."""
    if not changes:
        return [f"None of {of} claims changed since its published evidence: nothing to verify."]
    counts = Counter(changes.values()).most_common()
    reasons = "; ".join(f"{count}: {why}" for why, count in counts)
    return [f"{len(changes)} of {of} claims changed since their published evidence ({reasons})."]
