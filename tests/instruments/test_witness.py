"""A witness of its own sees whether a process stands still."""

from __future__ import annotations

import subprocess

import pytest

from monarch_vs_ray.instruments.stopping import stopped
from monarch_vs_ray.instruments.witness import witnessed


@pytest.fixture
def sleeper():
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process.pid
        process.kill()


def test_it_sees_a_process_that_stands_still(sleeper):
    with witnessed(sleeper) as seen, stopped(sleeper):
        assert seen()


def test_it_sees_none_where_one_of_two_runs(sleeper, monkeypatch):
    monkeypatch.setattr("monarch_vs_ray.instruments.witness.GRACE", 0.2)
    with subprocess.Popen(["sleep", "60"]) as other, witnessed(sleeper, other.pid) as seen:
        with stopped(sleeper):
            assert not seen()
        other.kill()
