"""Wait for the end of a notebook's kernel, in whatever way it ends; then end what is left of its engine.

The kernel holds the other end of this process's stdin, and the lock on its run folder.
"""

from __future__ import annotations

import signal
import sys

from monarch_vs_ray.engines.environment import strays
from monarch_vs_ray.side.guardian.sweep import sweep
from monarch_vs_ray.side.run_folder import inner, take_over

SECONDS = 10.0
"""The most seconds until a kernel that has closed its pipe has let go of its lock."""


def main(path: str) -> None:
    """Wait for the end of stdin, then remove a run folder and end the processes that belong to it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    if folder := take_over(path, SECONDS):
        sweep(folder, strays(inner(path)))


if __name__ == "__main__":
    main(sys.argv[1])
