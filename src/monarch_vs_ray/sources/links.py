"""The links and ids in the documents: each must be an entry of the table, and lead to that entry's line.

Two forms are found: addresses of a file in one of the engines' repositories, wherever they stand, and ids, as
templates (``source("monarch.Actor")``) and claims (``sources = ["monarch.Actor"]``) write them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

import msgspec

from monarch_vs_ray.sources.table import Source, Table, nearest

LINK = re.compile(
    r"https?://(?:www\.)?github\.com/(?P<owner>[\w.-]+)/(?P<name>[\w.-]+)/(?:blob|blame|raw)/(?P<ref>[^/\s)>\"'`]+)/"
    r"(?P<path>[^\s#?)>\"'`]+)(?:\?[^\s#)>\"'`]*)?(?:#(?P<anchor>[^\s)>\"'`]*))?"
)
LINE = re.compile(r"L(\d+)(?:C\d+)?(?:-L?(\d+)(?:C\d+)?)?")
CALL = re.compile(r"""\bsource\(\s*(["'])(?P<id>[^"']+)\1""")


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Something wrong in a document: where, the fact, and what to do about it."""

    file: str
    line: int
    fact: str
    next_step: str


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A link into a repository, as a document has it. ``line`` is 0 when the link names none."""

    url: str
    repo: str
    ref: str
    path: str
    line: int
    at: int

    @property
    def shown(self) -> str:
        """The link without its site."""
        return f"{self.repo} {self.ref} {self.path}" + (f"#L{self.line}" if self.line else "")


class Id(msgspec.Struct, frozen=True, kw_only=True):
    """An id of the table, as a document has it."""

    id: str
    at: int


def find_links(text: str, repositories: Sequence[str]) -> list[Link]:
    """Links to files of these repositories, and of those of the same name elsewhere (forks, old owners)."""
    names = {repository.partition("/")[2].lower() for repository in repositories}
    return [_link(match, text) for match in LINK.finditer(text) if match["name"].lower() in names]


def find_ids(text: str) -> list[Id]:
    """The ids that a template asks for."""
    return [Id(id=match["id"], at=line_of(text, match.start())) for match in CALL.finditer(text)]


def line_of(text: str, offset: int) -> int:
    """The line, counted from 1, that holds the character at an offset."""
    return text.count("\n", 0, offset) + 1


def check_links(file: Path | str, links: Sequence[Link], table: Table) -> Iterator[Problem]:
    """What is wrong with the links of a document."""
    by_url = {source.url for source in table.sources.values()}
    for link in links:
        if link.url not in by_url:
            fact, step = _explain(link, list(table.sources.values()))
            yield Problem(file=str(file), line=link.at, fact=fact, next_step=step)


def check_ids(file: Path | str, ids: Sequence[Id], table: Table) -> Iterator[Problem]:
    """What is wrong with the ids of a document."""
    for one in ids:
        if one.id not in table.sources:
            near = nearest(one.id, list(table.sources))
            step = f"use one of: {', '.join(near)}" if near else "see the ids in table.toml"
            fact = f"no source is called {one.id!r}"
            yield Problem(file=str(file), line=one.at, fact=fact, next_step=step)


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


def _explain(link: Link, sources: list[Source]) -> tuple[str, str]:
    """Why a link is not the table's, and which entry was probably meant."""
    of_file = [source for source in sources if source.path == link.path]
    if not of_file:
        near = get_close_matches(link.path, list(dict.fromkeys(source.path for source in sources)), n=2)
        hint = f"; near it: {', '.join(near)}" if near else ""
        return f"{link.shown} is not in the table{hint}", "add an entry to table.toml, and link by its id"
    right = min(of_file, key=lambda source: _distance(link, source))
    fact = (
        f"{link.shown} is not in the table; `{right.symbol}` is at {right.repo} {right.ref} line {right.line}"
    )
    return fact, f'use {{{{ source("{right.id}") }}}}, which is {right.url}'


def _distance(link: Link, source: Source) -> tuple[bool, int]:
    """How far a link is from an entry of the same file; one that it once led to is nearest."""
    lines = {source.line, source.earlier_line} - {0}
    return source.ref != link.ref, min(abs(link.line - line) for line in lines)
