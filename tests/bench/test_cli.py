"""``mvr bench`` as a user calls it, without an engine."""

from __future__ import annotations

import json

import pytest

from bench.samples import manifest, measured
from monarch_vs_ray.bench import screen
from monarch_vs_ray.bench.catalogue import Row, workloads
from monarch_vs_ray.bench.store import Store
from monarch_vs_ray.cli import main
from monarch_vs_ray.core.errors import BadOption


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["bench", *arguments])
    return int(ended.value.code or 0)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.jsonl"
    store = Store(path, manifest())
    store.append(measured({Row("call_round_trip"): lambda side: 2e5 if side == "ray" else 1e5}).records)
    store.close()
    return str(path)


def test_the_list_has_every_workload_and_its_clock(capsys):
    assert run("--list") == 0
    out = capsys.readouterr().out
    for name, workload in workloads().items():
        assert name in out
        assert workload.clock in out


def test_a_file_is_shown_again(file, capsys):
    assert run("show", file) == 0
    assert "Call one actor and wait" in capsys.readouterr().out
    assert run("show", file, "--json") == 0
    assert json.loads(capsys.readouterr().out)["results"][0]["ratio"]["n"] == 8
    assert run("show", file, "--csv") == 0
    assert capsys.readouterr().out.startswith("workload,size,side")


def test_two_files_are_compared_and_one_with_itself_is_refused(file, tmp_path, capsys):
    other = tmp_path / "b.jsonl"
    store = Store(other, manifest())
    store.append(
        measured({Row("call_round_trip"): lambda side: 2e5 if side == "ray" else 1e5}, seed=2).records
    )
    store.close()
    assert run("compare", file, str(other)) == 0
    assert "0 of 3 numbers moved" in capsys.readouterr().out
    assert run("compare", file, file) == 2
    assert "name two runs" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing_like_it"], "No workload is called"),
        (["--budget", "soon"], "--budget 'soon' cannot be used"),
        (["fan_out", "--sizes", "3"], "known are 1, 2, 4, 8, 16, 32, 64"),
        (["spawn", "--sizes", "4"], "these workloads have one size"),
        (["--settings", "best"], "give defaults or recommended"),
        (["--slow-down", "0.1"], "needs --against-itself"),
        (["--budget", "0s"], "from 1 s to 24 h"),
        (["--budget", "nan"], "cannot be used"),
        (["--sizes", "many"], "--sizes 'many' cannot be used"),
        (["--sizes", "inf"], "--sizes 'inf' cannot be used"),
        (["--against-itself", "dask"], "give monarch or ray"),
        (["--slow-down", "-1"], "--slow-down"),
        (["--seconds", "0"], "--seconds is 0"),
        (["--json", "--csv"], "give one of them"),
        (["compare", "one.jsonl"], "takes 2 files, not 1"),
        (["show", "none.jsonl"], "none.jsonl"),
        (["--monarch", "a.py"], "both --monarch FILE and --ray FILE"),
    ],
)
def test_bad_input_is_one_line(arguments, said, capsys):
    assert run(*arguments) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert len(error.strip().splitlines()) == 1


def test_budgets_and_sizes():
    assert screen.max_seconds("4m") == 240.0
    assert screen.max_seconds("30") == 30.0
    assert screen.numbers("1e3, 64000000,") == [1_000, 64_000_000]
    with pytest.raises(BadOption):
        screen.max_seconds("")
