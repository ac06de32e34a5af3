"""The real engines, as a user runs them: both sides end well, and nothing is left behind."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from live.leftovers import Place
from monarch_vs_ray.concepts import all_concepts, find, script_name
from monarch_vs_ray.core.events import RunStarted, SideEnded
from monarch_vs_ray.history import read
from monarch_vs_ray.stage.state import State
from monarch_vs_ray.stage.summary import finding, lines

# Twice what the longest takes on a machine that has other work to do.
pytestmark = [pytest.mark.live, pytest.mark.timeout(420)]

PROJECT = Path(__file__).parents[2]
CONCEPTS = [concept.name for concept in all_concepts()]
MVR = [sys.executable, "-m", "monarch_vs_ray"]


def run(command: list[str], here: Place, seconds: float, cwd: Path | None = None, **environment: str):
    """Run a command in a place of its own, to its end."""
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=seconds,
        cwd=cwd,
        env={**here.environment, **environment},
    )


@pytest.mark.parametrize("name", CONCEPTS)
def test_both_sides_end_well_and_meet_the_oracle(name, tmp_path, here):
    script = PROJECT / "scripts" / "demos" / f"{script_name(find(name))}.py"
    record = tmp_path / "run.jsonl"
    command = [sys.executable, str(script), "--record", str(record)]
    done = run(command, here, 400, cwd=tmp_path)
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
def test_each_native_file_runs_without_the_rest_and_says_what_it_does(name, here):
    files = [f"monarch_vs_ray.concepts.{name}.on_{engine}" for engine in ("monarch", "ray")]
    with ThreadPoolExecutor() as pool:  # both at once: they wait more than they compute
        every = list(pool.map(lambda file: run([sys.executable, "-m", file], here, 400), files))
    for done in every:
        assert done.returncode == 0, done.stderr
        assert " = " in done.stdout


@pytest.fixture(scope="module")
def moments() -> list[float]:
    """Twenty moments over the life of a demo, one drawn from each twentieth of its first 9 seconds."""
    generator = random.Random(20)
    return [9 / 20 * (number + generator.random()) for number in range(20)]


@pytest.mark.parametrize("number", range(20))
def test_when_the_parent_is_killed_nothing_is_left_within_five_seconds(number, moments, tmp_path, here):
    command = [*MVR, "demo", "1", "--plain"]
    with open(tmp_path / "output", "w") as output:
        parent = subprocess.Popen(command, stdout=output, stderr=output, env=here.environment)
        try:
            parent.wait(timeout=moments[number])
        except subprocess.TimeoutExpired:
            parent.kill()
            parent.wait()
    here.wait_until_clean(5.0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_both_sides_and_says_so(number, tmp_path, here):
    record = tmp_path / "run.jsonl"
    command = [*MVR, "demo", "1", "--plain", "--record", str(record)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=here.environment) as process:
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


def test_a_ray_address_in_the_environment_is_ignored(tmp_path, here):
    command = [*MVR, "demo", "1", "--plain", "--engine", "ray"]
    done = run(command, here, 100, RAY_ADDRESS="127.0.0.1:1")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_side_that_misses_its_deadline_is_stopped_and_said_to_be(here):
    began = time.monotonic()
    command = [*MVR, "demo", "1", "--plain", "--deadline", "1.5"]
    done = run(command, here, 60)
    assert time.monotonic() - began < 10
    assert done.returncode == 4
    assert "did not end before its deadline" in done.stdout


def test_doctor_tells_what_works_here(here):
    done = run([*MVR, "doctor", "--json"], here, 100)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('"CPU actors"') == 2
    assert "an actor answered 'hello'" in done.stdout
