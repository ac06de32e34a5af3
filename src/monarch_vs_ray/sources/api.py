"""Whether a dotted name (``monarch.actor.Actor``) is in an engine's API, by reading the engine's files.

A name is followed from its package inwards: through submodules, through names that a module takes from
another one, through the lazy names of a module's ``__getattr__``, and into classes and their bases. The
answer is

``exists``     every part of it was found;
``absent``     a part is not in a module or class of which reading shows all there is;
``undecided``  reading cannot say: it is behind a function or a value, compiled, or of another package.

The stubs in the wheels prove what they name; what they do not name may yet be in the compiled module. Only
``absent`` is an error, so what cannot be read is never held against a document.
"""

from __future__ import annotations

import abc
import ast
import builtins
import collections.abc
import enum
import typing
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from monarch_vs_ray.sources import classes, modules
from monarch_vs_ray.sources.modules import Alias, Class, Import, Module, Opaque
from monarch_vs_ray.sources.table import nearest

Verdict = Literal["exists", "absent", "undecided"]
DEEPEST = 40
"""Longer chains of names that stand for others are circles."""

STANDARD = {module.__name__: module for module in (abc, builtins, collections.abc, enum, typing)}
UNSURE = Opaque(sure=False)


class _NamedTuple(NamedTuple):
    """What ``NamedTuple``, a function, gives to a class that names it as its base."""


class Answer(msgspec.Struct, frozen=True):
    """Whether a name exists; when it does not, which part of it, and what is near that."""

    verdict: Verdict
    missing: str = ""
    near: tuple[str, ...] = ()


class Place(msgspec.Struct, frozen=True):
    """A class, and the module whose names its statement uses."""

    module: Module
    node: ast.ClassDef


Found = Module | Place | Opaque | None
"""What a name stands for; None when there is no such name."""


