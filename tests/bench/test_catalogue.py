"""The catalogue: every entry says its clock, and both engines have what it says that they have."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from monarch_vs_ray.bench import catalogue, graph, limits
from monarch_vs_ray.bench.catalogue import Row, choose, workloads
from monarch_vs_ray.core.errors import UnknownWorkload

FOLDER = Path(catalogue.FILE).parent


@pytest.mark.parametrize("workload", workloads().values(), ids=list(workloads()))
def test_an_entry_says_what_lies_between_the_readings(workload):
    assert workload.title
    assert workload.clock
    assert workload.group
    assert not workload.limit or workloads()[workload.limit].before
    assert not (workload.core and workload.extra)


def test_names_are_given_once():
    text = catalogue.FILE.read_text(encoding="utf-8")
    assert text.count("[[workload]]") == len(workloads())


def test_the_machines_limits_are_all_there():
    assert {name for name, each in workloads().items() if each.before} == set(limits.LIMITS)


@pytest.mark.parametrize("engine", ["monarch", "ray"])
def test_an_engine_has_the_workloads_that_the_catalogue_says(engine):
    wanted = {
        name
        for name, each in workloads().items()
        if engine in each.engines and not each.before and not each.always
    }
    made = {f"actor_graph_{pattern}" for pattern in graph.PATTERNS} | {
        "memory_of_a_process",
        "idle_processor",
        "idle_wake_ups",
        "churn_memory",
        "churn_descriptors",
        "fault_moment",
    }
    whats = ("error", "notice", "answer") if engine == "monarch" else ("error", "answer")
    if engine == "ray":
        made |= {f"task_graph_{pattern}" for pattern in graph.PATTERNS}
    made |= {f"{signal}_to_{what}" for signal in ("kill", "stop") for what in whats}
    functions = {
        node.name
        for file in (FOLDER / engine).glob("*.py")
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }
    assert wanted - made <= functions
    assert made <= wanted


def test_core_rows_are_those_of_a_short_run():
    names = {row.workload for row in choose([], core=True)}
    assert "call_round_trip" in names
    assert names < {row.workload for row in choose([])}


def test_groups_names_and_sizes():
    assert {workloads()[row.workload].group for row in choose(["data"])} == {"data", "limits"}
    argument = [Row("argument", 1_000), Row("shared_memory_hand_over", 1_024)]
    assert choose(["argument"], sizes=[1_000]) == argument
    assert Row("fan_out", 64) in choose(["fan_out"], sizes=[64])
    assert Row("fan_out", 64) not in choose(["fan_out"])


def test_a_row_comes_with_its_limit():
    for row in choose(["all"]):
        limit = catalogue.limit_of(row)
        assert limit is None or limit in choose([row.workload])
    assert Row("bare_graph_fft", 32) in choose(["graphs"])


def test_all_is_everything():
    assert {row.workload for row in choose(["all"])} == set(workloads())


def test_an_unknown_name_names_its_neighbours():
    with pytest.raises(UnknownWorkload, match="call_round_trip"):
        choose(["call_round_tripp"])


def test_no_group_has_the_name_of_a_workload():
    """A name would mean several workloads where one was asked for."""
    assert not {each.group for each in workloads().values()} & set(workloads())
    assert {row.workload for row in choose(["fan_out"])} == {"fan_out"}
