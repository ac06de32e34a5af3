"""Claims: what the comparison says of each engine, as data, in ``claims.toml`` of each concept's folder.

One ``[[claim]]`` is a row of a comparison table, with a cell for each engine::

    [[claim]]
    id = "default_ordering"
    aspect = "Default ordering"

    [claim.ray]
    statement = "Calls of one caller run in the order in which it made them."
    probe = "four_kinds_in_turn"          # a function of probes_on_ray.py
    control = "out_of_order_allowed"      # must come out the other way; or no_control = "why there is none"
    check = { checker = "equals", key = "out_of_order", value = 0 }   # or a list of these
    brief = "Not guaranteed"              # what the first document said, word for word
    brief_verdict = "refuted"             # what we know of that; a mark that is no longer true is stale
    brief_check = { checker = "at_least", key = "out_of_order", value = 1 }
    sources = ["ray.ActorHandle"]         # entries of the table of sources

``[probes.ray.NAME]`` says how a probe is run where that is not as usual (see ``ProbeSettings``).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

from monarch_vs_ray.core.errors import BadClaims, UnknownClaim
from monarch_vs_ray.core.events import ENGINES, Engine
from monarch_vs_ray.core.verdicts import Verdict
from monarch_vs_ray.ledger.checkers import complaint

Tested = Literal["probe", "source", "judgement"]
Check = dict[str, Any]
FILE = "claims.toml"


class ProbeSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a probe is run.

    ``fresh``: in a side of its own, since it breaks its engine. ``bare``: and it starts the engine itself.
    ``slow``: it waits for a slow timer of the engine, so it runs only when asked for. ``seconds``: its
    deadline, several times what it takes on a busy machine. ``environment``: settings that the engine reads
    when it is imported.
    """

    fresh: bool = False
    bare: bool = False
    slow: bool = False
    seconds: float = 120.0
    environment: dict[str, str] = {}


