"""The exercises of the notebooks, and the solutions that the tests know."""

from __future__ import annotations

import functools
import importlib.util
import os
import re
from pathlib import Path
from typing import Any
from unittest import mock

from monarch_vs_ray.core.paths import NOTEBOOKS
from monarch_vs_ray.notebook.exercises import Exercise

SOLUTIONS = Path(__file__).parent / "solutions"


def load(path: Path) -> Any:
    """Return a notebook as a module."""
    spec = importlib.util.spec_from_file_location(f"notebook_{path.stem}", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@functools.cache
def executed(name: str) -> tuple[Any, Any]:
    """Execute a notebook with recorded runs; return the outputs of its cells, and its variables."""
    with mock.patch.dict(os.environ, MVR_RECORDED="1"):
        outputs, values = load(NOTEBOOKS / f"{name}.py").app.run()
    return outputs, values


def exercises(name: str) -> list[Exercise]:
    """Return the exercises of a notebook in their order."""
    _, values = executed(name)
    found = {id(value): value for value in values.values() if isinstance(value, Exercise)}
    text = (NOTEBOOKS / f"{name}.py").read_text(encoding="utf-8")
    return sorted(found.values(), key=lambda each: text.index(each.task))


def solution(name: str, number: int) -> str:
    """Return a solution of an exercise of a notebook."""
    return (SOLUTIONS / f"{name}_{number}.py").read_text(encoding="utf-8")


def solved() -> list[tuple[str, int]]:
    """Return the notebook and the number of each exercise that has a solution."""
    names = [re.fullmatch(r"(.*)_(\d+)", path.stem) for path in sorted(SOLUTIONS.glob("*.py"))]
    return [(found[1], int(found[2])) for found in names if found]
