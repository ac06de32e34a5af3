"""Every notebook as a script, on the real engines: all cells succeed, and both programs end well.

A third of them each day, since they take five minutes; with MVR_WHOLE_CAMPAIGNS=1 all of them.
"""

from __future__ import annotations

import datetime
import os
import subprocess
import sys
from pathlib import Path

import pytest

from monarch_vs_ray.core.paths import NOTEBOOKS
from monarch_vs_ray.notebook.catalogue import all_notebooks

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]
ENGINE_OF_CELLS = [(), ("--engine", "monarch"), ("--engine", "ray")]
CASES = [(notebook.name, ()) for notebook in all_notebooks() if "interactive" not in notebook.name]
CASES += [("02_interactive_devx", options) for options in ENGINE_OF_CELLS[1:]]
if not os.environ.get("MVR_WHOLE_CAMPAIGNS"):
    CASES = CASES[datetime.date.today().toordinal() % 3 :: 3]


@pytest.mark.parametrize(
    ("name", "options"), CASES, ids=lambda value: value if isinstance(value, str) else value[-1:]
)
def test_a_notebook_runs_both_engines_as_a_script(name: str, options: tuple[str, ...], tmp_path: Path):
    command = [sys.executable, str(NOTEBOOKS / f"{name}.py"), *options]
    hidden = ("PYTEST_CURRENT_TEST", "MVR_RECORDED")
    environment = {key: value for key, value in os.environ.items() if key not in hidden}
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=560,
        cwd=tmp_path,
        env={**environment, "TMPDIR": "/tmp"},
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "ended with" in done.stdout
    assert done.stdout.count("exit code 0") >= 2, done.stdout[-3000:]
    if options:
        assert done.stdout.count("trained: the weight is") >= 2
