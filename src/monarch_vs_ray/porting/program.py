"""Find what a program uses of the engines, by reading its syntax tree; nothing of it is executed."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from pathlib import Path

import msgspec

from monarch_vs_ray.core.errors import CannotPort
from monarch_vs_ray.core.events import ENGINES, Engine
from monarch_vs_ray.porting.uses import Reader, Use, engine_of
from monarch_vs_ray.porting.values import Values

MAX_BYTES = 4 * 1024 * 1024


class Program(msgspec.Struct, frozen=True):
    """A program, and its uses of the engines in the order of its lines."""

    path: str
    engines: tuple[Engine, ...]
    uses: list[Use]


def read(path: Path) -> Program:
    """Read a program.

    Args:
        path: A Python file.

    Returns:
        Its uses; none if it imports no engine.

    Raises:
        CannotPort: If the file cannot be read, is no Python, or is nested too deeply.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise CannotPort(path, f"it has more than {MAX_BYTES // 1024 // 1024} MB")
        source = path.read_bytes()
    except OSError as error:
        raise CannotPort(path, error.strerror or "it cannot be read") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
        return _program(path, tree)
    except SyntaxError as error:
        notebook = " (a notebook: save it as a script first)" if path.suffix == ".ipynb" else ""
        raise CannotPort(path, f"line {error.lineno or 0} is not Python: {error.msg}{notebook}") from None
    except (RecursionError, MemoryError):
        raise CannotPort(path, "it is nested too deeply") from None
    except ValueError as error:
        raise CannotPort(path, f"it is not Python: {error}") from None


def _program(path: Path, tree: ast.Module) -> Program:
    engines = tuple(engine for engine in ENGINES if engine in set(_packages(tree)))
    if not engines:
        return Program(str(path), (), [])
    values = Values(frozenset(engines))
    for _ in range(2):  # what is used before its line, as in another method, is known in the second pass
        reader = Reader(values)
        reader.visit(tree)
    return Program(str(path), engines, sorted(set(reader.uses)))


def _packages(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (engine_of(alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield engine_of(node.module)
