"""The names that a document claims to be an engine's API, and the check that they exist.

Only these are claims:

- In prose, a code span that begins with an engine's package and a dot: ``ray.util.ActorPool``,
  ``monarch.actor.this_host()``, ``@ray.remote(num_cpus=1)``. Only the dotted name at its beginning counts. A
  span of one word, of another root (``mesh.slice``) or with a file's suffix (``ray.py``) is no claim.
- A code span that is an import (``from monarch.actor import Actor``).
- In a fenced ``python`` block: what is imported from an engine's package, and the attributes used of what was
  imported (``train.report``, ``ray.get``), unless the block also binds that name to something else.
  ``monarch`` and ``ray`` count as imported even where the block leaves the import out.
- In a TOML file, the same of every string, but not of what an earlier document said (keys that begin with
  ``brief``).

A name that is named because it does *not* exist is marked, anywhere in the file::

    <!-- not in the API: monarch.actor.Foo, ray.Bar -->

A mark whose name exists after all, or which the file no longer names, is an error too.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from textwrap import dedent

import msgspec

from monarch_vs_ray.core.events import ENGINES
from monarch_vs_ray.references.api import Answer, Api
from monarch_vs_ray.references.links import Problem, line_of
from monarch_vs_ray.references.markup import Code, code_in

NAME = re.compile(rf"@?((?:{'|'.join(ENGINES)})(?:\.[A-Za-z_]\w*)+)(?!\.?[\w/-])")
DOTTED = re.compile(r"[A-Za-z_]\w*(\.\w+)+")
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


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """All that a document claims.

    Attributes:
        mentions: The names.
        marked: The names that are marked as not existing.
        broken: Blocks that are not Python: the error, and its line.
        unread: The number of Python blocks that were not read, because a template fills them in.
    """

    mentions: list[Mention]
    marked: list[Mention] = []
    broken: list[Mention] = []
    unread: int = 0


class NamesCheck(msgspec.Struct, frozen=True, kw_only=True):
    """The result for a document's names: how many exist, those that reading cannot decide, the problems."""

    exist: int
    undecided: list[Mention]
    problems: list[Problem]


def in_markdown(text: str) -> Claimed:
    """Find the names that a Markdown text claims.

    Args:
        text: Markdown, or a template of it.

    Returns:
        The claims, those of the prose first.
    """
    spans, blocks = code_in(text)
    mentions = list(_in_spans(spans))
    broken: list[Mention] = []
    unread = 0
    for block in blocks:
        if block.language not in PYTHON:
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
    """Find the names that strings of a TOML text claim.

    Args:
        text: The text.
        strings: The strings in it that count.

    Returns:
        The claims, each once, with the first line that has the name.
    """
    spans = (span for string in strings if "`" in string for span in code_in(string)[0])
    found = dict.fromkeys(mention.name for mention in _in_spans(spans))
    mentions = [Mention(name, line_of(text, text.find(name))) for name in found]
    return Claimed(mentions=mentions, marked=_marks(text))


def in_python(code: str, at: int = 1) -> list[Mention]:
    """Find the names that Python code claims.

    Args:
        code: The code, indented or not.
        at: The line of the document on which it begins.

    Returns:
        The claims, in the order of their lines.

    Raises:
        SyntaxError: It is not Python.
    """
    imported: dict[str, str] = {engine: engine for engine in ENGINES}
    rebound: set[str] = set()
    used: list[tuple[int, str]] = []
    claims: list[tuple[int, str]] = []
    for node in _outermost(ast.parse(dedent(code))):
        match node:
            case ast.Import() | ast.ImportFrom():
                for name, path, claim in _imports(node):
                    if path.partition(".")[0] in ENGINES:
                        imported[name] = path
                        claims.append((node.lineno, claim))
                    else:
                        rebound.add(name)
            case ast.Attribute() if DOTTED.fullmatch(dotted := ast.unparse(node)):
                used.append((node.lineno, dotted))
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
                rebound.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                rebound.add(name)
            case ast.ExceptHandler(name=str(name)):
                rebound.add(name)
    for line, dotted in used:
        first, _, rest = dotted.partition(".")
        if first in imported and first not in rebound:
            claims.append((line, f"{imported[first]}.{rest}"))
    return [Mention(name, at - 1 + line) for line, name in sorted(claims)]


def check_names(file: str, claimed: Claimed, api: Api) -> NamesCheck:
    """Check that the names that a document claims exist.

    Args:
        file: The document, as problems name it.
        claimed: Its claims.
        api: The engines' packages.

    Returns:
        The result.
    """
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
    return NamesCheck(exist=exist, undecided=undecided, problems=problems)


def _in_spans(spans: Iterable[Code]) -> Iterator[Mention]:
    for span in spans:
        if span.text.startswith(("import ", "from ")):
            yield from _in_import(span)
        elif (match := NAME.match(span.text)) and match[1].rpartition(".")[2] not in NO_API:
            yield Mention(match[1], span.at)


def _in_import(span: Code) -> list[Mention]:
    try:
        return [Mention(one.name, span.at) for one in in_python(span.text)]
    except SyntaxError:
        return []  # words that begin like an import


def _outermost(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk the nodes of code, but of a dotted name only the whole."""
    for node in ast.iter_child_nodes(tree):
        yield node
        if not (isinstance(node, ast.Attribute) and DOTTED.fullmatch(ast.unparse(node))):
            yield from _outermost(node)


def _imports(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str, str]]:
    """Find the names that an import binds, each with its path ("" if relative) and the path it claims."""
    for alias in node.names:
        first = alias.name.partition(".")[0]
        if isinstance(node, ast.Import):
            yield alias.asname or first, alias.name if alias.asname else first, alias.name
        elif node.level or not node.module:
            yield alias.asname or alias.name, "", ""
        else:
            path = node.module if alias.name == "*" else f"{node.module}.{alias.name}"
            yield alias.asname or alias.name, path, path


def _marks(text: str) -> list[Mention]:
    return [
        Mention(name, line_of(text, mark.start()))
        for mark in MARK.finditer(text)
        for name in re.split(r"\s*,\s*", mark[1])
        if name
    ]


def _absent(file: str, mention: Mention, answer: Answer) -> Problem:
    fact = f"`{mention.name}` is not in the API"
    if answer.missing != mention.name:
        fact += f": there is no `{answer.missing}`"
    step = f"near it: {', '.join(f'`{name}`' for name in answer.near)}" if answer.near else "correct the name"
    return Problem(file=file, line=mention.at, fact=fact, next_step=step)


def _broken(file: str, one: Mention) -> Problem:
    fact = f"this Python block cannot be read: {one.name}"
    return Problem(file=file, line=one.at, fact=fact, next_step="correct it, or name its language")


def _stale(file: str, claimed: Claimed, api: Api) -> Iterator[Problem]:
    """Find the marks that are no longer true."""
    mentioned = {mention.name for mention in claimed.mentions}
    for mark in claimed.marked:
        if mark.name not in mentioned:
            fact = f"`{mark.name}` is marked as not in the API, and nothing here names it"
        elif api.resolve(mark.name).verdict == "exists":
            fact = f"`{mark.name}` is marked as not in the API, and it exists"
        else:
            continue
        yield Problem(file=file, line=mark.at, fact=fact, next_step="remove the mark")
