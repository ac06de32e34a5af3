"""What timing each call by itself costs: `mvr bench` over a bare loop, in turn.

usage: python benchmarks/bench_overhead.py monarch|ray [ROUNDS]

Each round runs a bare loop of calls without a clock in it, the same calls through `Measure.latency`, and the
bare loop again. The ratio is of means, since a loop without a clock has no median.
"""

from __future__ import annotations

import statistics
import sys
import time
from importlib import import_module

from monarch_vs_ray.bench import measure
from monarch_vs_ray.bench.catalogue import Row

SECONDS = 0.5


def main(engine: str, rounds: int = 10) -> None:
    kept: list[float] = []
    measure.observe = lambda key, value: kept.extend(value["values"])
    module = import_module(f"monarch_vs_ray.bench.{engine}.engine")
    calls = import_module(f"monarch_vs_ray.bench.{engine}.calls")
    module.start()
    try:
        operation = _operation(engine, calls)
        for _ in range(200):
            operation()
        ratios = []
        for number in range(rounds):
            bare = _bare(operation)
            kept.clear()
            measure.Measure(Row("call_round_trip"), SECONDS).latency(operation)
            again = _bare(operation)
            loop = (bare + again) / 2
            ratios.append(statistics.mean(kept) / loop)
            print(
                f"round {number + 1}: bare loop {loop / 1e3:.1f} us a call, harness mean"
                f" {statistics.mean(kept) / 1e3:.1f} us, median {statistics.median(kept) / 1e3:.1f} us"
            )
        low, middle, high = statistics.quantiles(ratios, n=4)
        print(f"{engine}: harness / bare {middle:.3f}, quartiles [{low:.3f}, {high:.3f}], n = {rounds}")
    finally:
        module.stop()


def _operation(engine: str, calls):
    if engine == "monarch":
        call = calls.echo().echo.call_one
        return lambda: call().get(calls.TIMEOUT)
    import ray

    call = calls.echo().echo.remote
    return lambda: ray.get(call(), timeout=calls.TIMEOUT)


def _bare(operation) -> float:
    """Return the nanoseconds of a call in a loop that looks at the clock twice."""
    count = 500
    began = time.perf_counter_ns()
    for _ in range(count):
        operation()
    return (time.perf_counter_ns() - began) / count


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:3]))
