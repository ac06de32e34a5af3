"""Small pieces of Markdown."""

from __future__ import annotations

from collections.abc import Mapping

from monarch_vs_ray.ledger.claims import Claim
from monarch_vs_ray.ledger.evidence import Evidence


def inline(text: str) -> str:
    """Return a text that may stand in a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def number_text(value: object, unit: str = "") -> str:
    """Return a number as a reader would write it; anything else as it is."""
    if isinstance(value, float):
        text = f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    elif isinstance(value, int) and not isinstance(value, bool):
        text = f"{value:,}"
    else:
        text = str(value)
    return f"{text} {unit}".rstrip()


def cell(claim: Claim, evidence: Evidence | None, elsewhere: Mapping[str, Evidence] | None = None) -> str:
    """Return a claim for a comparison table: statement, verdict, evidence, and the brief's words.

    Args:
        claim: The claim.
        evidence: What is quoted of it.
        elsewhere: What each machine found; those that the quoted evidence is not of are named.
    """
    kind = "<sub>*Judgement.*</sub> " if claim.cell.tested == "judgement" else ""
    parts = [kind + inline(claim.cell.statement)]
    if evidence is None:
        parts.append("<sub>**not yet published**</sub>")
    else:
        parts.append(f"<sub>**{evidence.verdict}**: {inline(escape(evidence.said))}</sub>")
    for machine, other in (elsewhere or {}).items():
        if evidence and (other.said, other.date) != (evidence.said, evidence.date):
            parts.append(f"<sub>{escape(machine)}: **{other.verdict}**: {inline(escape(other.said))}</sub>")
    if evidence and evidence.brief_verdict and evidence.brief_verdict != evidence.verdict:
        missing = f": {inline(claim.cell.brief_missing)}" if evidence.brief_verdict == "partly" else ""
        parts.append(
            f"<sub>The brief said: {inline(claim.cell.brief)} (**{evidence.brief_verdict}**{missing})</sub>"
        )
    return "<br>".join(parts)


def escape(text: str) -> str:
    """Escape what Markdown would take for its own."""
    for character in "\\*_<>[]`":
        text = text.replace(
            character, f"\\{character}" if character not in "<>" else {"<": "&lt;", ">": "&gt;"}[character]
        )
    return text
