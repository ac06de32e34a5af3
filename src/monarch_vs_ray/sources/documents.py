"""The documents whose links, ids and API names are checked, and what is found of each of them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from monarch_vs_ray.core.errors import CannotRead
from monarch_vs_ray.sources.api import Api
from monarch_vs_ray.sources.links import (
    Id,
    Problem,
    check_ids,
    check_links,
    find_ids,
    find_links,
    line_of,
)
from monarch_vs_ray.sources.names import check_names, in_markdown, in_strings
from monarch_vs_ray.sources.table import Table

PATTERNS = ("*.md", "docs/**/*.md", "docs/**/*.md.j2", "src/**/*.md", "src/**/claims.toml")
"""Where this project's documents are."""
SUFFIXES = (".md", ".j2", ".toml")
EARLIER = "brief"
"""Keys of a claim that begin so hold what an earlier document said, right or wrong."""


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in one document: how much there was of each, and the problems.

    ``names`` is how many API names were found to exist, ``undecided`` of how many reading could not say,
    ``unread`` how many Python blocks a template has yet to fill in.
    """

    file: str
    links: int
    ids: int
    names: int
    undecided: list[str]
    unread: int
    problems: list[Problem]


def of_project(project: Path) -> list[Path]:
    """The documents of this project; none where the package is installed without its repository."""
    if not (project / "pyproject.toml").is_file():
        return []
    return sorted({path for pattern in PATTERNS for path in project.glob(pattern)})


def of_paths(paths: Iterable[Path]) -> list[Path]:
    """The files given, and those inside the folders given. Raises CannotRead."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(file for file in path.rglob("*") if file.suffix in SUFFIXES)
        elif path.is_file():
            found.append(path)
        else:
            raise CannotRead(path, "there is no such file")
    return found


def check_document(path: Path, shown: str, table: Table, api: Api) -> Checked:
    """Everything in a document that can be held against the table and the API. Raises CannotRead."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CannotRead(path, str(error)) from None
    links = find_links(text, [release.repo for release in table.releases.values()])
    ids = find_ids(text)
    if path.suffix == ".toml":
        data = _toml(path, text)
        ids += [Id(id=id, at=line_of(text, max(text.find(f'"{id}"'), 0))) for id in _ids(data)]
        claimed = in_strings(text, list(_strings(data)))
    else:
        claimed = in_markdown(text)
    names = check_names(shown, claimed, api)
    problems = [*check_links(shown, links, table), *check_ids(shown, ids, table), *names.problems]
    return Checked(
        file=shown,
        links=len(links),
        ids=len(ids),
        names=names.exist,
        undecided=[mention.name for mention in names.undecided],
        unread=claimed.unread,
        problems=sorted(problems, key=lambda problem: problem.line),
    )


def _toml(path: Path, text: str) -> object:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CannotRead(path, f"it is not TOML: {error}") from None


def _strings(data: object) -> Iterator[str]:
    """All strings of a TOML file that are this project's own words."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, list):
        for item in data:
            yield from _strings(item)
    elif isinstance(data, dict):
        for key, value in data.items():
            if not key.startswith(EARLIER):
                yield from _strings(value)


def _ids(data: object) -> Iterator[str]:
    """The ids that ``sources = [...]`` lists, anywhere in a TOML file."""
    if isinstance(data, list):
        for item in data:
            yield from _ids(item)
    elif isinstance(data, dict):
        for key, value in data.items():
            if key == "sources" and isinstance(value, list):
                yield from (str(id) for id in value)
            else:
                yield from _ids(value)
