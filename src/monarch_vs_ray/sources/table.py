"""The table of links into the engines' public sources: ``table.toml``, read, checked, and asked by id."""

from __future__ import annotations

import re
import sys
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path, PurePosixPath

import msgspec

from monarch_vs_ray.core.errors import BadTable, UnknownSource
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


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry as it is in the file; see the file's first lines."""

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
    source: dict[str, Entry]


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A line of an engine's public source, with all that a link to it needs.

    ``in_wheel``: the line is in the released wheel, so that it can be looked up where that is installed.
    ``earlier_path`` and ``earlier_line``, when there: where an earlier comparison (February 2026) found it.
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
        """What the file is written in."""
        return LANGUAGES[PurePosixPath(self.path).suffix]

    @property
    def url(self) -> str:
        """The link to the line."""
        return f"https://github.com/{self.repo}/blob/{self.ref}/{self.path}#L{self.line}"


class Table:
    """All entries, by id, and the releases they describe."""

    def __init__(self, releases: dict[Engine, Release], sources: dict[str, Source]) -> None:
        self.releases = releases
        self.sources = sources

    def __getitem__(self, id: str) -> Source:
        """The entry of that id. Raises UnknownSource, which names the nearest ids."""
        try:
            return self.sources[id]
        except KeyError:
            raise UnknownSource(id, nearest(id, list(self.sources)), len(self.sources)) from None

    def of(self, engine: Engine) -> list[Source]:
        """The entries of one engine, in the table's order."""
        return [source for source in self.sources.values() if source.engine == engine]


def read(path: Path = FILE) -> Table:
    """Read a table and check it. Raises BadTable."""
    try:
        file = msgspec.convert(_toml(path), TableFile)
    except (OSError, msgspec.ValidationError, ValueError) as error:
        raise BadTable(path, str(error)) from None
    if lacking := [engine for engine in ENGINES if engine not in file.release]:
        raise BadTable(path, f"no [release.{lacking[0]}]")
    for id, entry in file.source.items():
        if wrong := _wrong(id, entry):
            raise BadTable(path, f"{id}: {wrong}")
    if twins := _twins(list(file.source)):
        raise BadTable(path, f"{' and '.join(twins)} differ in upper and lower case only")
    sources = {id: _resolve(id, entry, file.release[_engine(id)]) for id, entry in file.source.items()}
    return Table(file.release, sources)


@lru_cache(maxsize=1)
def table() -> Table:
    """The project's own table, read once."""
    return read()


def link(id: str) -> str:
    """The address of an entry's line. Raises UnknownSource."""
    return table()[id].url


def markdown(id: str, label: str = "") -> str:
    """A Markdown link to an entry's line; its text is the symbol, or ``label``. Raises UnknownSource."""
    source = table()[id]
    return f"[{label or f'`{source.symbol}`'}]({source.url})"


def names_symbol(source: Source | Entry) -> bool:
    """Whether the recorded line, or else the file's name, has the symbol's last word in it."""
    last = source.symbol if source.symbol.endswith(".cc") else re.split(r"\.|::", source.symbol)[-1]
    word = re.compile(rf"(?<!\w){re.escape(last)}(?!\w)")
    return bool(word.search(source.text) or word.search(source.path))


def nearest(asked: str, known: list[str], count: int = 3) -> list[str]:
    """The known names that look most like the one asked for; upper and lower case count the same."""
    by_lower = {name.lower(): name for name in known}
    found = get_close_matches(asked.lower(), list(by_lower), n=count, cutoff=0.5)
    return [by_lower[name] for name in found]


def _toml(path: Path) -> object:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _wrong(id: str, entry: Entry) -> str:
    """What is wrong with an entry, beyond its schema; empty when nothing is."""
    elsewhere = not entry.path.startswith(WHEEL_ROOT)
    whole_line = bool(entry.text) and entry.text == entry.text.strip()
    complaints = {
        "an id is an engine, a dot, and letters, digits, dots and underscores": not ID.fullmatch(id),
        "concept is a number from 1 to 8": not 1 <= entry.concept <= 8,
        "line counts from 1": entry.line < 1,
        "text is a whole line without the space around it": not whole_line,
        "the suffix of path is of no known language": PurePosixPath(entry.path).suffix not in LANGUAGES,
        f"what is not under {WHEEL_ROOT} is not in the wheel, so it needs a ref": elsewhere and not entry.ref,
        f"neither text nor path has {entry.symbol!r} in it": not names_symbol(entry),
    }
    return next((complaint for complaint, is_so in complaints.items() if is_so), "")


def _twins(ids: list[str]) -> list[str]:
    """Two ids that are the same in lower case; nothing when there are none."""
    seen: dict[str, str] = {}
    for id in ids:
        if id.lower() in seen:
            return [seen[id.lower()], id]
        seen[id.lower()] = id
    return []


def _engine(id: str) -> Engine:
    return next(engine for engine in ENGINES if id.startswith(f"{engine}."))


def _resolve(id: str, entry: Entry, release: Release) -> Source:
    """The entry with what its engine's release says of it."""
    place = f"wheel {release.version}" if not entry.ref else f"repository at {entry.ref}"
    return Source(
        id=id,
        engine=_engine(id),
        concept=entry.concept,
        symbol=entry.symbol,
        repo=release.repo,
        ref=entry.ref or release.ref,
        path=entry.path,
        line=entry.line,
        text=entry.text,
        in_wheel=not entry.ref,
        verified_from=place,
        earlier_path=entry.earlier_path,
        earlier_line=entry.earlier_line,
        note=entry.note,
    )
