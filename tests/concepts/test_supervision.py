"""The rows of the supervision demo: what the oracle accepts, and what the closing sentences rest on."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from monarch_vs_ray.concepts.supervision import spec
from monarch_vs_ray.core.events import FaultInjected, Observation
from monarch_vs_ray.core.paths import RECORDINGS
from monarch_vs_ray.history import read

CONCEPT = spec.CONCEPT
ORACLE = {row.key: row for row in CONCEPT.rows if row.has_oracle}


@pytest.fixture(scope="module")
def events():
    (recording,) = (RECORDINGS / CONCEPT.name).glob("*.jsonl")
    return read(recording).events


@pytest.fixture
def seen(events):
    """What each side observed in the recording."""
    sides: dict[str, dict[str, object]] = {"monarch": {}, "ray": {}}
    for event in events:
        if isinstance(event, Observation):
            sides[event.side][event.key] = event.value
    return sides


@pytest.mark.parametrize("engine", ["monarch", "ray"])
def test_the_oracle_accepts_the_recorded_run(seen, engine):
    assert set(seen[engine]) == {row.key for row in CONCEPT.rows}
    assert [row.key for row in ORACLE.values() if not row.accepts(seen[engine][row.key])] == []


@pytest.mark.parametrize(
    ("key", "doctored"),
    [
        ("count_after_exception", 2),
        ("sibling_count", 1),
        ("parent_handles", "died"),
        ("recovered_count", 2),
        ("restarts", 2),
        ("executions", 2),
        ("executions_retried", [2, 1]),
        ("exception_retried", 1),
        ("faults", {**spec.FAULTS, "SIGKILL": spec.FAULTS["SIGKILL"] - 1}),
    ],
)
def test_the_oracle_refuses_a_doctored_run(key, doctored):
    assert not ORACLE[key].accepts(doctored)


def test_every_row_with_an_oracle_has_a_doctored_run():
    (parameters,) = test_the_oracle_refuses_a_doctored_run.pytestmark
    assert {key for key, _ in parameters.args[1]} == set(ORACLE)


@pytest.mark.parametrize("engine", ["monarch", "ray"])
def test_every_fault_that_the_oracle_counts_was_announced(events, engine):
    announced = [event.fault for event in events if isinstance(event, FaultInjected) and event.side == engine]
    assert {kind: announced.count(kind) for kind in announced} == spec.FAULTS


def test_the_closing_sentences_are_said_of_the_recorded_run(seen):
    assert len(CONCEPT.conclude(seen["monarch"], seen["ray"])) == len(CONCEPT.closing)


@pytest.mark.parametrize(
    ("engine", "key", "doctored", "said"),
    [
        ("monarch", "exception_caught", "KeyError", "KeyError on Monarch"),
        ("ray", "unawaited", "gave up", "Ray's gave up"),
        ("monarch", "kill_delay", 7.5, "after 7.5 s"),
        ("monarch", "kill_delay_default", 4.25, "4.2 s with its default settings"),
        ("ray", "kill_delay", 2.0, "2000 ms after the kill"),
        ("monarch", "workers_after", 2, "with 2 of its 2 workers left"),
        ("ray", "root_exit", "exit code 9", "with exit code 9 on Ray"),
        ("ray", "recovered_sibling", 77, "and 77."),
        ("monarch", "executions_retried", [5, 5], "executed 5 times on Monarch"),
        ("monarch", "children_delay", 99.0, "after 99.0 s on Monarch"),
    ],
)
def test_a_doctored_observation_changes_what_is_said(seen, engine, key, doctored, said):
    before = CONCEPT.conclude(seen["monarch"], seen["ray"])
    seen[engine][key] = doctored
    after = CONCEPT.conclude(seen["monarch"], seen["ray"])
    (changed,) = [new for old, new in zip(before, after, strict=True) if new != old]
    assert said in changed


def test_a_sentence_is_not_said_without_its_observation(seen):
    del seen["ray"]["kill_delay"]
    assert len(CONCEPT.conclude(seen["monarch"], seen["ray"])) == len(CONCEPT.closing) - 1


def test_the_orphan_timeout_stays_far_above_the_poll():
    assert spec.ORPHAN >= 10 * spec.POLL


def test_marks_count_executions(tmp_path):
    path = str(tmp_path / "marks")
    assert [spec.leave_mark(path) for _ in range(3)] == [1, 2, 3]


def test_break_down_raises_or_ends_the_process():
    with pytest.raises(ValueError, match="no ball"):
        spec.break_down("exception")
    code = f"from {spec.__name__} import break_down; break_down('os._exit')"
    assert subprocess.run([sys.executable, "-c", code], timeout=30).returncode == spec.EXIT_CODE


def test_kill_returns_once_the_process_is_gone():
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    assert spec.runs(process.pid)
    spec.kill(process.pid)
    assert not spec.runs(process.pid)
    assert spec.ending(process.wait(timeout=10)) == "SIGKILL"
    assert spec.ending(3) == "exit code 3"


def test_a_wait_that_is_not_met_says_for_what():
    began = time.monotonic()
    with pytest.raises(TimeoutError, match=r"the end: not within 0\.02 s"):
        spec.wait_for(lambda: False, "the end", 0.02)
    assert time.monotonic() - began < 5
    assert spec.wait_for(lambda: True, "nothing") < 5


def test_a_program_beside_gets_its_own_settings(tmp_path, monkeypatch):
    count = f"len(set(os.environ) & set({list(spec.SETTINGS)!r}))"
    (tmp_path / "beside_me.py").write_text(f"import os, sys; print({count} + int(sys.argv[1]))")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    for name, value in spec.SETTINGS.items():
        monkeypatch.setenv(name, value)
    assert spec.told_by(spec.beside("beside_me", "10", settings={})) == 10
    assert spec.told_by(spec.beside("beside_me", "10", settings=spec.SETTINGS)) == 10 + len(spec.SETTINGS)
