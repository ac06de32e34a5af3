"""The companion notebooks: each is executed with recorded runs, and all cells must succeed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from monarch_vs_ray.core.paths import NOTEBOOKS
from monarch_vs_ray.notebook.catalogue import all_notebooks
from notebook.exercises import executed, load
from test_demo_scripts import NAMES_A_MACHINE

PROJECT = Path(__file__).parents[2]
NAMES = [notebook.name for notebook in all_notebooks()]


def texts(outputs: Any) -> str:
    """All that the cells show, as HTML."""
    import marimo as mo

    return "\n".join(mo.as_html(output).text for output in outputs if output is not None)


@pytest.mark.parametrize("name", NAMES)
def test_every_cell_of_a_notebook_runs_with_recorded_runs(name):
    shown = texts(executed(name)[0])
    assert "All runs below are recorded" in shown
    assert "is in this installation" not in shown, "a recorded run is missing"


def test_a_cell_that_fails_fails_the_test(tmp_path):
    path = tmp_path / "broken.py"
    path.write_text("import marimo\napp = marimo.App()\n\n@app.cell\ndef _():\n    1 / 0\n    return\n")
    with pytest.raises(ZeroDivisionError):
        load(path).app.run()


def test_the_notebooks_pass_marimos_own_check():
    command = [sys.executable, "-m", "marimo", "check", "--strict", *map(str, NOTEBOOKS.glob("*.py"))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_notebook_is_a_script(tmp_path):
    command = [sys.executable, str(NOTEBOOKS / "03_fault_tolerance.py"), "--recorded"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []


RECORDED = sorted((NOTEBOOKS / "recorded").glob("*.jsonl"))


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_recorded_runs_name_no_machine_and_ended_well(path):
    text = path.read_text(encoding="utf-8").replace("<run>/", "").replace("RUN/", "")
    text = text.replace("home/.ray", "").replace("/tmp/tmp", "")
    assert not NAMES_A_MACHINE.search(text)
    sides = json.loads(text.splitlines()[0])["sides"]
    assert text.count('"exit_code":0') == len(sides)
