"""What a module of an installed package has in it, read from its file and never imported.

A module is a ``.py`` file, a ``.pyi`` stub (of a compiled module), a folder without a file, or a compiled
module of which the wheel has no text. Only what is there at run time counts: the body of ``if TYPE_CHECKING``
does not.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

import msgspec

Kind = Literal["source", "stub", "folder", "compiled"]


class Import(msgspec.Struct, frozen=True):
    """A name that an import binds: a module, or ``name`` of it. ``certain``: the module cannot do without."""

    module: str
    name: str = ""
    certain: bool = True


class Opaque(msgspec.Struct, frozen=True):
    """A name of which reading says no more: a value or a function; not ``sure``: perhaps nothing at all."""

    sure: bool = True


class Class(msgspec.Struct, frozen=True):
    """A class, by its statement."""

    node: ast.ClassDef


class Alias(msgspec.Struct, frozen=True):
    """Another name for something: ``b`` in ``b = a.x``, with ``dotted`` being ``a.x``."""

    dotted: str


Binding = Import | Opaque | Class | Alias


class Module(msgspec.Struct, frozen=True, kw_only=True):
    """What reading a module's file says of it.

    ``lazy``: names that its ``__getattr__`` gives. ``stars``: modules it imports everything of. ``open``: it
    may have names that reading does not show.
    """

    name: str
    kind: Kind
    file: Path
    names: dict[str, Binding] = {}
    lazy: dict[str, Binding] = {}
    stars: list[str] = []
    open: bool = False


def load(root: Path, name: str) -> Module | None:
    """The module of that dotted name under a folder; None when there is none."""
    base = root.joinpath(*name.split("."))
    for file in (
        base / "__init__.py",
        base.with_suffix(".py"),
        base / "__init__.pyi",
        base.with_suffix(".pyi"),
    ):
        if file.is_file():
            return parse(name, file, file.read_text(encoding="utf-8"))
    if compiled := sorted(base.parent.glob(f"{base.name}.*so")) if base.parent.is_dir() else []:
        return Module(name=name, kind="compiled", file=compiled[0], open=True)
    return Module(name=name, kind="folder", file=base) if base.is_dir() else None


def parse(name: str, file: Path, text: str) -> Module:
    """Read the text of a module."""
    tree = ast.parse(text)
    package = name if file.stem == "__init__" else name.rpartition(".")[0]
    reader = _Reader(package)
    reader.statements(tree.body, certain=True)
    hook = next((node for node in _functions(tree.body) if node.name == "__getattr__"), None)
    lazy = _lazy(hook, tree, name) if hook else {}
    return Module(
        name=name,
        kind="stub" if file.suffix == ".pyi" else "source",
        file=file,
        names=reader.names,
        lazy=lazy,
        stars=reader.stars,
        # A stub may leave out names of the compiled module; so may a text that writes its own globals.
        open=file.suffix == ".pyi" or (hook is not None and not lazy) or _writes_globals(tree),
    )


def submodules(root: Path, name: str) -> list[str]:
    """The names of the modules and packages directly inside a package."""
    base = root.joinpath(*name.split("."))
    if not base.is_dir():
        return []
    files = {file.stem for file in base.glob("*.py*") if file.suffix in (".py", ".pyi")} - {"__init__"}
    return sorted(files | {folder.parent.name for folder in base.glob("*/__init__.py*")})


def dotted(node: ast.expr) -> str:
    """``a.b.c`` for such an expression; empty for any other."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := dotted(node.value)):
        return f"{before}.{node.attr}"
    return ""


def bound(target: ast.expr) -> Iterator[str]:
    """The names that an assignment to this target binds."""
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Starred):
        yield from bound(target.value)
    elif isinstance(target, ast.Tuple | ast.List):
        for element in target.elts:
            yield from bound(element)


