"""Set exercises: a program to change, and needs that are checked by running it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import marimo as mo

from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.notebook import mistakes, page, runs, show
from monarch_vs_ray.notebook.mistakes import Mistake
from monarch_vs_ray.notebook.mode import mode
from monarch_vs_ray.notebook.subjects import Subject
from monarch_vs_ray.programs.closing import ending
from monarch_vs_ray.programs.outputs import own_lines

PYTHON_SECONDS = 20.0
"""The most seconds for a program without an engine."""


@dataclass(frozen=True)
class Attempt:
    """Hold a reader's program and its run.

    Attributes:
        text: The program.
        lines: The lines that it printed; None if it was not run.
        failure: The way it failed; empty if it ended with exit code 0, or was not run.
    """

    text: str
    lines: Sequence[str] | None = None
    failure: str = ""


@dataclass(frozen=True)
class Need:
    """Hold one thing that a solution needs.

    Attributes:
        text: The need, as the reader is told it.
        met: Returns whether an attempt meets it.
        runs: Whether the program has to run for it.
    """

    text: str
    met: Callable[[Attempt], bool]
    runs: bool = True


@dataclass(frozen=True)
class Exercise:
    """Hold an exercise.

    Attributes:
        task: The task, in Markdown.
        engine: The engine of the program, or ``python`` for one that needs no engine.
        start: The program that the reader begins with.
        needs: The needs of a solution.
        hint: A hint, in Markdown.
        deadline: The most seconds for a run.
    """

    task: str
    engine: Engine | Literal["python"]
    start: str
    needs: Sequence[Need]
    hint: str = ""
    deadline: float = 120.0


def prints(expression: str, text: str = "") -> Need:
    """Need a line on stdout that matches a regular expression."""
    told = text or f"prints a line that matches `{expression}`"
    return Need(told, lambda attempt: any(re.search(expression, line) for line in attempt.lines or ()))


def never_prints(expression: str, text: str = "") -> Need:
    """Need that no line on stdout matches a regular expression."""
    told = text or f"prints no line that matches `{expression}`"
    return Need(told, lambda attempt: not any(re.search(expression, line) for line in attempt.lines or ()))


def ends_well() -> Need:
    """Need an end with exit code 0."""
    return Need("ends with exit code 0", lambda attempt: attempt.lines is not None and not attempt.failure)


def uses(*names: str, text: str = "") -> Need:
    """Need that the program's code uses each of these names; comments and texts do not count."""
    told = text or f"uses {', '.join(f'`{name}`' for name in names)}"
    return Need(told, lambda attempt: set(names) <= _names(attempt.text), runs=False)


def _names(text: str) -> set[str]:
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except SyntaxError:
        return set()
    found = {node.id for node in nodes if isinstance(node, ast.Name)}
    found |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    found |= {
        node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
    }
    return found | {node.arg for node in nodes if isinstance(node, ast.keyword) and node.arg}


def exercise_editor(exercise: Exercise) -> Any:
    """Return an editor with the exercise's program, and a button that checks it.

    Returns:
        A form; pass it to ``check``.
    """
    editor = mo.ui.code_editor(exercise.start, language="python", min_height=160, max_height=480)
    return editor.form(
        submit_button_label="Check",
        show_clear_button=True,
        clear_button_label="Start again",
        bordered=False,
    )


def check(exercise: Exercise, form: Any) -> mo.Html:
    """Show what a reader's program lacks, after the button was pressed.

    Args:
        exercise: The exercise.
        form: What ``exercise_editor`` returned.
    """
    if form.value is None:
        needs = "".join(f"<li>{page.prose(need.text)}</li>" for need in exercise.needs)
        return page.html(page.quiet("A solution:"), f"<ul>{needs}</ul>")
    return assess(exercise, form.value)


def assess(exercise: Exercise, text: str) -> mo.Html:
    """Run a program, and show which needs it meets."""
    file = f"exercise_on_{exercise.engine}.py"
    if mistake := mistakes.in_syntax(text, file):
        return page.html(show.show_mistake(mistake))
    attempt, mistake = attempted(exercise, text)
    parts = [show.show_mistake(mistake)] if mistake else []
    parts += [_need(need, attempt) for need in exercise.needs]
    lacking = lacks(exercise, attempt)
    if not lacking:
        parts.append(f"<p>{page.mark('solved', 'good')}</p>")
    elif attempt.lines is None:
        parts.append(page.quiet(f"Its program was not run: {mode().reason}"))
    if attempt.lines is not None:
        parts.append(page.folded("what it printed", page.block(attempt.lines)))
    return page.html(*parts)


def attempted(exercise: Exercise, text: str) -> tuple[Attempt, Mistake | None]:
    """Run a program, where its engine can run.

    Returns:
        The attempt, and the mistake that made it fail.
    """
    if exercise.engine == "python":
        return _in_python(exercise, text)
    if not mode().live:
        return Attempt(text), None
    engine: Engine = exercise.engine
    subject = Subject("exercise", "Exercise", {engine: Path(__file__)}, deadline=exercise.deadline)
    run = runs.live(subject, {engine: text}, lambda state: mo.output.replace(show.last_lines(state)))
    mo.output.clear()
    if run.state is None:  # its syntax
        return Attempt(text, failure="a mistake in its syntax"), run.mistakes.get(engine)
    side = run.state.sides[engine]
    failure = "" if side.ended_well else ending(side)
    return Attempt(text, own_lines(run.state.output(engine))[0], failure), run.mistakes.get(engine)


def _in_python(exercise: Exercise, text: str) -> tuple[Attempt, Mistake | None]:
    """Run a program that needs no engine, in a Python of its own."""
    with tempfile.TemporaryDirectory(prefix="mvr-notebook-") as folder:
        script = Path(folder, "exercise_on_python.py")
        script.write_text(text, encoding="utf-8")
        command = [sys.executable, "-I", str(script)]
        try:
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, timeout=PYTHON_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return Attempt(text, [], f"no end within {PYTHON_SECONDS:g} s"), None
    mistake = mistakes.in_output(done.stderr.splitlines(), text, script.name) if done.returncode else None
    failure = f"exit code {done.returncode}" if done.returncode else ""
    return Attempt(text, done.stdout.splitlines(), failure), mistake


def lacks(exercise: Exercise, attempt: Attempt) -> list[str]:
    """Return the needs that an attempt does not meet."""
    return [need.text for need in exercise.needs if not (_known(need, attempt) and need.met(attempt))]


def _known(need: Need, attempt: Attempt) -> bool:
    return attempt.lines is not None or not need.runs


def _need(need: Need, attempt: Attempt) -> str:
    if not _known(need, attempt):
        word = page.mark("not checked", "open")
    else:
        word = page.mark("met", "good") if need.met(attempt) else page.mark("missing", "bad")
    return f"<p>{word} {page.prose(need.text)}</p>"
