"""Look up dotted names (``monarch.actor.Actor``) in the engines' API, by reading the engines' files.

A name is followed from its package inwards: through submodules, imports, ``import *``, the lazy names of a
module's ``__getattr__``, and into classes and their bases. The verdict is

``exists``     every part of it was found;
``absent``     a part is not in a module or class of which reading shows all names;
``undecided``  reading cannot decide: it is behind a function or a value, compiled, or of another package.

The stubs in the wheels prove what they name; other names may still be in the compiled module. Only ``absent``
is an error, so that a limit of reading is never held against a document.
"""

from __future__ import annotations

import abc
import builtins
import collections
import collections.abc
import enum
import pkgutil
import typing
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import reduce
from pathlib import Path
from typing import Literal

import griffe
import msgspec

from monarch_vs_ray.references import modules
from monarch_vs_ray.references.modules import Module
from monarch_vs_ray.references.table import nearest

Verdict = Literal["exists", "absent", "undecided"]

STANDARD = {module.__name__: module for module in (abc, builtins, collections.abc, enum, typing)}
"""Modules of the standard library whose classes the engines' classes extend."""
NAMED_TUPLE = collections.namedtuple("NAMED_TUPLE", [])
"""The base class that ``typing.NamedTuple``, a function, stands for."""
PLAIN_DECORATORS = frozenset(
    {"DeveloperAPI", "Deprecated", "PublicAPI", "dataclass", "final", "runtime_checkable", "total_ordering"}
)
"""Decorators that add no public names to a class."""


class Unread(Enum):
    """An object of which reading shows no more: a value or function (THERE), or perhaps nothing (PERHAPS)."""

    THERE = 1
    PERHAPS = 2


Found = Module | griffe.Class | Unread | None
"""The object that a name stands for; None if there is no such name."""


class Answer(msgspec.Struct, frozen=True):
    """The verdict on a name; if it is absent, the part that is missing, and names near that."""

    verdict: Verdict
    missing: str = ""
    near: tuple[str, ...] = ()


