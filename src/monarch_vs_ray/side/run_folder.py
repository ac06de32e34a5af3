"""Where the folders of runs are, and which of them nobody answers for any more."""

from __future__ import annotations

import os
import re
import secrets
import stat
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from monarch_vs_ray.core.errors import UnsafeFolder
from monarch_vs_ray.side.guardian import INNER
from monarch_vs_ray.side.guardian.removal import Folder
from monarch_vs_ray.side.guardian.sweep import Swept, sweep

PREFIX = "mvr-run-"
LONGEST = 40
"""A unix socket's path ends at 107 characters, and engines need some 60 of them for their own."""
NAME = re.compile(re.escape(PREFIX) + "[0-9a-f]{8}")
SIDE = Path(__file__).parent


def new_folder() -> str:
    """Return a path, not yet taken and short, for the folder of a run; who guards the run makes it.

    Raises:
        UnsafeFolder: No temporary folder is safe from other users.
    """
    base = next((base for base in bases() if len(f"{base}/{PREFIX}12345678/{INNER}") <= LONGEST), "")
    if not base:
        raise UnsafeFolder(tempfile.gettempdir())
    return os.path.join(base, f"{PREFIX}{secrets.token_hex(4)}")


def inner(folder: str) -> str:
    """Return the engine's folder within the run's."""
    return os.path.join(folder, INNER)


def bases() -> list[str]:
    """Return the temporary folders in which runs may be: the one that was chosen, then the usual ones."""
    wanted = [tempfile.gettempdir(), "/tmp", os.environ.get("XDG_RUNTIME_DIR", ""), "/dev/shm"]
    return [base for base in dict.fromkeys(wanted) if base and is_safe(base)]


def is_safe(base: str) -> bool:
    """Return whether no other user but root can replace what this user makes in that folder."""
    try:
        found = os.stat(base)
    except OSError:
        return False
    private = found.st_uid in (0, os.geteuid()) and not found.st_mode & 0o022
    shared = found.st_uid in (0, os.geteuid()) and found.st_mode & stat.S_ISVTX
    return bool(private or shared) and os.access(base, os.W_OK | os.X_OK)


def dead_folders() -> Iterator[Folder]:
    """Take, one after the other, this user's run folders for which nobody answers; the caller closes each."""
    for base in bases():
        for entry in _listed(base):
            if NAME.fullmatch(entry) and (folder := Folder.take(os.path.join(base, entry))):
                yield folder


def _listed(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:  # it may be used, but not read
        return []


def take_over(path: str, seconds: float = 1.0) -> Folder | None:
    """Take a folder whose guardian is lost; one that dies lets go of its lock a moment after its pipes."""
    end = time.monotonic() + seconds
    while (folder := Folder.take(path)) is None and os.path.lexists(path) and time.monotonic() < end:
        time.sleep(0.01)
    return folder


def sweep_dead(traces: Callable[[str], Sequence[str]]) -> list[Swept]:
    """Remove what dead runs left; ``traces`` names, for an engine's folder, what it wrote elsewhere."""
    return [sweep(folder, traces(inner(folder.path))) for folder in dead_folders()]
