"""Rounds with sides that run no engine: order, pairing, budget, what is kept when one fails or is stopped."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.samples import manifest
from monarch_vs_ray.bench import load, rounds, settings
from monarch_vs_ray.bench.catalogue import Row, choose
from monarch_vs_ray.bench.rounds import Plan, Progress, Side
from monarch_vs_ray.bench.store import Measured, Samples, Store
from monarch_vs_ray.side.running import SideSpec

PROGRAM = """
import json, os, sys
from monarch_vs_ray.bench.catalogue import workloads
from monarch_vs_ray.bench.measure import Measure
from monarch_vs_ray.bench.request import from_environment
from monarch_vs_ray.side.emitter import from_environment as emitter
from monarch_vs_ray.side.narration import narrate_to
narrate_to(emitter(sys.argv[1]))
request = from_environment()
for row in [*request.limits, *request.rows]:
    Measure(row, 0).once(0.001, 0.002)
"""
SIDES = (Side(name="monarch", engine="monarch"), Side(name="ray", engine="ray"))


@pytest.fixture
def fake(monkeypatch, tmp_path):
    """Let sides be small programs; return the list of the engines that were started."""
    started = []
    text = [PROGRAM]

    def spec(engine, *what, deadline, settings):
        started.append(engine)
        script = tmp_path / f"{engine}.py"
        script.write_text(text[0])
        return SideSpec(
            engine=engine,
            command=(sys.executable, str(script), engine),
            environment=lambda run_dir: settings,
            deadline=deadline,
        )

    monkeypatch.setattr(rounds, "side_spec", spec)
    monkeypatch.setattr(load, "wait_until_idle", lambda patience: True)
    return started, text


def plan(**changes: object) -> Plan:
    rows = choose(["call_round_trip", "pipe_round_trip", "rdma_read", "cold_start_import"])
    return Plan(**{"sides": SIDES, "rows": rows, "seconds": 0.1, "budget": 3.0, "seed": 4, **changes})


def measure(path: Path, stop=lambda: False, **changes: object):
    store = Store(path, manifest())
    progress = rounds.measure(plan(**changes), store, lambda progress: None, stop)
    store.close()
    return store.measured, progress


def test_each_round_has_both_sides_and_each_row_of_theirs(fake, tmp_path):
    started, _ = fake
    found, _ = measure(tmp_path / "x.jsonl", stop=lambda: len(started) >= 4, budget=600.0)
    assert len(started) == len(found.processes) == 4
    assert set(started[:2]) == set(started[2:]) == {"monarch", "ray"}
    assert [process.round for process in found.processes] == [1, 1, 2, 2]
    found = Measured(manifest=found.manifest, records=[each for each in found.records if each.round == 1])
    assert not any(process.ended for process in found.processes)
    rows = {(each.side, each.row.workload) for each in found.samples}
    assert ("monarch", "rdma_read") in rows
    assert ("ray", "rdma_read") not in rows
    assert {("ray", "pipe_round_trip"), ("ray", "call_round_trip")} <= rows
    assert found.samples[0].values == [1e6, 2e6]


@pytest.mark.parametrize("seed", range(4))
def test_each_side_is_first_in_every_other_round(fake, tmp_path, seed):
    started, _ = fake
    measure(tmp_path / "x.jsonl", stop=lambda: len(started) >= 6, budget=600.0, seed=seed, rows=[])
    first, second = started[:2]
    assert first != second
    assert started[:6] == [first, second, second, first, first, second]


def test_a_fault_comes_at_the_same_moment_on_both_sides(fake, tmp_path):
    started, text = fake
    text[0] = PROGRAM + "\nsys.exit(f'moment {request.moment:.3f}')"
    found, _ = measure(tmp_path / "x.jsonl", stop=lambda: len(started) >= 6, budget=600.0, rows=[])
    moments = [float(process.ended.split()[-1]) for process in found.processes[:4]]
    assert moments[::2] == moments[1::2]
    assert 0.3 < max(moments) - min(moments) < 0.7, "they are spread over the whole time"


def test_a_side_that_fails_is_kept_with_its_last_line(fake, tmp_path):
    fake[1][0] = PROGRAM + "\nsys.exit('the engine is broken')"
    found, _ = measure(tmp_path / "x.jsonl", budget=0.1)
    assert "exit 1: the engine is broken" in found.processes[0].ended
    assert found.samples


def test_to_stop_keeps_what_was_measured(fake, tmp_path):
    fake[1][0] = PROGRAM + "\nimport time; time.sleep(60)"
    seen: list[Progress] = []
    store = Store(tmp_path / "x.jsonl", manifest())
    rounds.measure(plan(), store, seen.append, lambda: any(progress.row for progress in seen))
    store.close()
    assert len(store.measured.processes) == 1
    assert isinstance(store.measured.records[1], Samples)


def test_a_budget_that_is_used_up_ends_after_a_round(fake, tmp_path):
    found, progress = measure(tmp_path / "x.jsonl", budget=0.1)
    assert progress.round == 1
    assert {process.side for process in found.processes} == {"monarch", "ray"}


def test_the_rows_are_shortened_until_enough_rounds_fit():
    many = plan(rows=choose(["calls"]), budget=60.0)
    shorter = rounds._shorter(many, 0.2, took=20.0, left=40.0)
    assert rounds.SHORTEST <= shorter < 0.2


def test_a_request_goes_through_the_environment(monkeypatch):
    from monarch_vs_ray.bench.request import Request, from_environment

    request = Request(rows=[Row("argument", 1_000)], seconds=0.5, slow_down=0.1)
    for name, value in request.variable().items():
        monkeypatch.setenv(name, value)
    assert from_environment() == request


def test_the_code_hash_changes_with_a_workload(tmp_path, monkeypatch):
    folder = tmp_path / "bench"
    (folder / "ray").mkdir(parents=True)
    for name in ("rounds.py", "workloads.toml", "ray/calls.py"):
        (folder / name).write_text("1")
    monkeypatch.setattr(rounds, "__file__", str(folder / "rounds.py"))
    before = rounds.code_hash()
    (folder / "plots.py").write_text("1")
    assert rounds.code_hash() == before, "a module that only shows"
    (folder / "ray" / "plots.py").write_text("1")
    assert rounds.code_hash() != before
    before = rounds.code_hash()
    (folder / "ray" / "calls.py").write_text("2")
    assert rounds.code_hash() != before


def test_no_module_that_a_side_imports_is_left_out_of_the_hash():
    program = (
        "import sys, monarch_vs_ray.bench.program\n"
        "print(*(name for name in sys.modules if '.bench.' in name))"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    timed = {f"{name.rpartition('.')[2]}.py" for name in out.split()}
    assert "measure.py" in timed
    assert not timed & rounds.NOT_TIMED
    folder = Path(rounds.__file__).parent
    assert all((folder / name).exists() for name in rounds.NOT_TIMED)


@pytest.mark.parametrize("choice", settings.CHOICES)
def test_a_process_gets_the_settings_that_the_manifest_tells(fake, tmp_path, choice):
    _, text = fake
    text[0] = (
        PROGRAM + "\nprint('POLL', os.environ.get('HYPERACTOR_MESH_SUPERVISION_POLL_FREQUENCY'))\nsys.exit(1)"
    )
    found, _ = measure(tmp_path / "x.jsonl", budget=0.1, settings=choice)
    said = {process.side: process.ended for process in found.processes}
    set_ = {engine: settings.environment(choice, engine) for engine in ("monarch", "ray")}
    name = "HYPERACTOR_MESH_SUPERVISION_POLL_FREQUENCY"
    for engine, variables in set_.items():
        assert said[engine].endswith(f"POLL {variables.get(name)}")
        assert (f"{name}=1s" in settings.describe(choice, engine)) == (name in variables)
    assert (name in set_["monarch"]) == (choice == settings.RECOMMENDED)
