"""From samples to lines: units, ratios, limits, warnings."""

from __future__ import annotations

import csv
import io

import pytest
from rich.console import Console

from bench.samples import manifest, measured, process, samples
from monarch_vs_ray.bench import analysis, catalogue, table, units
from monarch_vs_ray.bench.catalogue import Row, workloads
from monarch_vs_ray.bench.store import Measured, Trouble

CALL, PIPE, RATE = Row("call_round_trip"), Row("pipe_round_trip"), Row("calls_pipelined")
COPY, DATA = Row("shared_memory_hand_over", 1_048_576), Row("message_bytes", 1_048_576)


def by(monarch: float, ray: float):
    return lambda side: monarch if side == "monarch" else ray


def line(found: Measured, row: Row) -> analysis.Result:
    return next(each for each in analysis.results(found) if each.row == row)


def test_a_ratio_is_of_the_pairs_and_shares_are_of_the_limit():
    found = line(measured({CALL: by(200_000.0, 400_000.0), PIPE: by(20_000.0, 20_000.0)}), CALL)
    assert found.ratio.value == pytest.approx(0.5, rel=0.05)
    assert found.differs is True
    assert found.stable
    assert found.sides["monarch"].estimate.value == pytest.approx(200e-6, rel=0.05)
    assert found.shares == pytest.approx({"monarch": 0.1, "ray": 0.05}, rel=0.1)
    assert found.sides["ray"].samples == 40


def test_a_rate_is_the_inverse_and_its_worse_end_is_below():
    found = line(measured({RATE: by(100_000.0, 100_000.0)}), RATE)
    assert found.differs is False
    middle, worse, worst = found.sides["ray"].quantiles
    assert middle == pytest.approx(10_000, rel=0.05)
    assert worst <= worse < middle


def test_bandwidth_has_the_limit_of_its_size():
    found = line(measured({DATA: by(2e6, 4e6), COPY: by(1e5, 1e5)}), DATA)
    assert found.sides["monarch"].estimate.value == pytest.approx(1_048_576 / 2e-3, rel=0.05)
    assert found.shares == pytest.approx({"monarch": 0.05, "ray": 0.025}, rel=0.1)


def test_a_size_without_a_limit_takes_the_first():
    assert catalogue.limit_of(Row("call_round_trip")) == PIPE
    assert catalogue.limit_of(DATA) == COPY
    assert catalogue.limit_of(Row("fan_out", 2)) is None


def test_a_time_is_held_against_a_bandwidth_at_the_nearest_size():
    row, limit = Row("argument", 1_000_000), Row("shared_memory_hand_over", 1_048_576)
    found = line(measured({row: by(1e6, 2e6), limit: by(1.048576e5, 1.048576e5)}), row)
    assert catalogue.limit_of(row) == limit
    assert found.shares == pytest.approx({"monarch": 0.1, "ray": 0.05}, rel=0.1)


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        (Row("argument", 1_000), "1 kB"),
        (Row("rdma_read", 65_536), "64 KiB"),
        (Row("rdma_read", 1 << 30), "1 GiB"),
        (Row("fan_out", 1), "1 process"),
        (Row("fan_out", 8), "8 processes"),
        (Row("spawn"), ""),
    ],
)
def test_sizes(row, shown):
    assert units.size(workloads()[row.workload], row) == shown


def test_few_processes_are_said_once_for_all_rows():
    found = measured({CALL: by(2e5, 4e5), RATE: by(1e5, 1e5)}, rounds=3)
    notes = analysis.notes(found, analysis.results(found))
    assert len(notes) == 1
    assert notes[0].startswith("all rows: fewer than 6 processes")
    assert line(found, CALL).differs is None


def test_an_unstable_row_is_named():
    found = measured({CALL: by(2e5, 4e5), RATE: by(1e5, 1e5)})
    wild = measured({CALL: by(2e5, 4e5)}, noise=0.0)
    records = [
        record if not getattr(record, "values", None) else samples(CALL, record.side, record.round, 1e5 * n)
        for n, record in enumerate(wild.records, start=1)
    ]
    assert line(Measured(manifest=manifest(), records=records), CALL).stable is False
    assert line(found, CALL).stable


def test_what_failed_is_a_line_and_a_note():
    trouble = Trouble(round=1, side="ray", row=Row("rdt_nixl", 65_536), why="ImportError: no nixl")
    found = Measured(manifest=manifest(), records=[trouble])
    lines = analysis.results(found)
    assert lines[0].failed == {"ray": (1, "ImportError: no nixl")}
    assert "rdt_nixl/65536: not measured in 1 processes of ray" in analysis.notes(found, lines)[0]
    assert table.table(found, lines).row_count == 2


