"""METG, the minimum effective task granularity: the smallest task at which half of the peak is kept.

After Slaughter et al., "Task Bench" (SC'20). *Granularity* is the wall time that the cores together spend on
a task; *efficiency* is the rounds of the kernel per second, as a share of the most that any driver reached.
"""

from __future__ import annotations

import math
import statistics as standard

import msgspec

from monarch_vs_ray.bench import graph
from monarch_vs_ray.bench.analysis import by_row, medians
from monarch_vs_ray.bench.catalogue import Row, workloads
from monarch_vs_ray.bench.store import Measured

HALF = 0.5
BARE = "bare processes"
FORMS = ("bare_graph", "actor_graph", "task_graph")


def driver_of(form: str, side: str) -> str:
    """Return what runs a graph in a form: bare processes, a side's actors, or a side's calls of tasks."""
    if form == "bare_graph":
        return BARE
    return side if form == "actor_graph" else f"{side}, by calls"


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One size of the kernel: seconds of a task times the cores of the machine, share of the peak."""

    rounds: int
    granularity: float
    efficiency: float


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """A driver on a pattern, from small tasks to large ones."""

    pattern: str
    driver: str
    points: list[Point]
    processes: int

    @property
    def metg(self) -> float | None:
        """Return the smallest granularity, in seconds, with half of the peak; None when none has it.

        Between two sizes it is interpolated, on the scale of logarithms of the granularity.
        """
        return crossing(self.points)


def crossing(points: list[Point]) -> float | None:
    """Return the granularity from which on all points keep half of the peak; see ``Curve.metg``."""
    ordered = sorted(points, key=lambda point: point.rounds)
    below = [at for at, point in enumerate(ordered) if point.efficiency < HALF]
    if not below:
        return ordered[0].granularity if ordered else None
    last = below[-1]
    if last + 1 == len(ordered):
        return None
    low, high = ordered[last], ordered[last + 1]
    share = (HALF - low.efficiency) / (high.efficiency - low.efficiency)
    return math.exp(
        math.log(low.granularity) + share * (math.log(high.granularity) - math.log(low.granularity))
    )


def curves(measured: Measured) -> list[Curve]:
    """Return the curves of every pattern that was measured, the bare processes' among them."""
    taken = by_row(measured)
    cores = measured.manifest.machine.cores
    found = []
    for pattern in graph.PATTERNS:
        rates: dict[str, dict[int, list[float]]] = {}
        for form in FORMS:
            name = f"{form}_{pattern}"
            for size in workloads()[name].sizes:
                for side in measured.manifest.sides:
                    driver = driver_of(form, side)
                    rate = medians(taken, Row(name, size), side)
                    if rate:
                        rates.setdefault(driver, {}).setdefault(size, []).extend(rate.values())
        typical = {
            driver: {size: standard.median(values) for size, values in by_size.items()}
            for driver, by_size in rates.items()
        }
        peak = max((size * rate for each in typical.values() for size, rate in each.items()), default=0.0)
        for driver, by_size in typical.items():
            points = [
                Point(rounds=size, granularity=cores / rate, efficiency=size * rate / peak)
                for size, rate in sorted(by_size.items())
            ]
            processes = min(len(values) for values in rates[driver].values())
            found.append(Curve(pattern=pattern, driver=driver, points=points, processes=processes))
    return found
