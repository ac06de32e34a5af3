"""Kill `mvr` at random moments of demos, verifications and trainings, and count what is left. Run by hand:

    ./scripts/zephyr_uv_run.sh --torch python tests/live/kill_parents.py --kills 100 --both 10

`--kills`: SIGKILL to the parent; 10 s later nothing may be left. `--both`: to the parent and its guardians at
once; then something may be left, and the next run has to remove it. Prints a line for each kill; exits with
1 if anything was left in the end.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

from live.leftovers import Place, Traces, place
from monarch_vs_ray.concepts import all_concepts

MVR = [sys.executable, "-m", "monarch_vs_ray"]
LONGEST = 14.0
WAIT = 10.0
KINDS = ("processes", "segments", "files", "sockets")


def commands(results: Path) -> Iterator[list[str]]:
    """One command after the other, without end: every demo, some claims, a training."""
    while True:
        for concept in all_concepts():
            yield [*MVR, "demo", concept.name, "--plain"]
        for concept in all_concepts():
            yield [*MVR, "verify", concept.name, "--plain", "--results", str(results)]
        yield [*MVR, "train", "--plain", "--engine", "both", "--steps", "200"]


def guardians(parent: int) -> list[psutil.Process]:
    """The guardians that a parent has now."""
    with suppress(psutil.Error):
        children = psutil.Process(parent).children()
        return [child for child in children if "guardian.watch" in " ".join(child.cmdline())]
    return []


def look(here: Place) -> Traces:
    """What is left, but for segments that a process of somebody else's run has mapped."""
    found = here.look()
    mapped = set()
    for maps in Path("/proc").glob("[0-9]*/maps"):
        with suppress(OSError):
            lines = maps.read_text().splitlines()
            mapped |= {line.partition("/dev/shm/")[2] for line in lines if "/dev/shm/" in line}
    files = frozenset(name for name in found.files if not name.endswith("/results"))
    return Traces(found.processes, found.segments - mapped, files, found.sockets)


def kill(command: list[str], moment: float, here: Place, both: bool) -> tuple[bool, int]:
    """Start a command and kill it after so many seconds; return whether it still ran, and its guardians."""
    null = subprocess.DEVNULL
    parent = subprocess.Popen(command, stdout=null, stderr=null, stdin=null, env=here.environment)
    with suppress(subprocess.TimeoutExpired):
        parent.wait(timeout=moment)
    running = parent.poll() is None
    found = guardians(parent.pid)
    if both and running:
        os.kill(parent.pid, signal.SIGSTOP)
        found = guardians(parent.pid)
        for guardian in found:
            guardian.kill()
    parent.kill()
    parent.wait()
    return running, len(found)


def until_clean(here: Place) -> tuple[float, Traces]:
    """Wait up to 10 s until nothing is left; return how long that took, and what is left."""
    began = time.monotonic()
    while (left := look(here)) and time.monotonic() - began < WAIT:
        time.sleep(0.1)
    return time.monotonic() - began, left


def counts(left: Traces) -> dict[str, int]:
    """How many of each kind are left."""
    return {kind: len(getattr(left, kind)) for kind in KINDS}


def one(command: list[str], moment: float, both: bool) -> dict[str, object]:
    """Kill once, and say what came of it."""
    with place() as here:
        running, watched = kill(command, moment, here, both)
        first: dict[str, int] = {}
        if both:
            time.sleep(1.0)  # orphans that end by themselves have ended
            first = counts(look(here))
            following = [*MVR, "demo", "message_ordering", "--plain", "--engine", "monarch"]
            subprocess.run(following, env=here.environment, capture_output=True, timeout=300)
        seconds, left = until_clean(here)
        if left:
            print(left, file=sys.stderr)
        return {
            "command": " ".join(command[3:5]), "moment": round(moment, 2), "still_ran": running,
            "guardians": watched, "stayed_at_first": first, "seconds": round(seconds, 2),
            "left": counts(left),
        }  # fmt: skip


def main() -> int:
    """Kill as often as asked, and sum up."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--both", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    moments = random.Random(asked.seed)
    bad = 0
    with place() as results:
        for mode, number in ((False, asked.kills), (True, asked.both)):
            supply, done = commands(results.folder), []
            for _ in range(number):
                done.append(one(next(supply), moments.uniform(0.3 + 2 * mode, LONGEST), mode))
                print(json.dumps(done[-1]), flush=True)
            total = {kind: sum(each["left"][kind] for each in done) for kind in KINDS}  # type: ignore[index]
            ran = sum(bool(each["still_ran"]) for each in done)
            slowest = max((each["seconds"] for each in done), default=0)  # type: ignore[type-var]
            who = "parent and guardians" if mode else "parent"
            print(f"{who}: {number} kills, {ran} while it ran; left {total}, clean after {slowest} s at most")
            bad += sum(total.values())
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
