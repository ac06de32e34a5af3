"""METG and the scale model: what is put in is found again."""

from __future__ import annotations

import json

import pytest

from bench.samples import measured
from monarch_vs_ray.bench import metg, scale
from monarch_vs_ray.bench.catalogue import Row, workloads
from monarch_vs_ray.bench.metg import Point
from monarch_vs_ray.core.errors import UserError

ROUND, OVERHEAD = 300.0, {"monarch": 50_000.0, "ray": 500_000.0}
"""Nanoseconds: of a round of the kernel, and of what an engine adds to each task, on one of two cores."""


def graphs():
    rows = {}
    for size in workloads()["actor_graph_fft"].sizes:
        rows[Row("bare_graph_fft", size)] = lambda side, size=size: ROUND * size / 2
        rows[Row("actor_graph_fft", size)] = lambda side, size=size: (ROUND * size + OVERHEAD[side]) / 2
        rows[Row("task_graph_fft", size)] = lambda side, size=size: (ROUND * size + 4 * OVERHEAD[side]) / 2
    return measured(rows, noise=0.0)


def test_half_of_the_peak_is_where_the_task_is_as_long_as_the_overhead():
    curves = {curve.driver: curve for curve in metg.curves(graphs())}
    called = {"monarch, by calls", "ray, by calls"}
    assert set(curves) == {metg.BARE, "monarch", "ray"} | called
    assert curves["ray, by calls"].metg > 2 * curves["ray"].metg
    for side, overhead in OVERHEAD.items():
        assert curves[side].metg == pytest.approx(2 * overhead / 1e9, rel=0.35)
    assert curves[metg.BARE].metg == curves[metg.BARE].points[0].granularity
    assert curves["ray"].processes == 8


def test_no_point_with_half_of_the_peak_is_no_number():
    low = [Point(rounds=each, granularity=float(each), efficiency=0.1) for each in (1, 2)]
    assert metg.crossing(low) is None
    assert metg.crossing([]) is None


def test_the_crossing_is_between_its_neighbours():
    points = [
        Point(rounds=1, granularity=1e-4, efficiency=0.25),
        Point(rounds=2, granularity=1e-2, efficiency=0.75),
    ]
    assert metg.crossing(points) == pytest.approx(1e-3)


@pytest.mark.parametrize(
    ("n", "fan_out", "levels"),
    [(1, 16, 1), (16, 16, 1), (17, 16, 2), (272, 16, 2), (273, 16, 3), (16_384, 16, 4), (7, 0, 1), (5, 1, 5)],
)
def test_depth(n, fan_out, levels):
    assert scale.depth(n, fan_out) == levels


def fans(per_hop: float = 300_000.0):
    sizes = (1, 2, 4, 8, 16, 32, 64)

    def seconds(n: int):
        hops = {"monarch": scale.depth(n, 16) - 1, "ray": 0}
        return lambda side: 200_000.0 + per_hop * hops[side] + 50_000.0 * (n - 1)

    rows = {Row("fan_out", n): seconds(n) for n in sizes}
    rows |= {Row("fan_out_caller", n): lambda side, n=n: 100_000.0 + 10_000.0 * (n - 1) for n in sizes}
    return measured(rows, noise=0.01)


def test_a_model_finds_its_own_parameters():
    found = scale.engines(fans())
    model = found["monarch"].model
    assert model.call == pytest.approx(200e-6, rel=0.1)
    assert model.per_hop == pytest.approx(300e-6, rel=0.2)
    assert model.per_process == pytest.approx(50e-6, rel=0.1)
    assert max(map(abs, found["ray"].errors.values())) < 0.1
    assert found["ray"].caller.value == pytest.approx(10e-6, rel=0.2)
    star = found["ray"].forms(16_384)["star"]
    assert star == pytest.approx(200e-6 + 16_384 * 10e-6, rel=0.2), "its caller sends to each, as measured"


def test_a_prediction_grows_with_the_callers_work_only():
    found = scale.engines(fans())["ray"].predictions
    assert found[16_384].value == pytest.approx(200e-6 + 16_383 * 10e-6, rel=0.2)
    assert found[16_384].low < found[16_384].value < found[16_384].high


def test_a_model_of_another_shape_shows_in_the_held_out_error():
    quadratic = {n: 1e-4 * n * n for n in (1, 2, 4, 8, 16)}
    assert max(map(abs, scale.held_out(quadratic, 0).values())) > 0.3


def test_forms_grow_as_their_shape_says():
    small, large = scale.forms(2e-4, 1e-5, 64), scale.forms(2e-4, 1e-5, 16_384)
    assert large["chain"] / small["chain"] == pytest.approx(256, rel=0.1)
    assert large["chain"] > large["star"] > large["tree"]
    assert small["star"] == pytest.approx(2e-4 + 2 * 64e-5)


def test_the_model_is_printed_with_its_assumptions(capsys):
    scale.show(fans())
    text = capsys.readouterr().out
    assert "predicted for  16384 processes" in text
    assert "not a measurement" in text
    assert "5 times of a cast to 512 to 8,192 actors" in text
    assert scale.ASSUMPTIONS[0] in text
    scale.show(fans(), "json")
    assert set(json.loads(capsys.readouterr().out)["engines"]) == {"monarch", "ray"}


def test_the_form_is_held_against_monarchs_own_published_times(monkeypatch):
    shape = scale.published_shape()
    assert abs(shape.worst) < 0.1
    assert shape.beyond == pytest.approx(0.29, abs=0.01), "it grows more slowly there than a straight line"
    squares = {n: 1e-9 * n * n for n in (512, 1_024, 2_048, 4_096, 8_192)}
    monkeypatch.setattr(scale.cast_figures, "SECONDS", squares)
    assert abs(scale.published_shape().worst) > 0.3


def test_without_fan_out_there_is_no_model():
    with pytest.raises(UserError, match="mvr bench fan_out"):
        scale.show(measured({Row("call_round_trip"): lambda side: 1e5}))
