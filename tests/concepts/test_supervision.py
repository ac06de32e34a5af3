"""Supervision: the faults that subjects do to themselves, and runs in which something else was seen."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from monarch_vs_ray.concepts import find
from monarch_vs_ray.concepts.supervision import inputs
from monarch_vs_ray.instruments.flags import Tally
from monarch_vs_ray.instruments.programs import beside, ending, numbers_from
from recorded import doctored, recording, verdict

CONCEPT = find("supervision")


@pytest.fixture(scope="module")
def events():
    return recording(CONCEPT)


def test_the_recorded_run_is_as_claimed(events):
    assert verdict(CONCEPT, events) == 0


OF_BOTH = [
    ("death_in_a_call.executions", 2),
    ("exception_awaited.answers_afterwards", "answered 2"),
    ("exception_awaited.caught_by_its_type", None),
]
OF_ONE = [
    ("monarch", "exception_awaited.caught", "SupervisionError"),
    ("monarch", "exception_unawaited.later_call", "none"),
    ("ray", "exception_unawaited.later_call", "ActorDiedError"),
    ("monarch", "parent_lets_go.other_worker_runs", True),
    ("monarch", "restart_after_a_kill.first_count", 2),
    ("ray", "restart_after_a_kill.came_back", [True, True]),
    ("ray", "restart_after_a_kill.came_back", [False, False]),
    ("ray", "idle_death.seconds", 9.0),
    ("ray", "call_repeated.executions", 1),
    ("ray", "call_to_a_dead_actor.caller_lives", False),
    ("monarch", "parent_killed.workers_that_run", 1),
    ("ray", "parent_killed.workers_that_run", 1),
    ("monarch", "program_ends.actor_outlives_it", True),
    ("ray", "program_with_a_detached_actor_ends.actor_outlives_it", False),
]


@pytest.mark.parametrize(
    ("side", "key", "value"), [*((side, *wrong) for side in ("monarch", "ray") for wrong in OF_BOTH), *OF_ONE]
)
def test_what_must_not_be_changes_the_exit_code(events, side, key, value):
    assert verdict(CONCEPT, doctored(events, side, key, value)) == 1


def test_settings_are_those_of_the_concept_file():
    settings = CONCEPT.environment
    assert settings["HYPERACTOR_MESH_SUPERVISION_POLL_FREQUENCY"] == f"{inputs.POLL * 1000:g}ms"
    assert settings["HYPERACTOR_MESH_ORPHAN_TIMEOUT"] == f"{inputs.ORPHAN:g}s"
    assert inputs.ORPHAN >= 10 * inputs.POLL


def test_watches_are_several_polls_long():
    idle = float(CONCEPT.environment["HYPERACTOR_MESH_GET_ACTOR_STATE_MAX_IDLE"].rstrip("s"))
    assert inputs.WATCH >= 5 * inputs.POLL
    assert idle + inputs.POLL < inputs.LONG_WATCH


def test_an_exception_leaves_its_trace_once_it_is_raised():
    trace = Tally.new()
    with pytest.raises(ValueError, match="no ball"):
        inputs.break_down("exception", trace)
    assert trace.lines() == ["no ball"]


def test_break_down_ends_the_process():
    code = f"from {inputs.__name__} import break_down; break_down('os._exit')"
    assert subprocess.run([sys.executable, "-c", code], timeout=30).returncode == inputs.EXIT_CODE


def test_only_the_first_execution_breaks():
    executions = Tally.new()
    with pytest.raises(ValueError, match="no ball"):
        inputs.break_once(executions, "exception")
    assert inputs.break_once(executions, "exception") == 2


def test_a_process_that_ends_in_the_watch_does_not_go_on(monkeypatch):
    monkeypatch.setattr(inputs, "WATCH", 0.2)
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert inputs.goes_on(process.pid)
    assert inputs.running(process.pid) == 1
    process.kill()
    monkeypatch.setattr(inputs, "WATCH", 30.0)
    assert not inputs.goes_on(process.pid, os.getpid())
    assert inputs.running(process.pid) == 0
    process.communicate(timeout=30)


def test_an_interrupt_is_noticed(monkeypatch):
    monkeypatch.setattr(inputs, "WATCH", 0.05)
    assert not inputs.is_interrupted()

    def interrupt(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(inputs.time, "sleep", interrupt)
    assert inputs.is_interrupted()


def test_files_that_name_a_word_are_found_without_an_import():
    found = inputs.files_that_name("monarch_vs_ray.concepts.supervision", "except ValueError".lower())
    assert found[0] == "inputs.py"
    assert inputs.files_that_name("monarch_vs_ray.concepts.supervision", "no such " + "word") == []


@pytest.fixture
def talker(tmp_path, monkeypatch):
    """A module that prints something else first, then two numbers, and ends as it is asked to."""
    (tmp_path / "talker.py").write_text(
        "import os, sys\nprint('(raylet) a notice of 3 lines')\n"
        "print(4, int(os.environ.get('FIVE', 0)), flush=True)\n"
        "os.kill(os.getpid(), 9) if sys.argv[1] == 'die' else sys.exit(7)\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    return "talker"


@pytest.mark.parametrize(("how", "said"), [("die", "SIGKILL"), ("exit", "exit code 7")])
def test_a_program_beside_says_numbers_and_how_it_ended(talker, how, said):
    with beside(talker, how, settings={"FIVE": "5"}) as program:
        assert numbers_from(program) == [4, 5]
        assert ending(program) == said


def test_a_setting_that_is_none_is_removed(talker, monkeypatch):
    monkeypatch.setenv("FIVE", "5")
    with beside(talker, "exit", settings={"FIVE": None}) as program:
        assert numbers_from(program) == [4, 0]


def test_a_program_that_says_no_numbers_is_an_error(talker):
    with (
        beside("no_such_module_here") as program,
        pytest.raises(RuntimeError, match="without saying which processes"),
    ):
        numbers_from(program)
