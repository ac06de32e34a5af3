"""Check that a reference still describes its line: in the installed wheel, or in another text of the file.

The line must hold the recorded text. Where that text begins a Python ``def`` or ``class``, it must also
define the reference's symbol, so that one of two methods of the same name cannot stand for the other. A
reference that is not in the wheel (Rust, C++, an older release) is ``recorded``: offline, there is no text to
compare it with.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal

import msgspec

from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.references.table import WHEEL_ROOT, Reference, Release, Table, nearest
from monarch_vs_ray.references.wheels import Wheel

Status = Literal["ok", "moved", "missing", "recorded", "unknown"]
BAD: tuple[Status, ...] = ("moved", "missing")
TABLE = "table.toml"


class ReferenceCheck(msgspec.Struct, frozen=True, kw_only=True):
    """The result for one reference: the fact, and the next step; both empty if all is well."""

    reference: Reference
    status: Status
    fact: str = ""
    next_step: str = ""

    @property
    def bad(self) -> bool:
        """True if the table is wrong; a line that could not be compared is no error."""
        return self.status in BAD


class Definition(msgspec.Struct, frozen=True):
    """A ``def`` or ``class`` in a Python file: its dotted name within the module, and its line."""

    name: str
    line: int


def check_offline(table: Table, wheels: Mapping[Engine, Wheel]) -> list[ReferenceCheck]:
    """Check every reference of a table against the installed wheels.

    Args:
        table: The references.
        wheels: The wheels that are installed.

    Returns:
        A result for each reference, in the table's order.
    """
    return [
        check_in_wheel(reference, table.releases[reference.engine], wheels.get(reference.engine))
        for reference in table.references.values()
    ]


def check_in_wheel(reference: Reference, release: Release, wheel: Wheel | None) -> ReferenceCheck:
    """Check a reference against the installed wheel.

    Args:
        reference: The reference.
        release: The release that the table describes.
        wheel: The wheel that is installed; None if there is none.

    Returns:
        The result: ``recorded`` if the line is in no wheel, ``unknown`` if the wheel is not installed.
    """
    if not reference.in_wheel:
        fact = f"recorded from the {reference.verified_from}"
        return ReferenceCheck(reference=reference, status="recorded", fact=fact)
    if wheel is None:
        return ReferenceCheck(
            reference=reference,
            status="unknown",
            fact=f"{release.package} is not installed here",
            next_step=f"pip install '{release.package}=={release.version}'",
        )
    text = wheel.text(reference.path)
    found = _elsewhere(reference, wheel) if text is None else check_text(reference, text)
    return found if wheel.version == release.version else _of_another_version(found, release, wheel)


def check_text(reference: Reference, text: str) -> ReferenceCheck:
    """Check a reference against a text of its file.

    Args:
        reference: The reference.
        text: The whole text of the file.

    Returns:
        The result: ``ok``, ``moved`` with the line it is at now, or ``missing``.
    """
    lines = _lines(text)
    same = [number for number, line in enumerate(lines, 1) if line == reference.text]
    every = _definitions(reference.path, text)
    defined = [found for found in every if _names_it(reference, found)]
    if every and reference.text.startswith(("def ", "async def ", "class ")):
        same = [number for number in same if number in {found.line for found in defined}]
    if reference.line in same:
        return ReferenceCheck(reference=reference, status="ok")
    if same or defined:
        # Overloads come first, so that the last definition is the implementation.
        now = min(same, key=lambda number: abs(number - reference.line)) if same else defined[-1].line
        return _moved(reference, now, lines[now - 1])
    return _missing(reference, text)


@lru_cache(maxsize=16)
def _definitions(path: str, text: str) -> tuple[Definition, ...]:
    """Return every definition of a Python file, in order; none for a text that this Python cannot parse."""
    if not path.endswith((".py", ".pyi")):
        return ()
    found: list[Definition] = []
    try:
        _collect(ast.parse(text), "", found)
    except SyntaxError:
        return ()
    return tuple(sorted(found, key=lambda one: one.line))


def _collect(node: ast.AST, prefix: str, found: list[Definition]) -> None:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.append(Definition(prefix + child.name, child.lineno))
            _collect(child, f"{prefix}{child.name}.", found)
        elif not isinstance(child, ast.expr):  # an expression defines nothing
            _collect(child, prefix, found)


def _names_it(reference: Reference, found: Definition) -> bool:
    """Return whether a definition is the symbol: a module's ``get`` is ``ray.get`` to its users."""
    public = reference.symbol.startswith(f"{reference.engine}.") and reference.symbol.rpartition(".")[2]
    return found.name in (reference.symbol, public)


def _lines(text: str) -> list[str]:
    # Not splitlines(): a form feed is no new line to Python's parser or to a web page.
    return [line.strip() for line in text.split("\n")]


def _moved(reference: Reference, now: int, text: str) -> ReferenceCheck:
    fact = f"{reference.path}: `{reference.symbol}` is now at line {now}, not {reference.line}"
    changes = f"line = {now}"
    if text != reference.text:
        fact += f", and reads `{text}`"
        changes += ", and its text,"
    step = f"set {changes} in {TABLE}"
    return ReferenceCheck(reference=reference, status="moved", fact=fact, next_step=step)


def _missing(reference: Reference, text: str) -> ReferenceCheck:
    every = _definitions(reference.path, text)
    if _lines(text)[reference.line - 1 : reference.line] == [reference.text]:
        real = "".join(found.name for found in every if found.line == reference.line)
        fact = f"{reference.path} line {reference.line} defines `{real}`, not `{reference.symbol}`"
        step = f"correct the symbol in {TABLE}"
    else:
        fact = f"{reference.path} has no line `{reference.text}` (it was line {reference.line})"
        near = nearest(reference.symbol, list(dict.fromkeys(one.name for one in every)))
        hint = f"near it: {', '.join(near)}; " if near else ""
        step = f"{hint}correct the entry in {TABLE}"
    return ReferenceCheck(reference=reference, status="missing", fact=fact, next_step=step)


def _elsewhere(reference: Reference, wheel: Wheel) -> ReferenceCheck:
    """Look for the line of a file that is not in the wheel in the wheel's other files of its kind."""
    suffix = Path(reference.path).suffix
    for file in sorted((wheel.root / wheel.module).rglob(f"*{suffix}")):
        text = file.read_text(encoding="utf-8", errors="replace")
        if reference.text in text and (found := check_text(reference, text)).status in ("ok", "moved"):
            path = WHEEL_ROOT + file.relative_to(wheel.root).as_posix()
            line = reference.line if found.status == "ok" else _lines(text).index(reference.text) + 1
            fact = f"{reference.path} is not in the wheel; `{reference.symbol}` is in {path} line {line}"
            step = f"set path and line = {line} in {TABLE}"
            return ReferenceCheck(reference=reference, status="moved", fact=fact, next_step=step)
    fact = f"{reference.path} is not in the wheel, and no file of it has the line `{reference.text}`"
    step = f"correct the entry in {TABLE}"
    return ReferenceCheck(reference=reference, status="missing", fact=fact, next_step=step)


def _of_another_version(found: ReferenceCheck, release: Release, wheel: Wheel) -> ReferenceCheck:
    """Add to a bad result that the wheel is not of the version that the links name."""
    if not found.bad:
        return found
    step = f"install {release.package}=={release.version}, or record the entry for {wheel.version}"
    return msgspec.structs.replace(
        found,
        fact=f"recorded for {release.ref}, installed {wheel.version}: {found.fact}",
        next_step=f"{step}: {found.next_step}",
    )
