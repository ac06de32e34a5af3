"""``docs/evidence/brief.md``: every statement of the brief, with its verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from monarch_vs_ray.core.verdicts import Verdict
from monarch_vs_ray.ledger.claims import Claim
from monarch_vs_ray.ledger.evidence import Evidence
from monarch_vs_ray.ledger.tables import NAMES
from monarch_vs_ray.report.evidence_page import GENERATED
from monarch_vs_ray.report.words import MARK_NAMES, MARKS, evidence_link, first_sentence, inline, row

ORDER: tuple[Verdict, ...] = ("refuted", "partly", "unknown", "holds")
INTRODUCTION = """\
The brief is the document of February 2026 that this comparison started from. It was written from reading
code. Each statement has a verdict of its own, from the experiments of the claim that it is linked to."""
TITLES: dict[Verdict, str] = {
    "refuted": "Do not hold",
    "partly": "Hold partly",
    "unknown": "Unknown",
    "holds": "Hold",
}


def page(claims: Sequence[Claim], evidence: Mapping[str, Evidence]) -> str:
    """Return the page: a table for each verdict, those that did not survive first."""
    parts = [
        GENERATED,
        "# Statements of the brief",
        INTRODUCTION,
    ]
    for verdict in ORDER:
        lines = list(_lines(claims, evidence, verdict))
        if lines:
            parts += [
                f"## {TITLES[verdict]}: {len(lines)}",
                "\n".join(["|claim|the brief said|today|", "|---|---|---|", *lines]),
            ]
    return "\n\n".join(parts) + "\n"


def _lines(claims: Sequence[Claim], evidence: Mapping[str, Evidence], verdict: Verdict) -> Iterator[str]:
    for claim in _with(claims, evidence, verdict):
        today = claim.cell.brief_missing if verdict == "partly" else claim.cell.statement
        said = f"{MARKS[verdict]} {MARK_NAMES[verdict]}: {inline(today)}"
        link = evidence_link(claim.id, f"`{claim.id}`", "")
        yield row(link, inline(claim.cell.brief), said)


def _with(claims: Sequence[Claim], evidence: Mapping[str, Evidence], verdict: Verdict) -> list[Claim]:
    """Return the claims whose statement of the brief came out so."""
    found = []
    for claim in claims:
        known = evidence.get(claim.id)
        if claim.cell.brief and known and (known.brief_verdict or "unknown") == verdict:
            found.append(claim)
    return found


def refuted(claims: Sequence[Claim], evidence: Mapping[str, Evidence]) -> str:
    """Return a table of the brief's statements that did not survive, each with what is true instead."""
    lines = ["|the brief said|what is true|evidence|", "|---|---|---|"]
    for claim in _with(claims, evidence, "refuted"):
        said = f"{NAMES[claim.engine]}: {inline(claim.cell.brief)}"
        lines.append(
            row(
                said,
                inline(first_sentence(claim.cell.statement)),
                evidence_link(claim.id, f"`{claim.short}`"),
            )
        )
    return "\n".join(lines)
