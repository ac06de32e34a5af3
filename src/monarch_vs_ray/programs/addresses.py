"""Find, without running it, where a program joins a Ray cluster that is not its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ALONE = (None, "local")
"""Addresses with which ``ray.init`` starts a Ray of its own, if none is in the environment."""


def joins(script: Path) -> list[str]:
    """Return the places in a script, and in the modules beside it that it imports, that join a cluster.

    Args:
        script: A Python file; one that cannot be parsed joins nothing, since it will not run.

    Returns:
        ``file:line: what`` for each.
    """
    found: list[str] = []
    seen: set[Path] = set()
    waiting = [script]
    while waiting:
        file = waiting.pop()
        if file in seen:
            continue
        seen.add(file)
        tree = _parsed(file)
        if tree is not None:
            found += [f"{file.name}:{line}: {what}" for line, what in _places(tree)]
            waiting += _beside(tree, script.parent)
    return found


def _parsed(file: Path) -> ast.Module | None:
    try:
        return ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _places(tree: ast.Module) -> Iterator[tuple[int, str]]:
    calls = _names_of_init(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in calls:
            address = _address(node)
            if not (isinstance(address, ast.Constant) and address.value in ALONE):
                yield node.lineno, f"{ast.unparse(node.func)}(address={ast.unparse(address)})"
        if isinstance(node, ast.Constant) and node.value == "RAY_ADDRESS":
            yield node.lineno, "RAY_ADDRESS"


def _names_of_init(tree: ast.Module) -> set[str]:
    """Return the names by which a module calls ``ray.init`` and ``ray.client``."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for each in node.names:
                if each.name.partition(".")[0] == "ray":
                    base = each.asname if each.asname and each.name == "ray" else "ray"
                    names |= {f"{base}.init", f"{base}.client"}
        elif isinstance(node, ast.ImportFrom) and node.module == "ray":
            names |= {each.asname or each.name for each in node.names if each.name in ("init", "client")}
    return names


def _address(call: ast.Call) -> ast.expr:
    """Return what a call gives as address: by name, or first; None as a constant where it gives none."""
    named = {each.arg: each.value for each in call.keywords}
    if "address" in named:
        return named["address"]
    if call.args:
        return call.args[0]
    return named[None] if None in named else ast.Constant(None)


def _beside(tree: ast.Module, folder: Path) -> Iterator[Path]:
    """Yield the files in a folder that a module imports."""
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(f"{node.module or ''}.{each.name}" for each in node.names)]
        for name in filter(None, names):
            path = folder.joinpath(*name.strip(".").split("."))
            for file in (path.with_suffix(".py"), path / "__init__.py"):
                if file.is_file():
                    yield file
