"""The page shows what was measured and published, and no more."""

from __future__ import annotations

import msgspec
import pytest

from bench import samples
from histories import MACHINE, VERSIONS
from monarch_vs_ray.bench.catalogue import Row
from monarch_vs_ray.bench.published import Published
from monarch_vs_ray.page import build, costs, patterns, sources
from monarch_vs_ray.programs import records
from monarch_vs_ray.programs.patterns import find


def file(rows, **of) -> Published:
    return Published("a-machine", "run", None, samples.measured(rows, **of))


@pytest.fixture
def measured():
    def faster(side: str) -> float:
        return 1e5 if side == "monarch" else 2e5

    return file(
        {
            Row("call_round_trip"): faster,
            Row("fan_out", 1): lambda side: 1e6,
            Row("bandwidth_missing"): faster,
        }
    )


def rows_of(found):
    return {row["workload"]: row for group in found["groups"] for row in group["rows"]}


def test_without_measurements_there_are_no_costs():
    assert costs.costs([]) == []
    assert costs.charts([]) == []


def test_a_row_has_numbers_a_ratio_and_a_verdict(measured):
    (found,) = costs.costs([measured])
    row = rows_of(found)["call_round_trip"]
    assert row["sides"]["monarch"]["text"].endswith("us")
    assert row["n"] == 8
    assert row["verdict"] == "Monarch better"
    assert row["ratio"].startswith("0.")
    assert rows_of(found)["fan_out"]["verdict"] == "not shown to differ"


def test_a_glance_shows_what_both_engines_have_at_the_largest_size():
    one = {Row("fan_out", size): lambda side: 1e6 for size in (1, 8)}
    found = costs.glance(costs.costs([file({Row("call_round_trip"): lambda side: 1e5, **one})]))
    assert [(row["workload"], row["size"]) for row in found] == [
        ("call_round_trip", ""),
        ("fan_out", "8 processes"),
    ]
    assert costs.glance([]) == []


def test_recommended_settings_are_a_group_of_their_own():
    rows = {Row("kill_to_error"): lambda side: 5e9, Row("cold_start_import"): lambda side: 1e8}
    soon = {row: lambda side: 1e9 for row in rows}
    (found,) = costs.costs([file(rows, noise=0), file(soon, noise=0, choice="recommended")])
    groups = {group["title"]: group["rows"] for group in found["groups"]}
    (one,), (other,) = groups["failure"], groups["failure, recommended settings"]
    assert (one["sides"]["monarch"]["text"], other["sides"]["monarch"]["text"]) == ("5.00 s", "1.00 s")
    assert (one["id"], other["id"]) == ("bench-kill_to_error", "bench-recommended-kill_to_error")
    assert [row["id"] for row in costs.glance([found])] == ["bench-kill_to_error"]


def test_few_pairs_are_said_to_be_few():
    (found,) = costs.costs([file({Row("call_round_trip"): lambda side: 1e5}, rounds=3)])
    row = rows_of(found)["call_round_trip"]
    assert row["verdict"] == "too few pairs to tell"
    assert row["sides"]["ray"]["interval"] == ""
    assert any("fewer than 6" in note for note in found["notes"])


def test_more_is_better_of_a_rate():
    (found,) = costs.costs([file({Row("calls_pipelined"): lambda side: 1e5 if side == "monarch" else 3e5})])
    assert rows_of(found)["calls_pipelined"]["verdict"] == "Monarch better"


def test_charts_hold_their_data_and_ask_for_nothing(measured):
    found = costs.charts([measured])
    names = [chart["id"] for chart in found]
    assert names[0] == "chart-ratios"
    assert "chart-fan_out" in names
    for chart in found:
        assert chart["title"]
        assert chart["data"]
        assert len(chart["columns"]) == len(chart["data"][0])
        assert '"url"' not in msgspec.json.encode(chart["spec"]).decode()


def test_the_same_chart_is_drawn_from_the_file_with_more_data(measured):
    more = file({Row("fan_out", size): lambda side: 1e6 for size in (1, 4, 8)})
    for files in ([measured, more], [more, measured]):
        (chart,) = [chart for chart in costs.charts(files) if chart["id"] == "chart-fan_out"]
        assert len(chart["data"]) == 6


def record(seed: int, program: str = "ray", **changes: object) -> records.Record:
    wanted = {
        "pattern": "worker_pool",
        "program": program,
        "engine": "ray",
        "settings": "defaults",
        "seed": seed,
        "planned": 2,
        "fired": 2,
        "holds": True,
        "reasons": [],
        "failed": False,
        "figures": dict.fromkeys(("seconds to detect", *names()), 1.0 + seed),
        "units": {"seconds to detect": "s", **dict.fromkeys(names(), "s")},
        "wall": 3.0,
        "user": 1.0,
        "system": 1.0,
        "memory": 1.0,
        "undisturbed": None,
        "left": [],
        "lines_of_code": 50,
        "code_sha256": find("worker_pool").code_sha256(),
        "versions": VERSIONS,
        "machine": MACHINE,
        "date": "2026-11-30T12:00:00+00:00",
    }
    return records.Record(**{**wanted, **changes})


def names() -> list[str]:
    return [figure.name for figure in find("worker_pool").plan.figures]


def test_a_pattern_without_runs_has_its_programs():
    found = {each["name"]: each for each in patterns.patterns()}
    assert "import ray" in next(
        each["text"] for each in found["worker_pool"]["programs"] if each["name"] == "ray"
    )
    serve = next(each for each in found["replicated_service"]["programs"] if each["name"] == "ray_serve")
    assert serve["title"] == "Ray (serve)"


def test_published_runs_appear_by_themselves(tmp_path):
    records.publish([record(0), record(1), record(2, holds=False)], tmp_path)
    (found,) = [each for each in patterns.patterns(tmp_path) if each["name"] == "worker_pool"]
    (result,) = found["results"]
    assert (result["n"], result["held"]) == (3, 2)
    assert found["earlier"] == 0
    assert [len(values) for values in result["moments"].values()] in ([3], [3, 3], [3, 3, 3])
    html = build.make(sources.published(tmp_path))
    assert "holds 2 of 3 times" in html
    assert 'data-pattern="worker_pool"' in html
    assert 'id="costs"' not in html, "no measurement is published there"
    assert "earlier programs" not in html


@pytest.mark.parametrize(("others", "said"), [(1, "1 of 3 runs are"), (3, "All 3 runs are")])
def test_runs_of_earlier_programs_are_counted(tmp_path, others, said):
    runs = [
        record(seed, program, code_sha256="0" * 64 if seed < others else find("worker_pool").code_sha256())
        for seed, program in ((0, "ray"), (1, "monarch"), (2, "monarch"))
    ]
    file = tmp_path / "a-machine" / records.FILE
    file.parent.mkdir()
    file.write_bytes(b"".join(msgspec.json.encode(each) + b"\n" for each in runs))
    (found,) = [each for each in patterns.patterns(tmp_path) if each["name"] == "worker_pool"]
    assert (found["earlier"], found["runs"]) == (others, 3)
    html = build.make(sources.published(tmp_path))
    assert f"{said} of earlier programs." in html
    assert ("<td>1 of 1</td>" in html) == (others == 1)
