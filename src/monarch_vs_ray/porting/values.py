"""What the expressions of a program stand for: engine paths and kinds of values, followed within one file.

A value is written as a text: a dotted path (``ray.get``), a kind (``ActorHandle``), or a method of a kind
(``Queue.put``). What each returns is in ``kinds.toml``. Nothing is executed or imported.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import msgspec

from monarch_vs_ray.references.table import parse_toml

FILE = Path(__file__).with_name("kinds.toml")
PASS_ON = frozenset(
    {
        *("list", "tuple", "set", "sorted", "reversed", "enumerate", "zip", "iter", "next", "dict"),
        *("min", "max", "filter"),
    }
)
"""Builtin functions that return the elements they were given."""
ADVERBS = frozenset(["call", "call_one", "broadcast", "choose", "stream", "rref"])
GENERIC = frozenset({*dir(list), *dir(dict), *dir(set)})
"""Methods of collections; a collection has the kind of its elements."""
BY_METHOD = {
    "spawn_procs": "HostMesh",
    "read_into": "RDMABuffer",
    "write_from": "RDMABuffer",
    "actor_instance": "Context",
    "run_spmd": "Job",
    "spawn": "ProcMesh",
    "slice": "ActorMesh",
    "get_actor_id": "RuntimeContext",
    "get_node_id": "RuntimeContext",
}
"""Methods that show what an unknown value is."""


class Kinds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file ``kinds.toml``."""

    values: dict[str, str]
    same: dict[str, str]
    packages: dict[str, str]


@cache
def kinds() -> Kinds:
    """Return what is known of the engines' values."""
    return msgspec.convert(parse_toml(FILE.read_text(encoding="utf-8")), Kinds)


def canonical(path: str) -> str:
    """Return the name that the table has for a dotted path or a method of a kind."""
    head, _, last = path.rpartition(".")
    while head:
        if head in kinds().packages:
            path = f"{kinds().packages[head]}.{path[len(head) + 1 :]}"
            break
        head = head.rpartition(".")[0]
    if path in kinds().same:
        return kinds().same[path]
    kind, _, last = path.partition(".")
    return f"{kinds().same[kind]}.{last}" if kind in kinds().same and last else path


def is_path(value: str) -> bool:
    """Return whether a value is a dotted path; a kind begins with a capital."""
    return value[:1].islower()


