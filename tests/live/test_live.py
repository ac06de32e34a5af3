"""The real engines, as a user runs them: both sides end well, and nothing is left behind."""

from __future__ import annotations

import json
import random
import re
import signal
import stat
import subprocess
import sys
import time
from contextlib import suppress
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
def test_both_sides_end_well_and_observe_what_is_claimed(name, tmp_path, here):
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
    met = [cell.met for line in lines(state) for cell in line.cells.values()]
    assert met.count(True) >= 6, "claims speak of what a demo shows"
    assert False not in met
    assert {event.side for event in history.events if isinstance(event, RunStarted)} == {"monarch", "ray"}
    assert finding(state) in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize("engine", ["monarch", "ray"])
def test_the_experiments_run_without_the_rest_and_print_what_they_observe(engine, here):
    alone = [sys.executable, "-m", "monarch_vs_ray.concepts", "message_ordering", engine]
    done = run(alone, here, 400)
    assert done.returncode == 0, done.stderr
    assert "ran_twice = " in done.stdout


@pytest.mark.parametrize("engine", ["monarch", "ray"])
def test_a_silent_run_prints_no_observation(engine, here):
    alone = [
        sys.executable,
        "-m",
        "monarch_vs_ray.concepts",
        "message_ordering",
        engine,
        "--silent",
        "held_call",
    ]
    done = run(alone, here, 200)
    assert done.returncode == 0, done.stderr
    assert " = " not in done.stdout


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
            if "ray      step" in line:  # Ray is up, its experiments have begun
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
    found = json.loads(done.stdout)
    assert set(found) == {"machine", "monarch", "ray"}
    for engine in ("monarch", "ray"):
        facts = {fact["name"]: fact for fact in found[engine]}
        assert facts["CPU actors"]["detail"] == "an actor answered 'hello'"
        assert re.fullmatch(r"[0-9.]+ s until an actor answered", facts["time to start"]["detail"])


def test_doctor_prints_one_line_a_fact_where_there_is_no_terminal(here):
    done = run([*MVR, "doctor"], here, 100)
    lines = done.stdout.splitlines()
    assert len(lines) > 20
    assert all(
        re.match(r"(machine|monarch|ray) +\S.*\S {2,}(works|missing|unknown|low|changed) ", line)
        for line in lines
    )


def limited(*limits: str) -> list[str]:
    """A command that runs `mvr doctor` or a demo with a limit of the shell."""
    return ["bash", "-c", f'ulimit {" ".join(limits)}; exec "$@"', "limited"]


def test_too_few_open_files_are_named_at_once(here):
    began = time.monotonic()
    done = run([*limited("-n", "64"), *MVR, "demo", "4", "--plain"], here, 100)
    assert (done.returncode, done.stdout) == (4, "")
    assert "open files: 64 allowed" in done.stderr
    assert time.monotonic() - began < 10
    done = run([*limited("-n", "64"), *MVR, "doctor"], here, 100)
    assert done.returncode == 4
    assert "open files" in done.stdout
    assert "next: ulimit -n" in done.stdout


def test_a_variable_that_ray_does_not_understand_is_named(here):
    command = [*MVR, "demo", "4", "--plain", "--engine", "ray"]
    done = run(command, here, 100, RAY_gcs_server_request_timeout_seconds="garbage")
    assert done.returncode == 4
    assert "RAY_gcs_server_request_timeout_seconds may have a value" in done.stdout
    assert "deadline" not in done.stdout


def test_the_folder_of_a_run_stays_closed_while_ray_opens_its_own(here):
    command = [*MVR, "demo", "4", "--plain", "--engine", "ray"]
    devnull = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=devnull, stderr=devnull, env=here.environment) as process:
        modes, opened = set(), False
        while process.poll() is None:
            for folder in here.folder.glob("mvr-run-*"):
                with suppress(FileNotFoundError):
                    modes.add(stat.S_IMODE(folder.stat().st_mode))
                    opened = opened or stat.S_IMODE((folder / "r").stat().st_mode) == 0o777
            time.sleep(0.01)
        assert process.returncode == 0
    assert modes == {0o700}
    assert opened
