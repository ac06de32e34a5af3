"""List changed verdicts: from one published state to the next, and from other releases of the engines.

``docs/verdict_changes.py`` takes the states from the history of the repository and keeps what it found. It
also publishes the evidence of a run with other releases (``mvr verify --python``)::

    published/changes.jsonl                     a line for each verdict that changed between two states
    published/<machine>/releases/<names>.jsonl  the evidence of other releases, a line for each claim
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from monarch_vs_ray.core.errors import BadEvidence
from monarch_vs_ray.core.verdicts import Verdict
from monarch_vs_ray.history import read_bounded
from monarch_vs_ray.ledger.evidence import Evidence, read_lines
from monarch_vs_ray.ledger.published import evidence
from monarch_vs_ray.ledger.results import machine_name
from monarch_vs_ray.report.words import EVIDENCE_FOLDER, MARK_NAMES, escape, evidence_link, inline, row

FILE = "changes.jsonl"
RELEASES = "releases"
MOST = 8
"""The number of claims that the text names."""
About = Literal["claim", "brief"]


class Change(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One verdict that changed between two published states; ``about`` our claim or the brief's statement.

    ``reworded`` says whether the claim's text changed with it. ``date`` is of the later state, in ISO 8601.
    ``why`` is the line of evidence for a verdict before that was not ``holds``.
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
    why: str = ""


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
                why="" if one == "holds" else old.said if about == "claim" else old.brief_said,
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


def of_releases(root: Path) -> list[tuple[str, Evidence]]:
    """Return the published evidence of other releases, each with its machine."""
    return [
        (path.parents[1].name, each)
        for path in sorted(root.glob(f"*/{RELEASES}/*.jsonl"))
        for each in read_lines(read_bounded(path), path)
    ]


def between_releases(root: Path) -> list[Change]:
    """Return what other releases of the engines were judged otherwise, against what is published now."""
    newer: dict[str, dict[str, Evidence]] = {}
    found = []
    for machine, older in of_releases(root):
        if machine not in newer:
            newer[machine] = {each.id: each for each in evidence(root, machine)}
        changes = between(machine, older.date, {older.id: older}, newer[machine])
        found += [each for each in changes if each.version_before != each.version_after]
    return found


def publish_release(all_: Iterable[Evidence], root: Path) -> list[Path]:
    """Publish the evidence of other releases, in place of what was published of the same claims.

    Args:
        all_: Evidence; what has no machine or no release (advice) is left out.
        root: The folder of published results.

    Returns:
        The files that were written, one for each machine, engine and release.
    """
    files: dict[Path, dict[str, Evidence]] = {}
    for each in all_:
        if each.machine and each.version:
            folder = root / machine_name(each.machine) / RELEASES
            path = folder / f"{each.engine}-{each.version}.jsonl"
            if path not in files:
                known = read_lines(read_bounded(path), path) if path.is_file() else []
                files[path] = {one.id: one for one in known}
            files[path][each.id] = msgspec.structs.replace(each, observed=[])
    for path, found in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(msgspec.json.encode(found[id_]) + b"\n" for id_ in sorted(found)))
    return list(files)


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
    why = f" (before: {inline(escape(change.why))})" if change.why else ""
    return f"{change.date[:10]}{between_}, {what}: {names}{reworded}{why}"


def table(changes: Sequence[Change], folder: str) -> str:
    """Return a table of changes; ``folder`` is how the text refers to the folder of evidence pages."""
    lines = ["|claim|change|", "|---|---|"]
    lines += [row(evidence_link(each.claim, f"`{each.claim}`", folder), said(each)) for each in changes]
    return "\n".join(lines)


def summary(changes: Sequence[Change], tested: Sequence[Evidence] = ()) -> str:
    """Return how many verdicts changed, in two sentences, with a link to all of them.

    Args:
        changes: All changes.
        tested: The evidence of other releases.
    """
    released = [each for each in changes if each.version_before != each.version_after]
    rest = [each for each in changes if each not in released]
    ours = [each for each in rest if each.about == "claim"]
    on = sorted({each.date[:10] for each in rest})
    days = f" between {on[0]} and {on[-1]}" if len(on) > 1 else f" on {on[0]}" if on else ""
    what = "verdict on a claim" if len(ours) == 1 else "verdicts on claims"
    return (
        f"{len(ours)} published {what} and {len(rest) - len(ours)} on the brief's statements changed{days}"
        f" ([list]({EVIDENCE_FOLDER}/README.md#changelog-of-verdicts)).{_of_releases(released, tested)}"
    )


def _of_releases(changes: Sequence[Change], tested: Sequence[Evidence]) -> str:
    """Return how many claims came out otherwise on other releases, and which; empty if none was tested."""
    if not tested:
        return ""
    versions = " and ".join(sorted({f"{each.engine.capitalize()} {each.version}" for each in tested}))
    ours = sorted({each.claim for each in changes if each.about == "claim"})
    links = ", ".join(evidence_link(claim, f"`{claim}`") for claim in ours[:MOST])
    left = f", and {len(ours) - MOST} more" if len(ours) > MOST else ""
    named = f": {links}{left}" if ours else ""
    return f" Of {len(tested)} claims tested on {versions}, {len(ours)} came out otherwise{named}."
