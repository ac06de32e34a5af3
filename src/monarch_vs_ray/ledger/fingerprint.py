"""Fingerprints: what a verdict rests on besides the engine, as two hashes, ``<code>-<text>``.

``<code>`` covers a claim's experiments, symbol by symbol: each function with all that it uses of its concept
(actors, inputs, programs), of the instruments and of the engines' settings, and how it is run. ``<text>``
covers the statement, its checks with their checkers, and the brief's. The harness (``side``, ``core``) is
left out: it carries observations and makes none. Files are read, never imported.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

import msgspec

from monarch_vs_ray.core.concept import Concept, native_files
from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.core.paths import PACKAGE
from monarch_vs_ray.ledger.claims import Claim, Ledger

ROOMS = ("concepts", "advice", "instruments", "engines")
"""The folders whose code belongs to an experiment."""
DIGITS = 16
TEXT = (
    "statement",
    "tested",
    "check",
    "faults",
    "brief",
    "brief_verdict",
    "brief_missing",
    "brief_check",
    "note",
    "rests_on",
    "holds_in",
    "versions",
)
"""The fields of a claim that its verdict, or how it is told, depends on."""
RUN = ("function", "options", "fresh", "bare", "environment")
"""The settings of an experiment that change what it does."""
WHOLE = ""
"""In place of a symbol's name: the whole file."""

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)

Symbol = tuple[Path, str]


