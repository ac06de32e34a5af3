"""Read what a side's processes use: memory, sockets, processor time; and what they leave in its folder."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterable

from . import INNER, processes

COST_SHARE = 20
"""A sample may take one part in so many of the time: reading memory maps slows those who own them."""
MOST_FILES = 100_000
MOST_NAMES = 20
LONGEST_NAME = 100
PAGE = os.sysconf("SC_PAGE_SIZE")


class Meter:
    """Samples the processes below this one every ``every`` seconds; 0 never does."""

    def __init__(self, every: float) -> None:
        self._every = every
        self._due = time.monotonic() + every / 10 if every else float("inf")

    @property
    def wait(self) -> float:
        """Return the seconds until the next sample is due."""
        return max(0.0, self._due - time.monotonic())

    def sample(self) -> dict[str, object]:
        """Return memory in bytes, processes and sockets, as they are now."""
        began = time.monotonic()
        pids = processes.below(os.getpid())
        shares = [_share(pid) for pid in pids]
        sockets: set[str] = set()
        for pid in pids:
            sockets |= _sockets(pid)
        cost = time.monotonic() - began
        self._due = time.monotonic() + max(self._every, COST_SHARE * cost)
        return {
            "memory": sum(size for size, _ in shares),
            "kind": "PSS" if all(exact for _, exact in shares) else "RSS",
            "processes": len(pids),
            "sockets": len(sockets),
        }


def processor_time() -> dict[str, float]:
    """Return the seconds that all processes which ended below this one have used, and the largest's bytes."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"user": used.ru_utime, "system": used.ru_stime, "largest": used.ru_maxrss * 1024}


def contents(run: str, folders: Iterable[str]) -> dict[str, dict[str, object]]:
    """Return for each of a run's folders how many files lie in it, their bytes, and the first names."""
    return {name: _contents(os.path.join(run, INNER, name)) for name in folders}


def _contents(top: str) -> dict[str, object]:
    count = size = 0
    names: list[str] = []
    for path, _, files in os.walk(top):
        for name in files:
            try:
                size += os.lstat(os.path.join(path, name)).st_size
            except OSError:
                continue
            count += 1
            if len(names) < MOST_NAMES:
                names.append(os.path.relpath(os.path.join(path, name), top))
        if count > MOST_FILES:
            break
    return {
        "files": count,
        "bytes": size,
        # Cut, so that the report fits into its pipe at once.
        "names": [os.fsencode(name).decode("utf-8", "replace")[:LONGEST_NAME] for name in names],
    }


def _share(pid: int) -> tuple[int, bool]:
    """Return a process's proportional share of memory in bytes, or its resident set where that is all."""
    for line in processes.read(f"/proc/{pid}/smaps_rollup").splitlines():
        if line.startswith(b"Pss:"):
            return int(line.split()[1]) * 1024, True
    fields = processes.read(f"/proc/{pid}/statm").split()
    resident = int(fields[1]) * PAGE if fields else 0
    return resident, resident == 0  # one that has just ended has none


def _sockets(pid: int) -> set[str]:
    folder = f"/proc/{pid}/fd"
    links = (processes.link(f"{folder}/{fd}") for fd in processes.names(folder))
    return {link for link in links if link.startswith("socket:")}
