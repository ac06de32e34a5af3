"""The names that a document claims to be an engine's API: which text claims one, and whether it exists.

What counts as a claim, and nothing else does:

- In prose, a code span that begins with an engine's package and a dot: ``ray.util.ActorPool``,
  ``monarch.actor.this_host()``, ``@ray.remote(num_cpus=1)``. Only the dotted name at its beginning is looked
  at. A span of one word, of another root (``mesh.slice``) or with a file's suffix (``ray.py``) is no claim.
- A code span that is an import (``from monarch.actor import Actor``).
- In a fenced ``python`` block: what is imported from an engine's package, and the attributes used of what was
  imported (``train.report``, ``ray.get``), unless the block also binds that name to something else.
  ``monarch`` and ``ray`` count as imported even where the block leaves the import out.
- In a TOML file, the same of every string, but not of what an earlier document said (keys that begin with
  ``brief``).

A name that is named because it does *not* exist is marked, anywhere in the file::

    <!-- not in the API: monarch.actor.Foo, ray.Bar -->

A mark whose name exists after all, or which the file no longer names, is itself an error.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import dedent

import msgspec

from monarch_vs_ray.core.events import ENGINES
from monarch_vs_ray.sources.api import Answer, Api
from monarch_vs_ray.sources.links import Problem, line_of
from monarch_vs_ray.sources.modules import bound, dotted

FENCE = re.compile(r"^(?P<indent>[ \t>]*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<language>[\w+-]*)[^\n]*$")
SPAN = re.compile(r"(?<!`)(`+)(?!`)((?:(?!\n[ \t]*\n).)+?)(?<!`)\1(?!`)", re.DOTALL)
NAME = re.compile(rf"@?((?:{'|'.join(ENGINES)})(?:\.[A-Za-z_]\w*)+)(?!\.?[\w/-])")
MARK = re.compile(r"not in the API:\s*((?:[\w.]+\w(?:\s*,\s*)?)+)")
TEMPLATE = ("{{", "{%")
PYTHON = ("python", "py", "python3")
FILES = "cc cfg csv h html json jsonl log md pxd pxi py pyi rs sh so sub svg toml txt whl yaml yml"
SITES = "com io org"
NO_API = frozenset(f"{FILES} {SITES}".split())
"""Last parts that make a name a file's or a site's."""


class Mention(msgspec.Struct, frozen=True):
    """A name that a document claims, and the line it is on."""

    name: str
    at: int


class Block(msgspec.Struct, frozen=True):
    """A fenced block: its language, its text, and the line of the text's beginning."""

    language: str
    text: str
    at: int


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """All that a document claims.

    ``marked``: named because it does not exist. ``broken``: code that is not Python, with what is wrong.
    ``unread``: how many blocks were not read, since a template fills them in.
    """

    mentions: list[Mention]
    marked: list[Mention] = []
    broken: list[Mention] = []
    unread: int = 0


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of a document's names."""

    exist: int
    undecided: list[Mention]
    problems: list[Problem]


def in_markdown(text: str) -> Claimed:
    """The names that a Markdown text, or a template of one, claims."""
    prose, blocks = split(text)
    mentions = list(_in_prose(prose))
    broken: list[Mention] = []
    unread = 0
    for block in blocks:
        if block.language.lower() not in PYTHON:
            continue
        if any(sign in block.text for sign in TEMPLATE):
            unread += 1
            continue
        try:
            mentions += in_python(block.text, block.at)
        except SyntaxError as error:
            broken.append(Mention(error.msg, block.at + (error.lineno or 1) - 1))
    return Claimed(mentions=mentions, marked=_marks(text), broken=broken, unread=unread)


def in_strings(text: str, strings: Sequence[str]) -> Claimed:
    """The names that strings of a TOML text claim; the line is the first one that has the name."""
    found = dict.fromkeys(one.name for string in strings for one in _in_prose(string))
    mentions = [Mention(name, line_of(text, max(text.find(name), 0))) for name in found]
    return Claimed(mentions=mentions, marked=_marks(text))


def in_python(code: str, at: int = 1) -> list[Mention]:
    """The names that Python code claims. Raises SyntaxError."""
    reader = _CodeReader(at)
    reader.visit(ast.parse(dedent(code)))
    return reader.claims()


def split(text: str) -> tuple[str, list[Block]]:
    """A Markdown text without its fenced blocks, their lines left empty; and the blocks."""
    prose: list[str] = []
    blocks: list[Block] = []
    opened: re.Match[str] | None = None
    inside: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        match = FENCE.match(line)
        if opened is None:
            if match and not (match["fence"][0] == "`" and "`" in line[match.end("fence") :]):
                opened, inside = match, []
            prose.append("" if opened else line)
            continue
        prose.append("")
        if match and _closes(match, opened, line):
            blocks.append(Block(opened["language"], "\n".join(inside), number - len(inside)))
            opened = None
        else:
            inside.append(line.removeprefix(opened["indent"]))
    return "\n".join(prose), blocks