class Values:
    """The names of one program and what they stand for.

    Args:
        engines: The engines that the program imports.
    """

    def __init__(self, engines: frozenset[str]) -> None:
        self.engines = engines
        self.modules: set[str] = set()
        self._scopes: list[dict[str, str]] = [{}]
        self._of_function: dict[ast.AST, dict[str, str]] = {}
        self._attributes: dict[str, str] = {}

    def enter(self, function: ast.AST) -> None:
        """Open a function's scope, with what an earlier pass learned of it."""
        self._scopes.append(self._of_function.setdefault(function, {}))

    def leave(self) -> None:
        """Close the innermost scope."""
        self._scopes.pop()

    def bind(self, target: ast.expr, value: str) -> None:
        """Remember what a target of an assignment now stands for; tuples pass on to each element."""
        if isinstance(target, ast.Name):
            if value or target.id not in self._scopes[-1]:
                self._scopes[-1][target.id] = value
        elif isinstance(target, ast.Attribute):
            if value and is_kind(value):
                self._attributes.setdefault(target.attr, value)
        elif isinstance(target, ast.Tuple | ast.List):
            for number, element in enumerate(target.elts):
                port = value == "PortReceiver" and len(target.elts) == 2 and number == 0
                self.bind(element, "Port" if port else value)
        elif isinstance(target, ast.Subscript | ast.Starred):
            self.bind(target.value, value)

    def bind_name(self, name: str, value: str) -> None:
        """Remember what a name stands for in the innermost scope."""
        self._scopes[-1][name] = value

    def of(self, node: ast.expr | None) -> str:
        """Return what an expression stands for; empty if that is unknown."""
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        return method(node) if method else ""

    def of_annotation(self, node: ast.expr | None) -> str:
        """Return the kind that an annotation names, also in ``list[...]`` and ``X | None``."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                return self.of_annotation(ast.parse(node.value, mode="eval").body)
            except (SyntaxError, ValueError):
                return ""
        if isinstance(node, ast.Subscript):
            return self.of_annotation(node.value) or self.of_annotation(node.slice)
        if isinstance(node, ast.Tuple):
            return first(self.of_annotation(element) for element in node.elts)
        if isinstance(node, ast.BinOp):
            return self.of_annotation(node.left) or self.of_annotation(node.right)
        value = self.of(node)
        if value == "MonarchClass":
            return "ActorMesh"
        return kinds().values.get(f"{value}()", "") if is_path(value) else ""

    def _name(self, node: ast.Name) -> str:
        for scope in reversed(self._scopes):
            if node.id in scope:
                return scope[node.id]
        return ""

    def _attribute(self, node: ast.Attribute) -> str:
        base = self.of(node.value)
        if base and is_path(base):
            if base.partition(".")[0] in ("ray", "monarch", "torchstore") or base in self.modules:
                return canonical(f"{base}.{node.attr}")
            return self._by_shape(node, "") or f"{base}.{node.attr}"  # a name of the program's own packages
        if is_kind(base):
            return self._member(base, node.attr)
        return self._by_shape(node, base) or self._attributes.get(node.attr, "")

    def _member(self, kind: str, name: str) -> str:
        known = kinds().values
        if f"{kind}.{name}" in known:
            return known[f"{kind}.{name}"]
        if f"{kind}.{name}()" in known or name in ("remote", "options", "bind"):
            return f"{kind}.{name}"
        if (kind == "ActorMesh" and name in MESH) or f"{kind}.*" not in known:
            return f"{kind}.{name}"
        return known[f"{kind}.*"]

    def _by_shape(self, node: ast.Attribute, base: str) -> str:
        """Return what an attribute of an unknown value is, by its name and by what it is an attribute of."""
        if node.attr in ("remote", "options", "bind"):
            named = isinstance(node.value, ast.Attribute | ast.Name) or node.attr != "options"
            return f"{_remote_kind(node.value)}.{node.attr}" if named and "ray" in self.engines else ""
        if node.attr in ADVERBS:
            sure = isinstance(node.value, ast.Attribute) or node.attr == "call_one"
            return f"Endpoint.{node.attr}" if sure and "monarch" in self.engines else ""
        kind = BY_METHOD.get(node.attr, "")
        engine = "ray" if kind == "RuntimeContext" else "monarch"
        if not kind or engine not in self.engines or base in ("class", "function"):
            return ""
        return kinds().values.get(f"{kind}.{node.attr}", f"{kind}.{node.attr}")

    def _call(self, node: ast.Call) -> str:
        function = self.of(node.func)
        if function == "ray.remote":
            return self._remote(node.args[0]) if node.args else "RemoteDecorator"
        if function == "RemoteDecorator":
            return self._remote(node.args[0]) if node.args else ""
        if isinstance(node.func, ast.Name) and node.func.id in PASS_ON and node.args:
            return first(self.of(argument) for argument in node.args)
        if returned := kinds().values.get(f"{function}()"):
            return returned
        if isinstance(node.func, ast.Attribute) and node.func.attr in GENERIC:
            base = self.of(node.func.value)
            return base if is_kind(base) else ""
        return ""

    def _remote(self, node: ast.expr) -> str:
        value = self.of(node)
        if value in ("class", "ActorClass"):
            return "ActorClass"
        return "RemoteFunction" if value in ("function", "RemoteFunction") else _named_like_a_class(node)

    def _await(self, node: ast.Await) -> str:
        value = self.of(node.value)
        return kinds().values.get(f"await {value}", "")

    def _subscript(self, node: ast.Subscript) -> str:
        value = self.of(node.value)
        return value if is_kind(value) else ""

    def _starred(self, node: ast.Starred) -> str:
        return self.of(node.value)

    def _namedexpr(self, node: ast.NamedExpr) -> str:
        return self.of(node.value)

    def _ifexp(self, node: ast.IfExp) -> str:
        return self.of(node.body) or self.of(node.orelse)

    def _boolop(self, node: ast.BoolOp) -> str:
        return first(self.of(value) for value in node.values)

    def _binop(self, node: ast.BinOp) -> str:
        return self.of(node.left) or self.of(node.right)

    def _list(self, node: ast.List | ast.Tuple | ast.Set) -> str:
        return first(value for value in map(self.of, node.elts) if is_kind(value))

    _tuple = _set = _list

    def _dict(self, node: ast.Dict) -> str:
        return first(value for value in map(self.of, node.values) if is_kind(value))

    def _listcomp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> str:
        return self._comprehension(node, node.elt)

    _setcomp = _generatorexp = _listcomp

    def _dictcomp(self, node: ast.DictComp) -> str:
        return self._comprehension(node, node.value)

    def _comprehension(self, node: ast.expr, element: ast.expr) -> str:
        self.enter(node)
        for generator in getattr(node, "generators", []):
            self.bind(generator.target, self.of(generator.iter))
        value = self.of(element)
        self.leave()
        return value if is_kind(value) else ""


MESH = frozenset(
    {
        *("slice", "rename", "flatten", "split", "stop", "size", "sizes", "extent", "shape", "initialized"),
        *("to_mesh", "logger", "region"),
    }
)
"""What every mesh has, so that no endpoint is called like it."""


def is_kind(value: str) -> bool:
    """Return whether a value is a kind, and no method of one."""
    return value[:1].isupper() and "." not in value


def first(values: object) -> str:
    """Return the first text that is not empty."""
    return next(filter(None, values), "")  # type: ignore[call-overload]


def _remote_kind(node: ast.expr) -> str:
    """Return what ``X`` of ``X.remote()`` is by its form: a class's name begins with a capital."""
    if isinstance(node, ast.Attribute) and not node.attr.lstrip("_")[:1].isupper():
        return "ActorMethod"
    return _named_like_a_class(node)


def _named_like_a_class(node: ast.expr) -> str:
    name = str(getattr(node, "id", "") or getattr(node, "attr", ""))
    capital = name.lstrip("_")[:1].isupper() or "cls" in name or "class" in name
    return "ActorClass" if capital or isinstance(node, ast.Subscript) else "RemoteFunction"
