"""The process of a side, with an engine that is none; rows that are made of trials and of processes."""

from __future__ import annotations

import signal
import subprocess
import sys
import types

import pytest

from bench.samples import measured
from monarch_vs_ray.bench import derived, failure, footprint, measure, program
from monarch_vs_ray.bench.catalogue import Row, choose
from monarch_vs_ray.bench.measure import Measure
from monarch_vs_ray.bench.request import Request


@pytest.fixture
def kept(monkeypatch):
    found: list[tuple[str, object]] = []
    for module in (measure, program):
        monkeypatch.setattr(module, "observe", lambda key, value: found.append((key, value)))
    return found


@pytest.fixture
def engine(monkeypatch):
    """Put a module in the place of an engine's; return what was called of it."""
    called: list[str] = []

    def fails(measure_: Measure) -> None:
        raise RuntimeError("a remote traceback\n  of many lines\nValueError: the cause")

    module = types.ModuleType("no_engine")
    module.WORKLOADS = {  # type: ignore[attr-defined]
        "call_round_trip": lambda measure_: measure_.latency(lambda: None),
        "argument": fails,
        "result": lambda measure_: measure_.valid(False, "other bytes came back"),
    }
    for name in ("start", "first_actor", "stop"):
        setattr(module, name, lambda name=name: called.append(name))
    module.first_call = lambda actor: called.append("first_call")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "no_engine", module)
    return called


def run(monkeypatch, rows: list[Row], limits: list[Row] = ()) -> None:
    for name, value in Request(rows=rows, limits=list(limits), seconds=0.01).variable().items():
        monkeypatch.setenv(name, value)
    program.run("json", "no_engine")


def test_limits_come_first_and_each_phase_once(kept, engine, monkeypatch):
    run(monkeypatch, [Row("call_round_trip")], [Row("socket_round_trip")])
    rows = [value["row"]["workload"] for _, value in kept]
    assert rows[0] == "socket_round_trip"
    assert rows[-1] == "shut_down"
    starts = ["cold_start_import", "cold_start_runtime", "cold_start_first_actor", "cold_start_first_call"]
    assert [row for row in rows if row.startswith("cold")] == [*starts, "cold_start"]
    times = {value["row"]["workload"]: value["values"][0] for _, value in kept}
    assert times["cold_start"] == pytest.approx(sum(times[name] for name in starts), abs=1)
    assert engine == ["start", "first_actor", "first_call", "stop"]


def test_a_row_that_fails_says_why_and_the_rest_is_measured(kept, engine, monkeypatch):
    run(monkeypatch, [Row("argument", 1_000), Row("result", 1_000), Row("call_round_trip")])
    troubles = [value for key, value in kept if key == program.TROUBLE]
    assert [trouble["why"] for trouble in troubles] == [
        "RuntimeError: ValueError: the cause",
        "WrongAnswer: result: other bytes came back",
    ]
    assert any(value["row"]["workload"] == "call_round_trip" for key, value in kept if key == measure.SAMPLES)
    assert engine[-1] == "stop"


def test_one_trial_has_all_its_rows(kept, monkeypatch):
    trials = []
    for name, value in Request(rows=[], moment=0.25).variable().items():
        monkeypatch.setenv(name, value)

    def trial(number: int, moment: float) -> dict[str, float]:
        trials.append((number, moment))
        return {"error": 8.0, "notice": 7.5} if number == signal.SIGKILL else {}

    rows = failure.rows(trial, "error", "notice", "answer")
    for name in ("kill_to_error", "kill_to_notice", "fault_moment"):
        rows[name](Measure(Row(name), 0.0))
    with pytest.raises(TimeoutError, match="no error within 60 s"):
        rows["stop_to_error"](Measure(Row("stop_to_error"), 0.0))
    assert [number for number, _ in trials] == [signal.SIGKILL, signal.SIGSTOP]
    assert [moment for _, moment in trials] == [0.5 + 0.25 * 10] * 2, "the same moment on both engines"
    assert [value["values"] for _, value in kept] == [[8e9], [7.5e9], [round(trials[0][1] * 1e9, 1)]]


class Processes:
    """Actors that are small processes."""

    def spawn(self, count: int) -> list[subprocess.Popen]:
        program_ = "import sys; sys.stdout.write('x'); sys.stdout.flush(); sys.stdin.read()"
        command = [sys.executable, "-I", "-S", "-c", program_]
        made = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(count)
        ]
        for each in made:
            assert each.stdout.read(1) == b"x"
        return made

    def end(self, actors: list[subprocess.Popen]) -> None:
        for each in actors:
            each.communicate()


def test_footprints_of_small_processes(kept, monkeypatch):
    monkeypatch.setattr(footprint, "SETTLE", 0.0)
    monkeypatch.setattr(footprint, "WARM_LOOPS", 1)
    rows = footprint.rows(Processes())
    for name, size in (("memory_of_a_process", 0), ("churn_descriptors", 3), ("idle_wake_ups", 0)):
        rows[name](Measure(Row(name, size), 0.0))
    memory, descriptors, _ = (value["values"][0] for _, value in kept)
    assert 500_000 < memory < 100_000_000
    assert abs(descriptors) < 2
    assert footprint.processor_seconds() > 0


def test_costs_by_size_are_fitted():
    rows = {
        row: lambda side, row=row: 2e5 + row.size / 1e9 * 1e9 for row in choose(["argument", "message_bytes"])
    }
    costs = {(cost.workload, cost.side): cost for cost in derived.costs(measured(rows, noise=0.001))}
    line = costs["argument", "ray"].line
    assert line.per_call == pytest.approx(2e-4, rel=0.1)
    assert line.bandwidth == pytest.approx(1e9, rel=0.1)
    assert costs["message_bytes", "monarch"].line.bandwidth == pytest.approx(1e9, rel=0.1)
    assert any(
        "argument, ray: 200 us + bytes / 1.00 GB/s" in each
        for each in derived.lines(measured(rows, noise=0.0))
    )
