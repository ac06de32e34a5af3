"""Evidence: a verdict with all that somebody needs in order to doubt it or to find it again."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from monarch_vs_ray.core.concept import Tested
from monarch_vs_ray.core.errors import BadEvidence
from monarch_vs_ray.core.events import Engine, Machine
from monarch_vs_ray.core.verdicts import Finding, Verdict, unstable
from monarch_vs_ray.ledger.brackets import Bracket
from monarch_vs_ray.ledger.claims import Claim
from monarch_vs_ray.ledger.judge import Judgement


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """What one experiment of a claim observed, in which history, and the hash of its code.

    ``run`` counts the repeats from 0.
    """

    experiment: str
    seen: dict[str, object]
    code_sha256: str
    history: str
    run: int = 0


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """One claim in one run; ``said`` and ``brief_said`` are one line each, for ``unknown`` the reason.

    ``brief_mark`` is what the claim's data say of the brief's statement, ``brief_verdict`` what the run did.
    ``runs`` is how many times it was tested. ``made_for`` are the engine's releases that the statement is
    about, ``version`` is the one that was tested. ``first_try`` says what failed before a second try.
    ``fingerprint`` is that of the claim and its code, see ``ledger.fingerprint``.
    """

    id: str
    concept: str
    aspect: str
    engine: Engine
    statement: str
    tested: Tested
    verdict: Verdict
    said: str
    brief: str = ""
    brief_mark: Verdict | None = None
    brief_verdict: Verdict | None = None
    brief_said: str = ""
    note: str = ""
    version: str = ""
    made_for: str = ""
    fingerprint: str = ""
    first_try: str = ""
    machine: Machine | None = None
    date: str = ""
    observed: list[Observed] = []
    rests_on: list[str] = []
    runs: int = 1

    @property
    def stale(self) -> bool:
        """Return whether the data say something of the brief that this run contradicts."""
        known = {self.brief_verdict, self.brief_mark} - {None, "unknown"}
        return len(known) > 1

    @property
    def outside(self) -> bool:
        """Return whether another release was tested than those that the statement is about."""
        from packaging.specifiers import SpecifierSet

        known = self.version[:1].isdigit() and self.made_for
        return bool(known) and not SpecifierSet(self.made_for).contains(self.version, prereleases=True)

    @property
    def finding(self) -> Finding:
        """Return its verdict and the line for it."""
        return Finding(self.verdict, self.said)

    @property
    def short(self) -> str:
        """Return concept and row of the claim, without the engine."""
        return self.id.rpartition(".")[0]


def evidence(
    claim: Claim,
    judgement: Judgement,
    brackets: Iterable[Bracket],
    date: str,
    first_try: str = "",
    fingerprint: str = "",
) -> Evidence:
    """Return the evidence for a claim from one run; ``date`` is UTC in ISO 8601."""
    found = list(brackets)
    started = next((bracket.started for bracket in found if bracket.started), None)
    brief = judgement.brief
    return Evidence(
        id=claim.id,
        concept=claim.concept,
        aspect=claim.aspect,
        engine=claim.engine,
        statement=claim.cell.statement,
        tested=claim.cell.tested,
        verdict=judgement.statement.verdict,
        said=judgement.statement.said,
        brief=claim.cell.brief,
        brief_mark=claim.cell.brief_verdict,
        brief_verdict=brief.verdict if brief else None,
        brief_said=brief.said if brief else "",
        note=claim.cell.note,
        version=started.versions.get(claim.engine, "") if started else "",
        made_for=claim.versions,
        fingerprint=fingerprint,
        first_try=first_try,
        machine=started.machine if started else None,
        date=started.date if started else date,
        observed=[_observed(bracket) for bracket in found],
        rests_on=claim.cell.rests_on,
    )


def _observed(bracket: Bracket) -> Observed:
    began = bracket.began
    return Observed(
        experiment=began.experiment, seen=bracket.seen, code_sha256=began.code_sha256, history=bracket.history
    )


def over_repeats(tries: list[Evidence]) -> Evidence:
    """Return the evidence of several runs as one; a verdict that changed between them is unknown."""
    last = tries[-1]
    finding = unstable(each.finding for each in tries)
    changes: dict[str, object] = {"verdict": finding.verdict, "said": finding.said, "runs": len(tries)}
    changes["first_try"] = "; ".join(each.first_try for each in tries if each.first_try)
    changes["observed"] = [
        msgspec.structs.replace(each, run=run) for run, one in enumerate(tries) for each in one.observed
    ]
    if last.brief_verdict is not None:
        brief = unstable(Finding(each.brief_verdict or "unknown", each.brief_said) for each in tries)
        changes |= {"brief_verdict": brief.verdict, "brief_said": brief.said}
    return msgspec.structs.replace(last, **changes)


encoder = msgspec.json.Encoder()
decoder = msgspec.json.Decoder(Evidence)


def read_lines(data: bytes, path: Path) -> list[Evidence]:
    """Return evidence from its lines; the last of each claim counts, an unfinished line does not."""
    found: dict[str, Evidence] = {}
    for number, line in enumerate(data[: data.rfind(b"\n") + 1].splitlines(), start=1):
        try:
            each = decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadEvidence(path, number, str(error) or "nested too deeply") from None
        found[each.id] = each
    return list(found.values())
