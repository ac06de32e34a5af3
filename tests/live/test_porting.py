"""The snippets of the porting table run, and so do the worked ports of its guide."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from live.leftovers import Place
from live.test_examples import plain_environment
from monarch_vs_ray.core.events import ENGINES
from monarch_vs_ray.core.paths import need_checkout
from monarch_vs_ray.porting.table import rows

SECONDS = 400
"""All snippets of an engine take less than 60 s alone, and several times that on a busy machine."""
RUNNER = Path(__file__).parents[1] / "porting" / "run_snippets.py"
WORKED = sorted((need_checkout("pytest") / "docs" / "guide" / "porting").glob("*/*.py"))

pytestmark = [pytest.mark.live, pytest.mark.timeout(SECONDS + 60)]


@pytest.mark.parametrize("engine", ENGINES)
def test_every_snippet_runs(engine, here, tmp_path):
    done = run([str(RUNNER), engine], here, tmp_path)
    results = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"row"')]
    assert {result["row"] for result in results} == {row.id for row in rows()}, done.stderr[-4000:]
    assert [result for result in results if result["error"]] == []


def test_a_snippet_with_another_result_fails(here, tmp_path):
    """Without this, an empty error would mean nothing."""
    code = RUNNER.read_text(encoding="utf-8").replace(
        "run(row.side(engine).code", 'run(row.side(engine).code + "\\nassert 0"'
    )
    (tmp_path / "runner.py").write_text(code)
    done = run([str(tmp_path / "runner.py"), "monarch", "is_started"], here, tmp_path)
    (result,) = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"row"')]
    assert "AssertionError" in result["error"]


@pytest.mark.parametrize("path", WORKED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_worked_port_runs(path, here, tmp_path):
    copy = Path(shutil.copy(path, tmp_path))
    done = run([copy.name], here, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip()


def run(command: list[str], here: Place, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a program in its folder; what its engine always writes goes into a folder that is removed."""
    writes = here.folder / "e"
    writes.mkdir()
    # Ray listens on all addresses of a machine unless it is told that this is no cluster.
    environment = {**plain_environment(here, writes), "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
    try:
        return subprocess.run(
            [sys.executable, *command],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            cwd=folder,
            env=environment,
        )
    finally:
        shutil.rmtree(writes, ignore_errors=True)
        here.wait_until_clean(60.0)
