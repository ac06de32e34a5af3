"""See from outside whether processes stand still: what shows a fault must not be what makes it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

GRACE = 1.0
"""Seconds to wait for the looker's word; where it has seen them, milliseconds are enough."""
LOOKER = """
import sys, time
def stands_still(pid):
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0] == "T"
while not all(map(stands_still, sys.argv[1:])):
    time.sleep(0.01)
"""


@contextmanager
def witnessed(*pids: int) -> Iterator[Callable[[], bool]]:
    """Look for the block, from a process of its own, whether processes stand still all at once.

    Yields:
        A function that returns whether they have been seen so; it may be called within the block, once they
        go on.
    """
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", LOOKER, *map(str, pids)], stderr=subprocess.DEVNULL
    ) as looker:

        def seen() -> bool:
            try:
                return looker.wait(GRACE) == 0
            except subprocess.TimeoutExpired:
                return False

        try:
            yield seen
        finally:
            looker.kill()
