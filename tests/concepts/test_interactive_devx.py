"""The oracle of interactive development, its closing sentences, and its helpers; no engine runs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from monarch_vs_ray.concepts.interactive_devx import spec
from recorded import doctored, recording, seen, verdict

CONCEPT = spec.CONCEPT


@pytest.fixture(scope="module")
def events():
    return recording(CONCEPT)


def test_the_oracle_accepts_the_recorded_run(events):
    assert verdict(CONCEPT, events) == 0


def test_the_recorded_run_had_torch(events):
    for side in ("monarch", "ray"):
        assert seen(events, side)["spmd_sums"] == seen(events, side)["job_sums"] == [3.0, 3.0]
        assert seen(events, side)["inspected"] == [2.0, 2.0]


@pytest.mark.parametrize("side", ["monarch", "ray"])
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("first_call", [0.5, 0.5]),
        ("changed_rate", [1.0, 2.0]),  # the old rate once more
        ("state", [[1, 0.75], [2, 1.5]]),
        ("new_code", [0.5, 1.0]),  # the old code
        ("module_reloaded", "old"),
        ("inspected", [1.0, 1.0]),  # another rank's
        ("spmd_sums", [1.0, 2.0]),  # each rank for itself
        ("job_sums", [3.0]),
        ("job_module", "old"),
        ("found", 1),  # another actor of that name
        ("kept_after", 1),
    ],
)
def test_the_oracle_refuses_what_must_not_be(events, side, key, value):
    assert verdict(CONCEPT, doctored(events, side, key, value)) == 1


@pytest.mark.parametrize("key", ["inspected", "spmd_sums", "job_sums"])
def test_what_is_not_installed_is_said_and_accepted(events, key):
    assert verdict(CONCEPT, doctored(events, "monarch", key, "needs torch")) == 0


def test_every_row_is_observed_on_both_sides(events):
    keys = {row.key for row in CONCEPT.rows}
    assert set(seen(events, "monarch")) == keys == set(seen(events, "ray"))


def said(monarch, ray):
    return " ".join(CONCEPT.conclude(monarch, ray))


@pytest.mark.parametrize(
    ("side", "key", "value", "words"),
    [
        ("ray", "changed_rate", [7.0], "and [7.0]."),
        ("monarch", "same_processes", False, "in new processes on Monarch"),
        ("ray", "same_processes", True, "in the same ones on Ray; a changed"),
        ("ray", "task_processes", False, "a changed task of Ray's ran in new ones"),
        ("monarch", "edit_seconds", 77.7, "77.7 s on Monarch"),
        ("ray", "edit_seconds", 88.8, "88.8 s on Ray"),
        ("monarch", "module_running", "new", "running actor had the new one on Monarch"),
        ("ray", "module_new_actor", "stale", "and the stale one"),
        ("ray", "job_sums", [9.0], "and [9.0] as a job"),
        ("monarch", "spmd_again", False, "in new processes on Monarch and"),
        ("ray", "spmd_again", False, "in new ones on Ray."),
        ("monarch", "plain_after", "still there", "still there (Monarch)"),
        ("ray", "kept_after", 99, "and 99."),
    ],
)
def test_the_closing_sentences_come_from_the_observations(events, side, key, value, words):
    observed = {"monarch": seen(events, "monarch"), "ray": seen(events, "ray")}
    assert len(CONCEPT.conclude(**observed)) == len(CONCEPT.closing)
    assert words not in said(**observed)
    observed[side][key] = value
    assert words in said(**observed)


def test_a_sentence_without_its_observations_is_not_said(events):
    monarch, ray = seen(events, "monarch"), seen(events, "ray")
    monarch["spmd_sums"] = "needs torch"
    del ray["edit_seconds"]
    assert len(CONCEPT.conclude(monarch, ray)) == len(CONCEPT.closing) - 2


def test_weights_are_those_of_the_steps():
    assert spec.weights() == [0, 0]
    assert spec.weights(0.5) == [0.5, 1.0]
    assert spec.weights(*spec.RATES) == [0.75, 1.5]
    assert spec.weights(-0.5) == [-0.5, -1.0]


def test_the_project_is_a_script_and_a_module(tmp_path, monkeypatch):
    monkeypatch.setattr(spec.tempfile, "mkdtemp", lambda prefix: str(tmp_path))
    project = spec.make_project()
    compile((project / spec.SCRIPT).read_text(), spec.SCRIPT, "exec")
    assert (project / "recipe.py").read_text() == 'NAME = "old"\n'
    spec.write_recipe(project, spec.NEW)
    assert (project / "recipe.py").read_text() == 'NAME = "new"\n'


def test_who_enters_the_project_works_in_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("PYTHONPATH", "before")
    monkeypatch.setenv("PATH", os.environ["PATH"])
    project = tmp_path / "project"
    project.mkdir()
    spec.write_recipe(project, "mine")
    spec.enter(project)
    command = [sys.executable, "-c", "import recipe; print(recipe.NAME)"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "mine\n"
    assert os.environ["PYTHONPATH"] == f"{project}{os.pathsep}before"
    assert sys.path[0] == str(project)


def test_what_is_missing_is_named():
    assert spec.missing("json", "os") == ""
    assert spec.missing("json", "no_such_module") == "needs no_such_module"


def test_the_runs_of_a_script_are_read_rank_by_rank(tmp_path):
    (tmp_path / "rank-0").write_text("11 3.0 old\n11 3.0 old\n13 3.0 new\n")
    (tmp_path / "rank-1").write_text("12 3.0 old\n12 3.0 new\n14 3.0 new\n")
    first, second, third = spec.read_runs(tmp_path)
    assert spec.sums(first) == [3.0, 3.0]
    assert spec.same_processes(first, second)
    assert not spec.same_processes(second, third)
    assert spec.one_of(result.recipe for result in second) == "new and old"
    assert spec.one_of(result.recipe for result in third) == "new"


def test_a_report_is_found_among_other_lines():
    line = spec.report({"sums": [3.0]})
    assert spec.reported(["starting", line, "done"]) == {"sums": [3.0]}
    with pytest.raises(ValueError, match="nothing; its log: starting"):
        spec.reported(["starting"])


def test_another_session_reports_waits_and_ends():
    code = f"import os, sys; print('report: ' + '{{\"pid\": %d}}' % os.getpid(), flush=True); {WAIT}"
    with spec.other_session(code) as found:
        os.kill(found["pid"], 0)
    with pytest.raises(ProcessLookupError):
        os.kill(found["pid"], 0)
    assert spec.ended(found["pid"]) == "its process ended"


WAIT = "sys.stdin.read()"


def test_a_session_that_says_nothing_is_not_waited_for_longer_than_that(monkeypatch):
    monkeypatch.setattr(spec, "PATIENCE", 0.2)
    with (
        pytest.raises(TimeoutError, match=r"waited 0\.2 s for the other session's report"),
        spec.other_session("import time; time.sleep(60)"),
    ):
        pass


def test_a_process_that_stays_is_said_to():
    assert spec.ended(os.getpid(), 0.05) == "still runs after 0.05 s"
