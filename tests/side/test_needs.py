"""A concept that needs a package which is not there: its experiments are unavailable, not imported."""

from __future__ import annotations

import sys
from contextlib import nullcontext

import pytest

from monarch_vs_ray.side.main import main

CONCEPT = """\
title = "Sums"
needs = ["{needs}"]
[versions]
[[demo]]
experiment = "total"
title = "Sum up"
"""
EXPERIMENTS = """\
import {needs}

from monarch_vs_ray.side import observe

def total():
    observe("total", 3)
"""


@pytest.fixture
def concept(tmp_path, monkeypatch):
    def make(needs):
        folder = tmp_path / f"lacking_{needs}" / "sums"
        (folder / "ray").mkdir(parents=True)
        for package in (folder.parent, folder, folder / "ray"):
            (package / "__init__.py").touch()
        (folder / "concept.toml").write_text(CONCEPT.format(needs=needs))
        (folder / "ray" / "experiments.py").write_text(EXPERIMENTS.format(needs=needs))
        return f"lacking_{needs}.sums"

    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    return make


@pytest.mark.parametrize("names", [[], ["total"]])
def test_what_is_missing_is_said_and_nothing_imported(concept, capsys, names):
    assert main("ray", concept("no_such_package"), *names) == 0
    assert "needs no_such_package: pip install no_such_package" in capsys.readouterr().out


def test_what_is_there_is_imported_as_usual(concept, capsys, monkeypatch):
    monkeypatch.setattr("monarch_vs_ray.side.main._session", lambda *_: nullcontext)
    assert main("ray", concept("json"), "total") == 0
    assert "total = 3" in capsys.readouterr().out
