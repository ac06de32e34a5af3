"""Load the findings: which engine for which need, and the differences that matter, with numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from monarch_vs_ray.advice.findings import Finding, Need, Number, findings
from monarch_vs_ray.core.events import ENGINES, Engine
from monarch_vs_ray.core.output import clean
from monarch_vs_ray.ledger.claims import Ledger
from monarch_vs_ray.page.claims import MISSING
from monarch_vs_ray.page.sources import Source
from monarch_vs_ray.stage.values import NAMES, say

PICKS = {"monarch": "Monarch", "ray": "Ray", "either": "Either", "depends": "It depends"}


def needs(ledger: Ledger, source: Source, measured: Mapping[str, dict[str, str]]) -> list[dict[str, Any]]:
    """Return the needs, each with its answer, numbers and the state of the claims it rests on.

    Args:
        ledger: The claims.
        source: The evidence.
        measured: Where the page shows a workload, by its name: an id and a title.
    """
    return [
        {
            "id": need.id,
            "title": need.title,
            "pick": need.pick,
            "pick_text": PICKS[need.pick],
            "answer": need.answer,
            "why": need.why,
            "conditions": {"monarch": need.monarch_if, "ray": need.ray_if},
            "numbers": numbers(need, source),
            "claims": proofs(need.claims, ledger, source),
            "unknown": need.unknown,
            "more": [
                *(
                    {"id": f"pattern-{name}", "title": f"pattern {name.replace('_', ' ')}"}
                    for name in need.patterns
                ),
                *(measured[name] for name in need.benchmarks if name in measured),
            ],
        }
        for need in findings().need
    ]


def differences(ledger: Ledger, source: Source) -> list[dict[str, Any]]:
    """Return the findings, each with its numbers and the state of the claims it rests on."""
    return [
        {
            "topic": each.topic,
            "says": {"monarch": each.monarch, "ray": each.ray},
            "numbers": numbers(each, source),
            "claims": proofs(each.claims, ledger, source),
        }
        for each in findings().finding
    ]


def numbers(each: Finding | Need, source: Source) -> dict[Engine, str]:
    """Return the observed numbers of a finding or a need, by engine; none for what was not observed."""
    found: dict[Engine, str] = {}
    for engine, number in each.observed.items():
        row = number.claim or each.claims[0]
        if text := observed(f"{row}.{engine}", number, source):
            found[engine] = text
    return found


def observed(claim: str, number: Number, source: Source) -> str:
    """Return an observation in words; empty if the evidence has none."""
    evidence = source.quoted.get(claim)
    values = [
        each.seen[number.key]
        for each in (evidence.observed if evidence else ())
        if each.experiment == number.experiment and number.key in each.seen
    ]
    if not values:
        return ""
    first = values[0]
    texts = [say(value) for value in first] if isinstance(first, list) else [say(first)]
    count = len(texts) if len(texts) > 1 else len(values)
    runs = f" (n = {count})" if number.unit else ""
    return clean(f"{' and '.join(texts)} {number.unit}{runs}").strip()


def proofs(rows: Sequence[str], ledger: Ledger, source: Source) -> list[dict[str, Any]]:
    """Return the rows that something rests on, each with its number, and its verdict by engine."""
    found = []
    for row in rows:
        claims = ledger.find(row)
        verdicts: Mapping[str, str] = {
            claim.engine: (source.quoted[claim.id].verdict if claim.id in source.quoted else MISSING)
            for claim in claims
        }
        found.append(
            {
                "id": row,
                "number": ledger.numbers[row],
                "aspect": claims[0].aspect,
                "verdicts": {NAMES[engine]: verdicts[engine] for engine in ENGINES if engine in verdicts},
                "falls": any(verdict == "refuted" for verdict in verdicts.values()),
            }
        )
    return found