class Api:
    """The packages of some engines.

    Args:
        roots: For each top-level module, the folder that holds it.
    """

    def __init__(self, roots: Mapping[str, Path]) -> None:
        self._roots = dict(roots)
        self._modules: dict[str, Module | None] = {}
        self._looking_for: set[str] = set()

    def resolve(self, name: str) -> Answer:
        """Look up a dotted name.

        Args:
            name: The name; its first part is the top-level module.

        Returns:
            The verdict; for an absent name, with the names near it.
        """
        first, *rest = name.split(".")
        if (package := self._module(first)) is None:
            return Answer("undecided")
        # `ray.util.placement_group` is a module to `import`, and a function as an attribute.
        innermost, inside = self._innermost(package, name)
        answer = self._walk(innermost, inside)
        if answer.verdict == "exists" or inside == rest:
            return answer
        as_attribute = self._walk(package, rest)
        return as_attribute if as_attribute.verdict == "exists" else answer

    def _module(self, name: str) -> Module | None:
        if name not in self._modules:
            outer, _, _ = name.rpartition(".")
            parent = self._module(outer) if outer else None
            root = self._roots.get(name.partition(".")[0])
            known = root and (parent or not outer)
            self._modules[name] = modules.load(root, name, parent) if root and known else None
        return self._modules[name]

    def _innermost(self, package: Module, name: str) -> tuple[Module, list[str]]:
        """Return the innermost module of a dotted name, and the parts behind it."""
        module, (_, *parts) = package, name.split(".")
        while parts and (inner := self._module(f"{module.tree.path}.{parts[0]}")):
            module = inner
            del parts[0]
        return module, parts

    def _walk(self, module: Module, parts: list[str]) -> Answer:
        here: Found = module
        known = module.tree.path
        for part in parts:
            inside = self._member(here, part)
            if inside is None:
                return Answer("absent", f"{known}.{part}", self._near(here, known, part))
            here, known = inside, f"{known}.{part}"
        return Answer("undecided" if here is Unread.PERHAPS else "exists")

    def _find(self, path: str) -> Found:
        """Return what an absolute path stands for, as in ``from module import name``."""
        package = self._module(path.partition(".")[0])
        if package is None:
            return Unread.THERE  # of another package
        outer, _, name = path.rpartition(".")
        if not outer:
            return package
        if path in self._looking_for:
            return Unread.PERHAPS  # a circle of imports
        self._looking_for.add(path)
        module, parts = self._innermost(package, outer)
        try:
            return reduce(self._member, [*parts, name], typing.cast("Found", module))
        finally:
            self._looking_for.remove(path)

    def _member(self, here: Found, part: str) -> Found:
        if isinstance(here, Module):
            return self._in_module(here, part)
        if isinstance(here, griffe.Class):
            return self._in_class(here, part)
        return Unread.PERHAPS if here else None

    def _in_module(self, module: Module, part: str) -> Found:
        tree = module.tree
        if part in tree.members:
            return self._follow(tree.members[part])
        if part in module.lazy and (found := self._lazily(module, part)):
            return found
        for star in _stars(tree) if not part.startswith("_") else ():
            if found := self._find(f"{star}.{part}") if self._module(star) else Unread.PERHAPS:
                return found
        if inner := self._module(f"{tree.path}.{part}"):
            return inner
        return Unread.PERHAPS if module.open or _is_magic(part) else None

    def _follow(self, member: griffe.Object | griffe.Alias) -> Found:
        """Return what a member of a module or class stands for."""
        if isinstance(member, griffe.Class):
            return member
        if isinstance(member, griffe.Alias):
            found = self._find(member.target_path)
            # An import from a compiled module succeeds, whatever its stub shows; one that fails is caught.
            return Unread.THERE if found is Unread.PERHAPS else found or Unread.PERHAPS
        value = member.value if isinstance(member, griffe.Attribute) else None
        if isinstance(value, griffe.ExprName | griffe.ExprAttribute):
            found = self._find(value.canonical_path)
            return found if isinstance(found, Module | griffe.Class) else Unread.THERE
        return Unread.THERE

    def _lazily(self, module: Module, part: str) -> Found:
        """Return what a module's ``__getattr__`` returns; None if the wheel does not have it."""
        if path := module.lazy[part]:
            return self._find(path)
        return self._module(f"{module.tree.path}.{part}") or Unread.THERE

    def _in_class(self, cls: griffe.Class, part: str) -> Found:
        if part in cls.members:
            return self._follow(cls.members[part])
        found: Found = None
        for base in cls.bases:
            found = found or self._in_base(base, part)
        if found is None and hasattr(object, part):
            return Unread.THERE
        # A stub may leave out names of the compiled class.
        open = str(cls.filepath).endswith(".pyi") or _is_magic(part) or _may_have_more(cls)
        return Unread.PERHAPS if found is None and open else found

    def _in_base(self, base: griffe.Expr | str, part: str) -> Found:
        path = _path_of(base)
        module, _, name = path.rpartition(".")
        if standard := getattr(STANDARD.get(module or "builtins"), name, None):
            standard = NAMED_TUPLE if standard is typing.NamedTuple else standard
            return Unread.THERE if hasattr(standard, part) else None
        found = isinstance(self._find(path), griffe.Class)
        return self._find(f"{path}.{part}") if found else Unread.PERHAPS

    def _near(self, here: Found, known: str, part: str) -> tuple[str, ...]:
        """Return names that exist: elsewhere, of the very name; here, of a similar one."""
        if isinstance(here, griffe.Class):
            return tuple(f"{known}.{name}" for name in nearest(part, list(self._names(here))))
        assert isinstance(here, Module)
        elsewhere, inner = [], []
        for name, module in self._public_submodules(here.tree.path):
            inner.append(name)
            if self._in_module(module, part) not in (None, Unread.PERHAPS):
                elsewhere.append(f"{known}.{name}.{part}")
        like = [name for name in nearest(part, [*here.tree.members, *here.lazy, *inner]) if name != part]
        return tuple(dict.fromkeys([*elsewhere, *(f"{known}.{name}" for name in like)]))[:4]

    def _public_submodules(self, package: str) -> Iterator[tuple[str, Module]]:
        folder = self._roots[package.partition(".")[0]].joinpath(*package.split("."))
        for _, name, _ in pkgutil.iter_modules([str(folder)]):
            if not name.startswith("_") and (inner := self._module(f"{package}.{name}")):
                yield name, inner

    def _names(self, cls: griffe.Class) -> Iterator[str]:
        """List the names of a class, its own first, then those of its bases."""
        classes = [cls]
        for one in classes:
            yield from one.members
            for base in map(self._find, map(_path_of, one.bases)):
                if isinstance(base, griffe.Class) and base not in classes:
                    classes.append(base)


def _stars(tree: griffe.Module) -> list[str]:
    """Return the modules of which a module imports everything."""
    return [star for one in tree.members.values() if isinstance(one, griffe.Alias) and (star := one.wildcard)]


def _path_of(base: griffe.Expr | str) -> str:
    """Return the absolute path of a base class; "" for what is not a name, as a call."""
    base = base.left if isinstance(base, griffe.ExprSubscript) else base
    return base.canonical_path if isinstance(base, griffe.ExprName | griffe.ExprAttribute) else ""


def _may_have_more(cls: griffe.Class) -> bool:
    """Return whether a class may have names that its text does not show."""
    if {"__getattr__", "__getattribute__"} & cls.members.keys():
        return True
    metaclass = str(cls.keywords.get("metaclass", "ABCMeta"))
    decorators = (decorator.callable_path.rpartition(".")[2] for decorator in cls.decorators)
    return metaclass.rpartition(".")[2] != "ABCMeta" or any(one not in PLAIN_DECORATORS for one in decorators)


def _is_magic(name: str) -> bool:
    """Return whether Python itself gives modules and classes such a name."""
    return name.startswith("__") and name.endswith("__")
