"""What dead runs of this user left: found without touching anything, and removed on request.

A run is dead when nobody holds the lock on its folder, or when its folder is gone. What belongs to it is told
by its folder's name: in the environment of its processes, and in the names of the logs outside.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from monarch_vs_ray.side.guardian import processes, removal
from monarch_vs_ray.side.guardian.sweep import sweep
from monarch_vs_ray.side.run_folder import NAME, bases, dead_folders, inner

Traces = Callable[[str], Sequence[str]]


@dataclass(frozen=True)
class Leftover:
    """What one dead run left; ``processes`` are their names, ``logs`` the paths of files elsewhere."""

    folder: str
    processes: list[str]
    segments: int
    sockets: int
    files: int
    logs: list[str]


def find(traces: Traces, logs: str) -> list[Leftover]:
    """Return what each dead run of this user left.

    Args:
        traces: The patterns of files outside the run's folder, for an engine's folder.
        logs: A pattern of such files of any run, for runs whose folder is gone.
    """
    dead = {}
    for folder in dead_folders():
        dead[folder.path] = _look(folder.path, traces)
        folder.close()
    for path in _gone(logs) - dead.keys():
        found = _look(path, traces)
        if found.processes or found.logs:
            dead[path] = found
    return [dead[path] for path in sorted(dead)]


def remove(left: Leftover, traces: Traces) -> Leftover:
    """Remove what a dead run left, and return what was removed; a run that has come to life is left alone."""
    patterns = traces(inner(left.folder))
    if folder := removal.Folder.take(left.folder):
        swept = sweep(folder, patterns)
        return replace(left, processes=swept.processes, segments=swept.segments)
    if os.path.lexists(left.folder):
        return replace(left, processes=[], segments=0, sockets=0, files=0, logs=[])
    pids = processes.members(left.folder)
    segments = {segment for pid in pids for segment in processes.mapped_segments(pid)}
    for pid in pids:
        processes.kill_member(pid, left.folder)
    removed = removal.remove_segments(segments, 0.0)
    removal.remove_traces(patterns)
    return replace(left, segments=removed)


def _look(path: str, traces: Traces) -> Leftover:
    pids = processes.members(path)
    sockets, files = _contents(path)
    return Leftover(
        folder=path,
        processes=sorted(filter(None, map(processes.name, pids))),
        segments=len({segment for pid in pids for segment in processes.mapped_segments(pid)}),
        sockets=sockets,
        files=files,
        logs=[found for pattern in traces(inner(path)) for found in removal.find_traces(pattern)],
    )


def _contents(path: str) -> tuple[int, int]:
    """Return how many sockets and how many other files there are below a folder; links are not followed."""
    sockets = files = 0
    for _, _, names, fd in os.fwalk(path) if os.path.lexists(path) else ():
        for name in names:
            try:
                mode = os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode
            except OSError:
                continue
            sockets += stat.S_ISSOCK(mode)
            files += not stat.S_ISSOCK(mode)
    return sockets, files


def _gone(logs: str) -> set[str]:
    """Return the folders of runs that are gone, as processes and logs that are left still name them."""
    named = set(processes.marked().values()) | set(_named_by_logs(logs))
    return {path for path in named if NAME.fullmatch(os.path.basename(path)) and not os.path.lexists(path)}


def _named_by_logs(pattern: str) -> Iterator[str]:
    """Return the folders whose name is part of a log's; the name does not say in which base they were."""
    for path in removal.find_traces(pattern):
        if found := NAME.search(os.path.basename(path)):
            for base in bases():
                yield os.path.join(base, found.group())
