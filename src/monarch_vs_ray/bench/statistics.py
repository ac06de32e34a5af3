"""From raw samples to numbers with an interval. Pure functions; the process is the unit.

Processes of one engine differ by more than calls of one process do, so a process counts once, by its median.
Rounds pair the engines: their two processes ran one after the other. The ratio is estimated from the pairs by
Hodges and Lehmann, with the interval of Wilcoxon's signed-rank test: it is exact for few pairs, where a
bootstrap is too narrow (seven processes covered 88 % where 95 were meant),
and assumes only that log ratios are spread evenly around their centre.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence

import msgspec

CONFIDENCE = 0.95
FEW = 6
"""Fewer pairs have no interval at 95 %: the widest one that they allow covers less."""
DRIFT = 0.01


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """A number with its interval; ``coverage`` is what the interval covers, 0 when there is none."""

    value: float
    low: float
    high: float
    n: int
    coverage: float


def signed_rank_counts(n: int) -> list[int]:
    """Return, for each sum of ranks, how many of the ``2 ** n`` patterns of signs have it."""
    counts = [1]
    for rank in range(1, n + 1):
        longer = counts + [0] * rank
        for at, count in enumerate(counts):
            longer[at + rank] += count
        counts = longer
    return counts


def centre(values: Sequence[float], confidence: float = CONFIDENCE) -> Estimate:
    """Return the Hodges-Lehmann estimate of where values are centred, with the signed-rank interval.

    Args:
        values: One for each pair or process.
        confidence: What the interval should cover; with few values it covers less, and says so.

    Raises:
        ValueError: If there are no values.
    """
    n = len(values)
    if not n:
        raise ValueError("no values")
    walsh = sorted((a + b) / 2 for a, b in itertools.combinations_with_replacement(values, 2))
    counts = signed_rank_counts(n)
    tail, cut = 0, 0
    while cut < len(walsh) // 2 and (tail + counts[cut]) / 2**n <= (1 - confidence) / 2:
        tail += counts[cut]
        cut += 1
    if not cut:  # the whole range is the widest interval there is
        tail, cut = 1, 1
    coverage = max(0.0, 1 - 2 * tail / 2**n)
    return Estimate(
        value=statistics.median(walsh), low=walsh[cut - 1], high=walsh[-cut], n=n, coverage=coverage
    )


def ratio(pairs: Sequence[tuple[float, float]], confidence: float = CONFIDENCE) -> Estimate:
    """Return the ratio of the first to the second of each pair, estimated on the scale of logarithms."""
    logs = centre([math.log(first / second) for first, second in pairs], confidence)
    return Estimate(
        value=math.exp(logs.value),
        low=math.exp(logs.low),
        high=math.exp(logs.high),
        n=logs.n,
        coverage=logs.coverage,
    )


def typical(values: Sequence[float], confidence: float = CONFIDENCE) -> Estimate:
    """Return the same for positive values of one engine, each of one process."""
    return ratio([(value, 1.0) for value in values], confidence)


def quantiles(samples: Sequence[float], shares: Sequence[float] = (0.5, 0.9, 0.99)) -> list[float]:
    """Return quantiles of raw samples, linear between neighbours."""
    ordered = sorted(samples)
    found = []
    for share in shares:
        place = share * (len(ordered) - 1)
        below = int(place)
        above = min(below + 1, len(ordered) - 1)
        found.append(ordered[below] + (ordered[above] - ordered[below]) * (place - below))
    return found


def drifts(values: Sequence[float]) -> bool:
    """Return whether values rise or fall over the rounds more than chance does.

    It is Kendall's test, exact: of all orders, fewer than 1 in 100 are as far from balanced.
    """
    n = len(values)
    if n < FEW:
        return False
    rising = sum(a < b for a, b in itertools.combinations(values, 2))
    falling = sum(a > b for a, b in itertools.combinations(values, 2))
    fewer = min(rising, falling)
    return 2 * sum(inversion_counts(n)[: fewer + 1]) / math.factorial(n) < DRIFT


def inversion_counts(n: int) -> list[int]:
    """Return, for each number of pairs that are out of order, how many orders of ``n`` things have it."""
    counts = [1]
    for length in range(2, n + 1):
        longer = [0] * (len(counts) + length - 1)
        for at, count in enumerate(counts):
            for more in range(length):
                longer[at + more] += count
        counts = longer
    return counts


def dispersion(values: Sequence[float]) -> float:
    """Return the range between the quartiles as a share of the median; 0 for fewer than three values."""
    if len(values) < 3:
        return 0.0
    low, middle, high = statistics.quantiles(values, n=4)
    return (high - low) / middle if middle else math.inf


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """Costs as ``per_call + size / bandwidth``: seconds, bytes per second, and the worst relative error."""

    per_call: float
    bandwidth: float
    worst: float


def fit_line(points: Sequence[tuple[int, float]]) -> Line:
    """Fit a straight line to seconds by size, with errors relative to the seconds.

    Args:
        points: Sizes in bytes and seconds, at least two sizes.
    """
    per_call, per_byte = fit([(1.0, float(size)) for size, _ in points], [seconds for _, seconds in points])
    worst = max(abs(per_call + per_byte * size - seconds) / seconds for size, seconds in points)
    return Line(per_call=per_call, bandwidth=1 / per_byte if per_byte else math.inf, worst=worst)


def fit(columns: Sequence[Sequence[float]], values: Sequence[float]) -> list[float]:
    """Return the coefficients, none below 0, whose sums come closest to values, in shares of them.

    Args:
        columns: For each value, what each coefficient is multiplied with; at most a few of them.
        values: Positive numbers.
    """
    rows = [[each / value for each in row] for row, value in zip(columns, values, strict=True)]
    width = len(rows[0])
    best, least = [0.0] * width, math.inf
    for used in itertools.chain.from_iterable(
        itertools.combinations(range(width), k) for k in range(1, width + 1)
    ):
        found = _solve(
            [[sum(row[i] * row[j] for row in rows) for j in used] for i in used],
            [sum(row[i] for row in rows) for i in used],
        )
        if found is None or min(found) < 0:
            continue
        all_ = [found[used.index(i)] if i in used else 0.0 for i in range(width)]
        error = sum((sum(map(math.prod, zip(row, all_, strict=True))) - 1) ** 2 for row in rows)
        if error < least - 1e-12:
            best, least = all_, error
    return best


def _solve(matrix: list[list[float]], right: list[float]) -> list[float] | None:
    """Solve a few linear equations by elimination; None when they do not decide."""
    n = len(right)
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for at in range(n):
        pivot = max(range(at, n), key=lambda each: abs(rows[each][at]))
        if abs(rows[pivot][at]) <= 1e-12 * max(1e-300, abs(matrix[at][at])):
            return None
        rows[at], rows[pivot] = rows[pivot], rows[at]
        rows[at] = [each / rows[at][at] for each in rows[at]]
        for other in range(n):
            if other != at:
                rows[other] = [a - rows[other][at] * b for a, b in zip(rows[other], rows[at], strict=True)]
    return [row[-1] for row in rows]
