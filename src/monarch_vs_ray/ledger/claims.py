"""Claims: what the comparison says of each engine, taken from the concepts' ``concept.toml`` and checked.

The form of an entry is in ``core.concept``. What goes beyond form is checked here: that checkers exist and
get what they need, that names lead somewhere, that a mark has what it rests on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from monarch_vs_ray.core.concept import FILE, Cell, Check, Concept, ExperimentSettings, file_of
from monarch_vs_ray.core.errors import BadConcept, UnknownClaim
from monarch_vs_ray.core.events import ENGINES, Engine
from monarch_vs_ray.ledger.checkers import complaint


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A cell with what its row and its concept say of it."""

    concept: str
    row: str
    aspect: str
    engine: Engine
    cell: Cell
    versions: str

    @property
    def id(self) -> str:
        """Return its stable name, for instance ``message_ordering.default_ordering.ray``."""
        return f"{self.concept}.{self.row}.{self.engine}"

    @property
    def short(self) -> str:
        """Return concept and row, without the engine."""
        return f"{self.concept}.{self.row}"

    @property
    def checks(self) -> list[Check]:
        """Return what has to hold for the statement to hold: all of these."""
        return listed(self.cell.check)

    @property
    def brief_checks(self) -> list[Check]:
        """Return what has to hold for the brief's statement to hold; empty: the same as for ours."""
        return listed(self.cell.brief_check)

    @property
    def experiments(self) -> list[str]:
        """Return the experiments that a verdict on it needs."""
        named = (self.cell.experiment, self.cell.control, self.cell.brief_experiment)
        return list(dict.fromkeys(name for name in named if name))


def listed(checks: Check | list[Check]) -> list[Check]:
    """Return a cell's check as a list, whether it holds one or several."""
    return checks if isinstance(checks, list) else [checks]


ADVICE = "A"
"""Stands in place of a number where a claim is of no concept."""


class Ledger:
    """All claims, in the order of their concepts; ``numbers`` are those of rows, by ``concept.row``.

    Raises:
        BadConcept: If a claim makes no sense; with the file and what is wrong in it.
    """

    def __init__(self, concepts: Iterable[Concept]) -> None:
        self.concepts = {concept.name: concept for concept in concepts}
        self.claims: list[Claim] = []
        for concept in self.concepts.values():
            self.claims += _claims_of(concept)
        self.numbers = self._number_rows()
        known = {claim.id for claim in self.claims}
        for claim in self.claims:
            if lost := [support for support in claim.cell.rests_on if support not in known]:
                path = Path(self.concepts[claim.concept].folder) / FILE
                raise BadConcept(path, f"{claim.id} rests on {lost[0]}, which is not there")

    def _number_rows(self) -> dict[str, str]:
        """Return the number of every row, such as ``4.1``."""
        numbers: dict[str, str] = {}
        counts: Counter[str] = Counter()
        for claim in self.claims:
            if claim.short not in numbers:
                counts[claim.concept] += 1
                above = self.concepts[claim.concept].number or ADVICE
                numbers[claim.short] = f"{above}.{counts[claim.concept]}"
        return numbers

    def folder(self, claim: Claim) -> Path:
        """Return the folder of a claim's concept."""
        return self.folder_of(self.concepts[claim.concept])

    @staticmethod
    def folder_of(concept: Concept) -> Path:
        """Return a concept's folder."""
        return Path(concept.folder)

    def settings(self, claim: Claim, experiment: str) -> ExperimentSettings:
        """Return how one of a claim's experiments is run."""
        return self.concepts[claim.concept].settings(claim.engine, experiment)

    def function(self, claim: Claim, experiment: str) -> str:
        """Return the name of the function that is one of a claim's experiments."""
        return self.concepts[claim.concept].function(claim.engine, experiment)

    def is_slow(self, claim: Claim) -> bool:
        """Return whether a verdict on it waits for one of the engine's slow timers."""
        return any(self.settings(claim, name).slow for name in claim.experiments)

    def find(self, asked: str) -> list[Claim]:
        """Return the claims of a concept, of a row (``concept.row``, or its number), or the one of that id.

        Raises:
            UnknownClaim: If there is none.
        """
        found = [
            claim
            for claim in self.claims
            if asked in (claim.id, claim.concept, claim.short, self.numbers[claim.short])
        ]
        if not found:
            raise UnknownClaim(asked, [claim.id for claim in self.claims])
        return found

    def with_support(self, claims: Iterable[Claim]) -> list[Claim]:
        """Return these claims and those that judgements among them rest on, in the ledger's order."""
        by_id = {claim.id: claim for claim in self.claims}
        wanted: set[str] = set()
        todo = list(claims)
        while todo:
            claim = todo.pop()
            if claim.id not in wanted:
                wanted.add(claim.id)
                todo += [by_id[support] for support in claim.cell.rests_on]
        return [claim for claim in self.claims if claim.id in wanted]


def _claims_of(concept: Concept) -> Iterator[Claim]:
    path = Path(concept.folder) / FILE
    if len({row.id for row in concept.claim}) < len(concept.claim):
        raise BadConcept(path, "two claims have the same id")
    for row in concept.claim:
        for engine in ENGINES:
            cell = row.cell(engine)
            if cell is None:
                continue
            if wrong := _wrong(concept, engine, cell):
                raise BadConcept(path, f"{row.id}.{engine}: {wrong}")
            versions = cell.versions or concept.versions.get(engine, "")
            yield Claim(
                concept=concept.name,
                row=row.id,
                aspect=row.aspect,
                engine=engine,
                cell=cell,
                versions=versions,
            )


def _wrong(concept: Concept, engine: Engine, cell: Cell) -> str:
    """Return what is wrong with a cell, beyond its form; empty when nothing is."""
    checks = [*listed(cell.check), *listed(cell.brief_check)]
    if bad := next(filter(None, (complaint(check) for check in checks if check)), ""):
        return bad
    if bool(cell.brief) != (cell.brief_verdict is not None):
        return "brief and brief_verdict come together"
    if bool(cell.brief_missing) != (cell.brief_verdict == "partly"):
        return "brief_missing says what is missing where brief_verdict is partly, and nowhere else"
    if cell.brief_verdict == "refuted" and cell.tested == "experiment" and not cell.brief_check:
        return "a refuted brief needs a brief_check that refutes it"
    for name in (cell.experiment, cell.control, cell.brief_experiment):
        function = concept.function(engine, name)
        if name and not file_of(Path(concept.folder), engine, function):
            return f"no experiment is called {function} in {engine}/experiments"
    return _WRONG[cell.tested](cell)


def _wrong_experiment(cell: Cell) -> str:
    if not cell.experiment or not cell.check:
        return "a claim that is tested needs experiment and check"
    if bool(cell.control) == bool(cell.no_control):
        return "an experiment needs either control or no_control, which says why there is none"
    return ""


def _wrong_reference(cell: Cell) -> str:
    wrong = "a claim tested by reference needs holds_in: entries of the table of references"
    return "" if cell.holds_in else wrong


def _wrong_judgement(cell: Cell) -> str:
    return "" if cell.rests_on else "a judgement needs rests_on: the ids of the claims that it follows from"


_WRONG = {"experiment": _wrong_experiment, "reference": _wrong_reference, "judgement": _wrong_judgement}
