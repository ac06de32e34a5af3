"""What the harness costs: live demos against each engine's bare scripts doing the same.

    python benchmarks/demo_overhead.py [--concept actor_abstraction | all] [--rounds 5]

In each round, for each concept, the two bare scripts under ``benchmarks/bare/`` run one after the other,
then the demo runs both engines at once. The figure is wall time of the demo over wall time of the slower
bare script, round by round; with ``all``, the sums of both over the concepts. Whole processes, from start
to exit, on the monotonic clock.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from monarch_vs_ray.concepts import all_concepts

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


def measure(concept: str) -> dict[str, float]:
    """Seconds of each bare script and of the demo, run once each."""
    commands = {
        f"bare {engine}": [sys.executable, str(BARE / f"{concept}_on_{engine}.py")]
        for engine in ("monarch", "ray")
    }
    commands["demo"] = [sys.executable, "-m", "monarch_vs_ray", "demo", concept, "--plain"]
    return {name: wall(command) for name, command in commands.items()}


def main() -> None:
    """Run the rounds and print each, then the medians."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--concept", default="actor_abstraction", help="a concept's name, or all")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    every = arguments.concept == "all"
    concepts = [concept.name for concept in all_concepts()] if every else [arguments.concept]
    totals: dict[str, list[float]] = {"demo": [], "slower bare": []}
    for number in range(arguments.rounds):
        demo = slower = 0.0
        for concept in concepts:
            seconds = measure(concept)
            demo += seconds["demo"]
            slower += max(seconds["bare monarch"], seconds["bare ray"])
            shown = "  ".join(f"{name} {took:.2f} s" for name, took in seconds.items())
            print(f"round {number + 1}  {concept:<18} {shown}", flush=True)
        totals["demo"].append(demo)
        totals["slower bare"].append(slower)
    print(f"load average {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} cores")
    for name, samples in totals.items():
        print(summary(name, samples, "s"))
    pairs = zip(totals["demo"], totals["slower bare"], strict=True)
    print(summary("demo / slower bare", [demo / slower for demo, slower in pairs], " "))


if __name__ == "__main__":
    main()
