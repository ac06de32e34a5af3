"""Two files held against each other."""

from __future__ import annotations

import msgspec
import pytest

from bench.samples import MACHINE, measured
from monarch_vs_ray.bench import compare
from monarch_vs_ray.bench.catalogue import Row
from monarch_vs_ray.core.errors import UserError

CALL, PIPE = Row("call_round_trip"), Row("pipe_round_trip")


def run(monarch: float, seed: int, rounds: int = 8, **of: object):
    return measured(
        {CALL: lambda side: monarch if side == "monarch" else 4e5}, seed=seed, rounds=rounds, **of
    )


def verdicts(first, second) -> dict[str, str]:
    return {change.what: change.verdict for change in compare.changes(first, second)}


def test_two_runs_alike_are_not_shown_to_differ():
    assert verdicts(run(2e5, 1), run(2e5, 2)) == dict.fromkeys(
        ("monarch", "ray", "ratio"), "not shown to differ"
    )


def test_what_moved_is_named_with_its_direction():
    found = verdicts(run(2e5, 1), run(3e5, 2))
    assert found == {"monarch": "higher", "ray": "not shown to differ", "ratio": "higher"}
    assert verdicts(run(3e5, 1), run(2e5, 2))["monarch"] == "lower"


def test_few_rounds_say_nothing():
    assert set(verdicts(run(2e5, 1, rounds=3), run(9e5, 2, rounds=3)).values()) == {"too few"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"machine": msgspec.structs.replace(MACHINE, cores=64)}, "machine: cores 2 and 64"),
        ({"code": "other"}, "code of the workloads: c0de and other"),
        ({"sides": ("ray again", "ray")}, "sides: monarch / ray and ray again / ray"),
    ],
)
def test_unlike_files_are_not_comparable(change, said, capsys):
    assert compare.show(run(2e5, 1), run(2e5, 2, **change)) == 1
    out = capsys.readouterr().out
    assert out.startswith("Not comparable:")
    assert said in out


@pytest.mark.parametrize(
    ("first", "second", "comparable"), [("A", "B", False), ("A", "A", True), ("A", "", True)]
)
def test_processors_are_compared_where_both_are_known(first, second, comparable, capsys):
    code = compare.show(run(2e5, 1, processor=first), run(2e5, 2, processor=second))
    assert (code == 0) is comparable
    assert ("processor: A and B" in capsys.readouterr().out) is not comparable


@pytest.mark.parametrize(("second", "near"), [(2.1e5, 1), (2.6e5, 0)])
def test_ratios_that_are_stable_are_counted(second, near, capsys):
    compare.show(run(2e5, 1), run(second, 2))
    out = capsys.readouterr().out
    assert "1 of 1 ratios are stable (known to within 7% in both runs)" in out
    assert f"{near} of these differ by at most 10% between the runs" in out


def test_a_ratio_with_a_wide_interval_is_not_called_stable(capsys):
    compare.show(run(2e5, 1), run(2e5, 2, noise=0.2))
    out = capsys.readouterr().out
    assert "0 of 1 ratios are stable" in out
    assert "A larger --budget" in out


@pytest.mark.parametrize(("slower", "said"), [(1.0, False), (1.5, True)])
def test_another_speed_of_the_machine_is_named(slower, said, capsys):
    def at(speed: float, seed: int):
        return measured({CALL: lambda side: 2e5 * speed, PIPE: lambda side: 4e4 * speed}, seed=seed)

    compare.show(at(1.0, 1), at(slower, 2))
    out = " ".join(capsys.readouterr().out.split())
    assert ("2 of 2 limits of the machine moved" in out) is said
    assert f"{4 if said else 0} of 6 numbers moved, 0 of them ratios" in out


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(UserError, match="same measurements"):
        compare.show(run(2e5, 1), run(2e5, 1))
    with pytest.raises(UserError, match="no row in common"):
        compare.show(run(2e5, 1), measured({PIPE: lambda side: 4e4}))


def test_too_few_rounds_are_not_counted_as_agreement(capsys):
    compare.show(run(2e5, 1, rounds=3), run(9e5, 2, rounds=3))
    out = capsys.readouterr().out
    assert "None of them can be judged: fewer than 6 processes" in out
    assert "moved" not in out


def test_other_releases_are_compared_and_named(capsys):
    assert compare.show(run(2e5, 1), run(2e5, 2, versions={"monarch": "0.8.0", "ray": "2.60.0"})) == 0
    out = capsys.readouterr().out
    assert "monarch: 0.7.0 and 0.8.0" in out
    assert "0 of 3 numbers moved" in out
