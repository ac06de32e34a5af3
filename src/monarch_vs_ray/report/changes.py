"""What changed of published verdicts, from one published state to the next.

``docs/verdict_changes.py`` takes the states from the history of the repository and keeps what it found::

    published/changes.jsonl     a line for each verdict that changed
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from monarch_vs_ray.core.errors import BadEvidence
from monarch_vs_ray.core.verdicts import Verdict
from monarch_vs_ray.history import read_bounded
from monarch_vs_ray.ledger.evidence import Evidence
from monarch_vs_ray.report.words import EVIDENCE_FOLDER, MARK_NAMES, evidence_link, row

FILE = "changes.jsonl"
About = Literal["claim", "brief"]


class Change(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One verdict that changed between two published states; ``about`` our claim or the brief's statement.

    ``reworded`` says whether the claim's text changed with it. ``date`` is of the later state, in ISO 8601.
    """

    date: str
    machine: str
    claim: str
    about: About
    before: Verdict
    after: Verdict
    version_before: str
    version_after: str
    reworded: bool


State = Mapping[str, Evidence]
"""Published evidence of one machine, by claim."""


def between(machine: str, date: str, before: State, after: State) -> list[Change]:
    """Return the verdicts that differ between two published states of a machine, by claim."""
    found = []
    for id_ in sorted(before.keys() & after.keys()):
        old, new = before[id_], after[id_]
        verdicts: list[tuple[About, Verdict | None, Verdict | None]] = [
            ("claim", old.verdict, new.verdict),
            ("brief", old.brief_verdict, new.brief_verdict),
        ]
        found += [
            Change(
                date=date,
                machine=machine,
                claim=id_,
                about=about,
                before=one,
                after=other,
                version_before=old.version,
                version_after=new.version,
                reworded=old.statement != new.statement,
            )
            for about, one, other in verdicts
            if one and other and one != other
        ]
    return found


def read(root: Path) -> list[Change]:
    """Return what changed, oldest first; nothing if no file of it is published. Raises BadEvidence."""
    path = root / FILE
    if not path.is_file():
        return []
    found = []
    for number, line in enumerate(read_bounded(path).splitlines(), start=1):
        try:
            found.append(msgspec.json.decode(line, type=Change))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadEvidence(path, number, str(error)) from None
    return found


def write(changes: Iterable[Change], root: Path) -> Path:
    """Keep what changed. Return the file."""
    path = root / FILE
    path.write_bytes(b"".join(msgspec.json.encode(each) + b"\n" for each in changes))
    return path


def said(change: Change) -> str:
    """Return a change in words."""
    what = "the brief's statement" if change.about == "brief" else "verdict"
    versions = sorted({change.version_before, change.version_after} - {""})
    between_ = f", {versions[0]} to {versions[1]}" if len(versions) > 1 else ""
    reworded = ", reworded" if change.reworded else ""
    names = f"{MARK_NAMES[change.before]} → {MARK_NAMES[change.after]}"
    return f"{change.date[:10]}{between_}, {what}: {names}{reworded}"


def table(changes: Sequence[Change], folder: str) -> str:
    """Return a table of changes; ``folder`` is how the text refers to the folder of evidence pages."""
    lines = ["|claim|change|", "|---|---|"]
    lines += [row(evidence_link(each.claim, f"`{each.claim}`", folder), said(each)) for each in changes]
    return "\n".join(lines)


def summary(changes: Sequence[Change]) -> str:
    """Return how many verdicts changed, in two sentences, with a link to all of them."""
    ours = [each for each in changes if each.about == "claim"]
    briefs = len(changes) - len(ours)
    days = f" between {changes[0].date[:10]} and {changes[-1].date[:10]}" if changes else ""
    released = [each for each in changes if each.version_before != each.version_after]
    what = "verdict on a claim" if len(ours) == 1 else "verdicts on claims"
    link = f"[list]({EVIDENCE_FOLDER}/README.md#changelog-of-verdicts)"
    return (
        f"{len(ours)} published {what} and {briefs} on the brief's statements changed{days};"
        f" {len(released)} of them with a release of an engine ({link})."
    )