class Cell(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is claimed of one engine in one aspect; see the module's text."""

    statement: str
    tested: Tested = "probe"
    probe: str = ""
    control: str = ""
    no_control: str = ""
    check: Check | list[Check] = []
    faults: int = 0
    brief: str = ""
    brief_verdict: Verdict | None = None
    brief_probe: str = ""
    brief_check: Check | list[Check] = []
    note: str = ""
    rests_on: list[str] = []
    holds_in: list[str] = []
    sources: list[str] = []
    versions: str = ""


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One aspect, with what is claimed of each engine."""

    id: str
    aspect: str
    monarch: Cell | None = None
    ray: Cell | None = None


class ClaimsFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A ``claims.toml``."""

    versions: dict[Engine, str]
    claim: list[Row]
    probes: dict[Engine, dict[str, ProbeSettings]] = {}


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A cell with what its row and its file say of it."""

    concept: str
    row: str
    aspect: str
    engine: Engine
    cell: Cell
    versions: str

    @property
    def id(self) -> str:
        """Its stable name, for instance ``message_ordering.default_ordering.ray``."""
        return f"{self.concept}.{self.row}.{self.engine}"

    @property
    def checks(self) -> list[Check]:
        """What has to hold for the statement to hold: all of these."""
        return _listed(self.cell.check)

    @property
    def brief_checks(self) -> list[Check]:
        """What has to hold for the brief's statement to hold; empty: the same as for ours."""
        return _listed(self.cell.brief_check)

    @property
    def probes(self) -> list[str]:
        """The probes that a verdict on it needs."""
        named = (self.cell.probe, self.cell.control, self.cell.brief_probe)
        return list(dict.fromkeys(name for name in named if name))


def _listed(checks: Check | list[Check]) -> list[Check]:
    return checks if isinstance(checks, list) else [checks]


class Ledger:
    """All claims, in the order of their files, and how each probe is run."""

    def __init__(self, files: Iterable[tuple[str, ClaimsFile]]) -> None:
        self.claims: list[Claim] = []
        self._settings: dict[tuple[str, Engine, str], ProbeSettings] = {}
        for concept, file in files:
            self.claims += _claims_of(concept, file)
            for engine, probes in file.probes.items():
                self._settings.update({(concept, engine, name): each for name, each in probes.items()})

    def settings(self, claim: Claim, probe: str) -> ProbeSettings:
        """How one of a claim's probes is run."""
        return self._settings.get((claim.concept, claim.engine, probe), ProbeSettings())

    def is_slow(self, claim: Claim) -> bool:
        """Whether a verdict on it waits for one of the engine's slow timers."""
        return any(self.settings(claim, probe).slow for probe in claim.probes)

    def find(self, asked: str) -> list[Claim]:
        """The claims of a concept, of a row (``concept.row``), or the one of that id. Raises UnknownClaim."""
        found = [
            claim
            for claim in self.claims
            if asked in (claim.id, claim.concept, f"{claim.concept}.{claim.row}")
        ]
        if not found:
            raise UnknownClaim(asked, [claim.id for claim in self.claims])
        return found

    def with_support(self, claims: Iterable[Claim]) -> list[Claim]:
        """These claims and those that judgements among them rest on, in the ledger's order."""
        wanted = {claim.id for claim in claims}
        by_id = {claim.id: claim for claim in self.claims}
        todo = list(wanted)
        while todo:
            for support in by_id[todo.pop()].cell.rests_on:
                if support not in wanted:
                    wanted.add(support)
                    todo.append(support)
        return [claim for claim in self.claims if claim.id in wanted]


def _claims_of(concept: str, file: ClaimsFile) -> Iterator[Claim]:
    for row in file.claim:
        for engine in ENGINES:
            cell: Cell | None = getattr(row, engine)
            if cell is not None:
                versions = cell.versions or file.versions.get(engine, "")
                yield Claim(
                    concept=concept,
                    row=row.id,
                    aspect=row.aspect,
                    engine=engine,
                    cell=cell,
                    versions=versions,
                )


def load(folders: Iterable[Path]) -> Ledger:
    """Read the ``claims.toml`` of these folders. Raises BadClaims with the file and what is wrong in it."""
    files = [(folder.name, folder / FILE) for folder in folders if (folder / FILE).is_file()]
    ledger = Ledger((name, read(path)) for name, path in files)
    known = {claim.id for claim in ledger.claims}
    for claim in ledger.claims:
        lost = [support for support in claim.cell.rests_on if support not in known]
        if lost:
            raise BadClaims(Path(claim.concept) / FILE, f"{claim.id} rests on {lost[0]}, which is not there")
    return ledger


def read(path: Path) -> ClaimsFile:
    """Read one file, and check it against the schema. Raises BadClaims."""
    try:
        file = msgspec.convert(_toml(path), ClaimsFile)
    except (msgspec.ValidationError, ValueError) as error:
        raise BadClaims(path, str(error)) from None
    for row in file.claim:
        for engine in ENGINES:
            cell: Cell | None = getattr(row, engine)
            if cell is not None and (wrong := _wrong(cell)):
                raise BadClaims(path, f"{row.id}.{engine}: {wrong}")
    if len({row.id for row in file.claim}) < len(file.claim):
        raise BadClaims(path, "two claims have the same id")
    return file


def _toml(path: Path) -> object:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _wrong(cell: Cell) -> str:
    """What is wrong with a cell, beyond its schema; empty when nothing is."""
    checks = [*_listed(cell.check), *_listed(cell.brief_check)]
    if bad := next(filter(None, map(complaint, checks)), ""):
        return bad
    if bool(cell.brief) != (cell.brief_verdict is not None):
        return "brief and brief_verdict come together"
    if cell.brief_verdict == "refuted" and cell.tested == "probe" and not cell.brief_check:
        return "a refuted brief needs a brief_check that refutes it"
    return _WRONG[cell.tested](cell)


def _wrong_probe(cell: Cell) -> str:
    if not cell.probe or not cell.check:
        return "a claim tested by a probe needs probe and check"
    if bool(cell.control) == bool(cell.no_control):
        return "a probe needs either control or no_control, which says why there is none"
    return ""


def _wrong_source(cell: Cell) -> str:
    return (
        ""
        if cell.holds_in
        else "a claim tested by the source needs holds_in: entries of the table of sources"
    )


def _wrong_judgement(cell: Cell) -> str:
    return "" if cell.rests_on else "a judgement needs rests_on: the ids of the claims that it follows from"


_WRONG = {"probe": _wrong_probe, "source": _wrong_source, "judgement": _wrong_judgement}
