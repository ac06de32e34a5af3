"""The links and ids in documents: each must be a reference of the table, with the reference's own line.

Two forms are found: addresses of a file in one of the engines' repositories, wherever they stand, and ids, as
templates (``source("monarch.Actor")``) and claims (``references = ["monarch.Actor"]``) write them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

import msgspec

from monarch_vs_ray.references.pages import pages
from monarch_vs_ray.references.table import Reference, Table, nearest

LINK = re.compile(
    r"https?://(?:www\.)?github\.com/(?P<owner>[\w.-]+)/(?P<name>[\w.-]+)/(?:blob|blame|raw)/(?P<ref>[^/\s)>\"'`]+)/"
    r"(?P<path>[^\s#?)>\"'`]+)(?:\?[^\s#)>\"'`]*)?(?:#(?P<anchor>[^\s)>\"'`]*))?"
)
LINE = re.compile(r"L(\d+)(?:C\d+)?(?:-L?(\d+)(?:C\d+)?)?")
CALL = re.compile(r"""\bsource\(\s*(["'])(?P<id>[^"']+)\1""")


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """An error in a document: the place, the fact, and the next step."""

    file: str
    line: int
    fact: str
    next_step: str


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A link into a repository, as a document has it.

    Attributes:
        line: The line in the engine's file; 0 if the link names none.
        at: The line in the document.
    """

    url: str
    repo: str
    ref: str
    path: str
    line: int
    at: int

    def __str__(self) -> str:
        return f"{self.repo} {self.ref} {self.path}" + (f"#L{self.line}" if self.line else "")


class Id(msgspec.Struct, frozen=True, kw_only=True):
    """An id of a reference, and the line of the document it is on."""

    id: str
    at: int


def find_links(text: str, repositories: Sequence[str]) -> list[Link]:
    """Find the links to files of repositories, and of those of the same name elsewhere (forks, old owners).

    Args:
        text: The text of a document.
        repositories: The repositories, each as ``owner/name``.

    Returns:
        The links, in their order.
    """
    names = {repository.partition("/")[2].lower() for repository in repositories}
    return [_link(match, text) for match in LINK.finditer(text) if match["name"].lower() in names]


def find_ids(text: str) -> list[Id]:
    """Find the ids that a template's calls of ``source`` name.

    Args:
        text: The text of a template.

    Returns:
        The ids, in their order.
    """
    return [Id(id=match["id"], at=line_of(text, match.start())) for match in CALL.finditer(text)]


def line_of(text: str, offset: int) -> int:
    """Return the number of the line, from 1, that holds the character at an offset."""
    return text.count("\n", 0, max(offset, 0)) + 1


def check_links(file: str, links: Sequence[Link], table: Table) -> Iterator[Problem]:
    """Check that links are those of the table.

    Args:
        file: The document, as problems name it.
        links: Its links.
        table: The references.

    Yields:
        A problem for each link that is not in the table.
    """
    known = {reference.url for reference in table.references.values()}
    known |= {page.url for page in pages().values()}
    for link in links:
        if link.url not in known:
            fact, step = _explain(link, list(table.references.values()))
            yield Problem(file=file, line=link.at, fact=fact, next_step=step)


def check_ids(file: str, ids: Sequence[Id], table: Table) -> Iterator[Problem]:
    """Check that ids are those of the table.

    Args:
        file: The document, as problems name it.
        ids: Its ids.
        table: The references.

    Yields:
        A problem for each id that is not in the table.
    """
    known = [*table.references, *pages()]
    for one in ids:
        if one.id not in known:
            near = nearest(one.id, known)
            step = f"use one of: {', '.join(near)}" if near else "see the ids in table.toml and pages.toml"
            yield Problem(file=file, line=one.at, fact=f"no reference is called {one.id!r}", next_step=step)


def _link(match: re.Match[str], text: str) -> Link:
    # A full stop behind a link ends the sentence, not the link.
    path, anchor = match["path"].rstrip(".,;:*_"), (match["anchor"] or "").rstrip(".,;:*_")
    lines = LINE.fullmatch(anchor)
    url = f"https://github.com/{match['owner']}/{match['name']}/blob/{match['ref']}/{path}"
    return Link(
        url=url + (f"#{anchor}" if anchor else ""),
        repo=f"{match['owner']}/{match['name']}",
        ref=match["ref"],
        path=path,
        line=int(lines[1]) if lines else 0,
        at=line_of(text, match.start()),
    )


def _explain(link: Link, references: list[Reference]) -> tuple[str, str]:
    """Return why a link is not in the table, and the reference that was probably meant."""
    of_file = [reference for reference in references if reference.path == link.path]
    if not of_file:
        paths = list(dict.fromkeys(reference.path for reference in references))
        near = get_close_matches(link.path, paths, n=2)
        hint = f"; near it: {', '.join(near)}" if near else ""
        return f"{link} is not in the table{hint}", "add an entry to table.toml, and link by its id"
    right = min(of_file, key=lambda reference: _distance(link, reference))
    fact = f"{link} is not in the table; `{right.symbol}` is at {right.repo} {right.ref} line {right.line}"
    return fact, f'use {{{{ source("{right.id}") }}}}, which is {right.url}'


def _distance(link: Link, reference: Reference) -> tuple[bool, int]:
    """Return how far a link is from a reference of the same file, now or in the earlier comparison."""
    lines = {reference.line, reference.earlier_line} - {0}
    return reference.ref != link.ref, min(abs(link.line - line) for line in lines)