def check_names(file: Path | str, claimed: Claimed, api: Api) -> Names:
    """Whether the names that a document claims exist."""
    exist = 0
    undecided: list[Mention] = []
    problems = [_broken(file, one) for one in claimed.broken]
    marked = {one.name for one in claimed.marked}
    for mention in claimed.mentions:
        answer = api.resolve(mention.name)
        if answer.verdict == "exists":
            exist += 1
        elif answer.verdict == "undecided":
            undecided.append(mention)
        elif mention.name not in marked:
            problems.append(_absent(file, mention, answer))
    problems += _stale(file, claimed, api)
    return Names(exist=exist, undecided=undecided, problems=problems)


def _in_prose(prose: str) -> Iterator[Mention]:
    for span in SPAN.finditer(prose):
        code, at = span[2].strip(), line_of(prose, span.start(2))
        if code.startswith(("import ", "from ")):
            yield from _in_import(code, at)
        elif (match := NAME.match(code)) and match[1].rpartition(".")[2] not in NO_API:
            yield Mention(match[1], at)


def _in_import(code: str, at: int) -> list[Mention]:
    try:
        return [Mention(one.name, at) for one in in_python(" ".join(code.split()))]
    except SyntaxError:
        return []  # words that begin like an import


def _marks(text: str) -> list[Mention]:
    return [
        Mention(name, line_of(text, mark.start()))
        for mark in MARK.finditer(text)
        for name in re.split(r"\s*,\s*", mark[1])
        if name
    ]


def _closes(match: re.Match[str], opened: re.Match[str], line: str) -> bool:
    longest = match["fence"].startswith(opened["fence"])
    return longest and not line[match.end("fence") :].strip()


def _absent(file: Path | str, mention: Mention, answer: Answer) -> Problem:
    fact = f"`{mention.name}` is not in the API"
    if answer.missing != mention.name:
        fact += f": there is no `{answer.missing}`"
    step = f"near it: {', '.join(f'`{name}`' for name in answer.near)}" if answer.near else "correct the name"
    return Problem(file=str(file), line=mention.at, fact=fact, next_step=step)


def _broken(file: Path | str, one: Mention) -> Problem:
    fact = f"this Python block cannot be read: {one.name}"
    return Problem(file=str(file), line=one.at, fact=fact, next_step="correct it, or name its language")


def _stale(file: Path | str, claimed: Claimed, api: Api) -> Iterator[Problem]:
    """The marks that are no longer true."""
    mentioned = {mention.name for mention in claimed.mentions}
    for mark in claimed.marked:
        if mark.name not in mentioned:
            fact = f"`{mark.name}` is marked as not in the API, and nothing here names it"
        elif api.resolve(mark.name).verdict == "exists":
            fact = f"`{mark.name}` is marked as not in the API, and it exists"
        else:
            continue
        yield Problem(file=str(file), line=mark.at, fact=fact, next_step="remove the mark")


class _CodeReader(ast.NodeVisitor):
    """Collects what a block imports from the engines, and which attributes of that it uses."""

    def __init__(self, at: int) -> None:
        self._before = at - 1
        self._imported: dict[str, str] = {engine: engine for engine in ENGINES}
        self._stored: set[str] = set()
        self._used: list[tuple[str, int]] = []
        self._claims: list[Mention] = []

    def claims(self) -> list[Mention]:
        """All names, in the order of their lines."""
        for used, line in self._used:
            first, _, rest = used.partition(".")
            if first in self._imported and first not in self._stored:
                self._claims.append(Mention(f"{self._imported[first]}.{rest}", line))
        return sorted(self._claims, key=lambda one: (one.at, one.name))

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            first = alias.name.partition(".")[0]
            if first not in ENGINES:
                self._stored.add(alias.asname or first)
                continue
            self._imported[alias.asname or first] = alias.name if alias.asname else first
            self._claims.append(Mention(alias.name, self._before + node.lineno))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        ours = not node.level and module.partition(".")[0] in ENGINES
        for alias in node.names:
            if not ours:
                self._stored.add(alias.asname or alias.name)
                continue
            full = module if alias.name == "*" else f"{module}.{alias.name}"
            self._imported[alias.asname or alias.name] = full
            self._claims.append(Mention(full, self._before + node.lineno))

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if name := dotted(node):
            self._used.append((name, self._before + node.lineno))
        else:
            self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._stored |= set(bound(node))

    def visit_arg(self, node: ast.arg) -> None:
        self._stored.add(node.arg)
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._stored.add(node.name)
        self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._stored.add(node.name)
        self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._stored.add(node.name)
        self.generic_visit(node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        self._stored |= {node.name} if node.name else set()
        self.generic_visit(node)
