"""What no run can change is no observation: an experiment observes what it computed."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from monarch_vs_ray.concepts import FOLDER, all_concepts
from monarch_vs_ray.core.concept import native_files
from monarch_vs_ray.core.events import ENGINES

FILES = [
    file
    for concept in all_concepts()
    for engine in ENGINES
    for file in native_files(FOLDER / concept.name, engine)
]


def constants(file: Path) -> set[str]:
    """Return the keys under which a file observes a constant, outside of any branch."""
    found = set()
    for function in ast.parse(file.read_text(encoding="utf-8")).body:
        for statement in getattr(function, "body", []):
            call = getattr(statement, "value", None)
            observes = isinstance(call, ast.Call) and ast.unparse(call.func) == "observe"
            if observes and isinstance(call.args[1], ast.Constant):
                found.add(ast.literal_eval(call.args[0]))
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(FOLDER)))
def test_no_constant_is_observed(file):
    assert constants(file) == set()


def test_the_search_for_constants_finds_one(tmp_path):
    (tmp_path / "x.py").write_text("def f():\n    observe('a', 'b')\n    observe('c', d())\n")
    assert constants(tmp_path / "x.py") == {"a"}
