"""Stops processes for a moment, and lets them go again whatever happens: freezer.py SECONDS PID...

It is a process of its own, since it also stops the one that started it. When all of them stand still it
waits a little more, until what was under way has arrived; then it counts the seconds, and prints the
moments between which they stood still, on the clock that all processes of a machine share.
It imports the standard library only.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress

SETTLE = 0.1
LATEST = 5.0


def main() -> None:
    """Stop, wait, continue, tell."""
    seconds, pids = float(sys.argv[1]), [int(pid) for pid in sys.argv[2:]]
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))  # by way of `finally`
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        wait_until_stopped(pids)
        time.sleep(SETTLE)
        began = time.monotonic()
        time.sleep(seconds)
        ended = time.monotonic()
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
    print(began, ended)


def wait_until_stopped(pids: list[int]) -> None:
    """Return when the kernel says that all of them are stopped; raises TimeoutError."""
    latest = time.monotonic() + LATEST
    while not all(stands_still(pid) for pid in pids):
        if time.monotonic() > latest:
            raise TimeoutError(f"not all of {pids} stopped within {LATEST:g} s")
        time.sleep(0.005)


def stands_still(pid: int) -> bool:
    """Whether all threads of a process are stopped; a thread that ended meanwhile does nothing any more."""
    return all(state(f"/proc/{pid}/task/{thread}") in ("T", "") for thread in os.listdir(f"/proc/{pid}/task"))


def state(task: str) -> str:
    """The kernel's letter for what a thread is doing; empty when there is no such thread."""
    try:
        with open(f"{task}/stat") as file:
            return file.read().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


if __name__ == "__main__":
    main()
