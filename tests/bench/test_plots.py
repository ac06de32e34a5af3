"""Pictures and the data beside them."""

from __future__ import annotations

import builtins
import csv

import pytest

from bench.samples import measured
from bench.test_models import fans, graphs
from monarch_vs_ray.bench import analysis, plots
from monarch_vs_ray.bench.catalogue import Row
from monarch_vs_ray.bench.store import Measured
from monarch_vs_ray.core.errors import UserError

ROWS = {
    Row("cold_start_import"): lambda side: 5e8,
    Row("cold_start_runtime"): lambda side: 2e9,
    Row("memory_copy", 65_536): lambda side: 1e4,
    Row("message_bytes", 65_536): lambda side: 1e6,
    Row("message_bytes", 1_048_576): lambda side: 2e6,
    Row("kill_to_error"): lambda side: 8e9,
}


NAMES = {"bandwidth", "cold_start", "fan_out", "metg", "recovery"}


def everything() -> Measured:
    found = measured(ROWS)
    return Measured(manifest=found.manifest, records=[*found.records, *fans().records, *graphs().records])


def test_each_picture_has_its_data_beside_it(tmp_path, capsys):
    pytest.importorskip("altair")
    assert plots.write(fans(), tmp_path / "made") == 0
    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == ["fan_out.csv", "fan_out.svg"]
    assert (tmp_path / "made" / "fan_out.svg").read_text().startswith("<svg")
    assert str(tmp_path / "made" / "fan_out.svg") in capsys.readouterr().out
    rows = list(csv.DictReader((tmp_path / "made" / "fan_out.csv").open()))
    assert {row["processes"] for row in rows} >= {"1", "64"}
    assert float(rows[0]["value"]) == pytest.approx(200e-6, rel=0.1)


def test_all_pictures_are_valid():
    altair = pytest.importorskip("altair")
    found = everything()
    made = plots.pictures(found, analysis.results(found), altair)
    assert set(made) == NAMES
    for data, chart in made.values():
        assert data
        assert chart.to_dict()


def test_only_what_was_measured_is_drawn():
    found = measured({Row("fan_out", 1): lambda side: 1e5})
    lines = analysis.results(found)
    assert plots.fan_out(lines)
    assert plots.bandwidth(lines) == plots.cold_start(lines) == plots.recovery(found) == []


def test_nothing_to_draw(tmp_path):
    pytest.importorskip("altair")
    with pytest.raises(UserError, match="nothing to draw"):
        plots.write(measured({Row("call_round_trip"): lambda side: 1e5}), tmp_path)


def test_a_missing_library_is_named(tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name == "altair":
            raise ImportError("none", name=name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UserError, match="need altair; pip install"):
        plots.write(everything(), tmp_path)
