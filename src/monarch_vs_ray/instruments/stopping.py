"""A process of ours that stands still for a while, so that it shows who depends on it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LATEST = 60.0


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Within the block the process does not run: entered once the kernel has stopped all its threads.

    The signal alone is not enough: ``os.kill`` returns up to some milliseconds earlier, and in these a thread
    may still answer. Raises TimeoutError after ``LATEST`` seconds.
    """
    os.kill(pid, signal.SIGSTOP)
    try:
        deadline = time.monotonic() + LATEST
        while not all(map(_stands_still, Path(f"/proc/{pid}/task").iterdir())):
            if time.monotonic() > deadline:
                raise TimeoutError(f"process {pid} did not stop within {LATEST:g} s")
            time.sleep(0.001)
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _stands_still(task: Path) -> bool:
    try:
        return (task / "stat").read_text().rpartition(")")[2].split()[0] == "T"
    except (FileNotFoundError, ProcessLookupError):  # a thread that ended meanwhile does nothing any more
        return True