class _File:
    """A file's top-level symbols, and where the names come from that it imports of this package."""

    def __init__(self, path: Path, package: Path) -> None:
        self.path, self._package = path, package
        text = path.read_text(encoding="utf-8")
        self._lines = text.splitlines()
        self.symbols: dict[str, list[ast.stmt]] = {}
        self.imported: dict[str, Symbol] = {}
        self._tree = ast.parse(text)
        inner = re.search(rf"^\s+from {package.name}", text, re.MULTILINE)
        for node in ast.walk(self._tree) if inner else self._tree.body:
            if isinstance(node, ast.ImportFrom) and node.module:
                self._take_import(node)
        for statement in self._tree.body:
            for name in _defined(statement):
                self.symbols.setdefault(name, []).append(statement)

    def _take_import(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            name, module = alias.asname or alias.name, str(node.module)
            if found := module_file(self._package, f"{module}.{alias.name}"):
                self.imported[name] = (found, WHOLE)
            elif found := module_file(self._package, module):
                self.imported[name] = (found, alias.name)

    def text(self, name: str) -> str:
        """Return the lines that define a symbol, decorators included; or all lines."""
        if name == WHOLE:
            return "\n".join(self._lines)
        return "\n".join(
            line for node in self.symbols[name] for line in self._lines[_first(node) - 1 : node.end_lineno]
        )

    def uses(self, name: str) -> Iterator[Symbol]:
        """Yield the symbols of this package that a symbol, or the whole file, names."""
        for top in self._tree.body if name == WHOLE else self.symbols[name]:
            yield from self._uses_of(top)

    def _uses_of(self, node: ast.AST, local: frozenset[str] = frozenset()) -> Iterator[Symbol]:
        """Yield what a piece of code names; ``local`` are the names of the functions that it is in."""
        if isinstance(node, FUNCTIONS):
            local |= _bound(node)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            home, symbol = self.imported.get(node.value.id, (None, ""))
            if home and symbol == WHOLE and node.value.id not in local:
                yield home, node.attr
                return
        if isinstance(node, ast.Name) and node.id not in local:
            if node.id in self.symbols:
                yield self.path, node.id
            elif node.id in self.imported:
                yield self.imported[node.id]
        if isinstance(node, ast.Constant) and (program := self._program(node.value)):
            yield program, WHOLE
        for child in ast.iter_child_nodes(node):
            yield from self._uses_of(child, local)

    def _program(self, value: object) -> Path | None:
        """Return the file of a program that an experiment starts by its module's name."""
        return module_file(self._package, value) if isinstance(value, str) else None


def _bound(function: ast.AST) -> frozenset[str]:
    """Return the names that a function binds: its arguments, and what it assigns."""
    found = set()
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return frozenset(found)


def _defined(statement: ast.stmt) -> list[str]:
    """Return the names that a top-level statement defines."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [statement.name]
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign):
        targets = [statement.target]
    return [node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)]


def _first(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(each.lineno for each in decorators)])


def module_file(package: Path, module: str) -> Path | None:
    """Return the file of a module of the package, if it lies in one of its ``ROOMS``."""
    names = module.split(".")
    if names[0] != package.name or len(names) < 3 or names[1] not in ROOMS:
        return None
    path = package.joinpath(*names[1:-1], f"{names[-1]}.py")
    return path if path.is_file() else None


class Fingerprints:
    """The fingerprints of claims, each file read once.

    Args:
        ledger: The claims.
        package: The folder of this package's modules; its ``ledger`` holds the checkers.
    """

    def __init__(self, ledger: Ledger, package: Path = PACKAGE) -> None:
        self._ledger, self._package = ledger, package
        self._files: dict[Path, _File] = {}
        self._used: dict[Symbol, tuple[Symbol, ...]] = {}
        self._native: dict[tuple[Path, Engine], list[Path]] = {}
        self._digests: dict[Symbol, bytes] = {}
        self._experiments: dict[tuple[str, Engine, str], set[Symbol]] = {}

    def of(self, claim: Claim) -> str:
        """Return a claim's fingerprint."""
        return f"{self.code(claim)}-{self.text(claim)}"

    def code(self, claim: Claim) -> str:
        """Return the hash of a claim's experiments and of all that they use; empty when it has none."""
        if not claim.experiments:
            return ""
        concept = self._ledger.concepts[claim.concept]
        settings = [concept.settings(claim.engine, name) for name in claim.experiments]
        told = [{field: getattr(each, field) for field in RUN} for each in settings]
        parts = [msgspec.json.encode([claim.experiments, told, concept.environment], order="deterministic")]
        symbols = {
            symbol for name in claim.experiments for symbol in self._code_of(concept, claim.engine, name)
        }
        return _hash([*parts, *sorted(map(self._digest, symbols))])

    def text(self, claim: Claim) -> str:
        """Return the hash of what a claim says and of how it is checked."""
        fields = {field: getattr(claim.cell, field) for field in TEXT}
        checkers = {str(check["checker"]) for check in (*claim.checks, *claim.brief_checks) if check}
        return _hash(
            [
                msgspec.json.encode([claim.aspect, claim.versions, fields], order="deterministic"),
                *(self._checkers.text(name).encode() for name in sorted(checkers)),
            ]
        )

    @cached_property
    def _checkers(self) -> _File:
        return self._file(self._package / "ledger" / "checkers.py")

    def _code_of(self, concept: Concept, engine: Engine, experiment: str) -> set[Symbol]:
        """Return the symbols that an experiment consists of."""
        key = (concept.name, engine, experiment)
        if key not in self._experiments:
            self._experiments[key] = self._closure(self._starts(concept, engine, experiment))
        return self._experiments[key]

    def _digest(self, symbol: Symbol) -> bytes:
        """Return the hash of a symbol's place and text."""
        if symbol not in self._digests:
            path, name = symbol
            text = f"{path.relative_to(self._package).as_posix()}:{name}\n{self._file(path).text(name)}"
            self._digests[symbol] = hashlib.sha256(text.encode()).digest()
        return self._digests[symbol]

    def _starts(self, concept: Concept, engine: Engine, experiment: str) -> Iterator[Symbol]:
        """Yield an experiment, and what starts its engine: the concept's own ``session``, or the engine's."""
        folder = Path(concept.folder)
        function = concept.function(engine, experiment)
        session = self._defining(folder, engine, "session")
        file = self._defining(folder, engine, function)
        assert file, experiment  # the ledger has looked
        yield file, function
        engines = self._package / "engines" / f"{engine}.py"
        if session:
            yield session, "session"
        elif engines.is_file():
            yield engines, "running"

    def _defining(self, folder: Path, engine: Engine, function: str) -> Path | None:
        """Return the file of an engine's experiments that defines a function."""
        if (folder, engine) not in self._native:
            self._native[folder, engine] = native_files(folder, engine)
        files = self._native[folder, engine]
        return next((path for path in files if function in self._file(path).symbols), None)

    def _closure(self, starts: Iterable[Symbol]) -> set[Symbol]:
        found: set[Symbol] = set()
        todo = list(starts)
        while todo:
            symbol = todo.pop()
            if symbol not in found:
                found.add(symbol)
                todo += self._uses(symbol)
        return found

    def _uses(self, symbol: Symbol) -> tuple[Symbol, ...]:
        if symbol not in self._used:
            path, name = symbol
            settled = {self._settled(used) for used in self._file(path).uses(name)}
            self._used[symbol] = tuple(each for each in settled if each)
        return self._used[symbol]

    def _settled(self, symbol: Symbol) -> Symbol | None:
        """Return where a name is defined; None for one that a file has from elsewhere, as the harness."""
        path, name = symbol
        file = self._file(path)
        if name == WHOLE or name in file.symbols:
            return symbol
        return self._settled(file.imported[name]) if name in file.imported else None

    def _file(self, path: Path) -> _File:
        if path not in self._files:
            self._files[path] = _File(path, self._package)
        return self._files[path]


def _hash(parts: Iterable[bytes]) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:DIGITS]


def reason(before: str, now: str) -> str:
    """Return what differs between two fingerprints of a claim; empty when nothing does."""
    if not before:
        return "its evidence has no fingerprint"
    (old_code, _, old_text), (code, _, text) = before.partition("-"), now.partition("-")
    if old_code != code:
        return "its experiment, or what that uses, changed"
    return "its statement or its check changed" if old_text != text else ""
