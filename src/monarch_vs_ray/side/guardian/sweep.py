"""Remove what a run left for which nobody answers any more: its guardian was killed too."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import NamedTuple

from . import processes, removal

SWEEP_SECONDS = 4.0
PAUSE = 0.02


class Swept(NamedTuple):
    """What was removed, or would be: processes by name, shared-memory segments, files."""

    processes: list[str]
    segments: int
    files: int


def sweep(folder: removal.Folder, traces: Iterable[str], session: int = 0) -> Swept:
    """End who still works in a folder that was taken, and remove it with all that belongs to it.

    Args:
        folder: The run's folder, which the caller holds; it is closed afterwards.
        traces: Patterns of the files that the engine wrote elsewhere.
        session: The side's session, for a caller who knows that its number was not given away meanwhile.

    Returns:
        What was ended and removed. A process that cannot be ended within 4 s is left.
    """
    names: dict[int, str] = {}
    segments: set[tuple[str, int]] = set()
    end = time.monotonic() + SWEEP_SECONDS
    while time.monotonic() < end and (left := _survivors(folder.path, session)):
        names |= {pid: processes.name(pid) for pid in left}
        for pid in left:
            segments |= processes.mapped_segments(pid)
        for pid, in_session in left.items():
            if in_session:
                processes.kill(pid)
            else:
                processes.kill_member(pid, folder.path)
        time.sleep(PAUSE)
    removed = removal.remove_segments(segments, folder.began)
    files = removal.remove_traces(traces) + folder.remove()
    folder.close()
    return Swept(sorted(filter(None, names.values())), removed, files)


def _survivors(folder: str, session: int) -> dict[int, bool]:
    """The processes that are left, each with whether it is its session that says so."""
    found = dict.fromkeys(processes.members(folder), False)
    if session:
        every = processes.processes().items()
        found |= {pid: True for pid, (_, leader) in every if leader == session}
    return found
