"""Keep the values of cells that use an engine directly, to show where none runs."""

from __future__ import annotations

import ast
import datetime
import textwrap
from collections.abc import Iterator
from pathlib import Path

import msgspec

from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.notebook.subjects import RECORDED
from monarch_vs_ray.side.main import PACKAGES, version

FILE = RECORDED / "cells.json"


class Value(msgspec.Struct, frozen=True):
    """The value of a cell, as Python writes it, with the date and the engine's version."""

    text: str
    date: str
    version: str


def recorded(file: Path = FILE) -> dict[str, Value]:
    """Return the recorded values, by engine and key: ``monarch.weights``."""
    return msgspec.json.decode(file.read_bytes(), type=dict[str, Value]) if file.is_file() else {}


def record(engine: Engine, key: str, value: object, file: Path = FILE) -> None:
    """Keep a value."""
    today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    new = {**recorded(file), f"{engine}.{key}": Value(repr(value), today, version(PACKAGES[engine]))}
    file.write_bytes(msgspec.json.format(msgspec.json.encode(dict(sorted(new.items()))), indent=1) + b"\n")


def keeping(notebook: Path, engine: Engine) -> Iterator[tuple[str, str]]:
    """Yield the cells of a notebook that keep a value of an engine: the key, and the cell's code."""
    text = notebook.read_text(encoding="utf-8")
    for cell in ast.parse(text).body:
        if not isinstance(cell, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        called = {
            (call.func.attr, str(call.args[0].value))
            for call in ast.walk(cell)
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
            if call.args and isinstance(call.args[0], ast.Constant)
        }
        keys = sorted(key for name, key in called if name == "keep")
        if ("need", engine) in called and keys:
            body = [
                line for each in cell.body if not isinstance(each, ast.Return) for line in _lines(text, each)
            ]
            yield keys[0], textwrap.dedent("\n".join(body))


def _lines(text: str, node: ast.stmt) -> list[str]:
    """Return the lines of a statement, with decorators and an empty line before a class."""
    lines = text.splitlines()
    decorators = node.decorator_list if isinstance(node, ast.ClassDef) else []
    first = min([node.lineno, *(each.lineno for each in decorators)])
    return [*([""] if isinstance(node, ast.ClassDef) else []), *lines[first - 1 : node.end_lineno]]
