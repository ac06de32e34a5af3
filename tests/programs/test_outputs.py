"""Two outputs are equal, or it is said how they differ."""

from __future__ import annotations

import pytest

from monarch_vs_ray.programs.outputs import Comparison, Output, compare, own_lines


def outcome(left: list[str], right: list[str], how: Comparison, rtol: float = 0.0) -> bool | None:
    return compare(Output("monarch", left), Output("ray", right), how, rtol).equal


@pytest.mark.parametrize(
    ("left", "right", "equal_in"),
    [
        (["a", "b"], ["a", "b"], {"exact", "lines", "sorted"}),
        (["a ", "b"], ["a", "b"], {"lines", "sorted"}),
        (["b", "a"], ["a", "b"], {"sorted"}),
        (["a"], ["a", "a"], set()),
        ([], [], {"exact", "lines", "sorted"}),
        ([], [""], set()),
    ],
)
def test_each_way_of_comparing_takes_what_it_says_as_equal(
    left: list[str], right: list[str], equal_in: set[str]
) -> None:
    ways: tuple[Comparison, ...] = ("exact", "lines", "sorted")

    assert {how for how in ways if outcome(left, right, how)} == equal_in


def test_nothing_is_compared_when_nobody_asks() -> None:
    assert outcome(["a"], ["b"], "none") is None


@pytest.mark.parametrize(
    ("left", "right", "rtol", "equal"),
    [
        ("loss 1.0000001 at 3", "loss 1.0000002 at 3", 1e-6, True),
        ("loss 1.0000001 at 3", "loss 1.0000002 at 3", 0.0, False),
        ("loss 1.00 at 3", "loss 1.10 at 3", 1e-6, False),
        ("loss 1.0", "cost 1.0", 0.5, False),
        ("1e-3", "0.001", 1e-9, True),
        ("worker1", "worker2", 0.9, False),
        ("-5", "5", 0.5, False),
    ],
)
def test_numbers_may_be_apart_as_far_as_was_allowed(left: str, right: str, rtol: float, equal: bool) -> None:
    assert outcome([left], [right], "lines", rtol) is equal


@pytest.mark.parametrize(
    ("left", "right", "rtol", "equal"),
    [
        (['{"a": 1, "b": [1, 2]}'], ['{"b": [1,2],', '"a": 1}'], 0.0, True),
        (['{"a": 1}', '{"a": 2}'], ['{"a": 1}', "", '{"a": 2.0}'], 0.0, True),
        (['{"a": 1.0}'], ['{"a": 1.0000001}'], 1e-6, True),
        (['{"a": true}'], ['{"a": 1}'], 0.0, False),
        (["{"], ["{"], 0.0, False),
        (["1" * 400], ["1.5"], 0.1, False),
        (["[" * 100_000], ["1"], 0.0, False),
    ],
)
def test_json_is_compared_by_value(left: list[str], right: list[str], rtol: float, equal: bool) -> None:
    assert outcome(left, right, "json", rtol) is equal


def test_what_the_engines_print_between_is_taken_out_and_counted() -> None:
    ray = [
        "2026-11-30 09:39:24,631\tINFO worker.py:2029 -- Started a local Ray instance.",
        "\x1b[36m(A pid=24961)\x1b[0m in actor 21",
        "(f pid=7, ip=10.0.0.1) twice [repeated 2x across cluster]",
        "(raylet) A worker died or was killed",
        "result (pid=3) 42",
    ]
    monarch = ["Monarch internal logs are being written to /tmp/u/monarch_log.log", "result (pid=3) 42"]

    assert own_lines(Output("ray", ray)) == (["in actor 21", "twice", "twice", "result (pid=3) 42"], 2)
    assert own_lines(Output("monarch", monarch)) == (["result (pid=3) 42"], 1)


def test_another_order_is_named_as_such() -> None:
    found = compare(Output("monarch", ["b", "a"]), Output("ray", ["a", "b"]), "lines")

    assert found.equal is False
    assert "--compare sorted" in found.sentence


def test_the_diff_counts_from_the_first_line_of_the_output() -> None:
    same = [f"line {number}" for number in range(100)]
    found = compare(Output("monarch", [*same, "a"]), Output("ray", [*same, "b"]), "lines")

    assert "@@ -98,4 +98,4 @@" in found.diff
    assert found.diff[-2:] == ["-a", "+b"]


def test_a_missing_newline_at_the_end_is_a_difference_only_to_the_byte() -> None:
    left, right = Output("monarch", ["a"]), Output("ray", ["a"], ends_with_newline=False)

    assert compare(left, right, "lines").equal
    assert "last line of ray has no newline" in compare(left, right, "exact").sentence


def test_outputs_that_were_not_kept_whole_are_compared_by_their_bytes() -> None:
    left = Output("monarch", ["a"], sha256="1", whole=False)

    assert compare(left, Output("ray", ["a"], sha256="1", whole=False), "lines").equal
    assert compare(left, Output("ray", ["a"], sha256="2", whole=False), "lines").equal is False


def test_results_are_compared_before_lines() -> None:
    left, right = Output("monarch", ["a"], result=[1, 2.0]), Output("ray", ["a"], result=[1, 2.5])

    assert "The results differ: [1, 2.0] and [1, 2.5]" in compare(left, right, "lines").sentence
    assert compare(left, right, "lines", rtol=0.3).equal
