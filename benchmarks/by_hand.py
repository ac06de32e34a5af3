"""Compare a run of `mvr bench` with hand-written loops, which share no code with it.

usage: python benchmarks/by_hand.py RUN.jsonl [PROCESSES]

RUN must hold call_round_trip, calls_pipelined/100, argument/1000000, result/1000000 and fan_out/8 of both
engines. Each engine's loops run in new processes, in turn. A row is said to agree when the range of the
loops' medians overlaps the run's interval; a wide interval agrees easily.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

LIMIT = 60
DATA = b"0" * 1_000_000


def seconds(operation: Callable[[], object], count: int) -> float:
    """Return the median seconds of ``count`` calls, after ``max(3, count // 10)`` calls of warm-up."""
    for _ in range(max(3, count // 10)):
        operation()
    times = []
    for _ in range(count):
        began = time.monotonic_ns()
        operation()
        times.append((time.monotonic_ns() - began) / 1e9)
    return statistics.median(times)


def monarch() -> dict[str, float]:
    """Return seconds by row, of Monarch in this process."""
    from monarch.actor import Actor, endpoint, shutdown_context, this_host

    class Hand(Actor):
        @endpoint
        def same(self, value: int = 0) -> int:
            return value

        @endpoint
        def take(self, data: bytes) -> int:
            return len(data)

        @endpoint
        def give(self) -> bytes:
            return DATA

    hand = this_host().spawn_procs().spawn("hand", Hand)
    hands = this_host().spawn_procs(per_host={"gpus": 8}).spawn("hands", Hand)
    hands.same.call().get(LIMIT)

    def many() -> None:
        for answer in [hand.same.call_one() for _ in range(100)]:
            answer.get(LIMIT)

    found = {
        "call_round_trip": seconds(lambda: hand.same.call_one().get(LIMIT), 300),
        "argument/1000000": seconds(lambda: hand.take.call_one(DATA).get(LIMIT), 100),
        "result/1000000": seconds(lambda: hand.give.call_one().get(LIMIT), 100),
        "fan_out/8": seconds(lambda: hands.same.call().get(LIMIT), 100),
        "calls_pipelined/100": seconds(many, 20) / 100,
    }
    shutdown_context().get(LIMIT)
    return found


def ray() -> dict[str, float]:
    """Return seconds by row, of Ray in this process."""
    import ray

    ray.init("local", include_dashboard=False, log_to_driver=False, num_cpus=2)

    @ray.remote
    class Hand:
        def same(self, value: int = 0) -> int:
            return value

        def take(self, data: bytes) -> int:
            return len(data)

        def give(self) -> bytes:
            return DATA

    hand, hands = Hand.remote(), [Hand.remote() for _ in range(8)]
    ray.get([each.same.remote() for each in [hand, *hands]])
    found = {
        "call_round_trip": seconds(lambda: ray.get(hand.same.remote()), 300),
        "argument/1000000": seconds(lambda: ray.get(hand.take.remote(DATA)), 100),
        "result/1000000": seconds(lambda: ray.get(hand.give.remote()), 100),
        "fan_out/8": seconds(lambda: ray.get([each.same.remote() for each in hands]), 100),
        "calls_pipelined/100": seconds(lambda: ray.get([hand.same.remote() for _ in range(100)]), 20) / 100,
    }
    ray.shutdown()
    return found


LOOPS = {"monarch": monarch, "ray": ray}


def compare(run: Path, processes: int = 6) -> None:
    """Run the loops in new processes, in turn, and print a line for each row."""
    from monarch_vs_ray.bench import analysis
    from monarch_vs_ray.bench.store import read

    taken: dict[tuple[str, str], list[float]] = {}
    for number in range(processes):
        for engine in LOOPS if number % 2 else reversed(LOOPS):
            for row, value in loops(engine).items():
                taken.setdefault((engine, row), []).append(value)
    agreed = 0
    results = {str(line.row): line for line in analysis.results(read(run))}
    for (engine, row), values in sorted(taken.items()):
        line = results[row]
        estimate = line.sides[engine].estimate
        ends = sorted(
            analysis.seconds(line.row, each, line.row.size) for each in (estimate.low, estimate.high)
        )
        overlap = min(values) <= ends[1] and ends[0] <= max(values)
        agreed += overlap
        print(
            f"{engine} {row}: by hand {min(values) * 1e3:.3f} to {max(values) * 1e3:.3f} ms,"
            f" the run {ends[0] * 1e3:.3f} to {ends[1] * 1e3:.3f} ms: {'agrees' if overlap else 'differs'}"
        )
    print(f"{agreed} of {len(taken)} rows agree, n = {processes} processes by hand")


def loops(engine: str) -> dict[str, float]:
    """Run an engine's loops in a new process; return seconds by row."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {"RAY_worker_niceness": "0", "RAY_USAGE_STATS_ENABLED": "0", "RAY_TMPDIR": folder}
        command = [sys.executable, __file__, "loops", engine]
        done = subprocess.run(
            command, env={**os.environ, **settings}, capture_output=True, text=True, check=True
        )
    return dict(json.loads(done.stdout.splitlines()[-1]))


if __name__ == "__main__":
    if sys.argv[1] == "loops":
        print(json.dumps(LOOPS[sys.argv[2]]()))
    else:
        compare(Path(sys.argv[1]), *map(int, sys.argv[2:3]))
