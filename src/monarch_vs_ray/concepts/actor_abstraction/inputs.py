"""Actor abstraction: the inputs that both engines get, and the rooms in which calls are counted."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from monarch_vs_ray.instruments.flags import Flag, Tally, new_path
from monarch_vs_ray.instruments.wait import PATIENCE, happens

GREETING = "pong"
CALLER = "hello"
ANSWER = f"{GREETING} {CALLER}"
ACTORS = 2
SIBLINGS = 3
CALLS = 4
"""Calls made on one actor at once, to count how many of them are inside it together."""
MEETING = 0.3
"""Seconds that a call waits inside the actor for the others, where they are not expected to come."""
WINDOW = 3.0
"""Seconds to watch for an answer, a value or an end that must not come."""
DROPPED = 8.0
"""Seconds to watch whether an actor ends that nobody refers to."""
SILENCE = 2.5
"""An actor that writes every few milliseconds has ended when it wrote nothing for so many seconds."""
HELD_BYTES = 200_000_000
SPEAKERS = 4
SPOKEN = "spoken"
OUTPUT = 5.0
"""Seconds to watch a program's output before it ends, unless all of it has come."""
SETTING = "ACTOR_ABSTRACTION_SETTING"
"""An environment variable that ``concept.toml`` sets to BEFORE."""
BEFORE, AFTER = "before", "after"
NAMES = (
    "call",
    "get",
    "initialized",
    "name",
    "options",
    "remote",
    "rename",
    "size",
    "slice",
    "split",
    "stop",
)
"""Names of methods that an engine might want for itself."""
WARM_UP = 50
PINGS = 200


class Room:
    """Counts how many calls are inside at once; each waits until CALLS are, but not forever."""

    def __init__(self) -> None:
        self.inside = self.most = 0
        self.threads: set[int] = set()
        self.changed = threading.Condition()

    def enter(self, patience: float) -> tuple[int, int]:
        """Return how many calls have been inside at once so far, and in how many threads."""
        with self.changed:  # its wait lets the next call in
            self.inside += 1
            self.most = max(self.most, self.inside)
            self.threads.add(threading.get_ident())
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.most == CALLS, patience)
            self.inside -= 1
        return self.most, len(self.threads)


class AsyncRoom:
    """The same for async methods, which share one thread."""

    def __init__(self) -> None:
        self.inside = self.most = 0
        self.full = asyncio.Event()

    async def enter(self, patience: float) -> tuple[int, int]:
        """Return how many calls have been inside at once so far, and in how many threads."""
        self.inside += 1
        self.most = max(self.most, self.inside)
        if self.inside == CALLS:
            self.full.set()
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.full.wait(), patience)
        self.inside -= 1
        return self.most, 1


class ListOnFile:
    """A list of words in a file: who gets a copy of it gets the same file."""

    def __init__(self) -> None:
        self.tally = Tally.new()

    def append(self, item: object) -> None:
        """Append an item."""
        self.tally.add(item)

    def __iter__(self) -> Iterator[int]:
        return iter(map(int, self.tally.lines()))


def microseconds(call: Callable[[], object]) -> list[float]:
    """Return how long each of PINGS calls took, after WARM_UP others."""
    for _ in range(WARM_UP):
        call()
    samples = []
    for _ in range(PINGS):
        began = time.perf_counter_ns()
        call()
        samples.append((time.perf_counter_ns() - began) / 1e3)
    return samples


def own_megabytes(pid: int) -> float:
    """Return the memory that a process shares with no other one (USS), in units of 10**6 bytes."""
    return round(float(psutil.Process(pid).memory_full_info().uss) / 1e6, 1)


def ends(tally: Tally, window: float) -> bool:
    """Return whether an actor that writes to a tally again and again falls silent within a window."""
    count, since = tally.count(), time.monotonic()

    def silent() -> bool:
        nonlocal count, since
        if (now := tally.count()) != count:
            count, since = now, time.monotonic()
        return time.monotonic() - since > SILENCE

    return happens(silent, window + SILENCE)


def printed_by(module: str, *words: str, **settings: str) -> dict[str, int]:
    """Run a program whose SPEAKERS actors print SPOKEN once to stdout and once to stderr.

    Args:
        module: The program; it puts up the flag that it is given, and ends when its stdin is closed.
        words: Further arguments of it.
        settings: Environment variables that are set for it.

    Returns:
        How many times the word came on the program's stdout and on its stderr, until the program ended.
    """
    spoken, out, err = Flag.new(), new_path("stdout"), new_path("stderr")
    command = [sys.executable, "-m", module, str(spoken.path), *words]
    with (
        out.open("wb") as stdout,
        err.open("wb") as stderr,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=stdout, stderr=stderr, env={**os.environ, **settings}
        ) as program,
    ):
        try:
            spoken.wait(2 * PATIENCE)
            happens(lambda: _spoken(out) >= SPEAKERS <= _spoken(err), OUTPUT)
            program.communicate(timeout=PATIENCE)  # closes its stdin, and waits for it
        finally:
            program.kill()
    return {"stdout": _spoken(out), "stderr": _spoken(err)}


def _spoken(file: Path) -> int:
    return file.read_text(errors="replace").count(SPOKEN)
