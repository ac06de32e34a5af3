"""How many events a second go from a side's ``emit`` into the history, with the stage drawing meanwhile.

    python benchmarks/event_path.py [--events 1000000] [--rounds 5]

A side that does nothing but emit runs under the real launcher; the parent decodes, checks, records to a
file, folds and draws 10 frames a second at 120x40 on a pseudo-terminal. The rate is taken over the time
from the first emission to the last recorded byte, on one monotonic clock. Afterwards the file is read
back: every event must be in it, in its order.
"""

from __future__ import annotations

import argparse
import os
import pty
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from monarch_vs_ray.campaign.sides import header
from monarch_vs_ray.concepts import find
from monarch_vs_ray.core.clock import MonotonicClock
from monarch_vs_ray.core.events import decoder
from monarch_vs_ray.history import Recorder
from monarch_vs_ray.side.launcher import Run
from monarch_vs_ray.side.running import SideSpec
from monarch_vs_ray.stage.demo_screen import DemoScreen, Showing
from monarch_vs_ray.stage.presenter import Banner, Interrupt, present
from monarch_vs_ray.stage.state import State

KINDS = {
    "metric": 'metric("m", i, "us")',
    "log": 'log("a line of some forty characters, no more")',
    "operation": 'with operation("call"): pass',
}
EMIT = """
import sys
from monarch_vs_ray.side import log, metric, operation
from monarch_vs_ray.side.emitter import from_environment
from monarch_vs_ray.side.narration import narrate_to
narrate_to(from_environment("ray"))
for i in range({count}):
    {what}
"""


def measure(kind: str, events: int) -> tuple[float, int]:
    """Events a second, and how many frames were drawn meanwhile."""
    count = events // 2 if kind == "operation" else events
    code = EMIT.format(count=count, what=KINDS[kind])
    concept = find("1")
    master, slave = pty.openpty()
    reader = subprocess.Popen(["cat"], stdin=master, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory() as folder, os.fdopen(slave, "w", buffering=1 << 16) as terminal:
        console = Console(file=terminal, force_terminal=True, width=120, height=40, color_system="truecolor")
        recorder = Recorder(Path(folder) / "history.jsonl", header(concept, ["ray"]))
        state = State(concept, ["ray"])
        run = Run([SideSpec("ray", (sys.executable, "-c", code), deadline=300)], MonotonicClock())
        ending = Showing(speed=0)  # nobody is there to leave the last frame
        with DemoScreen(concept, ("ray",), Banner("LIVE"), ending, console=console) as screen:
            present(run, state, screen, recorder, Interrupt())
            frames = screen.frames
        recorder.close()
        decode = decoder.decode  # the reader of histories takes no file as large
        history = [decode(line) for line in recorder.path.read_bytes().splitlines()[1:]]
    reader.kill()
    reader.wait()
    os.close(master)
    emitted = [event for event in history if event.seq >= 0]
    assert [event.seq for event in emitted] == list(range(events)), "events were lost"
    ended = history[-1]
    return events / ((ended.at - emitted[0].at) / 1e9), frames


def main() -> None:
    """Measure each kind of event, the rounds interleaved, and print medians with their spread."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    rates: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for number in range(arguments.rounds):
        for kind in KINDS:
            rate, frames = measure(kind, arguments.events)
            rates[kind].append(rate)
            print(f"round {number + 1}  {kind:<9} {rate:>10,.0f} events/s  {frames} frames, none lost")
    for kind, samples in rates.items():
        spread = f"{min(samples):,.0f}-{max(samples):,.0f}"
        print(f"{kind:<9} median {statistics.median(samples):>10,.0f} events/s  ({spread}, n={len(samples)})")


if __name__ == "__main__":
    main()
