"""What a class has in it, read from its statement."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from monarch_vs_ray.sources.modules import bound, dotted

PLAIN_DECORATORS = frozenset(
    {"DeveloperAPI", "Deprecated", "PublicAPI", "dataclass", "final", "runtime_checkable", "total_ordering"}
)
"""Decorators that give a class no names that anybody would look for."""


def names(node: ast.ClassDef) -> dict[str, ast.ClassDef | None]:
    """The names that a class's own text gives it or its instances; classes inside it with their statement."""
    return {**dict.fromkeys(_set_on_self(node)), **dict(_statements(node.body))}


def may_have_more(node: ast.ClassDef) -> bool:
    """Whether a class may have names that its text does not show."""
    if {"__getattr__", "__getattribute__"} & names(node).keys():
        return True
    metaclasses = [dotted(keyword.value) for keyword in node.keywords if keyword.arg in ("metaclass", None)]
    if any(name.rpartition(".")[2] != "ABCMeta" for name in metaclasses):
        return True
    calls = (one.func if isinstance(one, ast.Call) else one for one in node.decorator_list)
    return any(dotted(call).rpartition(".")[2] not in PLAIN_DECORATORS for call in calls)


def _set_on_self(node: ast.ClassDef) -> Iterator[str]:
    for inner in ast.walk(node):
        if (
            isinstance(inner, ast.Attribute)
            and isinstance(inner.ctx, ast.Store)
            and dotted(inner.value) == "self"
        ):
            yield inner.attr


def _statements(body: list[ast.stmt]) -> Iterator[tuple[str, ast.ClassDef | None]]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield node.name, node
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, None
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from ((name, None) for target in targets for name in bound(target))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from ((alias.asname or alias.name, None) for alias in node.names)
        elif isinstance(node, ast.If | ast.Try):
            yield from _statements([*node.body, *node.orelse])
