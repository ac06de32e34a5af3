"""Experiments run one after another, share what they say they share, and never end their side."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from monarch_vs_ray.core.events import ExperimentBegun, ExperimentEnded, Observation
from monarch_vs_ray.side import Unavailable, observe, shared
from monarch_vs_ray.side.emitter import PrintEmitter
from monarch_vs_ray.side.experiments import Experiment, run_experiments
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
