"""Native code by symbol: which lines of which file are an experiment, and what of the concept's code it uses.

Files are read, never imported, so no engine is needed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from monarch_vs_ray.core.concept import file_of, native_files, native_name
from monarch_vs_ray.core.errors import UnknownSymbol
from monarch_vs_ray.core.events import ENGINES, Engine

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Excerpt:
    """The lines ``first`` to ``last`` of a file, which define ``name``."""

    path: Path
    name: str
    first: int
    last: int

    @property
    def lines(self) -> list[str]:
        """Return the text, line by line."""
        return self.path.read_text(encoding="utf-8").splitlines()[self.first - 1 : self.last]

    @property
    def where(self) -> str:
        """Return, for instance, ``message_ordering/ray/experiments.py:40``."""
        return f"{native_name(self.path)}:{self.first}"


class Module:
    """The top level of a Python file: what it defines, and what it imports from its own folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._defined: dict[str, Definition] = {}
        self._aliases: dict[str, str] = {}
        self._imported: dict[str, str] = {}
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            self._take(node)

    def _take(self, node: ast.stmt) -> None:
        if isinstance(node, Definition):
            self._defined[node.name] = node
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Name):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    self._aliases[target.id] = node.value.id
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                self._imported[alias.asname or alias.name] = node.module.rpartition(".")[2]

    def find(self, name: str) -> tuple[Path, Definition]:
        """Return the definition of a name, also of ``Class.method``. Raises UnknownSymbol."""
        outer, _, inner = self._aliases.get(name, name).partition(".")
        node = self._defined.get(outer)
        if node is None and outer in self._imported:
            for place in (self.path.parent, self.path.parent.parent):  # experiments may be a package
                neighbour = place / f"{self._imported[outer]}.py"
                if neighbour.is_file():
                    return module(neighbour).find(name)
        if inner and isinstance(node, ast.ClassDef):
            node = next(
                (each for each in node.body if isinstance(each, Definition) and each.name == inner), None
            )
        if node is None:
            raise UnknownSymbol(name, self.path, sorted(self._defined))
        return self.path, node

    def knows(self, name: str) -> bool:
        """Return whether a name is defined here or in a neighbour that it is imported from."""
        try:
            self.find(name)
        except UnknownSymbol:
            return False
        return True


@cache
def module(path: Path) -> Module:
    """Return the file, read once."""
    return Module(path)


def excerpt(path: Path, name: str) -> Excerpt:
    """Return the lines that define a symbol of a file, decorators included. Raises UnknownSymbol."""
    home, node = module(path).find(name)
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return Excerpt(home, name, first, node.end_lineno or node.lineno)


def experiment_code(folder: Path, engine: Engine, function: str) -> list[Excerpt]:
    """Return an experiment and the concept's own functions that it calls, directly or not; itself first.

    Raises:
        UnknownSymbol: If no file of the engine's experiments defines it.
    """
    file = file_of(folder, engine, function)
    if file is None:
        raise UnknownSymbol(function, folder / engine, [path.name for path in native_files(folder, engine)])
    found: dict[tuple[Path, int], Excerpt] = {}
    todo = [(file, function)]
    while todo:
        path, name = todo.pop(0)
        here = excerpt(path, name)
        if (here.path, here.first) in found:
            continue
        found[here.path, here.first] = here
        home, node = module(path).find(name)
        todo += [(home, called) for called in _called(node) if _is_function(home, called)]
    return list(found.values())


def actors_of(folder: Path, engine: Engine, excerpts: list[Excerpt]) -> list[Excerpt]:
    """Return the concept's own classes that these functions name: most often its actors."""
    found: dict[str, Excerpt] = {}
    for each in excerpts:
        _, node = module(each.path).find(each.name)
        for name in _named(node):
            if name not in found and module(each.path).knows(name):
                home, defined = module(each.path).find(name)
                if isinstance(defined, ast.ClassDef):
                    found[name] = excerpt(home, name)
    return list(found.values())


def _is_function(path: Path, name: str) -> bool:
    if not module(path).knows(name):
        return False
    home, node = module(path).find(name)
    native = any(engine in home.parts for engine in ENGINES)
    return native and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def _called(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Name):
            yield each.func.id
            if each.func.id == "in_second_program" and each.args and isinstance(each.args[0], ast.Name):
                yield each.args[0].id


def _named(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Name):
            yield each.id


def telling_lines(here: Excerpt, keys: set[str]) -> set[int]:
    """Return the lines of an excerpt that observe one of these keys, or break something on purpose."""
    _, node = module(here.path).find(here.name)
    lines: set[int] = set()
    for each in ast.walk(node):
        if isinstance(each, ast.Call) and (_breaks(each) or _observes(each, keys)):
            lines |= set(range(each.lineno, (each.end_lineno or each.lineno) + 1))
    return lines


def _breaks(call: ast.Call) -> bool:
    """Return whether a call is one of ``instruments.faults``."""
    function = call.func
    return isinstance(function, ast.Attribute) and ast.unparse(function.value) == "faults"


def _observes(call: ast.Call, keys: set[str]) -> bool:
    first = call.args[0] if call.args else None
    named = isinstance(call.func, ast.Name) and call.func.id == "observe"
    return named and isinstance(first, ast.Constant) and first.value in keys
