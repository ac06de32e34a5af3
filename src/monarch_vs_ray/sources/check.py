"""Whether an entry of the table still describes its line: in the installed wheel, or in another text of it.

The line must hold the recorded text. Where that text begins a Python ``def`` or ``class``, it must also
define the entry's symbol there, so that one of two methods of the same name cannot stand for the other. An
entry that is not in the wheel (Rust, C++, an older release) is ``recorded``: offline there is nothing here to
read it from.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal

import msgspec

from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.sources.table import WHEEL_ROOT, Release, Source, Table, nearest
from monarch_vs_ray.sources.wheels import Wheel

Status = Literal["ok", "moved", "missing", "recorded", "unknown"]
BAD: tuple[Status, ...] = ("moved", "missing")
TABLE = "table.toml"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of one entry: the fact, and what to do about it; both empty when all is well."""

    source: Source
    status: Status
    fact: str = ""
    next_step: str = ""

    @property
    def bad(self) -> bool:
        """Whether the table is wrong here; what could not be looked up is not."""
        return self.status in BAD


class Definition(msgspec.Struct, frozen=True):
    """A ``def`` or ``class`` in a Python file: its dotted name within the module, and its line."""

    name: str
    line: int


def check_offline(table: Table, wheels: Mapping[Engine, Wheel]) -> list[Finding]:
    """What the installed wheels say of every entry."""
    return [
        check_in_wheel(source, table.releases[source.engine], wheels.get(source.engine))
        for source in table.sources.values()
    ]


def check_in_wheel(source: Source, release: Release, wheel: Wheel | None) -> Finding:
    """What the installed wheel says of an entry."""
    if not source.in_wheel:
        return Finding(source=source, status="recorded", fact=f"recorded from the {source.verified_from}")
    if wheel is None:
        fact = f"{release.package} is not installed here"
        return Finding(
            source=source,
            status="unknown",
            fact=fact,
            next_step=f"pip install '{release.package}=={release.version}'",
        )
    text = wheel.text(source.path)
    found = _elsewhere(source, wheel) if text is None else check_text(source, text)
    return found if wheel.version == release.version else _of_another_version(found, release, wheel)


def check_text(source: Source, text: str) -> Finding:
    """What one text of the file says of an entry: its line as recorded, elsewhere, or gone."""
    lines = _lines(text)
    same = [number for number, line in enumerate(lines, 1) if line == source.text]
    every = definitions(source.path, text)
    defined = [found for found in every if names_it(source, found)]
    if defines(source.text) and every:
        same = [number for number in same if number in {found.line for found in defined}]
    if source.line in same:
        return Finding(source=source, status="ok")
    if same or defined:
        # Overloads come first, so that the last definition is the implementation.
        now = min(same, key=lambda number: abs(number - source.line)) if same else defined[-1].line
        return _moved(source, now, lines[now - 1])
    return _missing(source, text)


def defines(text: str) -> bool:
    """Whether a line begins a Python definition."""
    return text.startswith(("def ", "async def ", "class "))


@lru_cache(maxsize=16)
def definitions(path: str, text: str) -> tuple[Definition, ...]:
    """Every ``def`` and ``class`` of a Python file, in order; none for what this Python cannot parse."""
    if not path.endswith((".py", ".pyi")):
        return ()
    found: list[Definition] = []
    try:
        _collect(ast.parse(text), "", found)
    except SyntaxError:
        return ()
    return tuple(sorted(found, key=lambda one: one.line))


def names_it(source: Source, found: Definition) -> bool:
    """Whether a definition is the entry's symbol: a module's ``get`` is ``ray.get`` to its users."""
    public = source.symbol.startswith(f"{source.engine}.") and source.symbol.rpartition(".")[2]
    return found.name in (source.symbol, public)


def _collect(node: ast.AST, prefix: str, found: list[Definition]) -> None:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.append(Definition(prefix + child.name, child.lineno))
            _collect(child, f"{prefix}{child.name}.", found)
        else:
            _collect(child, prefix, found)


def _lines(text: str) -> list[str]:
    # Not splitlines(): a form feed is no new line to Python's parser or to a web page.
    return [line.strip() for line in text.split("\n")]


def _moved(source: Source, now: int, text: str) -> Finding:
    fact = f"{source.path}: `{source.symbol}` is now at line {now}, not {source.line}"
    changes = f"line = {now}"
    if text != source.text:
        fact += f", and reads `{text}`"
        changes += ", and its text,"
    return Finding(source=source, status="moved", fact=fact, next_step=f"set {changes} in {TABLE}")


def _missing(source: Source, text: str) -> Finding:
    at_line = _lines(text)[source.line - 1 : source.line]
    if at_line == [source.text]:
        real = [found.name for found in definitions(source.path, text) if found.line == source.line]
        fact = f"{source.path} line {source.line} defines `{''.join(real)}`, not `{source.symbol}`"
        return Finding(source=source, status="missing", fact=fact, next_step=f"correct the symbol in {TABLE}")
    fact = f"{source.path} has no line `{source.text}` (it was line {source.line})"
    near = nearest(source.symbol, list(dict.fromkeys(one.name for one in definitions(source.path, text))))
    hint = f" near it: {', '.join(near)};" if near else ""
    return Finding(
        source=source, status="missing", fact=fact, next_step=f"{hint} correct the entry in {TABLE}".strip()
    )


def _elsewhere(source: Source, wheel: Wheel) -> Finding:
    """The file has gone: look for the line in the wheel's other files of its kind."""
    suffix = Path(source.path).suffix
    for file in sorted((wheel.root / wheel.module).rglob(f"*{suffix}")):
        text = file.read_text(encoding="utf-8", errors="replace")
        if source.text in text and (found := check_text(source, text)).status in ("ok", "moved"):
            path = WHEEL_ROOT + file.relative_to(wheel.root).as_posix()
            line = source.line if found.status == "ok" else _lines(text).index(source.text) + 1
            fact = f"{source.path} is not in the wheel; `{source.symbol}` is in {path} line {line}"
            return Finding(
                source=source,
                status="moved",
                fact=fact,
                next_step=f"set path and line = {line} in {TABLE}",
            )
    fact = f"{source.path} is not in the wheel, and no file of it has the line `{source.text}`"
    return Finding(source=source, status="missing", fact=fact, next_step=f"correct the entry in {TABLE}")


def _of_another_version(found: Finding, release: Release, wheel: Wheel) -> Finding:
    """The finding, saying that the wheel is not of the version that the links name."""
    if not found.bad:
        return found
    step = f"install {release.package}=={release.version}, or record the entry for {wheel.version}"
    return Finding(
        source=found.source,
        status=found.status,
        fact=f"recorded for {release.ref}, installed {wheel.version}: {found.fact}",
        next_step=f"{step}: {found.next_step}",
    )
