"""Hold processes still for a while, so that it shows who depends on them.

Run as a program (``stopping.py SECONDS PID...``) it does that to others, its parent perhaps. It imports the
standard library only, so that it starts in milliseconds.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

LATEST = 60.0
SETTLE = 0.1
"""Seconds after the last process stands still, in which what was under way arrives; they are not counted."""


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Within the block the process does not run: entered once the kernel has stopped all its threads.

    The signal alone is not enough: ``os.kill`` returns up to some milliseconds earlier, and in these a thread
    may still answer. Raises TimeoutError after ``LATEST`` seconds.
    """
    try:
        os.kill(pid, signal.SIGSTOP)
        deadline = time.monotonic() + LATEST
        while not all(map(_stands_still, Path(f"/proc/{pid}/task").iterdir())):
            if time.monotonic() > deadline:
                raise TimeoutError(f"process {pid} did not stop within {LATEST:g} s")
            time.sleep(0.001)
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def still(seconds: float, *pids: int) -> tuple[float, float]:
    """Hold processes still, this one perhaps, and let them go on whatever happens.

    Args:
        seconds: How long, after all of them have come to stand.
        pids: The processes.

    Returns:
        The moments between which all of them stood still, on the monotonic clock, which the processes of a
        machine share.

    Raises:
        RuntimeError: If one of them could not be stopped; with the reason.
    """
    helper = [sys.executable, "-I", "-S", __file__, str(seconds), *map(str, pids)]
    done = subprocess.run(helper, capture_output=True, text=True, timeout=LATEST + seconds)
    if done.returncode:
        raise RuntimeError(f"could not hold {pids} still: {done.stderr.strip().rpartition(chr(10))[2]}")
    began, ended = map(float, done.stdout.split())
    return began, ended


def _main(seconds: float, *pids: int) -> None:
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))  # by way of `finally`
    with ExitStack() as all_:
        for pid in pids:
            all_.enter_context(stopped(pid))
        time.sleep(SETTLE)
        began = time.monotonic()
        time.sleep(seconds)
        ended = time.monotonic()
    print(began, ended)


def _stands_still(task: Path) -> bool:
    try:
        return (task / "stat").read_text().rpartition(")")[2].split()[0] == "T"
    except (FileNotFoundError, ProcessLookupError):  # a thread that ended meanwhile does nothing any more
        return True


if __name__ == "__main__":
    _main(float(sys.argv[1]), *map(int, sys.argv[2:]))
