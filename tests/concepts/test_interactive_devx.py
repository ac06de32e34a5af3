"""Interactive development: its project and programs, and what a run is worth in which it was observed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from monarch_vs_ray.concepts import find
from monarch_vs_ray.concepts.interactive_devx import inputs
from recorded import doctored, recording, seen, verdict

CONCEPT = find("interactive_devx")
SIDES = ("monarch", "ray")


@pytest.fixture(scope="module")
def events():
    return recording(CONCEPT)


def test_the_recorded_run_is_as_claimed(events):
    assert verdict(CONCEPT, events) == 0


@pytest.mark.parametrize("side", SIDES)
def test_the_recorded_run_had_torch(events, side):
    assert seen(events, side)["script_as_a_job.sums"] == [3.0, 3.0]


WRONG = [
    ("changed_rate.second", [1.0, 2.0]),  # the first rate once more
    ("state_by_method.state", [[1, 0.75], [2, 1.5]], "ray"),
    ("changed_class.weights", [0.5, 1.0]),  # the old code
    ("changed_class.weights_of_the_old", [-0.5, -1.0]),
    ("changed_class.in_processes_of_the_old", 1),
    ("changed_task.in_processes_of_the_old", 0, "ray"),
    ("changed_module.running_actor", "new"),
    ("reloaded_module.after_reload_in_the_session", "new"),
    ("reloaded_module.after_reload_in_the_process", "old"),
    ("changed_module.started_afterwards", "new", "monarch"),
    ("changed_module.started_afterwards", "old", "ray"),
    ("script_in_the_session.sums", [1.0, 2.0]),  # each rank for itself
    ("script_in_the_session.same_processes", False),
    ("tensor_of_a_rank.seen", [[1.0, 1.0], [1.0, 1.0]], "monarch"),
    ("script_as_a_job.sums", [3.0]),
    ("script_as_a_job.module", "old"),
    ("second_session.count", 1),  # another actor
    ("end_of_its_own_actor.process_ended", False),
    ("end_of_a_kept_actor.count_afterwards", 1),
]


@pytest.mark.parametrize(
    ("key", "value", "side"),
    [(key, value, side) for key, value, *only in WRONG for side in only or SIDES],
)
def test_what_must_not_be_changes_the_exit_code(events, key, value, side):
    assert key in seen(events, side)
    assert verdict(CONCEPT, doctored(events, side, key, value)) == 1


def test_weights_are_those_of_the_steps():
    assert inputs.weights() == [0, 0]
    assert inputs.weights(0.5) == [0.5, 1.0]
    assert inputs.weights(*inputs.RATES) == [0.75, 1.5]


def test_the_project_is_a_script_and_a_module(tmp_path, monkeypatch):
    monkeypatch.setattr(inputs.tempfile, "mkdtemp", lambda prefix: str(tmp_path))
    project = inputs.make_project()
    compile((project / inputs.SCRIPT).read_text(), inputs.SCRIPT, "exec")
    assert (project / "recipe.py").read_text() == 'NAME = "old"\n'
    inputs.write_recipe(inputs.NEW, project)
    assert (project / "recipe.py").read_text() == 'NAME = "new"\n'


def test_who_enters_the_project_works_in_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("PYTHONPATH", "before")
    monkeypatch.setenv("PATH", os.environ["PATH"])
    project = tmp_path / "project"
    project.mkdir()
    inputs.write_recipe("mine", project)
    inputs.enter(project)
    command = [sys.executable, "-c", "import recipe; print(recipe.NAME)"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "mine\n"
    assert os.environ["PYTHONPATH"] == f"{project}{os.pathsep}before"
    assert sys.path[0] == str(project)


def test_the_runs_of_a_script_are_read_rank_by_rank(tmp_path):
    (tmp_path / "rank-0").write_text("11 3.0 old\n11 3.0 old\n13 3.0 new\n")
    (tmp_path / "rank-1").write_text("12 3.0 old\n12 3.0 new\n14 3.0 new\n")
    first, second, third = inputs.read_runs(tmp_path)
    assert inputs.sums(first) == [3.0, 3.0]
    assert inputs.same_processes(first, second)
    assert not inputs.same_processes(second, third)
    assert inputs.one_of(result.recipe for result in second) == "new and old"
    assert inputs.one_of(result.recipe for result in third) == "new"


def test_a_cell_runs_within_an_event_loop():
    async def awaited():
        return 3

    def warns():
        inputs.warnings.warn("called from within an active event loop", stacklevel=1)

    assert inputs.run_cell(lambda: 2) == (2, 0)
    assert inputs.run_cell(awaited) == (3, 0)
    assert inputs.run_cell(warns) == (None, 1)


def test_only_a_log_that_has_the_text_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(inputs.tempfile, "gettempdir", lambda: str(tmp_path))
    (tmp_path / "notes.txt").write_text("found")
    (tmp_path / "other.log").write_text("nothing")
    assert not inputs.is_in_a_log("found")
    (tmp_path / "other.log").write_text("it is found here")
    assert inputs.is_in_a_log("found")


def test_a_report_is_found_among_other_lines():
    line = inputs.report({"sums": [3.0]})
    assert inputs.reported(f"starting\n{line}\ndone") == {"sums": [3.0]}
    with pytest.raises(ValueError, match="nothing; its output: starting"):
        inputs.reported("starting")


def test_what_is_typed_runs_interactively():
    code = "import sys; print('report: ' + ('true' if hasattr(sys, 'ps1') else 'false'), flush=True)\n"
    assert inputs.typed(code) is True


def test_another_session_reports_waits_and_ends():
    code = "import os, sys; print('report: %d' % os.getpid(), flush=True); sys.stdin.read()"
    with inputs.other_session(code) as pid:
        os.kill(pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_session_that_reports_nothing_is_not_waited_for_longer_than_that(monkeypatch):
    monkeypatch.setattr(inputs, "PROGRAM", 0.2)
    with (
        pytest.raises(TimeoutError, match=r"waited 0\.2 s for the other session's report"),
        inputs.other_session("import time; time.sleep(60)"),
    ):
        pass
