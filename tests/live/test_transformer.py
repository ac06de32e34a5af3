"""The training demo on the real engines: one curve for both, killed workers replaced, nothing left behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from live.leftovers import Place, place
from monarch_vs_ray.history import read
from monarch_vs_ray.transformer.state import TrainingState, outcome

pytestmark = [pytest.mark.live, pytest.mark.timeout(400)]

SCRIPT = Path(__file__).parents[2] / "scripts" / "demo_monarch_two_gpu_transformer_train.py"
COMMAND = [sys.executable, str(SCRIPT), "--plain"]
STEPS, KILL_AFTER, CHECKPOINT = 36, 32, 20


def train(where: Place, record: Path, *options: str) -> TrainingState:
    """Train to the end; gives what its history tells."""
    command = [*COMMAND, "--steps", str(STEPS), "--record", str(record), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=380, env=where.environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    history = read(record)
    state = TrainingState(history.header.sides)
    state.apply(history.events)
    assert outcome(state) == 0
    assert all(side.ended and side.ended.strays == [] for side in state.sides.values())
    return state


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> Iterator[TrainingState]:
    """Both engines' run with one seed, in which nobody dies."""
    with place() as where:
        yield train(where, tmp_path_factory.mktemp("undisturbed") / "run.jsonl", "--engine", "both")
        where.wait_until_clean()


def test_both_engines_losses_agree_step_by_step(undisturbed):
    monarch, ray = (undisturbed.courses[engine].losses for engine in ("monarch", "ray"))
    assert sorted(monarch) == sorted(ray) == list(range(1, STEPS + 1))
    assert max(abs(monarch[step] - ray[step]) for step in monarch) <= 1e-5
    assert monarch[STEPS] < monarch[1] - 1


def test_in_an_undisturbed_run_nobody_dies(undisturbed):
    for course in undisturbed.courses.values():
        assert (course.faults, course.recoveries, course.again) == ([], 0, {})


@pytest.mark.parametrize("engine", ["monarch", "ray"])
def test_after_a_kill_the_curve_goes_on_as_if_nothing_had_happened(engine, undisturbed, tmp_path, here):
    state = train(here, tmp_path / "run.jsonl", "--engine", engine, "--kill-after", str(KILL_AFTER))
    course = state.courses[engine]
    assert state.sides[engine].faults == len(course.faults) == course.recoveries == 1
    assert course.starts == [0, CHECKPOINT]
    assert set(course.again) >= set(range(CHECKPOINT + 1, KILL_AFTER + 1))
    assert max(course.again.values()) <= 1e-6
    calm = undisturbed.courses[engine].losses
    assert sorted(course.losses) == sorted(calm)
    assert max(abs(course.losses[step] - calm[step]) for step in calm) <= 1e-6


def test_an_interrupt_while_it_trains_leaves_nothing(here):
    command, pipe = [*COMMAND, "--steps", "5000"], subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=here.environment) as process:
        assert process.stdout
        for line in process.stdout:
            if "step 10 " in line:
                break
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert process.wait(timeout=20) == 130
    assert "was stopped on request" in rest
