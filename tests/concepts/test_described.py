"""What a native file says without having seen it is marked as said; the rest was computed in the run."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from monarch_vs_ray.concepts import FOLDER, all_concepts
from monarch_vs_ray.core.concept import Row

SIDES = [(concept, engine) for concept in all_concepts() for engine in ("monarch", "ray")]


def constants(file: Path) -> set[str]:
    """The keys under which a file observes a constant: a value that no run can change."""
    calls = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
    return {
        ast.literal_eval(call.args[0])
        for call in calls
        if isinstance(call.func, ast.Name)
        and call.func.id == "observe"
        and isinstance(call.args[1], ast.Constant)
    }


@pytest.mark.parametrize(("concept", "engine"), SIDES, ids=lambda value: getattr(value, "name", value))
def test_constants_are_marked_as_described(concept, engine):
    marked = {row.key for row in concept.rows if engine in row.described}
    assert constants(FOLDER / concept.name / f"on_{engine}.py") <= marked


def test_the_search_for_constants_finds_one(tmp_path):
    (tmp_path / "on_x.py").write_text("observe('a', 'b')\nobserve('c', d())\n")
    assert constants(tmp_path / "on_x.py") == {"a"}


def test_a_row_with_an_oracle_describes_nothing():
    with pytest.raises(ValueError, match="must be observed"):
        Row("a", "A", want=1, described=("ray",))
