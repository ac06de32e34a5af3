"""The table of references, ``table.toml``: lines in the engines' public code, each with an id."""

from __future__ import annotations

import re
import sys
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path, PurePosixPath

import msgspec

from monarch_vs_ray.core.errors import BadTable, UnknownReference
from monarch_vs_ray.core.events import ENGINES, Engine

FILE = Path(__file__).with_name("table.toml")
WHEEL_ROOT = "python/"
"""The folder of both engines' repositories whose content is what their wheels install."""

ID = re.compile(rf"(?:{'|'.join(ENGINES)})(?:\.\w+)+")

LANGUAGES = {
    ".py": "Python",
    ".pyi": "Python stub",
    ".pxd": "Cython",
    ".pxi": "Cython",
    ".rs": "Rust",
    ".h": "C++",
    ".cc": "C++",
}


class Release(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The release of an engine that the table describes: its tag in the repository, and its wheel."""

    repo: str
    ref: str
    package: str
    version: str


class TableEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry as it is in the file; the file's first lines explain the fields."""

    concept: int
    symbol: str
    path: str
    line: int
    text: str
    ref: str = ""
    earlier_path: str = ""
    earlier_line: int = 0
    note: str = ""


class TableFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A ``table.toml``."""

    release: dict[Engine, Release]
    reference: dict[str, TableEntry]


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """A line of an engine's public code, with all that a link to it needs.

    Attributes:
        in_wheel: The line is in the released wheel, so it can be checked where that wheel is installed.
        verified_from: Where the line was read.
        earlier_path: The file in which a comparison of February 2026 found the line; "" for the same file.
        earlier_line: The line number in February 2026; 0 if there was none.
    """

    id: str
    engine: Engine
    concept: int
    symbol: str
    repo: str
    ref: str
    path: str
    line: int
    text: str
    in_wheel: bool
    verified_from: str
    earlier_path: str = ""
    earlier_line: int = 0
    note: str = ""

    @property
    def language(self) -> str:
        """The language of the file."""
        return LANGUAGES[PurePosixPath(self.path).suffix]

    @property
    def url(self) -> str:
        """The address of the line."""
        return f"https://github.com/{self.repo}/blob/{self.ref}/{self.path}#L{self.line}"


class Table:
    """All references, by id, and the releases they describe."""

    def __init__(self, releases: dict[Engine, Release], references: dict[str, Reference]) -> None:
        self.releases = releases
        self.references = references

    def __getitem__(self, id: str) -> Reference:
        """Return the reference of an id; raise UnknownReference, with the nearest ids, if there is none."""
        try:
            return self.references[id]
        except KeyError:
            known = list(self.references)
            raise UnknownReference(id, nearest(id, known), len(known)) from None

    def of(self, engine: Engine) -> list[Reference]:
        """Return the references of one engine, in the table's order."""
        return [reference for reference in self.references.values() if reference.engine == engine]


def read(path: Path = FILE) -> Table:
    """Read and check a table.

    Args:
        path: A file in the form of ``table.toml``; the project's own by default.

    Returns:
        The table.

    Raises:
        BadTable: The file cannot be read, or an entry is not as it must be.
    """
    try:
        file = msgspec.convert(parse_toml(path.read_text(encoding="utf-8")), TableFile)
    except (OSError, msgspec.ValidationError, ValueError) as error:
        raise BadTable(path, str(error)) from None
    if lacking := [engine for engine in ENGINES if engine not in file.release]:
        raise BadTable(path, f"no [release.{lacking[0]}]")
    for id, entry in file.reference.items():
        if wrong := _complaint(id, entry):
            raise BadTable(path, f"{id}: {wrong}")
    if twins := _twins(list(file.reference)):
        raise BadTable(path, f"{' and '.join(twins)} differ in upper and lower case only")
    references = {id: _resolve(id, entry, file.release[_engine(id)]) for id, entry in file.reference.items()}
    return Table(file.release, references)


@lru_cache(maxsize=1)
def table() -> Table:
    """Return the project's own table, read once."""
    return read()


def link(id: str) -> str:
    """Return the address of a reference's line.

    Args:
        id: The reference's id, for instance ``monarch.Actor``.

    Returns:
        A URL, with the released version's tag and the line number.

    Raises:
        UnknownReference: The table has no such id.
    """
    return table()[id].url


def markdown(id: str, label: str = "") -> str:
    """Return a Markdown link to a reference's line.

    Args:
        id: The reference's id, for instance ``monarch.Actor``.
        label: The link's text; the symbol, as code, by default.

    Returns:
        Markdown.

    Raises:
        UnknownReference: The table has no such id.
    """
    reference = table()[id]
    return f"[{label or f'`{reference.symbol}`'}]({reference.url})"


def nearest(asked: str, known: list[str], count: int = 3) -> list[str]:
    """Find the names that look most like another one; upper and lower case count as the same.

    Args:
        asked: The name to compare with.
        known: The names to choose from.
        count: The largest number of names to return.

    Returns:
        The names, the nearest first; none if all differ too much.
    """
    by_lower = {name.lower(): name for name in known}
    found = get_close_matches(asked.lower(), list(by_lower), n=count, cutoff=0.5)
    return [by_lower[name] for name in found]


def parse_toml(text: str) -> object:
    """Parse TOML.

    Args:
        text: The text of a TOML file.

    Returns:
        Its content.

    Raises:
        ValueError: The text is not TOML.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(text)


def _complaint(id: str, entry: TableEntry) -> str:
    """Return what is wrong with an entry, beyond its schema; "" if nothing is."""
    elsewhere = not entry.path.startswith(WHEEL_ROOT)
    whole_line = bool(entry.text) and entry.text == entry.text.strip()
    complaints = {
        "an id is an engine, a dot, and letters, digits, dots and underscores": not ID.fullmatch(id),
        "concept is a number from 1 to 8": not 1 <= entry.concept <= 8,
        "line counts from 1": entry.line < 1,
        "text is a whole line without the space around it": not whole_line,
        "the suffix of path is of no known language": PurePosixPath(entry.path).suffix not in LANGUAGES,
        f"what is not under {WHEEL_ROOT} is not in the wheel, so it needs a ref": elsewhere and not entry.ref,
        f"neither text nor path has {entry.symbol!r} in it": not _names_symbol(entry),
    }
    return next((complaint for complaint, applies in complaints.items() if applies), "")


def _names_symbol(entry: TableEntry) -> bool:
    """Return whether the recorded line, or else the file's name, has the symbol's last word in it."""
    last = entry.symbol if entry.symbol.endswith(".cc") else re.split(r"\.|::", entry.symbol)[-1]
    word = re.compile(rf"(?<!\w){re.escape(last)}(?!\w)")
    return bool(word.search(entry.text) or word.search(entry.path))


def _twins(ids: list[str]) -> list[str]:
    """Return two ids that are the same in lower case, or nothing."""
    seen: dict[str, str] = {}
    for id in ids:
        if id.lower() in seen:
            return [seen[id.lower()], id]
        seen[id.lower()] = id
    return []


def _engine(id: str) -> Engine:
    return next(engine for engine in ENGINES if id.startswith(f"{engine}."))


def _resolve(id: str, entry: TableEntry, release: Release) -> Reference:
    """Return an entry together with its engine's release."""
    return Reference(
        **{**msgspec.structs.asdict(entry), "ref": entry.ref or release.ref},
        id=id,
        engine=_engine(id),
        repo=release.repo,
        in_wheel=not entry.ref,
        verified_from=f"repository at {entry.ref}" if entry.ref else f"wheel {release.version}",
    )
