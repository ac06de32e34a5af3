"""What lies in the current folder is the user's, and no module of ours or of a side's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import monarch_vs_ray
from monarch_vs_ray.campaign.interpreter import releases

NAMES = [
    "typing_extensions",
    "ray",
    "monarch",
    "msgspec",
    "rich",
    "typer",
    "json",
    "demo_tui",
    "monarch_vs_ray",
]


@pytest.fixture
def hostile(tmp_path, monkeypatch) -> Path:
    """A current folder full of files named like modules, each of which would say that it ran."""
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text(f"import os; open({str(tmp_path / 'ran')!r}, 'w'); os._exit(0)")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "monarch_vs_ray", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=100)


def test_the_command_loads_nothing_from_there(hostile):
    (hostile / "monarch_vs_ray.py").unlink()  # `-m` finds the package itself before any line of it runs
    done = run("demo", "4", "--dry-run", "--plain", "--speed", "0")
    assert done.returncode == 0, done.stderr
    assert not (hostile / "ran").exists()


@pytest.mark.live
def test_the_sides_load_nothing_from_there(hostile):
    (hostile / "monarch_vs_ray.py").unlink()
    done = run("doctor")
    assert done.stdout.count("an actor answered 'hello'") == 2, done.stdout + done.stderr
    assert not (hostile / "ran").exists()


def test_another_interpreter_is_asked_without_it(hostile):
    assert releases(sys.executable, []).keys() == {"monarch", "ray"}
    assert not (hostile / "ran").exists()


def test_the_package_runs_from_the_folder_in_which_it_lies(monkeypatch):
    monkeypatch.chdir(Path(monarch_vs_ray.__file__).parents[1])
    assert run("demo").returncode == 0
