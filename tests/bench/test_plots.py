"""Pictures and the data beside them."""

from __future__ import annotations

import builtins
import csv

import pytest

from bench.samples import measured
from bench.test_models import fans, graphs
from demo_tui import DARK, LIGHT
from monarch_vs_ray.bench import analysis, plots
from monarch_vs_ray.bench.catalogue import Row, workloads
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


def test_faults_of_both_settings_are_drawn_and_told_apart():
    rows = {Row("kill_to_error"): lambda side: 8e9}
    runs = [measured(rows, 2), measured(rows, 4), measured(rows, 3, choice="recommended")]
    data = plots.recoveries(runs)
    assert {row["what"] for row in data} == {
        "SIGKILL to the caller's error",
        "SIGKILL to the caller's error, recommended settings",
    }
    assert len(data) == len(plots.recovery(runs[1])) + len(plots.recovery(runs[2])), (
        "the larger run of the two"
    )


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


def charts(rows) -> dict[str, dict]:
    """The specifications of a measurement's pictures, by name."""
    altair = pytest.importorskip("altair")
    found = measured(rows)
    made = plots.pictures(found, analysis.results(found), altair)
    return {name: chart.to_dict() for name, (_, chart) in made.items()}


def test_dashed_lines_are_named_only_where_there_are_some():
    fan_out = {Row("fan_out", size): lambda side: 1e5 for size in (1, 8)}
    compiled = {Row("compiled_fan_out", size): lambda side: 1e4 for size in (1, 8)}
    message = {Row("message_bytes", 65_536): lambda side: 1e6}
    memory = {Row("memory_copy", 65_536): lambda side: 1e4}
    without, having = charts({**fan_out, **message}), charts({**fan_out, **compiled, **message, **memory})
    for name in ("fan_out", "bandwidth"):
        assert "dashed" not in str(without[name])
        assert "dashed" in str(having[name])


def luminance(color: str) -> float:
    """A colour's relative luminance, as the rules for contrast define it."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_ways_to_move_bytes_are_told_apart_on_light_and_dark():
    every = [name for name, each in workloads().items() if each.group == "data" or name == "memory_copy"]
    assert len(every) <= len(plots.WAYS) == len(set(plots.WAYS.values())), "each has a shape and a colour"
    assert not set(plots.COLORS.values()) & {*plots.WAYS.values(), *plots.PHASES}, "those mean an engine"
    for color in plots.WAYS.values():
        for background in (LIGHT.background, DARK.background):
            low, high = sorted(map(luminance, (color, background)))
            assert (high + 0.05) / (low + 0.05) >= 3, (color, background)


def test_the_phases_of_a_start_are_grey():
    for color in plots.PHASES:
        parts = [int(color[at : at + 2], 16) for at in (1, 3, 5)]
        assert max(parts) - min(parts) < 32
    assert all(color in str(charts(ROWS)["cold_start"]) for color in plots.PHASES[:2])
