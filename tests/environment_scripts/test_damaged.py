"""An environment that has lost something is noticed and repaired, or the command that helps is named."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from environment_scripts.make_believe import PYTHON_FOLDER, Project, assert_failed, executable, wheel


def packages(project: Project) -> Path:
    return project.venv / "lib" / PYTHON_FOLDER / "site-packages"


def works(project: Project) -> str:
    """Use the environment, which must come up; what was said on the way."""
    done = project.run("python", "-c", "import motor, hammer, pretend; print('whole')")
    assert done.stdout == "whole\n", done.stderr
    assert set(project.installed) == {"motor", "hammer", "pretend"}
    assert project.sync().stderr == ""  # and it is up to date again
    return done.stderr


def remove_module(project: Project) -> None:
    (packages(project) / "motor.py").unlink()


def empty_module(project: Project) -> None:
    """As a disk that was full leaves it."""
    (packages(project) / "motor.py").unlink()
    (packages(project) / "motor.py").touch()


def remove_metadata(project: Project) -> None:
    shutil.rmtree(packages(project) / "motor-1.0.dist-info")


def remove_both(project: Project) -> None:
    remove_module(project)
    remove_metadata(project)


def remove_record(project: Project) -> None:
    (packages(project) / "motor-1.0.dist-info" / "RECORD").unlink()


def remove_the_project(project: Project) -> None:
    (packages(project) / "pretend.pth").unlink()


@pytest.mark.parametrize(
    "damage", [remove_module, remove_metadata, remove_both, remove_record, remove_the_project]
)
def test_what_has_gone_of_a_package_is_installed_again(
    project: Project, damage: Callable[[Project], None]
) -> None:
    assert project.sync().returncode == 0
    damage(project)
    said = works(project)
    name = "pretend" if damage is remove_the_project else "motor"
    assert f"repairs .venv, where files are missing of 1 packages: {name}" in said
    assert "builds .venv" not in said


def test_a_file_that_has_shrunk_to_nothing_is_installed_again(project: Project) -> None:
    assert project.sync().returncode == 0
    record = packages(project) / "motor-1.0.dist-info" / "RECORD"
    record.write_text(record.read_text().replace("motor.py,,", "motor.py,sha256=x,20"))
    empty_module(project)
    assert "motor" in works(project)


def remove_library(project: Project) -> None:
    shutil.rmtree(project.venv / "lib")


def remove_packages(project: Project) -> None:
    shutil.rmtree(packages(project))


def remove_programs(project: Project) -> None:
    shutil.rmtree(project.venv / "bin")


def remove_settings(project: Project) -> None:
    (project.venv / "pyvenv.cfg").unlink()


@pytest.mark.parametrize("damage", [remove_library, remove_packages, remove_programs, remove_settings])
def test_an_environment_that_has_lost_a_part_is_built_anew(
    project: Project, damage: Callable[[Project], None]
) -> None:
    assert project.sync().returncode == 0
    damage(project)
    assert "builds .venv anew: its " in works(project)


def test_another_python_in_it_is_noticed(project: Project) -> None:
    assert project.sync().returncode == 0
    python = project.venv / "bin" / "python"
    python.unlink()
    executable(python, "echo '3.9.1 /somewhere whole'")
    assert "builds .venv anew" in works(project)


@pytest.mark.parametrize("kind", ["a file", "a link to nothing"])
def test_where_no_folder_is_the_command_that_helps_is_named(project: Project, kind: str) -> None:
    if kind == "a file":
        project.venv.write_text("something of mine")
    else:
        project.venv.symlink_to("/no/such/place")
    done = project.sync()
    assert_failed(done, "is no folder", f"rm '{project.venv}'")
    project.venv.unlink()
    works(project)


def test_what_was_added_by_hand_stays_and_is_no_damage(project: Project) -> None:
    assert project.sync().returncode == 0
    asked = project.uv_calls
    (packages(project) / "mine.py").touch()
    (packages(project) / "mine").mkdir()
    assert project.sync().stderr == ""
    assert project.uv_calls == asked
    assert (packages(project) / "mine.py").exists()


def test_bytecode_is_not_looked_at(project: Project) -> None:
    assert project.sync().returncode == 0
    folder = packages(project) / "__pycache__"
    stamp = project.stamp.stat().st_mtime_ns
    (folder / "more.pyc").touch()
    assert project.sync().stderr == ""
    assert project.stamp.stat().st_mtime_ns == stamp


def test_a_damaged_torch_is_taken_out_and_comes_back_by_pip(project: Project) -> None:
    wheel(project.index, "torch", "9.9.9")
    assert project.sync("--torch").returncode == 0
    (packages(project) / "torch.py").unlink()
    said = project.sync().stderr
    assert "takes the damaged torch out" in said
    assert "torch" not in project.installed
    done = project.run("--torch", "python", "-c", "import torch; print(torch.version)")
    assert done.stdout == "9.9.9\n", done.stderr
    assert project.installed["torch"] == "pip"
    assert not any("torch==" in call or "package torch" in call for call in project.uv_calls)
