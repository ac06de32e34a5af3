"""What the harness costs: the live demo of a concept against each engine's bare script doing the same.

    python benchmarks/demo_overhead.py [--concept actor_abstraction] [--rounds 5]

In each round the two bare scripts under ``benchmarks/bare/`` run one after the other, then the demo runs
both engines at once. The figure is wall time of the demo over wall time of the slower bare script, round
by round; whole processes, from start to exit, on the monotonic clock.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

BARE = Path(__file__).parent / "bare"


def wall(command: list[str]) -> float:
    """Seconds that a command takes; it must end well."""
    began = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    took = time.monotonic() - began
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with exit code {done.returncode}:\n{done.stderr[-2000:]}")
    return took


def summary(name: str, samples: list[float], unit: str) -> str:
    """Median with spread and n."""
    spread = f"{min(samples):.2f}-{max(samples):.2f}"
    return f"{name:<22} median {statistics.median(samples):6.2f} {unit}  ({spread}, n={len(samples)})"


def main() -> None:
    """Run the rounds and print each, then the medians."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--concept", default="actor_abstraction")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    commands = {
        f"bare {engine}": [sys.executable, str(BARE / f"{arguments.concept}_on_{engine}.py")]
        for engine in ("monarch", "ray")
    }
    commands["demo"] = [sys.executable, "-m", "monarch_vs_ray", "demo", arguments.concept, "--plain"]
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    ratios = []
    for number in range(arguments.rounds):
        for name, command in commands.items():
            seconds[name].append(wall(command))
        slower = max(seconds["bare monarch"][-1], seconds["bare ray"][-1])
        ratios.append(seconds["demo"][-1] / slower)
        shown = "  ".join(f"{name} {samples[-1]:.2f} s" for name, samples in seconds.items())
        print(f"round {number + 1}: {shown}  ratio {ratios[-1]:.2f}", flush=True)
    print(f"load average {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} cores")
    for name, samples in seconds.items():
        print(summary(name, samples, "s"))
    print(summary("demo / slower bare", ratios, " "))


if __name__ == "__main__":
    main()