def test_a_shared_machine_and_a_failed_process_are_said():
    records = [process("ray", 1, foreign=1.4), process("monarch", 1, ended="signal 9: no memory")]
    notes = analysis.notes(Measured(manifest=manifest(), records=records), [])
    assert any("1 of 2 processes shared the machine" in note and "1.4 cores" in note for note in notes)
    assert any("round 1, monarch: the process ended with signal 9" in note for note in notes)


def test_a_row_of_a_workload_that_is_gone_is_left_out():
    assert (
        analysis.results(Measured(manifest=manifest(), records=[samples(Row("gone"), "ray", 1, 1.0)])) == []
    )


def test_the_table_says_what_is_not_shown_to_differ():
    found = measured({CALL: by(2e5, 2e5), RATE: by(1e5, 2e5)})
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(table.table(found, analysis.results(found)))
    text = console.export_text()
    assert "Call one actor and wait" in text
    assert "n.s. " in next(each for each in text.splitlines() if "Call one actor and wait" in each)
    assert "n.s. " not in next(each for each in text.splitlines() if "in batches" in each)


def test_a_ratio_has_an_interval_only_where_one_covers():
    few = line(measured({CALL: by(2e5, 4e5)}, rounds=5), CALL)
    many = line(measured({CALL: by(2e5, 4e5)}, rounds=6), CALL)
    assert "[" not in table.ratio(few.ratio)
    assert table.ratio(many.ratio).startswith("0.")
    assert "[" in table.ratio(many.ratio)
    assert table.ratio(None) == ""


def test_csv_and_json_have_every_number():
    found = measured({CALL: by(2e5, 4e5)})
    lines = analysis.results(found)
    rows = list(csv.DictReader(io.StringIO(table.as_csv(found, lines))))
    assert [row["side"] for row in rows] == ["monarch", "ray"]
    assert rows[0]["unit"] == "s"
    assert table.as_json(found, lines)["results"][0]["differs"] is True


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("call_round_trip", 0.000181, "181 us"),
        ("calls_pipelined", 5_210.0, "5.21k/s"),
        ("memory_copy", 1.3e9, "1.30 GB/s"),
        ("memory_of_a_process", 63.9e6, "63.9 MB"),
        ("idle_processor", 12.0, "12.0 ms/s"),
        ("churn_memory", -5_000.0, "-5.00 kB"),
        ("call_round_trip", 0.0, "0 ns"),
    ],
)
def test_units(name, value, shown):
    assert units.show(workloads()[name], value) == shown


def test_all_rows_together_find_a_small_difference_of_one_engine_with_itself():
    rows = {Row("argument", size): by(1.1e6, 1e6) for size in (1_000, 1_000_000)}
    rows |= {RATE: by(1.1e5, 1e5), DATA: by(1.1e6, 1e6), PIPE: by(3e4, 1e4), Row("shut_down"): by(9e9, 1e9)}
    found = measured(rows, noise=0.05)
    assert analysis.together(found) is None, "of two engines it would say nothing"
    both = [process("ray", each.round) if each in found.processes else each for each in found.records]
    ratio = analysis.together(Measured(manifest=found.manifest, records=both))
    assert ratio.value == pytest.approx(1.1, rel=0.03)
    assert ratio.n == 8
    assert ratio.low > 1


def test_without_rows_there_is_nothing_together():
    assert analysis.together(Measured(manifest=manifest(), records=[process("ray", 1)])) is None


def test_limits_that_differ_between_the_sides_are_said():
    found = measured({PIPE: by(1e4, 2e4), Row("memory_copy", 65_536): by(1e4, 1e4), CALL: by(1e5, 1e5)})
    said = " ".join(analysis.notes(found, analysis.results(found)))
    assert "1 of 2 limits of the machine differ between the sides: pipe_round_trip." in said
    alike = measured({PIPE: by(1e4, 1e4)}, noise=0.2)
    assert "limits" not in " ".join(analysis.notes(alike, analysis.results(alike)))


@pytest.mark.parametrize(
    ("row", "times", "better"),
    [
        (CALL, (1e5, 2e5), "monarch"),
        (RATE, (2e5, 1e5), "ray"),
        (DATA, (1e6, 2e6), "monarch"),
        (CALL, (1e5, 1e5), ""),
    ],
)
def test_the_better_side_is_named_whatever_the_unit(row, times, better):
    found = line(measured({row: by(*times)}, noise=0.1), row)
    assert found.better == better


def test_a_fault_has_no_ratio():
    found = line(measured({Row("kill_to_error"): by(5e9, 1e7)}), Row("kill_to_error"))
    assert found.ratio is None
    assert found.better == ""
