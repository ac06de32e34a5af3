"""Compare two runs: of two machines, releases, or days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from monarch_vs_ray.core.output import clean
from monarch_vs_ray.ledger.claims import Ledger
from monarch_vs_ray.ledger.evidence import Evidence
from monarch_vs_ray.page.sources import described
from monarch_vs_ray.stage.values import NAMES, say

LONGEST = 200
"""Characters of a value that are shown."""


def compare(ledger: Ledger, first: Sequence[Evidence], second: Sequence[Evidence]) -> dict[str, Any]:
    """Return what differs between two runs, by claim and by observation.

    Args:
        ledger: The claims; evidence of others is left out.
        first: The evidence of one run.
        second: The evidence of the other.
    """
    one, other = ({each.id: each for each in evidence} for evidence in (first, second))
    both = [claim for claim in ledger.claims if claim.id in one and claim.id in other]
    changed = [claim for claim in both if one[claim.id].verdict != other[claim.id].verdict]
    return {
        "runs": [described(evidence) | {"claims": len(evidence)} for evidence in (first, second)],
        "unlike": _unlike(first, second),
        "both": len(both),
        "verdicts": [
            {
                "id": claim.id,
                "number": ledger.numbers[claim.short],
                "aspect": claim.aspect,
                "engine": claim.engine,
                "sides": [_side(evidence[claim.id]) for evidence in (one, other)],
            }
            for claim in changed
        ],
        "observations": [row for claim in both for row in _observations(one[claim.id], other[claim.id])],
        "only": [
            {"count": len(mine.keys() - others.keys()), "ids": sorted(mine.keys() - others.keys())}
            for mine, others in ((one, other), (other, one))
        ],
    }


def _side(each: Evidence) -> dict[str, str]:
    return {"verdict": each.verdict, "said": clean(each.said)}


def _unlike(first: Sequence[Evidence], second: Sequence[Evidence]) -> list[str]:
    """Return in what the runs differ themselves: releases, machines, days."""
    found = []
    one, other = described(first), described(second)
    for key, name in (("monarch", "Monarch"), ("ray", "Ray"), ("machine", "machine"), ("date", "day")):
        if one[key] != other[key]:
            found.append(f"{name}: {one[key] or 'none'} and {other[key] or 'none'}")
    return found


def _observations(one: Evidence, other: Evidence) -> list[dict[str, Any]]:
    """Return the values that the two runs observed differently, with the share by which numbers are apart."""
    found = []
    values, others = _values(one), _values(other)
    for key in values:
        if key not in others or values[key] == others[key]:
            continue
        mine, theirs = values[key], others[key]
        found.append(
            {
                "id": one.id,
                "engine": NAMES[one.engine],
                "key": f"{key[0]}.{key[1]}",
                "values": [_text(mine), _text(theirs)],
                "ratio": _ratio(mine, theirs),
            }
        )
    return found


def _values(each: Evidence) -> Mapping[tuple[str, str], object]:
    """Return what the first run of each experiment observed, by experiment and key."""
    found: dict[tuple[str, str], object] = {}
    for observed in each.observed:
        for key, value in observed.seen.items():
            found.setdefault((observed.experiment, key), value)
    return found


def _text(value: object) -> str:
    return clean(say(value))[:LONGEST]


def _ratio(one: object, other: object) -> float | None:
    numbers = [
        value for value in (one, other) if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    if len(numbers) < 2 or not numbers[0] or numbers[1] / numbers[0] <= 0:
        return None
    return round(numbers[1] / numbers[0], 3)
