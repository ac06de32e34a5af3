"""The statistics: against scipy, against values known by hand, and by how often intervals cover."""

from __future__ import annotations

import itertools
import math
import random

import pytest
from scipy import optimize, stats

from monarch_vs_ray.bench import statistics


@pytest.mark.parametrize("n", range(1, 13))
def test_the_signed_rank_distribution_is_that_of_all_patterns_of_signs(n):
    if n <= 8:
        counts = [0] * (n * (n + 1) // 2 + 1)
        for signs in itertools.product((0, 1), repeat=n):
            counts[sum(rank * sign for rank, sign in enumerate(signs, start=1))] += 1
        assert statistics.signed_rank_counts(n) == counts
    assert sum(statistics.signed_rank_counts(n)) == 2**n


@pytest.mark.parametrize("seed", range(6))
def test_the_interval_holds_the_centres_that_wilcoxons_test_does_not_reject(seed):
    random_ = random.Random(seed)
    values = [random_.gauss(0.3, 1) for _ in range(6 + seed)]
    found = statistics.centre(values)
    for shift in (found.low - 1e-9, found.low + 1e-9, found.high - 1e-9, found.high + 1e-9):
        inside = found.low < shift < found.high
        p = stats.wilcoxon([value - shift for value in values], method="exact").pvalue
        assert (p > 1 - statistics.CONFIDENCE) == inside


def test_known_values():
    found = statistics.centre([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    assert found.value == 3.5
    assert (found.low, found.high) == (1.0, 6.0)
    assert found.coverage == pytest.approx(1 - 2 / 64)


def test_few_values_say_how_little_their_interval_covers():
    found = statistics.centre([1.0, 2.0, 4.0])
    assert (found.low, found.high) == (1.0, 4.0)
    assert found.coverage == pytest.approx(0.75)
    assert statistics.centre([7.0]).coverage == 0.0


def test_no_values():
    with pytest.raises(ValueError, match="no values"):
        statistics.centre([])


@pytest.mark.parametrize("n", [6, 8, 12])
def test_intervals_cover_as_often_as_they_say(n):
    """Processes that differ by a heavy-tailed factor: the interval of the ratio holds the true one."""
    random_ = random.Random(n)
    runs, held = 1_500, 0
    for _ in range(runs):
        machine = [random_.lognormvariate(0, 0.3) for _ in range(n)]
        pairs = [
            (1.5 * each * math.exp(0.1 * _heavy(random_)), each * math.exp(0.1 * _heavy(random_)))
            for each in machine
        ]
        found = statistics.ratio(pairs)
        held += found.low <= 1.5 <= found.high
    assert held / runs >= found.coverage - 0.015


def _heavy(random_: random.Random) -> float:
    """Return a draw from Student's t with 3 degrees of freedom."""
    return random_.gauss(0, 1) / math.sqrt(random_.gammavariate(1.5, 2) / 3)


def test_a_planted_difference_is_found():
    random_ = random.Random(3)
    found = [
        statistics.ratio(
            [(1.1 * random_.lognormvariate(0, 0.03), random_.lognormvariate(0, 0.03)) for _ in range(8)]
        )
        for _ in range(100)
    ]
    assert sum(each.low > 1 for each in found) >= 90


@pytest.mark.parametrize("values", [[1, 2, 3, 4, 5, 6, 7], [7, 6, 5, 4, 3, 2, 1], [3, 1, 4, 1.5, 9, 2, 6, 5]])
def test_drift_is_kendalls_exact_test(values):
    p = stats.kendalltau(range(len(values)), values, method="exact").pvalue
    assert statistics.drifts(values) == (p < statistics.DRIFT)


@pytest.mark.parametrize("n", [1, 4, 6])
def test_inversions_are_counted_over_all_orders(n):
    counts: dict[int, int] = {}
    for order in itertools.permutations(range(n)):
        inversions = sum(a > b for a, b in itertools.combinations(order, 2))
        counts[inversions] = counts.get(inversions, 0) + 1
    assert statistics.inversion_counts(n) == [counts[each] for each in sorted(counts)]


def test_quantiles_are_linear_between_neighbours():
    assert statistics.quantiles([4.0, 1.0, 2.0, 3.0], (0.0, 0.5, 1.0)) == [1.0, 2.5, 4.0]


@pytest.mark.parametrize("seed", range(5))
def test_the_fit_is_that_of_nnls(seed):
    random_ = random.Random(seed)
    columns = [(1.0, random_.random(), random_.random() - 0.3) for _ in range(8)]
    values = [2 + random_.random() for _ in columns]
    rows = [[each / value for each in row] for row, value in zip(columns, values, strict=True)]
    expected, _ = optimize.nnls(rows, [1.0] * len(rows))
    assert statistics.fit(columns, values) == pytest.approx(list(expected), abs=1e-6)


def test_a_line_is_found_again():
    points = [(size, 2e-4 + size / 5e8) for size in (1_000, 100_000, 10_000_000)]
    line = statistics.fit_line(points)
    assert line.per_call == pytest.approx(2e-4)
    assert line.bandwidth == pytest.approx(5e8)
    assert line.worst < 1e-9


def test_a_coefficient_that_nothing_decides_is_left_out():
    assert statistics.fit([(1.0, 0.0), (1.0, 0.0)], [2.0, 2.0]) == pytest.approx([2.0, 0.0])
