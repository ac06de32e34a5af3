"""Exercises: what they begin with does not meet their needs, and a solution does."""

from __future__ import annotations

import datetime
import os
import re

import pytest

from monarch_vs_ray.notebook import exercises as checks
from monarch_vs_ray.notebook.catalogue import all_notebooks
from notebook.exercises import exercises, solution, solved

CASES = solved()
ON_ENGINES = [
    case for case in CASES if re.search(r"^(import|from) (ray|monarch)\b", solution(*case), re.MULTILINE)
]
WHOLE = bool(os.environ.get("MVR_WHOLE_CAMPAIGNS"))
TODAY = datetime.date.today().toordinal()


@pytest.fixture
def recorded(monkeypatch):
    monkeypatch.setenv("MVR_RECORDED", "1")


@pytest.mark.parametrize("name", [notebook.name for notebook in all_notebooks()])
def test_each_exercise_has_a_solution(recorded, name):
    assert [number for found, number in CASES if found == name] == [*range(1, len(exercises(name)) + 1)]


@pytest.mark.parametrize(("name", "number"), CASES)
def test_what_needs_no_run_tells_a_solution_from_the_start(recorded, name, number):
    """Those that need no engine are run; of the others, what is used is looked at."""
    exercise = exercises(name)[number - 1]
    attempt, mistake = checks.attempted(exercise, solution(name, number))
    assert mistake is None
    assert (exercise.engine != "python") == ((name, number) in ON_ENGINES)
    if exercise.engine == "python":
        assert checks.lacks(exercise, attempt) == []
        start, _ = checks.attempted(exercise, exercise.start)
        assert checks.lacks(exercise, start) != []
    else:
        assert all(need.met(attempt) for need in exercise.needs if not need.runs)
        assert checks.lacks(exercise, attempt) != [], "nothing that needs a run counts as met without one"


@pytest.mark.live
@pytest.mark.parametrize(("name", "number"), ON_ENGINES if WHOLE else ON_ENGINES[TODAY % 3 :: 3])
def test_a_solution_solves_and_the_start_does_not(name, number):
    """A third of them each day; with MVR_WHOLE_CAMPAIGNS=1 all. A unit test runs those without an engine."""
    exercise = exercises(name)[number - 1]
    assert exercise.engine != "python"
    attempt, mistake = checks.attempted(exercise, solution(name, number))
    assert mistake is None
    assert checks.lacks(exercise, attempt) == [], (attempt.failure, attempt.lines)
    start, _ = checks.attempted(exercise, exercise.start)
    assert checks.lacks(exercise, start) != []


def exercise(*needs, start="print(1)\n"):
    return checks.Exercise(task="t", engine="python", start=start, needs=needs)


def test_a_mistake_is_shown_with_the_readers_line():
    shown = checks.assess(exercise(checks.ends_well()), "a = 1\nb = undefined\n").text
    assert "Line 2 of your program: NameError" in shown
    assert "exercises.py" not in shown


def test_a_program_that_never_ends_is_ended(monkeypatch):
    monkeypatch.setattr(checks, "PYTHON_SECONDS", 0.5)
    attempt, _ = checks.attempted(exercise(checks.ends_well()), "while True: pass\n")
    assert "no end within" in attempt.failure


def test_a_name_in_a_comment_is_not_used():
    attempt = checks.Attempt("x = 'inspect'  # inspect\n")
    assert not checks.uses("inspect").met(attempt)
    assert checks.uses("x").met(attempt)
