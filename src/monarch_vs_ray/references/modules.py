"""The modules of an installed package, read by griffe from their files and never imported.

A module is a ``.py`` file, a ``.pyi`` stub (of a compiled module), a compiled module without a stub, or a
folder without ``__init__``. griffe reads its classes, functions, values and imports. ``_RunTime`` corrects
that list to the names that exist when the module is imported: without those under ``if TYPE_CHECKING`` or
deleted, and with those of loops and of the module's ``__getattr__``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import griffe
import msgspec

REFLECTION = frozenset({"exec", "globals", "setattr", "vars"})
"""Functions by which a module may bind names that reading does not show."""


class Module(msgspec.Struct, frozen=True, kw_only=True):
    """A module as read.

    Attributes:
        tree: griffe's view of it; its ``path`` is the module's full name.
        lazy: The names that its ``__getattr__`` returns, each with the path of the object, "" if unknown.
        open: It may have names that reading does not show.
    """

    tree: griffe.Module
    lazy: dict[str, str] = {}
    open: bool = False


def load(root: Path, name: str, parent: Module | None) -> Module | None:
    """Read a module.

    Args:
        root: The folder that holds the top-level package.
        name: The module's full name.
        parent: The package it is in; None for a top-level one.

    Returns:
        The module; None if there is none of that name.
    """
    base = root.joinpath(*name.split("."))
    outer = parent.tree if parent else None
    for file in (
        base / "__init__.py",
        base.with_suffix(".py"),
        base / "__init__.pyi",
        base.with_suffix(".pyi"),
    ):
        if file.is_file():
            return _read(file, base.name, outer)
    if compiled := sorted(base.parent.glob(f"{base.name}.*so")):
        return Module(tree=griffe.Module(base.name, filepath=compiled[0], parent=outer), open=True)
    if base.is_dir():
        return Module(tree=griffe.Module(base.name, filepath=[base], parent=outer))
    return None


def _read(file: Path, name: str, parent: griffe.Module | None) -> Module:
    run_time = _RunTime()
    try:
        # griffe logs what it cannot resolve of annotations, which are of no interest here.
        with griffe.logger.disable():
            tree = griffe.visit(
                name,
                filepath=file,
                code=file.read_text(encoding="utf-8"),
                extensions=griffe.Extensions(run_time),
                parent=parent,
            )
    except SyntaxError:  # of another Python
        return Module(tree=griffe.Module(name, filepath=file, parent=parent), open=True)
    # A stub may leave out names of the compiled module.
    return Module(tree=tree, lazy=run_time.lazy, open=run_time.open or file.suffix == ".pyi")


class _RunTime(griffe.Extension):
    """Correct the names of one module, and of its classes, to those that exist at run time."""

    def __init__(self) -> None:
        self.lazy: dict[str, str] = {}
        self.open = False

    def on_module_members(self, *, node: Any, mod: griffe.Module, **_: Any) -> None:
        """Correct a module's names, and read its ``__getattr__``."""
        nodes = list(_run_at_import(node.body))
        stored, others = _bound(nodes)
        for name in [name for name in mod.members if name not in stored | others and not name.endswith("/*")]:
            del mod.members[name]
        _add(stored | others & mod.overloads.keys(), mod)
        hooks = [one for one in nodes if isinstance(one, ast.FunctionDef) and one.name == "__getattr__"]
        for hook in hooks:
            self.lazy = _lazy(hook, node.body)
        self.open = bool(hooks and not self.lazy) or any(map(_reflects, nodes))

    def on_class_members(self, *, node: Any, cls: griffe.Class, **_: Any) -> None:
        """Add what griffe leaves out: names of loops, tuples, overloads, and what methods set on ``self``."""
        stored, others = _bound(_run_at_import(node.body))
        for inner in ast.walk(node):
            match inner:
                case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                    stored.add(name)
        _add(stored | others & cls.overloads.keys(), cls)


def _add(names: set[str], to: griffe.Module | griffe.Class) -> None:
    for name in names - to.members.keys():
        to.set_member(name, griffe.Attribute(name))


def _run_at_import(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Walk the nodes that run at import in one scope: not functions, classes and code for type checkers."""
    for node in body:
        yield node
        match node:
            case ast.If(test=ast.Name("TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING")):
                yield from _run_at_import(node.orelse)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.comprehension():
                pass
            case _:
                yield from _run_at_import(ast.iter_child_nodes(node))


def _bound(nodes: Iterable[ast.AST]) -> tuple[set[str], set[str]]:
    """Return the names that nodes assign to and do not delete again, and those that they import or define."""
    stored: set[str] = set()
    others: set[str] = set()
    for node in nodes:
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                stored.add(name)
            case ast.Name(id=name, ctx=ast.Del()):
                stored.discard(name)
                others.discard(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                others.add(name)
            case ast.alias():
                others.add(node.asname or node.name.partition(".")[0])
    return stored, others


def _reflects(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in REFLECTION


def _lazy(hook: ast.FunctionDef, body: list[ast.stmt]) -> dict[str, str]:
    """Return the names that a ``__getattr__`` compares its argument with, or that the tables it uses list."""
    asked = hook.args.args[0].arg if hook.args.args else ""
    used = {node.id for node in ast.walk(hook) if isinstance(node, ast.Name)}
    values: list[ast.expr] = []
    for statement in body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in used:
                values.append(value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value) if name in used:
                values.append(value)
    for node in ast.walk(hook):
        match node:
            case ast.Compare(left=ast.Name(id=name), comparators=compared) if name == asked:
                values += compared
    names: dict[str, str] = {}
    for value in values:
        with suppress(ValueError):  # not a literal
            names |= _listed(ast.literal_eval(value))
    return {name: path for name, path in names.items() if name.isidentifier()}


def _listed(value: object) -> dict[str, str]:
    """Return the names in a table such as ``{"Tensor": ("monarch.common.tensor", "Tensor")}``, and paths."""
    if isinstance(value, dict):
        return {name: _path(where) for name, where in value.items() if isinstance(name, str)}
    names = value if isinstance(value, list | tuple | set) else [value]
    return {name: "" for name in names if isinstance(name, str)}


def _path(where: object) -> str:
    match where:
        # A relative module may be of any package.
        case [str(module), str(name)] if "." in module and not module.startswith("."):
            return f"{module}.{name}"
    return ""
