"""Hold `mvr bench` against `ray microbenchmark`, which has some of the same rows, run in turn.

usage: python benchmarks/ray_microbenchmark.py [RUNS]

A row agrees when our number lies within the range of Ray's own runs, each with its standard deviation. Both
run rows of one actor only, on Ray alone: Ray's whole benchmark took 868 s on two cores. Ray's numbers are
mean rates, so ours are taken as means here; `mvr bench` itself shows medians, which rare slow calls do not
move. Both sides use worker niceness 0; the async row has 1,000 calls in flight in both.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from monarch_vs_ray.bench.catalogue import Row
from monarch_vs_ray.bench.store import read

SHARED = {
    "1:1 actor calls sync": Row("call_round_trip"),
    "1:1 actor calls async": Row("calls_pipelined", 1_000),
    "1:1 async-actor calls sync": Row("call_async_method"),
}
ROWS = "1:1 "
"""Part of the names of the rows of Ray's benchmark that are run."""
LINE = re.compile(r"^(?P<name>.+?) per second (?P<value>[\d.]+) \+- (?P<spread>[\d.]+)$")


def main(runs: int = 3) -> None:
    theirs: dict[str, list[tuple[float, float]]] = {}
    ours: dict[str, list[float]] = {}
    took = {"ray microbenchmark": 0.0, "mvr bench": 0.0}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(runs):
            began = time.monotonic()
            for name, ends in _theirs(folder).items():
                theirs.setdefault(name, []).append(ends)
                print(f"run {number + 1}, {name}: Ray's {ends[0]:.0f} to {ends[1]:.0f}/s", flush=True)
            took["ray microbenchmark"] += time.monotonic() - began
            began = time.monotonic()
            for name, value in _ours(Path(folder) / f"{number}.jsonl").items():
                ours.setdefault(name, []).append(value)
                print(f"run {number + 1}, {name}: ours {value:.0f}/s", flush=True)
            took["mvr bench"] += time.monotonic() - began
    for name in SHARED:
        if name not in theirs or name not in ours:
            print(f"{name}: missing")
            continue
        low, high = min(low for low, _ in theirs[name]), max(high for _, high in theirs[name])
        middle = statistics.median(ours[name])
        word = "agrees" if low <= middle <= high else "differs"
        print(f"{name}: ours {middle:.0f}/s, Ray's [{low:.0f}, {high:.0f}]/s, n = {runs}: {word}")
    print(", ".join(f"{name} took {seconds:.0f} s" for name, seconds in took.items()))


def _theirs(folder: str) -> dict[str, tuple[float, float]]:
    """Run Ray's benchmark; return for each row its mean less and more its standard deviation."""
    environment = {
        **os.environ,
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_worker_niceness": "0",
        "TMPDIR": folder,
        "TESTS_TO_RUN": ROWS,
    }
    environment.pop("RAY_ADDRESS", None)
    command = [str(Path(sys.executable).with_name("ray")), "microbenchmark"]
    out = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    matches = [LINE.match(line.strip()) for line in out.splitlines()]
    found = {match["name"]: (float(match["value"]), float(match["spread"])) for match in matches if match}
    return {name: (mean - spread, mean + spread) for name, (mean, spread) in found.items()}


def _ours(path: Path) -> dict[str, float]:
    """Return calls a second for each row: the median of processes, each by the mean of its samples."""
    workloads = [row.workload for row in SHARED.values()]
    command = [sys.executable, "-m", "monarch_vs_ray", "bench", *workloads, "--sizes", "1000"]
    command += ["--against-itself", "ray", "--budget", "20s", "--seconds", "1", "--output", str(path)]
    subprocess.run(command, capture_output=True, check=True)
    taken = read(path).samples
    return {
        name: statistics.median(1e9 / statistics.mean(each.values) for each in taken if each.row == row)
        for name, row in SHARED.items()
    }


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