class _Reader:
    """Collects what the statements of a module bind, in their order."""

    def __init__(self, package: str) -> None:
        self.names: dict[str, Binding] = {}
        self.stars: list[str] = []
        self._package = package

    def statements(self, body: Iterable[ast.stmt], certain: bool) -> None:
        for node in body:
            self._statement(node, certain)

    def _statement(self, node: ast.stmt, certain: bool) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            self._bind(node.name, Opaque())
        elif isinstance(node, ast.ClassDef):
            self._bind(node.name, Class(node))
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            self._assign(node)
        elif isinstance(node, ast.Import):
            self._import(node, certain)
        elif isinstance(node, ast.ImportFrom):
            self._import_from(node, certain)
        elif isinstance(node, ast.Delete):
            for target in node.targets:
                self.names.pop(dotted(target), None)
        else:
            self._block(node, certain)

    def _block(self, node: ast.stmt, certain: bool) -> None:
        """A statement that holds others: each of its branches may run."""
        if isinstance(node, ast.If):
            if dotted(node.test).rpartition(".")[2] != "TYPE_CHECKING":
                self.statements(node.body, certain)
            self.statements(node.orelse, certain)
        elif isinstance(node, ast.Try):
            self.statements(node.body, certain=False)
            for handler in node.handlers:
                self.statements(handler.body, certain=False)
            self.statements([*node.orelse, *node.finalbody], certain)
        elif isinstance(node, ast.With | ast.For | ast.While):
            if isinstance(node, ast.For):
                for name in bound(node.target):
                    self._bind(name, Opaque())
            self.statements(node.body, certain)

    def _assign(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        alias = dotted(node.value) if isinstance(node, ast.Assign) else ""
        for target in targets:
            for name in bound(target):
                self._bind(name, Alias(alias) if alias and alias != name else Opaque())

    def _bind(self, name: str, binding: Binding) -> None:
        # `except ImportError: thing = None` says less of the thing than the import before it.
        if isinstance(binding, Opaque) and isinstance(self.names.get(name), Import | Class):
            return
        self.names[name] = binding

    def _import(self, node: ast.Import, certain: bool) -> None:
        for alias in node.names:
            if alias.asname:
                self._bind(alias.asname, Import(alias.name, certain=certain))
            else:
                first = alias.name.partition(".")[0]
                self._bind(first, Import(first, certain=certain))

    def _import_from(self, node: ast.ImportFrom, certain: bool) -> None:
        module = absolute(node, self._package)
        for alias in node.names:
            if alias.name == "*":
                self.stars.append(module)
            else:
                self._bind(alias.asname or alias.name, Import(module, alias.name, certain))


def absolute(node: ast.ImportFrom, package: str) -> str:
    """The full name of the module that a ``from`` import reads, in a module of that package."""
    if not node.level:
        return node.module or ""
    parents = package.split(".")
    return ".".join([*parents[: len(parents) - node.level + 1], *([node.module] if node.module else [])])


def _functions(body: list[ast.stmt]) -> Iterator[ast.FunctionDef]:
    """The functions of a module, those in the branches of an ``if`` included."""
    for node in body:
        if isinstance(node, ast.FunctionDef):
            yield node
        elif isinstance(node, ast.If):
            yield from _functions(node.body)
            yield from _functions(node.orelse)


def _lazy(hook: ast.FunctionDef, tree: ast.Module, module: str) -> dict[str, Binding]:
    """The names that a module's ``__getattr__`` gives: those it compares with, and those of its tables."""
    used = {node.id for node in ast.walk(hook) if isinstance(node, ast.Name)}
    given: dict[str, Binding] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(name in used for target in targets for name in bound(target)):
                given |= _table(node.value)
    for test in ast.walk(hook):
        if isinstance(test, ast.Compare) and dotted(test.left) == _argument(hook):
            given |= {name: Opaque() for value in test.comparators for name in _strings(value)}
    # `return import_module("." + name, __name__)` gives submodules.
    return {name: binding for name, binding in given.items() if name.isidentifier()}


def _argument(hook: ast.FunctionDef) -> str:
    return hook.args.args[0].arg if hook.args.args else ""


def _table(value: ast.expr) -> dict[str, Binding]:
    """A table of lazy names: ``{"Tensor": ("monarch.common.tensor", "Tensor")}``, or a list of them."""
    if not isinstance(value, ast.Dict):
        return {name: Opaque() for name in _strings(value)}
    entries = zip(value.keys, value.values, strict=True)
    return {name: _target(where) for key, where in entries if key is not None for name in _strings(key)}


def _target(where: ast.expr) -> Binding:
    strings = _strings(where)
    # A module's full name; of one that is relative, in whatever way, existence is all we say.
    if len(strings) == 2 and "." in strings[0] and not strings[0].startswith("."):
        return Import(strings[0], strings[1])
    return Opaque()


def _strings(value: ast.expr) -> list[str]:
    """The strings of a constant, or of a tuple, list or set of constants."""
    if isinstance(value, ast.Constant):
        return [value.value] if isinstance(value.value, str) else []
    if isinstance(value, ast.Tuple | ast.List | ast.Set):
        return [string for element in value.elts for string in _strings(element)]
    return []


def _writes_globals(tree: ast.Module) -> bool:
    """Whether the module's own statements reach for ``globals()``, ``exec`` or their like."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        calls = (call for call in ast.walk(node) if isinstance(call, ast.Call))
        if any(dotted(call.func) in ("globals", "exec", "vars", "setattr") for call in calls):
            return True
    return False
