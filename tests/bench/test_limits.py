"""The limits of the machine, for a moment each; and what others use of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import psutil
import pytest

from monarch_vs_ray.bench import graph, limits, load, measure
from monarch_vs_ray.bench.bare_graph import bare_graph
from monarch_vs_ray.bench.catalogue import Row, workloads
from monarch_vs_ray.bench.forked import opposite
from monarch_vs_ray.bench.measure import Measure


@pytest.fixture
def kept(monkeypatch):
    found = []
    monkeypatch.setattr(measure, "observe", lambda key, value: found.append(value))
    return found


@pytest.mark.parametrize("name", [name for name in limits.LIMITS if not name.startswith("bare_graph")])
def test_a_limit_is_valid_and_leaves_no_process(name, kept):
    before = psutil.Process().children()
    limits.LIMITS[name](Measure(Row(name, workloads()[name].sizes[0]), 0.01))
    assert kept[0]["values"]
    assert psutil.Process().children() == before


@pytest.mark.parametrize("cores", [1, 2])
def test_two_processes_stay_where_they_are_put(cores):
    allowed = sorted(os.sched_getaffinity(0))
    here, there = os.pipe()
    with opposite(lambda: os.write(there, repr(os.sched_getaffinity(0)).encode()), cores=cores):
        other = os.read(here, 100).decode()
        assert os.sched_getaffinity(0) == {allowed[0]}
    assert other == repr({allowed[min(cores, len(allowed)) - 1]})
    assert sorted(os.sched_getaffinity(0)) == allowed


@pytest.mark.parametrize("pattern", graph.PATTERNS)
def test_a_graph_in_bare_processes_has_the_oracles_values(pattern, kept):
    bare_graph(Measure(Row(f"bare_graph_{pattern}", 4), 0.01))
    assert kept[0]["operations"] % graph.WIDTH == 0


@pytest.mark.parametrize("pattern", graph.PATTERNS)
def test_a_task_sends_to_those_that_need_it(pattern):
    for step in range(4):
        for column in range(graph.WIDTH):
            for other in graph.needed_by(pattern, column, step):
                assert column in graph.needs(pattern, other, step + 1)
    assert graph.needs(pattern, 0, 0) == []


def test_the_oracle_notices_a_value_that_went_astray():
    right = graph.oracle("stencil_1d", 3, 4)
    first = [graph.kernel(column, 0, [], 4) for column in range(graph.WIDTH)]
    swapped = graph.kernel(0, 1, [first[1], first[0]], 4)
    assert swapped != graph.kernel(0, 1, [first[0], first[1]], 4)
    assert len(set(right)) == graph.WIDTH


def test_the_processor_time_of_live_processes_is_added_up():
    program = "import time\nend = time.process_time() + 0.1\nwhile time.process_time() < end: pass\ninput()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE) as child:
        tree, end = load.Tree(), time.monotonic() + 20
        while tree.seconds < 0.1 and time.monotonic() < end:
            tree.look([child.pid, 2**30])
            time.sleep(0.01)
        child.communicate(b"\n")
    assert 0.1 <= tree.seconds < 5


def test_a_busy_machine_is_waited_for_and_then_taken(monkeypatch):
    monkeypatch.setattr(load, "IDLE_WINDOW", 0.01)
    seconds = iter(range(10_000))
    monkeypatch.setattr(load, "busy", lambda: float(next(seconds)))
    assert load.wait_until_idle(0.05) is False
    monkeypatch.setattr(load, "busy", lambda: 7.0 + load.own())
    assert load.wait_until_idle(0.05) is True
