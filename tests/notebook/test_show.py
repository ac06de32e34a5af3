"""A notebook shows outputs, mistakes and charts of a run; nothing in it is taken for markup."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monarch_vs_ray.core.errors import EngineMissing, UnknownClaim
from monarch_vs_ray.core.stream import Batch
from monarch_vs_ray.notebook import demos, mistakes, mode, runs, session, show
from monarch_vs_ray.notebook.claims import claims
from monarch_vs_ray.notebook.page import block, prose
from monarch_vs_ray.notebook.runs import Run
from monarch_vs_ray.notebook.subjects import subject
from monarch_vs_ray.notebook.trees import _tree, supervision_tree
from monarch_vs_ray.pictures.supervision import DIED, REPORT, Family
from monarch_vs_ray.programs.state import ProgramsState


@pytest.fixture(scope="module")
def run() -> Run:
    return runs.recorded(subject("supervision"))


def test_a_recorded_run_is_shown_with_its_date_versions_and_outputs(run):
    shown = show.outcome(run).text
    assert "Recorded run of 2026-" in shown
    assert "Monarch 0.7" in shown
    assert "the killed worker was replaced" in shown
    assert shown.count("exit code 0") == 2


def test_a_live_run_says_which_programs_were_changed(run):
    texts = {**run.texts, "ray": "print(1)\n"}
    shown = show.outcome(replace(run, recorded="", texts=texts)).text
    assert "You changed the program of Ray." in shown


def test_a_mistake_is_shown_in_place_of_a_run():
    pair = subject("supervision")
    found = runs.live(pair, {**pair.texts, "monarch": "a = 1\nb = (\n"})
    assert found.state is None, "nothing was started"
    shown = show.outcome(found).text
    assert "Line 2 of your program: SyntaxError" in shown
    assert "Nothing was started" in shown
    assert show.resources(found).text.count("No program ran") == 1


def test_a_line_of_a_program_is_no_markup():
    assert "<script>" not in block(["<script>alert(1)</script>\x1b[31m"])
    assert prose("`a < b` & c") == "<code>a &lt; b</code> &amp; c"


def test_the_timeline_has_a_mark_for_each_line_fault_and_end(run):
    chart = show.timeline(run).to_dict()
    assert chart["width"] == "container"
    kinds = [point["what"] for point in show._points(run.state)]
    assert kinds.count("end") == 2
    assert kinds.count("line") == sum(len(course.lines) for course in run.state.courses.values())


def test_claims_are_shown_with_verdict_statement_and_the_way_to_the_evidence():
    shown = claims("supervision.restart").text
    assert "5.4 Restart" in shown
    assert shown.count(">holds<") == 2
    assert "docs/evidence/supervision.md#supervision.restart.ray" in shown
    with pytest.raises(UnknownClaim):
        claims("supervision.nothing")


def test_the_tree_shows_what_the_run_observed():
    demo = demos.recorded("supervision")

    class Chosen:
        value = "idle_death"

    assert "recorded run of 2026-" in supervision_tree(demo, Chosen()).text
    drawn = _tree(Family(first=DIED, to_parent=REPORT)).to_json()
    assert '"died"' in drawn
    assert '"label": "report"' in drawn
    assert '"label": "report"' not in _tree(Family(first=DIED)).to_json()


class Stream:
    """A run that an interrupt hits."""

    over = False
    stopped = 0

    def poll(self, timeout: float) -> Batch:
        if not self.stopped:
            raise KeyboardInterrupt
        self.over = True
        return Batch()

    def stop(self) -> None:
        self.stopped += 1


def test_an_interrupt_ends_the_run_before_it_goes_on():
    stream = Stream()
    with pytest.raises(KeyboardInterrupt):
        runs.drain(stream, ProgramsState(["ray"]))  # type: ignore[arg-type]
    assert stream.stopped == 1
    assert stream.over


@pytest.mark.parametrize(("value", "part"), [("1", "were requested"), ("static", "static page")])
def test_recorded_runs_are_shown_on_request(monkeypatch, value, part):
    monkeypatch.setenv("MVR_RECORDED", value)
    assert part in mode.mode().reason


def test_recorded_runs_are_shown_where_an_engine_is_missing(monkeypatch):
    def missing(engines):
        raise EngineMissing("Ray", "'ray'", in_checkout=False)

    monkeypatch.delenv("MVR_RECORDED", raising=False)
    monkeypatch.setattr(mode.sides, "require", missing)
    assert not mode.mode().live
    assert "Ray is not installed" in mode.mode().reason


def test_a_cell_that_needs_another_engine_is_stopped():
    from marimo import MarimoStopError

    here = session.Session(engine="ray")
    here.need("ray")
    with pytest.raises(MarimoStopError):
        here.need("monarch")
    here.ended = True
    with pytest.raises(MarimoStopError):
        here.need("ray")


def test_the_last_traceback_counts():
    lines = ["ValueError: first", '  File "x.py", line 1, in f', "KeyError: 'last'"]
    found = mistakes.in_output(lines, "f()\n", "x.py")
    assert found
    assert found.error == "KeyError: 'last'"
