"""Patterns in the document: each one with its question, and the figures of published runs."""

from __future__ import annotations

import msgspec

from monarch_vs_ray.core.events import Machine
from monarch_vs_ray.programs.patterns import all_patterns
from monarch_vs_ray.programs.records import Record
from monarch_vs_ray.report.drawings import recoveries
from monarch_vs_ray.report.pattern_figures import NONE_YET, PatternFigures

PATTERN = next(each for each in all_patterns() if each.name == "worker_pool")
FIGURE = "seconds until the new worker's first result"
MACHINE = Machine(system="Linux", architecture="x86_64", cores=2, memory_bytes=1 << 34, python="3.11.2")


def record(seed=0, seconds=10.0, program="monarch", settings="defaults", holds=True):
    return Record(
        pattern="worker_pool",
        program=program,
        engine=program,
        settings=settings,
        seed=seed,
        planned=2,
        fired=2,
        holds=holds,
        reasons=[],
        failed=False,
        figures={FIGURE: seconds, "tasks begun again": 1.0},
        units={FIGURE: "s", "tasks begun again": ""},
        wall=20.0,
        user=1.0,
        system=1.0,
        memory=1e8,
        undisturbed=10.0,
        left=[],
        lines_of_code=100,
        code_sha256="",
        versions={},
        machine=MACHINE,
        date="2026-11-30T12:00:00+00:00",
    )


def line(records):
    return next(line for line in PatternFigures(records).table().splitlines() if "Worker pool" in line)


def test_every_pattern_has_its_question_and_programs():
    table = PatternFigures([]).table()
    assert len(table.splitlines()) == 2 + len(all_patterns())
    for pattern in all_patterns():
        assert pattern.plan.question in table
        for file in pattern.plan.programs.values():
            assert f"/{pattern.name}/{file})" in table
    assert PatternFigures([]).ran() == NONE_YET


def test_the_figure_is_the_first_time_since_a_fault_that_both_engines_have():
    assert PatternFigures([]).figure_of(PATTERN) == FIGURE
    later = "seconds until all tasks are done"
    ray = record(program="ray", seconds=None)
    ray = msgspec.structs.replace(ray, figures={later: 3.0}, units={later: "s"})
    monarch = msgspec.structs.replace(
        record(), figures={FIGURE: 1.0, later: 2.0}, units={FIGURE: "s", later: "s"}
    )
    figures = PatternFigures([monarch, ray])
    assert figures.figure_of(PATTERN) == later
    assert figures.in_short("worker_pool") == "Monarch 2 s, Ray 3 s until all tasks are done (n = 1)"


def test_a_figure_of_one_engine_is_not_said_in_short():
    assert PatternFigures([record()]).in_short("worker_pool") == ""
    assert PatternFigures([]).in_short("no_such_pattern") == ""


def test_a_cell_has_median_spread_and_n_by_setting():
    runs = [record(seed, seconds) for seed, seconds in enumerate((8.0, 10.0, 12.0))]
    text = line([*runs, record(settings="recommended", seconds=1.5), record(program="ray", seconds=0.5)])
    assert "10 s (8.4 to 11.6), n = 3; recommended 1.5 s, n = 1|" in text
    assert "0.5 s, n = 1|" in text
    assert f"*{FIGURE}*" in text


def test_a_run_whose_oracle_does_not_hold_is_not_hidden():
    assert "oracle 1 of 2" in line([record(0), record(1, holds=False)])
    assert "no figure, n = 1" in line([record(seconds=None)])
    assert (
        "the oracle held in 1, and 4 of 4 planned faults"
        in PatternFigures([record(0), record(1, holds=False)]).ran()
    )


def test_only_times_since_a_fault_are_drawn():
    (row,) = recoveries([record()])
    assert (row["pattern"], row["figure"], row["engine"], row["seconds"]) == (
        "Worker pool",
        FIGURE,
        "Monarch",
        10.0,
    )
    assert row["shown"]
    assert recoveries([record(seconds=None)]) == []
