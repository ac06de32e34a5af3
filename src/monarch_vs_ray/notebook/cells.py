"""The elements of a notebook that the reader uses: editors, buttons, and the runs that they start."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import marimo as mo

from monarch_vs_ray.core.events import ENGINES, Engine
from monarch_vs_ray.notebook import demos, page, runs, show
from monarch_vs_ray.notebook.catalogue import find
from monarch_vs_ray.notebook.demos import Demo
from monarch_vs_ray.notebook.mode import RECORD, is_script, mode
from monarch_vs_ray.notebook.runs import Run
from monarch_vs_ray.notebook.subjects import Subject
from monarch_vs_ray.programs.closing import print_closing
from monarch_vs_ray.stage.presenter import Banner
from monarch_vs_ray.stage.values import NAMES

Form = Any
"""A form of marimo's: its value is None until it is submitted."""


def opening(name: str) -> mo.Html:
    """Show a notebook's title and question, and whether its runs are live or recorded.

    Args:
        name: The notebook's name, such as ``03_fault_tolerance``.
    """
    notebook = find(name)
    now = mode()
    word = page.mark("live", "good") if now.live else page.mark("recorded", "open")
    told = (
        "Buttons run both engines on this machine. Until you press one, a recorded run is shown."
        if now.live
        else f"All runs below are recorded, and buttons start nothing: {now.reason}"
    )
    title = mo.md(f"# {notebook.title}\n\n{notebook.question}").text
    return page.html(page.STYLE, title, f"<p>{word} {page.text(told)}</p>")


def editors(subject: Subject) -> Form:
    """Return an editor for each engine's program, with a button that runs them.

    Args:
        subject: The programs.

    Returns:
        A form; pass it to ``run``. Its second button brings the original programs back.
    """
    columns = []
    for engine in subject.files:
        head = page.name(NAMES[engine]) + page.quiet(subject.place(engine))
        columns.append(f"{head}{{{engine}}}")
    boxes = {
        engine: mo.ui.code_editor(text, language="python", min_height=200, max_height=480)
        for engine, text in subject.texts.items()
    }
    names = " and ".join(NAMES[engine] for engine in subject.files)
    return (
        mo.Html(page.grid(columns))
        .batch(**boxes)
        .form(
            submit_button_label=f"Run {names}",
            submit_button_disabled=not mode().live,
            show_clear_button=True,
            clear_button_label="Original",
            bordered=False,
        )
    )


def run(subject: Subject, form: Form) -> Run:
    """Run the programs in the editors, after their button was pressed; before, return the recorded run.

    Args:
        subject: The programs' subject.
        form: What ``editors`` returned.

    Returns:
        The run, for ``outcome``, ``timeline``, ``resources`` and ``figures``.
    """
    pressed: Mapping[Engine, str] | None = form.value
    if not mode().live or (pressed is None and not is_script()):
        return runs.recorded(subject)
    texts = {engine: (pressed or subject.texts)[engine] for engine in ENGINES if engine in subject.files}
    if is_script():
        return _printed(subject, texts)
    found = runs.live(subject, texts, lambda state: mo.output.replace(show.last_lines(state)))
    mo.output.clear()
    return found


def _printed(subject: Subject, texts: Mapping[Engine, str]) -> Run:
    """Run programs and print the result: a script has no page."""
    record = subject.recording if RECORD in sys.argv else None
    if record:
        record.unlink(missing_ok=True)
    print(f"{subject.title}: running {' and '.join(NAMES[engine] for engine in texts)} ...", flush=True)
    found = runs.live(subject, texts, record=record)
    if found.state:
        print_closing(found.state, Banner("LIVE"))
    return found


def demo_button(label: str = "Run the demo on both engines") -> Any:
    """Return a button for ``demo``."""
    return mo.ui.run_button(label=label, disabled=not mode().live)


def demo(name: str, button: Any) -> Demo:
    """Run a concept's demo after its button was pressed; before, return the recorded run.

    Args:
        name: The name of the concept.
        button: What ``demo_button`` returned.

    Returns:
        The demo, for ``picture`` and ``findings``.
    """
    if not (mode().live and button.value):
        return demos.recorded(name)
    found = demos.live(name, lambda demo: mo.output.replace(show.findings(demo)))
    mo.output.clear()
    return found
