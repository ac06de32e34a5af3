"""``mvr train`` as a user meets it: no engine is started here."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from monarch_vs_ray import cli
from monarch_vs_ray.core.events import decoder
from monarch_vs_ray.core.stream import Batch
from monarch_vs_ray.history import read
from monarch_vs_ray.transformer.monitored import Monitored
from monarch_vs_ray.transformer.state import TrainingState, outcome
from test_demo_scripts import NAMES_A_MACHINE

PROJECT = Path(__file__).parents[2]
SCRIPT = PROJECT / "scripts" / "demo_monarch_two_gpu_transformer_train.py"
(RECORDING,) = (PROJECT / "recordings" / "transformer").glob("*.jsonl")


@pytest.fixture
def mvr_train(capfd):
    """Run ``mvr train`` in this process; gives exit code, stdout, stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        try:
            cli.main(["train", *arguments])
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        return code, *capfd.readouterr()

    return run


def test_the_script_says_what_to_watch():
    spec = importlib.util.spec_from_file_location("demo_train", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert callable(module.main)
    assert "What to watch" in module.__doc__


def test_help(mvr_train):
    code, out, _ = mvr_train("--help")
    assert code == 0
    for option in ("--engine", "--steps", "--seed", "--kill-after", "--dry-run", "--speed", "--record"):
        assert option in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--steps", "0"], "--steps is 0; give at least 1."),
        (["--seed", "-1"], "--seed is -1"),
        (["--steps", "50", "--kill-after", "48"], "--kill-after is 48 of 50 steps; give 1 to 47"),
        (["--steps", "3", "--kill-after", "1"], "train more than 3 steps"),
        (["--kill-after", "-1"], "--kill-after is -1"),
        (["--speed", "2"], "--speed is for --dry-run"),
        (["--deadline", "0"], "--deadline 0"),
        (["--dry-run", "--kill-after", "5"], "--kill-after is for a live run"),
        (["--dry-run", "--record", "x.jsonl"], "--record is for a live run"),
        (["--replay", "missing.jsonl"], "missing.jsonl: No such file"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(mvr_train, arguments, said):
    code, out, error = mvr_train(*arguments)
    assert code == 2
    assert out == ""
    assert said in error
    assert len(error.splitlines()) == 1


def test_another_demos_history_is_refused(mvr_train):
    other = next((PROJECT / "recordings" / "message_ordering").glob("*.jsonl"))
    code, _, error = mvr_train("--replay", str(other))
    assert code == 2
    assert f"is a run of message_ordering; show it with `mvr replay {other}`" in error


def test_without_torch_it_says_how_to_get_it(mvr_train, monkeypatch):
    find = importlib.util.find_spec
    absent = "monarch_vs_ray.transformer.run.find_spec"
    monkeypatch.setattr(absent, lambda name: None if name == "torch" else find(name))
    monkeypatch.setattr("monarch_vs_ray.campaign.sides.require", lambda engines: None)
    code, _, error = mvr_train("--steps", "5")
    assert code == 3
    assert "torch is not installed here; install it with `pip install torch`" in error
    assert len(error.splitlines()) == 1


def test_the_recording_is_of_a_good_run_of_both_engines_with_a_killed_worker_each():
    history = read(RECORDING)
    state = TrainingState(history.header.sides)
    state.apply(history.events)
    assert outcome(state) == 0
    assert list(state.courses) == ["monarch", "ray"]
    for course in state.courses.values():
        assert course.recoveries == 1
        assert course.final_loss
        assert course.plan["floor"] - 0.02 < course.final_loss < course.plan["floor"] + 0.05
    assert state.difference[0] <= 1e-5


def test_the_recording_names_no_machine():
    for line in RECORDING.read_text().splitlines():
        assert not NAMES_A_MACHINE.search(line), json.loads(line)


def test_a_dry_run_works_with_no_engine_installed(tmp_path):
    """An import of an engine, were there one, would find these instead and fail."""
    for engine in ("monarch", "ray", "torch"):
        (tmp_path / f"{engine}.py").write_text("raise ImportError('a dry run imports no engine')")
    command = [sys.executable, str(SCRIPT), "--dry-run", "--speed", "0"]
    environment = {"PYTHONPATH": str(tmp_path), "PATH": "", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)
    assert done.returncode == 0, done.stderr
    assert re.search(r"Monarch: final loss 0\.\d+ nats per character", done.stdout)
    assert re.search(r"Ray: final loss 0\.\d+ nats per character", done.stdout)
    assert "The two loss curves agree: over 400 steps" in done.stdout


def test_a_dry_run_of_one_engine_shows_that_one(mvr_train):
    code, out, _ = mvr_train("--dry-run", "--speed", "0", "--engine", "ray")
    assert code == 0
    assert "Ray: final loss" in out
    assert "Monarch: final loss" not in out


def test_a_dry_run_as_json_is_the_recording(mvr_train):
    _, out, _ = mvr_train("--dry-run", "--speed", "0", "--json")
    assert out.splitlines() == RECORDING.read_text().splitlines()[1:]


class FakeRun:
    """A run with one side, this process; it never ends."""

    over = False

    def __init__(self, side) -> None:
        self.sides = [side]
        self.time = 0

    def now(self) -> int:
        return self.time

    def poll(self, timeout: float):
        return Batch()


class FakeSide:
    engine, over, pid = "ray", False, 1


def test_the_machine_is_measured_once_a_second_and_becomes_events_of_the_history():
    run = FakeRun(FakeSide())
    monitored = Monitored(run)
    first = monitored.poll(0)
    assert monitored.poll(0).events == []
    run.time = 1_500_000_000
    second = monitored.poll(0)
    names = [getattr(event, "name", "") for event in second.events]
    assert "memory in use" in names
    assert any(name.startswith("CPU") for name in names)
    assert [decoder.decode(line) for line in bytes(first.raw).splitlines()] == first.events
