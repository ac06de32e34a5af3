"""Experiments run one after another, share what they say they share, and never end their side."""

from __future__ import annotations

import sys
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest

from monarch_vs_ray.core.concept import native_name
from monarch_vs_ray.core.events import ExperimentBegun, ExperimentEnded, LineReached, Observation
from monarch_vs_ray.side import Unavailable, observe, shared
from monarch_vs_ray.side.emitter import PrintEmitter
from monarch_vs_ray.side.experiments import Experiment, run_experiments
from monarch_vs_ray.side.line_trace import EVERY_LINE
from monarch_vs_ray.side.narration import narrate_to


class Kept:
    def __init__(self):
        self.events = []

    def emit(self, kind, /, **fields):
        self.events.append((kind, fields))


@pytest.fixture
def kept():
    emitter = Kept()
    narrate_to(emitter)
    yield emitter.events
    narrate_to(PrintEmitter())


sessions: list[str] = []


@contextmanager
def session():
    sessions.append("up")
    yield
    sessions.append("down")


def good(number: int = 1) -> None:
    observe("n", number)


def bad() -> None:
    raise ValueError("no")


def missing() -> None:
    raise Unavailable("needs an RDMA NIC")


def test_all_run_in_one_session_whatever_one_of_them_does(kept):
    sessions.clear()
    chosen = [Experiment("bad", bad), Experiment("missing", missing), Experiment("two", good, {"number": 2})]
    assert run_experiments(chosen, session) is False
    assert sessions == ["up", "down"]
    answers = [(f["experiment"], f["answer"], f["error"]) for kind, f in kept if kind is ExperimentEnded]
    assert answers == [
        ("bad", "failed", "ValueError: no"),
        ("missing", "unavailable", "needs an RDMA NIC"),
        ("two", "ok", ""),
    ]
    assert [fields["value"] for kind, fields in kept if kind is Observation] == [2]


def test_what_is_unavailable_is_no_failure(kept):
    assert run_experiments([Experiment("missing", missing)], session) is True


def test_an_experiment_says_where_it_stands_and_what_it_is_called(kept):
    run_experiments([Experiment("good", good, title="A good one"), Experiment("two", good)], session)
    first, second = (fields for kind, fields in kept if kind is ExperimentBegun)
    assert (first["title"], second["title"]) == ("A good one", "two")
    assert first["end_line"] == first["line"] + 1
    assert first["file"] == "test_experiments.py"
    assert first["code_sha256"] == second["code_sha256"]


def test_what_is_shared_is_made_once():
    made = []

    @shared
    def actors():
        made.append(1)
        return made

    assert actors() is actors()
    assert made == [1]


def slow(times: int) -> None:
    for number in range(times):
        observe("n", number)


@pytest.fixture
def lines(kept):
    """The lines that are reported of this file, relative to the function that runs."""
    narrate_to(_Keeping(kept), [Path(__file__)])

    def reported(function, *, follow: bool = True, **options) -> list[int]:
        run_experiments([Experiment("one", function, options)], nullcontext, lines=follow)
        first = function.__code__.co_firstlineno
        reached = [fields["line"] - first for kind, fields in kept if kind is LineReached]
        return [line for line in reached if line > 0]  # the emitter of this test is in this file, too

    return reported


class _Keeping(Kept):
    def __init__(self, events):
        self.events = events


def test_each_line_of_an_experiment_is_reported_when_it_is_reached(lines, kept):
    assert lines(slow, times=2) == [1, 2, 1, 2, 1]
    order = [kind for kind, _ in kept]
    assert order.index(LineReached) < order.index(Observation)
    assert {fields["file"] for kind, fields in kept if kind is LineReached} == {native_name(Path(__file__))}


def test_a_long_loop_is_reported_now_and_then(lines):
    assert 10 <= len(lines(slow, times=2000)) < EVERY_LINE + 200


def test_lines_are_reported_only_when_asked_for(lines):
    assert lines(slow, follow=False, times=2) == []


def test_what_traced_before_traces_again(lines):
    before = sys.gettrace()
    lines(bad)
    assert sys.gettrace() is before
