"""The real engines, as a user runs them: both sides end well, and nothing is left behind."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from live.leftovers import look, wait_for_nothing
from monarch_vs_ray.concepts import all_concepts, find, script_name
from monarch_vs_ray.core.events import RunStarted, SideEnded
from monarch_vs_ray.history import read
from monarch_vs_ray.stage.state import State
from monarch_vs_ray.stage.summary import finding, lines

pytestmark = pytest.mark.live

PROJECT = Path(__file__).parents[2]
CONCEPTS = [concept.name for concept in all_concepts()]
MVR = [sys.executable, "-m", "monarch_vs_ray"]


@pytest.fixture
def nothing_left():
    """The test must leave the machine as it found it, within 5 s of its end."""
    before = look()
    yield before
    wait_for_nothing(before)


@pytest.mark.parametrize("name", CONCEPTS)
def test_both_sides_end_well_and_meet_the_oracle(name, tmp_path, nothing_left):
    script = PROJECT / "scripts" / "demos" / f"{script_name(find(name))}.py"
    record = tmp_path / "run.jsonl"
    command = [sys.executable, str(script), "--record", str(record)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=150, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    history = read(record)
    state = State(find(name), ("monarch", "ray"))
    state.apply(history.events)
    assert all(side.ended_well and not side.troubles for side in state.sides.values())
    assert all(side.ended and side.ended.strays == [] for side in state.sides.values())
    assert all(cell.met for line in lines(state) if line.row.has_oracle for cell in line.cells.values())
    assert {event.side for event in history.events if isinstance(event, RunStarted)} == {"monarch", "ray"}
    assert finding(state) in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize("name", CONCEPTS)
@pytest.mark.parametrize("engine", ["monarch", "ray"])
def test_a_native_file_runs_alone_and_says_what_it_does(name, engine, nothing_left):
    command = [sys.executable, "-m", f"monarch_vs_ray.concepts.{name}.on_{engine}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert " = " in done.stdout


@pytest.fixture(scope="module")
def moments() -> list[float]:
    """Twenty moments over the life of a demo, one drawn from each twentieth of its first 9 seconds."""
    generator = random.Random(20)
    return [9 / 20 * (number + generator.random()) for number in range(20)]


@pytest.mark.parametrize("number", range(20))
def test_when_the_parent_is_killed_nothing_is_left_within_five_seconds(number, moments, tmp_path):
    before = look()
    with open(tmp_path / "output", "w") as output:
        parent = subprocess.Popen([*MVR, "demo", "1", "--plain"], stdout=output, stderr=output)
        try:
            parent.wait(timeout=moments[number])
        except subprocess.TimeoutExpired:
            parent.kill()
            parent.wait()
    wait_for_nothing(before, seconds=5.0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_both_sides_and_says_so(number, tmp_path, nothing_left):
    record = tmp_path / "run.jsonl"
    command = [*MVR, "demo", "1", "--plain", "--record", str(record)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        for line in process.stdout:
            if "Start Ray" in line:
                break
        process.send_signal(number)
        rest, said = process.stdout.read(), process.stderr.read()
        assert process.wait(timeout=10) == 130
    assert "Interrupted: 2 of 2 sides" in said
    assert "was stopped on request" in rest
    ended = [event for event in read(record).events if isinstance(event, SideEnded)]
    assert {event.side for event in ended} == {"monarch", "ray"}


def test_a_ray_address_in_the_environment_is_ignored(tmp_path, nothing_left):
    environment = {**os.environ, "RAY_ADDRESS": "127.0.0.1:1"}
    command = [*MVR, "demo", "1", "--plain", "--engine", "ray"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_side_that_misses_its_deadline_is_stopped_and_said_to_be(nothing_left):
    began = time.monotonic()
    command = [*MVR, "demo", "1", "--plain", "--deadline", "1.5"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert time.monotonic() - began < 10
    assert done.returncode == 4
    assert "did not end before its deadline" in done.stdout


def test_doctor_tells_what_works_here(nothing_left):
    done = subprocess.run([*MVR, "doctor", "--json"], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('"CPU actors"') == 2
    assert "an actor answered 'hello'" in done.stdout
