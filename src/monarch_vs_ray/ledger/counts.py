"""Count what was found: the one place where the numbers come from that we show about ourselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from monarch_vs_ray.core.verdicts import Verdict
from monarch_vs_ray.ledger.evidence import Evidence

SABOTAGE = "sabotage.json"
"""The end of the names of files with the outcomes of breaks."""


@dataclass(frozen=True)
class Breaks:
    """The breaks that were run on the engines, and those that a verdict noticed."""

    run: int = 0
    noticed: int = 0


@dataclass(frozen=True)
class Counts:
    """Claims of ours and statements of the brief, by verdict; ``judgement`` is how many are just that.

    ``experiments`` counts those that the claims rest on, controls included. ``passes`` is how many times each
    ran, at least.
    """

    claims: Counter[Verdict]
    brief: Counter[Verdict]
    judgement: int
    brief_judgement: int
    experiments: int
    passes: int = 1
    breaks: Breaks = field(default_factory=Breaks)

    @property
    def statements(self) -> int:
        """Return the number of the brief's statements."""
        return sum(self.brief.values())


def count(evidence: Iterable[Evidence], breaks: Breaks | None = None) -> Counts:
    """Return the counts of some evidence, one for each claim."""
    all_ = list(evidence)
    brief = [each for each in all_ if each.brief_verdict]
    ran = {
        (each.concept, each.engine, observed.experiment)
        for each in all_
        if each.tested == "experiment"
        for observed in each.observed
    }
    return Counts(
        claims=Counter(each.verdict for each in all_),
        brief=Counter(each.brief_verdict for each in brief if each.brief_verdict),
        judgement=sum(each.tested == "judgement" for each in all_),
        brief_judgement=sum(each.tested == "judgement" for each in brief),
        experiments=len(ran),
        passes=min((each.runs for each in all_), default=1),
        breaks=breaks or Breaks(),
    )


def sentences(counts: Counts) -> list[str]:
    """Say the counts in sentences."""
    told = []
    if counts.statements:
        told.append(
            f"Of {_some(counts.statements, 'statement')} of the brief {counts.brief['holds']} stand,"
            f" {counts.brief['partly']} stand partly, {counts.brief['refuted']} do not stand,"
            f" {counts.brief['unknown']} are unknown{_judged(counts.brief_judgement)}."
        )
    passes = f", judged in {counts.passes} passes" if counts.passes > 1 else ""
    told.append(
        f"Of {_some(sum(counts.claims.values()), 'claim')} of ours{passes}, {counts.claims['holds']} hold,"
        f" {counts.claims['refuted']} are refuted, {counts.claims['unknown']} are unknown"
        f"{_judged(counts.judgement)}."
    )
    if counts.experiments:
        told.append(f"{_some(counts.experiments, 'experiment')} ran for them, controls included.")
    if counts.breaks.run:
        told.append(
            f"Of {_some(counts.breaks.run, 'break')} of their subjects {counts.breaks.noticed} were noticed."
        )
    return told


def _judged(judgement: int) -> str:
    return f"; {judgement} of them are judgement" if judgement else ""


def _some(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def breaks(folder: Path, claims: Iterable[str] | None = None) -> Breaks:
    """Return how many breaks are noted in a machine's folder of evidence, and how many were noticed.

    Args:
        folder: The machine's folder; its files of breaks may be missing.
        claims: The ids of the claims that count; by default all of them.
    """
    asked = None if claims is None else set(claims)
    found = [
        each
        for path in sorted(folder.glob(f"*{SABOTAGE}"))
        for each in _breaks_in(path)
        if asked is None or each.get("claim") in asked
    ]
    return Breaks(len(found), sum(bool(each.get("noticed")) for each in found))


def _breaks_in(path: Path) -> list[dict[str, Any]]:
    """Return the breaks in a file, whatever else it holds."""
    found: list[dict[str, Any]] = []
    todo: list[Any] = [msgspec.json.decode(path.read_bytes())]
    while todo:
        each = todo.pop()
        if isinstance(each, dict) and "break" in each:
            found.append(each)
        elif isinstance(each, dict | list):
            todo += each.values() if isinstance(each, dict) else each
    return found
