"""What breaks did to verdicts: one file for each machine, concept and engine, beside the published evidence.

::

    published/<machine>/<concept>.<engine>.sabotage.json

Each claim in it has the breaks of its subject that were run, and how many alterations of its observations
(see ``alterations``) it notices. A claim *survives* if each break turned its verdict away from ``holds``.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from monarch_vs_ray.core.breaks import Break
from monarch_vs_ray.core.errors import BadEvidence, UnknownSymbol
from monarch_vs_ray.core.verdicts import Verdict
from monarch_vs_ray.history import read_bounded
from monarch_vs_ray.ledger.claims import Claim, Ledger
from monarch_vs_ray.ledger.code import actors_of, experiment_code

SABOTAGE = ".sabotage.json"
BY_KIND = {
    "judgement": "it is a judgement: it falls with the claims that it rests on",
    "reference": "it is about code, which is looked up and not run",
}
"""Why a claim that no experiment tests has no break."""


class Broken(msgspec.Struct, frozen=True, kw_only=True, rename={"what": "break"}):
    """One break of one claim's subject, as it was run.

    ``said`` is the line of evidence for the verdict under the break. ``code_sha256`` is of all that decides
    about the outcome: the experiment with its actors, the break, the check. When one of them changes, the
    outcome is out of date.
    """

    claim: str
    what: str
    kind: str
    before: Verdict
    under: Verdict
    said: str
    noticed: bool
    code_sha256: str
    version: str = ""
    date: str = ""


class Sabotaged(msgspec.Struct, frozen=True, kw_only=True):
    """All breaks of one claim; ``altered`` counts those of observations, ``missed`` names those missed."""

    breaks: list[Broken] = []
    no_break: str = ""
    altered: int = 0
    missed: list[str] = []


ByClaim = dict[str, Sabotaged]


def why_none(claim: Claim) -> str:
    """Return why a claim has no break; empty when it should have one."""
    return claim.cell.no_break or BY_KIND.get(claim.cell.tested, "")


def code_hash(ledger: Ledger, claim: Claim, broken: Break) -> str:
    """Return a hash of what decides about a break's outcome: experiment, actors, settings, check, break."""
    folder, name = ledger.folder(claim), claim.cell.experiment
    try:
        code = experiment_code(folder, claim.engine, ledger.function(claim, name))
        texts = [line for each in (*code, *actors_of(folder, claim.engine, code)) for line in each.lines]
    except UnknownSymbol:
        texts = []
    settings = ledger.settings(claim, name)
    parts = (texts, settings.options, settings.environment, claim.checks, claim.cell.faults)
    changes = [msgspec.to_builtins(change) for change in broken.changes]
    encoded = msgspec.json.encode((parts, changes, broken.environment), order="sorted")
    return hashlib.sha256(encoded).hexdigest()


def file_of(folder: Path, claim: Claim) -> Path:
    """Return the file, in a machine's folder, that holds the breaks of a claim."""
    return folder / f"{claim.concept}.{claim.engine}{SABOTAGE}"


def read(path: Path) -> ByClaim:
    """Return what a file says of each claim; nothing where there is no file. Raises BadEvidence."""
    if not path.is_file():
        return {}
    try:
        return msgspec.json.decode(read_bounded(path), type=ByClaim)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadEvidence(path, 0, str(error) or "nested too deeply") from None


def read_all(folder: Path) -> ByClaim:
    """Return what is published of each claim on a machine."""
    found: ByClaim = {}
    for path in sorted(folder.glob(f"*{SABOTAGE}")):
        found |= read(path)
    return found


def write(path: Path, found: ByClaim) -> None:
    """Write a file whole or not at all."""
    new = path.with_name(f"{path.name}.new")
    new.write_bytes(msgspec.json.format(msgspec.json.encode(dict(sorted(found.items()))), indent=1) + b"\n")
    os.replace(new, path)


def merged(old: Sabotaged, new: Iterable[Broken], names: Iterable[str]) -> list[Broken]:
    """Return the breaks of a claim that there still are (``names``), with what was run now."""
    by_name = {each.what: each for each in (*old.breaks, *new)}
    return [by_name[name] for name in names if name in by_name]


def score(claims: Iterable[Claim], found: Mapping[str, Sabotaged]) -> list[str]:
    """Return in some sentences how many breaks were noticed, and how many claims survive or have none."""
    asked = list(claims)
    all_ = {claim.id: found.get(claim.id, Sabotaged()) for claim in asked}
    runs = [each for one in all_.values() for each in one.breaks]
    noticed = sum(each.noticed for each in runs)
    altered, missed = (
        sum(one.altered for one in all_.values()),
        sum(len(one.missed) for one in all_.values()),
    )
    tried = [one for one in all_.values() if one.breaks]
    survive = sum(all(each.noticed for each in one.breaks) for one in tried)
    excused = [claim.id for claim in asked if not all_[claim.id].breaks and why_none(claim)]
    bare = [claim.id for claim in asked if not all_[claim.id].breaks and not why_none(claim)]
    engines = f"{noticed} of {len(runs)} breaks on the engines noticed{_share(noticed, len(runs))}"
    observed = f"{altered - missed} of {altered} altered observations{_share(altered - missed, altered)}"
    claims_ = f"{survive} of {len(tried)} claims with a break survive"
    told = [
        f"{engines}, and {observed}.",
        f"{claims_}; {len(excused)} have none, with a reason; {len(bare)} have none that was run.",
    ]
    for one in all_.values():
        told += [
            f"Not noticed: {each.claim}: {each.what} ({each.said})."
            for each in one.breaks
            if not each.noticed
        ]
    return told


def _share(count: int, whole: int) -> str:
    return f" ({count / whole:.1%})" if whole else ""
