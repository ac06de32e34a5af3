"""The tables of what the brief said and no run bore out, or only in part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from monarch_vs_ray.ledger.claims import Claim
from monarch_vs_ray.ledger.evidence import Evidence
from monarch_vs_ray.ledger.tables import NAMES
from monarch_vs_ray.report.words import escape, inline


def refuted_table(
    claims: Sequence[Claim], evidence: Mapping[str, Evidence], places: Mapping[str, str]
) -> str:
    """Return a row for each statement of the brief that was refuted, with what is true instead."""
    lines = ["| | engine | the brief said | what is true | we observed |", "|---|---|---|---|---|"]
    for claim in claims:
        found = evidence.get(claim.id)
        if found is None or found.brief_verdict != "refuted":
            continue
        row = f"{claim.concept}.{claim.row}"
        cells = (
            f"[{places[row]}](#{row})",
            NAMES[claim.engine],
            inline(claim.cell.brief),
            inline(claim.cell.statement) + (f" {inline(claim.cell.note)}" if claim.cell.note else ""),
            inline(escape(found.brief_said)),
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def partly_table(claims: Sequence[Claim], evidence: Mapping[str, Evidence], places: Mapping[str, str]) -> str:
    """Return a row for each statement of the brief that stands in part, with what is missing."""
    lines = ["| | engine | the brief said | what is missing |", "|---|---|---|---|"]
    for claim in claims:
        found = evidence.get(claim.id)
        if found and found.brief_verdict == "partly":
            place = f"[{places[claim.short]}](#{claim.short})"
            cells = (place, NAMES[claim.engine], inline(claim.cell.brief), inline(claim.cell.brief_missing))
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
