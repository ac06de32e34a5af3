"""What is shown while a measurement runs: on a terminal, and elsewhere."""

from __future__ import annotations

import io
import sys

import pytest

from bench.samples import manifest, measured
from monarch_vs_ray.bench import screen
from monarch_vs_ray.bench.catalogue import Row
from monarch_vs_ray.bench.rounds import Progress
from monarch_vs_ray.bench.store import Store


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "x.jsonl", manifest())
    yield made
    made.close()


def test_a_terminal_shows_the_table_as_it_fills(store, monkeypatch):
    terminal = Terminal()
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(sys, "stderr", terminal)
    with screen._view(store) as update:
        update(Progress(round=1, running="ray", left=30.0))
        before = terminal.getvalue()
        store.append(measured({Row("call_round_trip"): lambda side: 1e5}).records)
        update(Progress(round=2, running="monarch", row="argument", left=20.0))
    assert "30 s left" in before
    assert "Ctrl-C ends it" in before
    assert "Call one actor and wait" not in before
    assert "Call one actor and wait" in terminal.getvalue()


def test_the_table_is_made_anew_only_when_something_came(store, monkeypatch):
    made = []
    real = screen.analysis.results
    monkeypatch.setattr(screen.analysis, "results", lambda found: made.append(1) or real(found))
    monkeypatch.setattr(sys, "stderr", Terminal())
    with screen._view(store) as update:
        for _ in range(5):
            update(Progress(round=1, running="ray"))
        store.append(measured({Row("call_round_trip"): lambda side: 1e5}).records)
        update(Progress(round=1, running="ray"))
    assert len(made) == 2


def test_elsewhere_there_is_a_line_for_each_process(store, capsys):
    with screen._view(store) as update:
        for progress in (
            Progress(round=1, running="ray", left=9.0),
            Progress(round=1, running="ray", left=8.0),
            Progress(round=1, running="monarch", left=7.0),
        ):
            update(progress)
    assert capsys.readouterr().err.splitlines() == ["round 1: ray, 9 s left", "round 1: monarch, 7 s left"]
