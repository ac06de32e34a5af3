"""From what experiments observed to the verdicts on a claim: ours, and that on what the brief said.

How the harness fared and what was found out are different things: a side that crashed, an experiment that was
cut short or lacked its hardware makes ``unknown`` with the reason, never ``holds`` and never ``refuted``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from monarch_vs_ray.core.concept import Check
from monarch_vs_ray.core.verdicts import Finding, merge
from monarch_vs_ray.ledger.brackets import Bracket
from monarch_vs_ray.ledger.checkers import check
from monarch_vs_ray.ledger.claims import Claim

COLOUR = re.compile("\x1b\\[[0-9;]*m")

Brackets = Mapping[str, Bracket]
HoldsInReference = Callable[[str], Finding]


@dataclass(frozen=True)
class Judgement:
    """The finding on a claim's statement, and, where it quotes the brief, the one on the brief's."""

    statement: Finding
    brief: Finding | None = None


def judge(claim: Claim, brackets: Brackets, missing: Mapping[str, str] | None = None) -> Judgement:
    """Return the findings on a claim that is tested by experiments.

    Args:
        claim: The claim.
        brackets: Those of the claim's engine and concept, by the experiment's name.
        missing: Says of experiments that have no bracket why they have none.
    """
    judge_part = _Judge(claim, brackets, missing or {})
    statement = judge_part.of(claim.cell.experiment, claim.checks, control=claim.cell.control)
    if not claim.cell.brief:
        return Judgement(statement)
    if not claim.brief_checks and not claim.cell.brief_experiment:
        return Judgement(statement, _as_partly(claim, statement))
    checks = claim.brief_checks or claim.checks
    brief = judge_part.of(claim.cell.brief_experiment or claim.cell.experiment, checks)
    if statement.verdict == "unknown" and brief.verdict != "unknown" and not claim.cell.brief_experiment:
        # The same experiment could not tell about our statement: it cannot tell about the other one either.
        brief = statement
    return Judgement(statement, _as_partly(claim, brief))


def _as_partly(claim: Claim, brief: Finding) -> Finding:
    """What was found of the brief's statement, with what is missing where only a part of it stands."""
    missing = claim.cell.brief_missing
    return (
        Finding("partly", f"{brief.said}; missing: {missing}")
        if missing and brief.verdict == "holds"
        else brief
    )


@dataclass(frozen=True)
class _Judge:
    claim: Claim
    brackets: Brackets
    missing: Mapping[str, str]

    def of(self, experiment: str, checks: Sequence[Check], control: str = "") -> Finding:
        """Return what these checks make of an experiment, if its control shows that they can tell."""
        bracket = self.brackets.get(experiment)
        trouble = trouble_of(experiment, bracket, self.missing)
        if trouble:
            return Finding("unknown", trouble)
        assert bracket
        if bracket.faults < self.claim.cell.faults:
            fired = f"{bracket.faults} of {self.claim.cell.faults} planned faults fired"
            return Finding("unknown", fired)
        finding = merge(check(bracket, fields) for fields in checks)
        if control and finding.verdict != "unknown":
            return self._with_control(finding, control, checks)
        return finding

    def _with_control(self, finding: Finding, control: str, checks: Sequence[Check]) -> Finding:
        bracket = self.brackets.get(control)
        trouble = trouble_of(control, bracket, self.missing)
        if trouble:
            return Finding("unknown", f"no control: {trouble}")
        assert bracket
        other = merge(check(bracket, fields) for fields in checks)
        if other.verdict != "refuted":
            return Finding("unknown", f"control did not discriminate: {control}: {other.said}")
        return Finding(finding.verdict, f"{finding.said} (control: {other.said})")


def _in_one_line(error: str) -> str:
    """The first and the last words of an error: of one that came from another process, the last say why.

    What Rust's libraries add below ``Stack backtrace:`` are no words.
    """
    words = COLOUR.sub("", error).partition("\nStack backtrace:\n")[0]
    lines = [line.strip() for line in words.splitlines() if any(map(str.isalnum, line))]
    return " ... ".join(dict.fromkeys((lines[0], lines[-1]))) if lines else "no words"


def trouble_of(experiment: str, bracket: Bracket | None, missing: Mapping[str, str]) -> str:
    """Return why an experiment's events allow no verdict; empty when they do."""
    if bracket is None:
        return missing.get(experiment, f"{experiment} did not run")
    if bracket.ended is None:
        return f"{experiment} did not end: {_how(bracket)}"
    if bracket.ended.answer == "unavailable":
        return bracket.ended.error
    if bracket.ended.answer == "failed":
        return f"{experiment} failed: {_in_one_line(bracket.ended.error)}"
    if not bracket.seen:
        return f"{experiment} observed nothing"
    if bracket.operations and not any(event.outcome == "ok" for event in bracket.operations):
        return f"{experiment}: none of {len(bracket.operations)} calls succeeded"
    return ""


def _how(bracket: Bracket) -> str:
    end = bracket.side_ended
    if end is None:
        return "the run was cut short"
    return {
        "exit": f"its side ended with exit code {end.exit_code}",
        "signal": f"its side was killed by signal {end.signal}",
        "deadline": "its side missed its deadline",
        "stopped": "it took too long and was stopped",
        "lost": "its side was lost",
    }[end.ending]


def judge_by_reference(claim: Claim, holds: HoldsInReference) -> Judgement:
    """Return the findings on what only code can show: each entry it names must stand where it says."""
    statement = merge(holds(entry) for entry in claim.cell.holds_in)
    return Judgement(statement, _as_marked(claim, statement))


def judge_by_others(claim: Claim, findings: Mapping[str, Finding]) -> Judgement:
    """Return the findings on advice: what it rests on must hold."""
    parts = []
    for support in claim.cell.rests_on:
        found = findings.get(support, Finding("unknown", "has no verdict"))
        parts.append(Finding(found.verdict, f"{support} {found.verdict}"))
    merged = merge(parts)
    said = f"rests on {len(parts)} claims" if merged.verdict == "holds" else merged.said
    statement = Finding(merged.verdict, said)
    return Judgement(statement, _as_marked(claim, statement))


def _as_marked(claim: Claim, statement: Finding) -> Finding | None:
    """What follows for the brief where no check of its own exists: our statement, once shown, decides it."""
    if not claim.cell.brief:
        return None
    if statement.verdict != "holds":
        return statement
    assert claim.cell.brief_verdict
    return Finding(claim.cell.brief_verdict, claim.cell.brief_missing or claim.cell.note or statement.said)
