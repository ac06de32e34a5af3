"""The rules of who may import whom, held by reading the code."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src"
FILES = sorted(SRC.rglob("*.py"))
ENGINES = {"monarch", "ray"}


def imports(file: Path) -> set[str]:
    """The top-level packages that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module.partition(".")[0])
    return found


def may_import(file: Path, engine: str) -> bool:
    """Only a file under a folder, or with a stem, that is named for an engine imports that engine.

    A pattern's programs are ``on_ENGINE.py`` and ``on_ENGINE_more.py``: one called ``ray.py`` would be
    imported in place of the engine when it is run from its folder.
    """
    parts = file.relative_to(SRC).with_suffix("").parts
    if parts[1:2] == ("patterns",):
        return parts[-1].split("_")[:2] == ["on", engine]
    return parts[0] == "monarch_vs_ray" and engine in parts[1:]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SRC)))
def test_only_native_files_import_an_engine(file):
    for engine in imports(file) & ENGINES:
        assert may_import(file, engine), f"{file} imports {engine}"


def test_the_dashboard_library_imports_nothing_of_the_project():
    for file in (SRC / "demo_tui").rglob("*.py"):
        assert "monarch_vs_ray" not in imports(file), file


def test_the_check_sees_an_import_when_there_is_one():
    assert imports(SRC / "monarch_vs_ray" / "engines" / "ray.py") >= {"ray"}
    assert imports(SRC / "monarch_vs_ray" / "engines" / "monarch.py") >= {"monarch"}
