"""The comparison table of a section: one sentence a cell, a mark, and a link to the evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from monarch_vs_ray.core.errors import UnknownClaim
from monarch_vs_ray.core.events import ENGINES, Engine
from monarch_vs_ray.ledger.claims import Claim
from monarch_vs_ray.ledger.evidence import Evidence
from monarch_vs_ray.report import words

HEAD = "|aspect|Monarch|Ray|\n|---|---|---|"
Rows = dict[str, dict[Engine, Claim]]


def rows_of(claims: Sequence[Claim], concept: str) -> Rows:
    """Return a concept's claims by row, and in it by engine, in the order of the concept."""
    found: Rows = {}
    for each in claims:
        if each.concept == concept:
            found.setdefault(each.row, {})[each.engine] = each
    return found


def comparison(
    claims: Sequence[Claim], evidence: Mapping[str, Evidence], concept: str, wanted: Sequence[str] = ()
) -> str:
    """Return a concept's table.

    Args:
        claims: All claims.
        evidence: What is published of them, by id.
        concept: The concept's name.
        wanted: The rows to show, in this order; by default all.

    Returns:
        The table, and below it where the other rows are.

    Raises:
        UnknownClaim: If a wanted row is not there.
    """
    rows = rows_of(claims, concept)
    lines = [HEAD]
    for name in wanted or rows:
        if name not in rows:
            raise UnknownClaim(f"{concept}.{name}", [f"{concept}.{row}" for row in rows])
        lines.append(_line(f"{concept}.{name}", rows[name], evidence))
    if left := len(rows) - len(wanted or rows):
        page = f"{words.EVIDENCE_FOLDER}/{concept}.md"
        lines += ["", f"[{left} more rows, and the evidence of all {len(rows)}]({page})."]
    return "\n".join(lines)


def _line(row: str, cells: Mapping[Engine, Claim], evidence: Mapping[str, Evidence]) -> str:
    aspect = words.inline(next(iter(cells.values())).aspect)
    head = f"{aspect} {words.evidence_link(row, f'`{row}`')}"
    return words.row(head, *(_cell(cells.get(engine), evidence) for engine in ENGINES))


def _cell(claim: Claim | None, evidence: Mapping[str, Evidence]) -> str:
    if claim is None:
        return ""
    found = evidence.get(claim.id)
    said = words.inline(words.first_sentence(claim.cell.statement))
    return f"{words.MARKS[found.verdict] if found else words.NOT_PUBLISHED} {said}"
