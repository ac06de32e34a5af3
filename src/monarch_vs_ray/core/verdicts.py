"""Verdicts, and how several become one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["holds", "partly", "refuted", "unknown"]
"""``partly`` is for statements of others: a part stands, and one sentence says what is missing."""
VERDICTS: tuple[Verdict, ...] = ("holds", "partly", "refuted", "unknown")
WEIGHTS: tuple[Verdict, ...] = ("refuted", "unknown", "partly", "holds")
"""Who wins when verdicts are merged: what is refuted in one part is refuted."""


@dataclass(frozen=True)
class Finding:
    """A verdict with its one line of evidence; for ``unknown`` the line is the reason."""

    verdict: Verdict
    said: str


def merge(findings: Iterable[Finding]) -> Finding:
    """The verdict on a whole from those on its parts: refuted > unknown > partly > holds.

    Raises ValueError when there are no parts: a statement that rests on nothing has no verdict.
    """
    parts = list(findings)
    if not parts:
        raise ValueError("nothing to merge: a statement without parts has no verdict")
    verdict = min((part.verdict for part in parts), key=WEIGHTS.index)
    deciding = [part.said for part in parts if part.verdict == verdict]
    return Finding(verdict, "; ".join(dict.fromkeys(deciding)))


def unstable(findings: Iterable[Finding]) -> Finding:
    """The verdict on a statement that was tested several times: theirs, or unknown when they differ."""
    tries = list(findings)
    counts = {verdict: sum(each.verdict == verdict for each in tries) for verdict in VERDICTS}
    found = {verdict: count for verdict, count in counts.items() if count}
    if len(found) == 1:
        return tries[-1]
    told = ", ".join(f"{verdict} {count} of {len(tries)}" for verdict, count in found.items())
    return Finding("unknown", f"unstable: {told}")