class Api:
    """The packages of some engines; ``roots`` gives the folder that holds each top-level module."""

    def __init__(self, roots: Mapping[str, Path]) -> None:
        self.roots = dict(roots)
        self.module: Callable[[str], Module | None] = lru_cache(maxsize=None)(self._load)

    def resolve(self, name: str) -> Answer:
        """Look a dotted name up; its first part is the top-level module."""
        first, *rest = name.split(".")
        if (package := self.module(first)) is None:
            return Answer("undecided")
        # `ray.util.placement_group` is a module and a function: `from` sees the one, an attribute the other.
        module, inside = self._longest_module(name)
        answer = self._walk(module, inside)
        if answer.verdict == "exists" or inside == rest:
            return answer
        as_attribute = self._walk(package, rest)
        return as_attribute if as_attribute.verdict == "exists" else answer

    def _longest_module(self, name: str) -> tuple[Module, list[str]]:
        """The innermost module of a dotted name, and the parts behind it."""
        parts = name.split(".")
        for end in range(len(parts), 0, -1):
            if module := self.module(".".join(parts[:end])):
                return module, parts[end:]
        raise ValueError(name)

    def _walk(self, module: Module, parts: list[str]) -> Answer:
        here: Found = module
        known = module.name
        for part in parts:
            if here is None or isinstance(here, Opaque):
                return Answer("undecided")
            inside = self._member(here, part, 0)
            if inside is None:
                return Answer("absent", f"{known}.{part}", self._near(here, known, part))
            here, known = inside, f"{known}.{part}"
        return Answer("undecided" if here == UNSURE else "exists")

    def _load(self, name: str) -> Module | None:
        root = self.roots.get(name.partition(".")[0])
        return modules.load(root, name) if root else None

    def _member(self, here: Module | Place, part: str, depth: int) -> Found:
        if depth > DEEPEST:
            return UNSURE
        if isinstance(here, Place):
            return self._in_class(here, part, depth + 1)
        return self._in_module(here, part, depth + 1)

    def _in_module(self, module: Module, part: str, depth: int) -> Found:
        if part in module.names:
            return self._follow(module, part, depth)
        if part in module.lazy and (found := self._lazily(module, part, depth)):
            return found
        if found := self._starred(module, part, depth):
            return found
        if inner := self.module(f"{module.name}.{part}"):
            return inner
        return UNSURE if module.open or _is_magic(part) else None

    def _follow(self, module: Module, part: str, depth: int) -> Found:
        """What a name of a module stands for: the name is there, whatever that is."""
        binding = module.names[part]
        if isinstance(binding, Class):
            return Place(module, binding.node)
        if isinstance(binding, Import):
            found = self._imported(binding, module, depth)
            # A stub may not show what an import, which has to succeed, takes from a compiled module.
            return found if found not in (None, UNSURE) else Opaque(sure=binding.certain)
        if isinstance(binding, Alias):
            found = self._named(module, binding.dotted, depth)
            return found if found not in (None, UNSURE) else Opaque()
        return binding

    def _lazily(self, module: Module, part: str, depth: int) -> Found:
        """What ``__getattr__`` gives for a name; None when the thing it would give is not in the wheel."""
        binding = module.lazy[part]
        if isinstance(binding, Import):
            return self._imported(binding, module, depth)
        return self.module(f"{module.name}.{part}") or Opaque()

    def _starred(self, module: Module, part: str, depth: int) -> Found:
        """A name that came by ``from module import *``."""
        for star in module.stars if not part.startswith("_") else ():
            other = self.module(star)
            if (found := UNSURE if other is None else self._member(other, part, depth)) is not None:
                return found
        return None

    def _imported(self, binding: Import, importer: Module, depth: int) -> Found:
        if binding.module.partition(".")[0] not in self.roots:
            return Opaque()
        if binding.module == importer.name and binding.name:
            # `from ray import data` in ray/__init__.py
            return self.module(f"{binding.module}.{binding.name}")
        module = self.module(binding.module)
        if module is None or not binding.name:
            return module
        return self._member(module, binding.name, depth)

    def _named(self, module: Module, dotted: str, depth: int) -> Found:
        """What a dotted name means inside a module."""
        first, *rest = dotted.split(".")
        if first not in module.names:
            return UNSURE
        here = self._follow(module, first, depth)
        for part in rest:
            if here is None or isinstance(here, Opaque):
                return here
            here = self._member(here, part, depth)
        return here

    def _in_class(self, place: Place, part: str, depth: int) -> Found:
        own = classes.names(place.node)
        if part in own:
            return Place(place.module, node) if (node := own[part]) else Opaque()
        found: Found = None
        for base in place.node.bases:
            found = found or self._in_base(place.module, base, part, depth)
        if found is None and hasattr(object, part):
            return Opaque()
        # A stub may leave out what the compiled class has, and some do.
        open = place.module.kind == "stub" or _is_magic(part) or classes.may_have_more(place.node)
        return UNSURE if found is None and open else found

    def _in_base(self, module: Module, base: ast.expr, part: str, depth: int) -> Found:
        name = modules.dotted(base.value if isinstance(base, ast.Subscript) else base)
        standard = _standard(module, name)
        if standard is not None:
            return Opaque() if hasattr(standard, part) else None
        meant = self._named(module, name, depth) if name else UNSURE
        return self._member(meant, part, depth) if isinstance(meant, Place) else UNSURE

    def _near(self, here: Module | Place, known: str, part: str) -> tuple[str, ...]:
        """Names that exist: elsewhere the very name that is not here, and here those that look like it."""
        if isinstance(here, Place):
            return tuple(f"{known}.{name}" for name in nearest(part, list(self._names(here, 0))))
        inner = [name for name, _ in self._public_submodules(here)]
        elsewhere = [
            f"{known}.{name}.{part}"
            for name, module in self._public_submodules(here)
            if self._in_module(module, part, 0) not in (None, UNSURE)
        ]
        like = [name for name in nearest(part, [*here.names, *here.lazy, *inner]) if name != part]
        return tuple(dict.fromkeys([*elsewhere, *(f"{known}.{name}" for name in like)]))[:4]

    def _public_submodules(self, module: Module) -> Iterator[tuple[str, Module]]:
        root = self.roots[module.name.partition(".")[0]]
        for name in modules.submodules(root, module.name):
            if not name.startswith("_") and (inner := self.module(f"{module.name}.{name}")):
                yield name, inner

    def _names(self, place: Place, depth: int) -> Iterator[str]:
        """The names of a class, its own first, then those of its bases."""
        yield from classes.names(place.node)
        for base in place.node.bases if depth < DEEPEST else ():
            name = modules.dotted(base.value if isinstance(base, ast.Subscript) else base)
            meant = self._named(place.module, name, depth + 1) if name else None
            if isinstance(meant, Place):
                yield from self._names(meant, depth + 1)


def _is_magic(name: str) -> bool:
    """Whether Python itself gives modules and classes such a name."""
    return name.startswith("__") and name.endswith("__")


def _standard(module: Module, name: str) -> object | None:
    """The class of the standard library that a base class's name means in a module; None for any other."""
    first, _, rest = name.partition(".")
    binding = module.names.get(first)
    if binding is None:
        return getattr(builtins, first, None) if not rest else None
    if not isinstance(binding, Import):
        return None
    home, wanted = (binding.module, rest) if not binding.name else (binding.module, binding.name)
    found: object | None = getattr(STANDARD.get(home), wanted, None)
    return _NamedTuple if found is NamedTuple else found
