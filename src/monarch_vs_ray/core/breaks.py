"""Breaks: changes of an experiment's subject that its claims must notice, from a concept's ``breaks.toml``.

::

    [[break]]
    of = ["propagation.monarch"]                 # row and engine; a row alone stands for both engines
    what = "The handler lets go of the second report."
    file = "monarch/actors.py"                   # in the concept's folder, or else in the package
    old = 'return self.policy != "let go"'       # stands there exactly once
    new = 'return self.policy != "let go" and self.reports.count() < 2'
    also = [{ file = "inputs.py", old = "...", new = "..." }]      # further changes
    environment = { NAME = "value" }             # or, in place of a change, the side's settings

    [[unnoticed]]                                # a break that the claim does not notice, and why that is so
    of = "one_of_several.monarch"
    what = "to_the_busy_one doubled"
    reason = "The count is random."

A break is a change of text, so that it reaches every process that an engine starts: they import a copy of
this package in which it is made. What it replaces must stand in the file as quoted, or it is an error.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from monarch_vs_ray.core.concept import Concept, toml
from monarch_vs_ray.core.errors import BadBreaks
from monarch_vs_ray.core.events import ENGINES
from monarch_vs_ray.core.paths import PACKAGE

FILE = "breaks.toml"


class Change(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A passage of a file, and what stands there in its place."""

    file: str
    old: str
    new: str


class Break(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One break of some claims; see the module's text."""

    of: list[str]
    what: str
    file: str = ""
    old: str = ""
    new: str = ""
    also: list[Change] = []
    environment: dict[str, str] = {}

    @property
    def changes(self) -> list[Change]:
        """Return all its changes of text."""
        first = [Change(file=self.file, old=self.old, new=self.new)] if self.file else []
        return [*first, *self.also]

    def breaks(self, claim: str) -> bool:
        """Return whether it is a break of the claim of this name: ``row.engine``."""
        return claim in self.of or claim.rpartition(".")[0] in self.of


class Unnoticed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A break that one claim is known not to notice; with ``chance``, that depends on a random count."""

    of: str
    what: str
    reason: str
    chance: bool = False


class Breaks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"all": "break"}):
    """A ``breaks.toml``."""

    all: list[Break] = []
    unnoticed: list[Unnoticed] = []


def read(concept: Concept) -> Breaks:
    """Read a concept's breaks; one without the file has none.

    Raises:
        BadBreaks: If the file is not of this form, names a claim that there is none of, or a change's old
            text does not stand in its file exactly once.
    """
    folder = Path(concept.folder)
    path = folder / FILE
    if not path.is_file():
        return Breaks()
    try:
        found = msgspec.convert(toml(path), Breaks)
    except (msgspec.ValidationError, ValueError, RecursionError) as error:
        raise BadBreaks(path, str(error)) from None
    rows = {row.id for row in concept.claim}
    cells = {f"{row.id}.{engine}" for row in concept.claim for engine in ENGINES if row.cell(engine)}
    for each in found.all:
        if lost := set(each.of) - rows - cells:
            raise BadBreaks(path, f"{each.what!r} breaks {min(lost)}, which is not a claim")
        for change in each.changes:
            altered(place(folder, change.file), change)
    return found


def place(folder: Path, file: str) -> Path:
    """Return where a change's file lies: in the concept's folder, or else in the package."""
    here = folder / file
    return here if here.is_file() else PACKAGE / file


def altered(path: Path, change: Change) -> str:
    """Return the text of a file with a change made.

    Raises:
        BadBreaks: If there is no such file, or the old text does not stand there exactly once.
    """
    if not path.is_file():
        raise BadBreaks(path, "there is no such file to be changed")
    text = path.read_text(encoding="utf-8")
    if (count := text.count(change.old)) != 1 or not change.old:
        raise BadBreaks(path, f"what a break replaces, {change.old!r}, stands there {count} times, not once")
    return text.replace(change.old, change.new)
