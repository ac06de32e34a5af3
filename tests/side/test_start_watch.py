"""An engine that does not come up is ended at once where the machine says why, and the cause is said."""

from __future__ import annotations

import time

import pytest

from monarch_vs_ray.engines import limits
from monarch_vs_ray.side import start_watch
from monarch_vs_ray.side.start_watch import Suspect

LOGS = "os.makedirs('session/logs'); open('session/logs/gcs_server.err', 'w').write({said!r} + '\\n');"


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(start_watch, "PATIENCE_NS", 300_000_000)
    monkeypatch.setattr(start_watch, "AGAIN_NS", 100_000_000)


@pytest.mark.parametrize("said", list(limits.TELLING))
def test_what_the_engines_logs_say_ends_the_run_before_its_deadline(start, said):
    began = time.monotonic()
    code = LOGS.format(said=f"[2026 E] accept4 failed: {said}") + "time.sleep(1000)"
    watched = start(code, suspects=lambda run_dir: limits.suspects("ray", run_dir), deadline=60)
    watched.to_the_end()
    assert time.monotonic() - began < 10
    (line,) = [line for line in watched.text("stderr") if limits.TELLING[said] in line]
    assert line.startswith("mvr: gcs_server.err says ")


def test_the_shipped_patience_leaves_a_run_less_than_ten_seconds(monkeypatch):
    monkeypatch.undo()
    assert start_watch.PATIENCE_NS + start_watch.AGAIN_NS < 8e9


def test_a_guess_is_said_once_and_ends_nothing(start):
    suspects = [Suspect("it may be the weather; next: wait")]
    watched = start("time.sleep(0.9); print('well')", suspects=lambda run_dir: suspects).to_the_end()
    assert watched.text("stdout") == ["well"]
    assert watched.text("stderr") == ["mvr: it may be the weather; next: wait"]


def test_who_has_achieved_something_is_left_alone(start):
    suspects = [Suspect("nothing works here", certain=True)]
    code = "send(event(0)); time.sleep(0.9); print('well')"
    watched = start(code, suspects=lambda run_dir: suspects).to_the_end()
    assert watched.text("stdout") == ["well"]
    assert watched.text("stderr") == []


@pytest.mark.parametrize("death", ["sys.exit(3)", "os.kill(os.getpid(), 11)"])
def test_a_side_that_died_is_told_what_may_be_why(start, death):
    watched = start(death, suspects=lambda run_dir: [Suspect("memory is used up")]).to_the_end()
    assert "mvr: memory is used up" in watched.text("stderr")


def test_a_side_that_the_user_stopped_is_not(start):
    watched = start("print('up', flush=True); time.sleep(1000)", suspects=lambda run_dir: [])
    watched.until(lambda: bool(watched.text("stdout")), "the side")
    watched.run.sides[0]._start._suspects = lambda run_dir: [Suspect("memory is used up")]
    watched.run.sides[0]._start.up = True
    watched.run.stop()
    assert watched.to_the_end().text("stderr") == []
