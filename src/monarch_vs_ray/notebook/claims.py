"""Show the claims that a notebook rests on, with their published verdicts and observations."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import marimo as mo

from monarch_vs_ray.campaign import catalogue
from monarch_vs_ray.core.events import ENGINES
from monarch_vs_ray.core.paths import PUBLISHED
from monarch_vs_ray.core.verdicts import Verdict
from monarch_vs_ray.ledger import published
from monarch_vs_ray.ledger.claims import Claim
from monarch_vs_ray.ledger.evidence import Evidence
from monarch_vs_ray.notebook import page
from monarch_vs_ray.stage.values import NAMES

KINDS: dict[Verdict, str] = {"holds": "good", "refuted": "bad", "partly": "open", "unknown": "open"}


@cache
def _evidence() -> dict[str, Evidence]:
    return {id_: published.best(several) for id_, several in published.by_claim(PUBLISHED).items()}


def claims(*rows: str) -> mo.Html:
    """Show claims.

    Args:
        rows: Rows of the comparison, such as ``supervision.restart``.

    Returns:
        For each row the statements on both engines with their verdicts; a click opens the observation.

    Raises:
        UnknownClaim: If there is no such row.
    """
    return page.html(*(_row(row) for row in rows))


def _row(row: str) -> str:
    ledger = catalogue.ledger()
    found = {claim.engine: claim for claim in ledger.find(row)}
    first = next(iter(found.values()))
    head = page.name(f"{ledger.numbers[first.short]} {first.aspect}")
    claims = page.grid(
        _claim(found[engine]) if engine in found else page.quiet(f"{NAMES[engine]}: no claim")
        for engine in ENGINES
    )
    return f'<div class="mvr-claim">{head}{claims}</div>'


def _claim(claim: Claim) -> str:
    evidence = _evidence().get(claim.id)
    verdict: Verdict = evidence.verdict if evidence else "unknown"
    statement = f"{page.mark(verdict, KINDS[verdict])} <b>{NAMES[claim.engine]}.</b> "
    return f"<p>{statement}{page.prose(claim.cell.statement)}</p>" + page.folded(
        "evidence", "".join(_details(claim, evidence))
    )


def _details(claim: Claim, evidence: Evidence | None) -> Iterator[str]:
    if evidence is None:
        yield page.quiet("Not published.")
    else:
        yield page.quiet(f"Observed: {evidence.said}")
        engine = f"{NAMES[claim.engine]} {evidence.version}".strip()
        yield page.quiet(f"{engine}, {evidence.date[:10]}, {_runs(evidence)}")
    if claim.cell.experiment:
        yield page.quiet(f"Experiment: {claim.cell.experiment}; control: {claim.cell.control or 'none'}")
    where = page.place(f"docs/evidence/{claim.concept}.md#{claim.id}")
    yield f"<div>All of it: <code>mvr explain {page.text(claim.id)}</code>, {where}</div>"


def _runs(evidence: Evidence) -> str:
    runs = f"{evidence.runs} run{'s' if evidence.runs != 1 else ''}"
    if evidence.machine is None:
        return runs
    return f"{runs} on {evidence.machine.cores} cores, {evidence.machine.system}"
