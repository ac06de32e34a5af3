"""The exercises: what the reader begins with is no solution, and the solutions that are kept here are."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from unittest.mock import patch

import pytest

from monarch_vs_ray.core.paths import NOTEBOOKS
from monarch_vs_ray.notebook import exercises as frame
from monarch_vs_ray.notebook.catalogue import all_notebooks
from monarch_vs_ray.notebook.exercises import Exercise, attempted, lacks
from monarch_vs_ray.notebook.mode import Mode
from tests.notebook.test_notebooks import load

SOLUTIONS = Path(__file__).with_name("solutions")
ENGINE = re.compile(r"^(?:import|from) (monarch|ray)\b", re.MULTILINE)


def engine(solution: str) -> str:
    found = ENGINE.search((SOLUTIONS / f"{solution}.py").read_text())
    return found[1] if found else "python"


NAMES = sorted(path.stem for path in SOLUTIONS.glob("*.py"))
WITHOUT_ENGINE = [name for name in NAMES if engine(name) == "python"]
WITH_ENGINE = [name for name in NAMES if engine(name) != "python"]


@cache
def exercises(notebook: str) -> list[Exercise]:
    """Return the exercises of a notebook, in its order; its programs are not run."""
    with patch.dict(os.environ, MVR_RECORDED="1"):
        _, names = load(NOTEBOOKS / f"{notebook}.py").app.run()
    text = (NOTEBOOKS / f"{notebook}.py").read_text()
    found = {name: value for name, value in names.items() if isinstance(value, Exercise)}
    return [found[name] for name in sorted(found, key=lambda name: text.index(f"{name} = nb.Exercise"))]


def exercise(solution: str) -> Exercise:
    notebook, _, number = solution.rpartition("_")
    return exercises(notebook)[int(number) - 1]


def solve(exercise: Exercise, text: str) -> list[str]:
    """Return what a program lacks, and the error it failed with."""
    attempt, mistake = attempted(exercise, text)
    return [*lacks(exercise, attempt), *([mistake.error] if mistake else [])]


@pytest.fixture
def engines(monkeypatch):
    """Run exercises as a live notebook does; outside of marimo its mode is not known."""
    monkeypatch.setattr(frame, "mode", lambda: Mode(True))


def test_each_solution_is_of_an_exercise_and_of_its_engine():
    for name in NAMES:
        assert exercise(name).engine == engine(name), name


def test_each_exercise_has_a_solution():
    wanted = {
        f"{notebook.name}_{number}"
        for notebook in all_notebooks()
        if notebook.name >= "05"
        for number in range(1, notebook.path.read_text().count("nb.Exercise(") + 1)
    }
    assert wanted <= set(NAMES)


@pytest.mark.parametrize("name", WITHOUT_ENGINE)
def test_a_solution_without_an_engine_solves_its_exercise(name):
    task = exercise(name)
    assert solve(task, (SOLUTIONS / f"{name}.py").read_text()) == []
    assert solve(task, task.start)


@pytest.mark.live
@pytest.mark.parametrize("name", WITH_ENGINE)
def test_a_solution_solves_its_exercise(name, engines):
    assert solve(exercise(name), (SOLUTIONS / f"{name}.py").read_text()) == []


@pytest.mark.live
@pytest.mark.parametrize("name", WITH_ENGINE)
def test_what_a_reader_begins_with_is_no_solution(name, engines):
    task = exercise(name)
    assert solve(task, task.start)
