"""Values of cells that used an engine: kept by a script, shown where no engine runs."""

from __future__ import annotations

from monarch_vs_ray.notebook import values
from monarch_vs_ray.notebook.catalogue import find
from monarch_vs_ray.notebook.session import Session


def test_a_value_is_kept_under_its_engine_and_key(tmp_path, monkeypatch):
    file = tmp_path / "cells.json"
    monkeypatch.setattr(values, "version", lambda package: "1.0")
    assert values.recorded(file) == {}
    values.record("ray", "weights", [5.0], file)
    values.record("monarch", "weights", [6.0], file)
    found = values.recorded(file)
    assert found["ray.weights"].text == "[5.0]"
    assert found["monarch.weights"].version == "1.0"


def test_a_session_without_an_engine_keeps_nothing_and_closes():
    session = Session()
    assert session.keep("weights", 3) == 3
    session.close()
    assert not session.ended


def test_the_cells_that_keep_a_value_are_found_with_their_code():
    path = find("02").path
    found = dict(values.keeping(path, "monarch"))
    assert list(found) == ["weights", "errors"]
    assert found["errors"].startswith('here.need("monarch")')
    assert "class MonarchEvaluation(Actor):" in found["errors"]
    assert "return (weights,)" not in found["weights"]
    assert [key for key, _ in values.keeping(path, "ray")] == ["weights", "error"]
