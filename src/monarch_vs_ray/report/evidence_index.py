"""``docs/evidence/README.md``: the list of evidence pages, and how to read one."""

from __future__ import annotations

from collections.abc import Sequence

from monarch_vs_ray.report.changes import table
from monarch_vs_ray.report.comparison import rows_of
from monarch_vs_ray.report.evidence_page import GENERATED, Material
from monarch_vs_ray.report.words import MARK_NAMES, MARKS, NOT_PUBLISHED, row

INTRODUCTION = "All that [the comparison](../monarch-vs-ray-analysis.md) rests on."
HOW = """\
A claim is one statement about one engine. Its id is its anchor, for instance
[`supervision.restart.ray`](supervision.md#supervision.restart.ray). Ids do not change; row numbers do.

- The *observation* is the line from which the verdict was taken.
- The *control* is the same experiment in a mode in which it must come out the other way. A check that its
  control does not refute makes the verdict unknown.
- A *break* changes the experiment's subject on purpose. The check must notice it.
- *Altered observations* are published observations that were changed; each change must turn the verdict.

[The guide to evidence](../guide/evidence.md) says how a verdict comes about."""


def index(of: Material, counts: Sequence[str]) -> str:
    """Return the list of pages, with counts, marks and the history of verdicts."""
    marks = ", ".join(f"{MARKS[verdict]} {MARK_NAMES[verdict]}" for verdict in MARKS)
    lines = ["|page|rows|claims|not shown here|", "|---|---|---|---|"]
    for concept in of.ledger.concepts.values():
        claims = [claim for claim in of.ledger.claims if claim.concept == concept.name]
        known = [of.evidence[claim.id].verdict for claim in claims if claim.id in of.evidence]
        left = len(claims) - len(known)
        missing = f"{known.count('unknown')} {MARKS['unknown']}" + (
            f", {left} {NOT_PUBLISHED}" if left else ""
        )
        rows = str(len(rows_of(of.ledger.claims, concept.name)))
        lines.append(row(f"[{concept.title}]({concept.name}.md)", rows, str(len(claims)), missing))
    lines.append(row("[Statements of the brief](brief.md)", "", "", ""))
    parts = [
        GENERATED,
        "# Evidence",
        f"{INTRODUCTION} Marks: {marks}, {NOT_PUBLISHED} not yet published.",
        "\n".join(f"- {each}" for each in counts),
        "\n".join(lines),
        "## How to read a page",
        HOW,
        "## Changelog of verdicts",
        _changelog(of),
    ]
    return "\n\n".join(parts) + "\n"


def _changelog(of: Material) -> str:
    if not of.changes:
        return "No published verdict has changed."
    text = (
        "Each verdict that changed from one published state to the next, found in the history of the"
        ' repository by `docs/verdict_changes.py`. "The brief\'s statement" is the verdict on what the brief'
        " said."
    )
    return f"{text}\n\n{table(of.changes, '')}"
