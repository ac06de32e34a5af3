"""Costs in the document: published measurements, with intervals, or with why they have none."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.samples import measured, samples
from monarch_vs_ray.bench.catalogue import Row
from monarch_vs_ray.bench.published import Published
from monarch_vs_ray.bench.store import Measured, Trouble
from monarch_vs_ray.core.errors import UnknownWorkload
from monarch_vs_ray.report.costs import NOTHING, Costs
from monarch_vs_ray.report.costs_page import page

CALL, START = Row("call_round_trip"), Row("cold_start")
FAN_OUT = {
    Row("fan_out", size): lambda side, n=size: 1e6 * n * (2 if side == "ray" else 1) for size in (1, 4, 8)
}


def published(rows, rounds=8, name="default", machine="linux-x86_64-2-cores", **of):
    path = Path(f"{name}.jsonl.gz")
    return Published(machine, name, path, measured(rows, rounds, **of))


def test_without_results_every_part_says_so_or_is_empty():
    costs = Costs([])
    assert NOTHING in costs.finding()
    assert costs.table("fan_out") == costs.ran() == NOTHING
    assert costs.scale() == costs.curves() == costs.limits("fan_out") == ""


def test_the_finding_has_both_numbers_and_how_many_pairs():
    rows = {
        CALL: lambda side: 2e6 if side == "ray" else 1e6,
        START: lambda side: 4e9 if side == "ray" else 1e7,
    }
    text = Costs([published(rows, noise=0)]).finding()
    assert "take 1.00 ms on Monarch and 2.00 ms on Ray (n = 8)" in text
    assert "10.0 ms on Monarch" in text
    same = Costs([published({CALL: lambda side: 1e6, START: lambda side: 1e7}, noise=0.2)]).finding()
    assert "(not shown to differ, n = 8)" in same
    assert "4.00 s on Ray" in text


def test_a_ratio_has_its_interval_or_the_reason_why_not():
    rows = {CALL: lambda side: 2e6 if side == "ray" else 1e6}
    assert "|**1.00 ms**|2.00 ms|0.5 [0.5, 0.5]|8|" in Costs([published(rows, noise=0)]).table(
        "call_round_trip"
    )
    assert "|1.00 ms|2.00 ms|0.5, no interval|3|" in Costs([published(rows, 3, noise=0)]).table(
        "call_round_trip"
    )
    same = Costs([published({CALL: lambda side: 1e6}, noise=0.2)]).table("call_round_trip")
    assert "not shown to differ|8|" in same


def test_rows_are_chosen_by_size_and_a_missing_one_is_left_out():
    costs = Costs([published(FAN_OUT, noise=0)])
    assert len(costs.table("fan_out", "spawn").splitlines()) == 2 + 3
    assert "Call all actors and gather, 8 processes|**8.00 ms**|16.0 ms|" in costs.table("fan_out/8")
    with pytest.raises(UnknownWorkload):
        costs.table("fan_in")


def test_the_scale_model_states_its_error_and_that_it_is_a_prediction():
    text = Costs([published(FAN_OUT, noise=0)]).scale()
    assert "- Monarch: a call 1.00 ms, each further process of this machine 1.00 ms; off by up to 0%" in text
    assert "prediction" not in text, "the caller's own cost was not measured"
    caller = {Row("fan_out_caller", size): lambda side, n=size: 1e5 * n for size in (1, 4, 8)}
    text = Costs([published(FAN_OUT | caller, noise=0)]).scale()
    assert "Predicted for 1,024 processes with cores of their own: " in text
    assert "These are predictions, not measurements; [the method]" in text


def test_what_never_came_is_said_in_its_cell():
    found = measured({Row("kill_to_error"): lambda side: 5e9})
    why = "TimeoutError: no error within 60 s of the signal"
    trouble = Trouble(round=1, side="ray", row=Row("stop_to_error"), why=why)
    values = [each for each in found.records if getattr(each, "side", "") == "monarch"]
    values += [samples(Row("stop_to_error"), "monarch", 1, 36e9), trouble]
    file = Published("m", "failure", Path("f.jsonl.gz"), Measured(manifest=found.manifest, records=values))
    assert "|36.0 s|no error within 60 s of the signal|-|" in Costs([file]).table("stop_to_error")


def test_faults_have_their_ends_and_both_settings():
    rows = {Row("kill_to_error"): lambda side: 5e9 if side == "monarch" else 1e7}
    soon = {Row("kill_to_error"): lambda side: 1e9}
    files = [published(rows, noise=0), published(soon, noise=0, name="soon", choice="recommended")]
    text = Costs(files).faults()
    assert "|SIGKILL to the caller's error|5.00 s [5.00 s, 5.00 s], n=8|1.00 s [1.00 s, 1.00 s], n=8|" in text
    assert "|10.0 ms [10.0 ms, 10.0 ms], n=8|" in text
    assert "`HYPERACTOR_MESH_SUPERVISION_POLL_FREQUENCY=1s`" in text
    alone = Costs(files[:1]).faults()
    assert "ecommended" not in alone
    assert Costs([]).faults() == ""
    pages = page(Costs(files))
    assert "## Failure, recommended settings" in pages
    assert '<a id="costs.recommended.kill_to_error"></a>' in pages


def test_the_machine_with_most_files_counts():
    files = [
        published({CALL: lambda side: 1e6}, machine="another"),
        published({CALL: lambda side: 2e6}),
        published({START: lambda side: 2e6}, name="start"),
    ]
    costs = Costs(files)
    assert costs.machine == "linux-x86_64-2-cores"
    assert "2 runs of 32 processes" in costs.ran()


def test_runs_on_another_processor_are_not_counted_in():
    files = [
        published({CALL: lambda side: 1e6}, processor="A"),
        published({START: lambda side: 2e6}, name="start", processor="B", date="2026-12-01T12:00"),
    ]
    costs = Costs(files)
    assert "linux-x86_64-2-cores (B)" in costs.ran()
    assert "1 runs of 16 processes" in costs.ran()
    assert [str(row) for row in costs.lines] == ["cold_start"]
    assert ", B" in page(costs)


def test_the_page_has_every_row_with_an_anchor_quantiles_and_notes():
    text = page(Costs([published(FAN_OUT | {CALL: lambda side: 1e6}, 3, noise=0)]))
    assert '<a id="costs.fan_out.8"></a>Call all actors and gather, 8 processes `fan_out/8`' in text
    assert "8.00 ms (8.00 ms)" in text
    assert "fewer than 6 processes" in text
    assert "../../results/published/linux-x86_64-2-cores/bench/default.jsonl.gz" in text
