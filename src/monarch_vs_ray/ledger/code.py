"""Native code by symbol: which lines of which file are a probe, and what of the concept's own code it uses.

Files are read, never imported, so no engine is needed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from monarch_vs_ray.core.errors import UnknownSymbol
from monarch_vs_ray.core.events import Engine

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
        """The text, line by line."""
        return self.path.read_text(encoding="utf-8").splitlines()[self.first - 1 : self.last]

    @property
    def where(self) -> str:
        """For instance ``message_ordering/probes_on_ray.py:40``."""
        return f"{self.path.parent.name}/{self.path.name}:{self.first}"


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
        """The definition of a name, also of ``Class.method``. Raises UnknownSymbol."""
        outer, _, inner = self._aliases.get(name, name).partition(".")
        node = self._defined.get(outer)
        if node is None and outer in self._imported:
            neighbour = self.path.with_name(f"{self._imported[outer]}.py")
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
        """Whether a name is defined here or in a neighbour that it is imported from."""
        try:
            self.find(name)
        except UnknownSymbol:
            return False
        return True


@cache
def module(path: Path) -> Module:
    """The file, read once."""
    return Module(path)


def excerpt(path: Path, name: str) -> Excerpt:
    """The lines that define a symbol of a file, decorators included. Raises UnknownSymbol."""
    home, node = module(path).find(name)
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return Excerpt(home, name, first, node.end_lineno or node.lineno)


def probe_file(folder: Path, engine: Engine) -> Path:
    """The file in a concept's folder that holds an engine's probes."""
    return folder / f"probes_on_{engine}.py"


def probe_code(folder: Path, engine: Engine, probe: str) -> list[Excerpt]:
    """A probe and the functions of the concept's own that it calls, directly or not; the probe first."""
    file = probe_file(folder, engine)
    found: dict[tuple[Path, int], Excerpt] = {}
    todo = [(file, probe)]
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
    """The classes of the concept's own that these functions name: most often its actors."""
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
    native = home.name.endswith(("_monarch.py", "_ray.py"))
    return native and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def _called(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Name):
            yield each.func.id


def _named(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Name):
            yield each.id


def telling_lines(here: Excerpt, keys: set[str]) -> set[int]:
    """The lines of an excerpt that observe one of these keys, or break something on purpose."""
    _, node = module(here.path).find(here.name)
    lines: set[int] = set()
    for each in ast.walk(node):
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Name) and _tells(each, keys):
            lines |= set(range(each.lineno, (each.end_lineno or each.lineno) + 1))
    return lines


def _tells(call: ast.Call, keys: set[str]) -> bool:
    assert isinstance(call.func, ast.Name)
    if call.func.id == "fault":
        return True
    first = call.args[0] if call.args else None
    return call.func.id == "observe" and isinstance(first, ast.Constant) and first.value in keys
