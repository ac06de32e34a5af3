"""The documents whose links, ids and API names are checked, and the check of one document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from monarch_vs_ray.core.errors import CannotRead
from monarch_vs_ray.references.api import Api
from monarch_vs_ray.references.links import (
    Id,
    Problem,
    check_ids,
    check_links,
    find_ids,
    find_links,
    line_of,
)
from monarch_vs_ray.references.names import check_names, in_markdown, in_strings
from monarch_vs_ray.references.table import Table, parse_toml

PATTERNS = ("*.md", "docs/**/*.md", "docs/**/*.md.j2", "src/**/*.md", "src/**/concept.toml")
"""Where this project's documents are."""
SUFFIXES = (".md", ".j2", ".toml")
EARLIER = "brief"
"""Keys of a claim that begin so hold what an earlier document said, right or wrong."""


class DocumentCheck(msgspec.Struct, frozen=True, kw_only=True):
    """The result for one document.

    Attributes:
        file: The document.
        links: The number of links into the engines' repositories.
        ids: The number of ids of references.
        names: The number of API names that exist.
        undecided: The API names of which reading cannot decide whether they exist.
        unread: The number of Python blocks that a template has yet to fill in.
        problems: The errors, in the order of their lines.
    """

    file: str
    links: int
    ids: int
    names: int
    undecided: list[str]
    unread: int
    problems: list[Problem]


def of_project(project: Path) -> list[Path]:
    """List the documents of this project.

    Args:
        project: The project's folder.

    Returns:
        The documents; none where the package is installed without its repository.
    """
    if not (project / "pyproject.toml").is_file():
        return []
    return sorted({path for pattern in PATTERNS for path in project.glob(pattern)})


def of_paths(paths: Iterable[Path]) -> list[Path]:
    """List files, and the documents in folders.

    Args:
        paths: Files and folders.

    Returns:
        The documents.

    Raises:
        CannotRead: There is no such file.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(file for file in path.rglob("*") if file.suffix in SUFFIXES)
        elif path.is_file():
            found.append(path)
        else:
            raise CannotRead(path, "there is no such file")
    return found


def check_document(path: Path, shown: str, table: Table, api: Api) -> DocumentCheck:
    """Check the links, ids and API names of a document.

    Args:
        path: The document.
        shown: Its name in problems.
        table: The references.
        api: The engines' packages.

    Returns:
        The result.

    Raises:
        CannotRead: The document cannot be read, or is not TOML as its name says.
    """
    try:
        text = path.read_text(encoding="utf-8")
        content = parse_toml(text) if path.suffix == ".toml" else None
    except (OSError, UnicodeDecodeError) as error:
        raise CannotRead(path, str(error)) from None
    except ValueError as error:
        raise CannotRead(path, f"it is not TOML: {error}") from None
    links = find_links(text, [release.repo for release in table.releases.values()])
    ids = find_ids(text)
    ids += [Id(id=id, at=line_of(text, text.find(f'"{id}"'))) for id in _ids(content)]
    claimed = in_markdown(text) if content is None else in_strings(text, list(_strings(content)))
    names = check_names(shown, claimed, api)
    problems = [*check_links(shown, links, table), *check_ids(shown, ids, table), *names.problems]
    return DocumentCheck(
        file=shown,
        links=len(links),
        ids=len(ids),
        names=names.exist,
        undecided=[mention.name for mention in names.undecided],
        unread=claimed.unread,
        problems=sorted(problems, key=lambda problem: problem.line),
    )


def _strings(content: object) -> Iterator[str]:
    """Find all strings of a TOML file that are this project's own words."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for item in content:
            yield from _strings(item)
    elif isinstance(content, dict):
        for key, value in content.items():
            if not key.startswith(EARLIER):
                yield from _strings(value)


def _ids(content: object) -> Iterator[str]:
    """Find the ids that ``references = [...]`` lists, anywhere in a TOML file."""
    if isinstance(content, list):
        for item in content:
            yield from _ids(item)
    elif isinstance(content, dict):
        for key, value in content.items():
            if key == "references" and isinstance(value, list):
                yield from (str(id) for id in value)
            else:
                yield from _ids(value)
