"""Measure what the harness costs: live demos against the same experiments run alone.

    python benchmarks/demo_overhead.py [--concept actor_abstraction | all] [--rounds 5]

In each round, for each concept, each engine's experiments run alone with an emitter that does nothing, one
engine after the other; then the demo runs both engines at once. The figure is wall time of the demo over that
of the slower engine alone, round by round and concept by concept. Whole processes, from start to exit, on the
monotonic clock.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time

from monarch_vs_ray.concepts import all_concepts
from monarch_vs_ray.core.events import ENGINES


def wall(command: list[str]) -> float:
    """Return the seconds that a command takes; it must end well."""
    began = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    took = time.monotonic() - began
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with exit code {done.returncode}:\n{done.stderr[-2000:]}")
    return took


def summary(name: str, samples: list[float], unit: str) -> str:
    """Return median, spread and n as text."""
    spread = f"{min(samples):.2f}-{max(samples):.2f}"
    return f"{name:<22} median {statistics.median(samples):6.2f} {unit}  ({spread}, n={len(samples)})"


def measure(concept: str) -> dict[str, float]:
    """Return the seconds of each engine alone and of the demo, run once each."""
    alone = [sys.executable, "-m", "monarch_vs_ray.concepts", concept]
    commands = {f"{engine} alone": [*alone, engine, "--silent"] for engine in ENGINES}
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
    ratios: dict[str, list[float]] = {concept: [] for concept in concepts}
    for number in range(arguments.rounds):
        for concept in concepts:
            seconds = measure(concept)
            slower = max(seconds[f"{engine} alone"] for engine in ENGINES)
            ratios[concept].append(seconds["demo"] / slower)
            shown = "  ".join(f"{name} {took:.2f} s" for name, took in seconds.items())
            print(f"round {number + 1}  {concept:<20} {shown}  ratio {ratios[concept][-1]:.2f}", flush=True)
    print(f"load average {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} cores")
    print("demo over the slower engine alone:")
    for concept, samples in ratios.items():
        print(summary(concept, samples, ""))


if __name__ == "__main__":
    main()
