"""The demo scripts: importable, with a ``main``; and their dry run shows a real, recorded run."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from monarch_vs_ray.concepts import all_concepts, find, script_name
from monarch_vs_ray.core.paths import RECORDINGS
from monarch_vs_ray.history import read
from monarch_vs_ray.stage.state import State
from monarch_vs_ray.stage.summary import exit_code
from monarch_vs_ray.transformer.state import TRAINING

PROJECT = Path(__file__).parents[1]
SCRIPTS = PROJECT / "scripts" / "demos"
DEMOS = [f"{concept.number:02}" for concept in all_concepts()]


def script(demo: str) -> Path:
    return SCRIPTS / f"{script_name(find(demo))}.py"


def load(demo: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"demo_{demo}", script(demo))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_demo_01_importable():
    assert callable(load("01").main)


@pytest.mark.parametrize("demo", DEMOS)
def test_demo_importable_and_says_what_to_watch(demo):
    module = load(demo)
    assert callable(module.main)
    assert module.__doc__
    assert "What to watch" in module.__doc__


def dry_run(demo: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(script(demo)), "--dry-run", "--speed", "0", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, cwd=folder)


def test_demo_01_dry_run(tmp_path):
    done = dry_run("01", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "replay (recorded 20" in done.stdout
    assert re.search(r"Monarch: \d+ of \d+ steps", done.stdout)
    assert re.search(r"Ray: \d+ of \d+ steps", done.stdout)
    assert "pong hello" in done.stdout


@pytest.mark.parametrize("demo", DEMOS)
def test_demo_dry_run_from_any_folder(demo, tmp_path):
    done = dry_run(demo, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "differed in" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("demo", DEMOS)
def test_demo_dry_run_works_with_no_engine_installed(demo, tmp_path):
    """An import of an engine, were there one, would find these instead and fail."""
    for engine in ("monarch", "ray", "torch"):
        (tmp_path / f"{engine}.py").write_text("raise ImportError('a dry run imports no engine')")
    command = [sys.executable, str(script(demo)), "--dry-run", "--speed", "0"]
    environment = {"PYTHONPATH": f"{tmp_path}:{PROJECT / 'src'}", "PATH": "", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, env=environment)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("demo", DEMOS)
def test_demo_dry_run_as_json_is_the_recording(demo, tmp_path):
    done = dry_run(demo, tmp_path, "--json")
    (recording,) = (RECORDINGS / find(demo).name).glob("*.jsonl")
    assert done.stdout.splitlines() == recording.read_text().splitlines()[1:]


def test_folders_scripts_and_recordings_are_equal():
    concepts = all_concepts()
    assert sorted(path.stem for path in SCRIPTS.glob("*.py")) == [
        script_name(concept) for concept in concepts
    ]
    recorded = {path.name for path in RECORDINGS.iterdir()}
    assert recorded == {*(concept.name for concept in concepts), TRAINING.name}
    assert len({concept.number for concept in concepts}) == len(concepts)


@pytest.mark.parametrize("demo", DEMOS)
def test_recordings_are_of_good_runs_of_both_engines(demo):
    (recording,) = (RECORDINGS / find(demo).name).glob("*.jsonl")
    history = read(recording)
    state = State(find(demo), ("monarch", "ray"))
    state.apply(history.events)
    assert exit_code(state) == 0
    assert set(history.versions) == {"monarch", "ray"}


NAMES_A_MACHINE = re.compile(
    r"/root\b|/home/|/tmp/|/work\b|/Users/|(?<![\d.])(?!127\.0\.0\.1\b)\d{1,3}(?:\.\d{1,3}){3}(?![\d.])"
    r"|token[\"=: ]+[0-9a-f]{16}",
    re.IGNORECASE,
)


@pytest.mark.parametrize("demo", DEMOS)
def test_recordings_name_no_machine_user_path_or_token(demo):
    (recording,) = (RECORDINGS / find(demo).name).glob("*.jsonl")
    for line in recording.read_text().splitlines():
        assert not NAMES_A_MACHINE.search(line), json.loads(line)


@pytest.mark.parametrize(
    "text", ["/root/x", "/home/me", "/tmp/mvr-1", "10.0.0.7", "token=0123456789abcdef0", "at /Users/me"]
)
def test_the_check_of_recordings_sees_such_names(text):
    assert NAMES_A_MACHINE.search(text)
    assert not NAMES_A_MACHINE.search("127.0.0.1 <tmp>/x 2.60.0 ~/y")
