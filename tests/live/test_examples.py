"""A copy of each example runs as it stands, with plain Python, ends well and leaves nothing behind."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from live.leftovers import Place
from monarch_vs_ray.concepts import Example, examples

SECONDS = 240
"""An example takes 3 to 20 s alone, and several times that on a machine with other work to do."""

OF_RAY_TRAINS_CONTROLLER = re.compile(r"^\S*\(TrainController pid=.*\n?", re.MULTILINE)
"""On a busy machine it logs a traceback of a request that it then repeats."""

pytestmark = [pytest.mark.live, pytest.mark.timeout(SECONDS + 60)]


@pytest.mark.parametrize("example", examples(), ids=lambda item: f"{item.concept.name}-{item.engine}")
def test_a_copy_runs_by_itself_and_leaves_nothing_behind(example: Example, tmp_path, here):
    copy = Path(shutil.copy(example.path, tmp_path))
    done = run(copy, here)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip(), "it says nothing of what it shows"
    assert "Traceback" not in OF_RAY_TRAINS_CONTROLLER.sub("", done.stderr), done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["example.py"]


@pytest.mark.parametrize("engine", ["monarch", "ray"])
def test_a_copy_with_another_result_fails_and_leaves_nothing_behind(engine, tmp_path, here):
    """Without this, exit code 0 would mean nothing."""
    (text,) = [item.text for item in examples() if (item.concept.number, item.engine) == (1, engine)]
    assert "== [98, 99]" in text
    copy = tmp_path / "example.py"
    copy.write_text(text.replace("== [98, 99]", "== [99, 98]"))
    done = run(copy, here)
    assert done.returncode != 0
    assert "AssertionError: each shard has its own state" in done.stderr


def run(copy: Path, here: Place) -> subprocess.CompletedProcess[str]:
    """Run a program alone in its folder; what its engine always writes goes into a folder that is removed."""
    writes = here.folder / "e"
    writes.mkdir()
    try:
        return subprocess.run(
            [sys.executable, copy.name],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            cwd=copy.parent,
            env=plain_environment(here, writes),
        )
    finally:
        shutil.rmtree(writes, ignore_errors=True)  # a process that is still there writes it anew
        here.wait_until_clean(30.0)


def plain_environment(here: Place, writes: Path) -> dict[str, str]:
    """Return a user's environment without settings of the engines; home and temporary files go elsewhere."""
    ours = ("RAY_", "HYPERACTOR_", "MONARCH_", "PYTHONPATH")
    plain = {key: value for key, value in here.environment.items() if not key.startswith(ours)}
    return {**plain, "HOME": str(writes), "TMPDIR": str(writes), "RAY_TMPDIR": str(writes)}
