"""A plain machine: the environment is made, changed, repaired, and left alone when all is there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from environment_scripts.make_believe import Project, assert_failed, executable, wheel


def test_sets_up_the_project_with_its_extras_and_pins(project: Project) -> None:
    del project.environment["UV_CONFIG_FILE"]  # so that pip's settings lead uv to the index
    done = project.sync()
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert set(project.installed) == {"motor", "hammer", "pretend"}
    shown = project.run("python", "-c", "import motor, pretend; print(motor.version, pretend.__file__)")
    assert shown.stdout == f"1.0 {project.root}/src/pretend.py\n"
    assert len(done.stderr.splitlines()) <= 5


def test_a_second_call_is_silent_and_asks_nobody(ready: Project) -> None:
    asked, logged = ready.uv_calls, ready.log.read_text()
    done = ready.sync()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (ready.uv_calls, ready.log.read_text()) == (asked, logged)  # pip is never called without the log
    assert "nothing to do" in ready.sync("--verbose").stderr


def test_a_change_of_what_is_needed_is_noticed(project: Project) -> None:
    assert project.sync().returncode == 0
    (project.root / "constraints.txt").write_text("motor==2.0\nhammer==1.0\n")
    done = project.run("python", "-c", "import motor; print(motor.version)")
    assert done.stdout == "2.0\n", done.stderr
    assert "builds .venv" not in done.stderr


def test_the_newest_python_that_really_runs_is_found(project: Project, tmp_path: Path, python: Path) -> None:
    executable(tmp_path / "shims/python3.13", "echo 'pyenv: python3.13: command not found' >&2; exit 127")
    executable(tmp_path / "more/python3.13", f"exec '{python}' \"$@\"")
    del project.environment["ZEPHYR_PYTHON"]
    project.environment["PATH"] = f"{tmp_path}/shims:{tmp_path}/more:{project.environment['PATH']}"
    done = project.sync()
    assert done.returncode == 0, done.stderr
    assert f"({python})" in done.stderr


def test_an_unsuitable_python_is_refused(project: Project, tmp_path: Path) -> None:
    old = executable(tmp_path / "old python", "printf '3.9.18\\n/x/python\\n/x\\n'")
    project.environment["ZEPHYR_PYTHON"] = str(old)
    assert_failed(project.sync(), "ZEPHYR_PYTHON", "older than 3.10")
    assert not project.venv.exists()


@pytest.mark.parametrize("on_path", ["nothing", "one that cannot leave packages out"])
def test_uv_is_fetched_into_the_project_by_pip(project: Project, on_path: str) -> None:
    stub = project.machine / "bin/uv"
    wheel(project.index, "uv", "99.0", uv=stub.read_text().partition("\n")[2])
    if on_path == "nothing":
        stub.unlink()
    else:
        executable(stub, "echo 'uv 0.1, without options'")
    done = project.sync()
    assert done.returncode == 0, done.stderr
    assert os.access(project.root / ".tools/uv/bin/uv", os.X_OK)
    assert set(project.installed) == {"motor", "hammer", "pretend"}


def test_a_venv_without_its_python_is_built_anew(project: Project) -> None:
    assert project.sync().returncode == 0
    for link in project.venv.glob("bin/python*"):
        link.unlink()
    (project.venv / "bin/python").symlink_to("/nowhere/python")
    done = project.run("python", "-c", "import motor")
    assert done.returncode == 0, done.stderr
    assert "anew: its Python has gone" in done.stderr


def test_a_copied_folder_gets_a_venv_of_its_own(ready: Project, tmp_path: Path) -> None:
    root = tmp_path / "copy"
    shutil.copytree(ready.root, root, symlinks=True)
    copy = Project(root, ready.machine, ready.environment)
    done = copy.run("python", "-c", "import pretend; print(pretend.__file__)")
    assert done.stdout == f"{root}/src/pretend.py\n", done.stderr


def test_a_folder_that_is_no_venv_is_left_alone(project: Project) -> None:
    precious = project.venv / "thesis.txt"
    project.venv.mkdir()
    precious.write_text("years of work")
    assert_failed(project.sync(), "no virtual environment")
    assert precious.read_text() == "years of work"
