"""Count without an engine: the modules of a package, and the names that a piece of code uses."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path


def public_modules(package: str) -> list[str]:
    """Return the public modules of an installed package, first level only; nothing is imported."""
    spec = find_spec(package)
    assert spec
    assert spec.submodule_search_locations
    places = Path(spec.submodule_search_locations[0]).iterdir()
    names = {place.stem for place in places if place.suffix == ".py" or (place / "__init__.py").is_file()}
    return sorted(name for name in names if not name.startswith("_"))


def names_used(code: Callable[..., object], of_engine: set[str]) -> list[str]:
    """Return which of these names a function or class mentions, as a name or as an attribute."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(code)))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return sorted((names | attributes) & of_engine)
