"""What a run might leave behind on this machine, and how to wait for there being nothing.

Other runs may go on at the same time. A run under test is told from them by its temporary folder, which
is its own: what it starts has that folder's path in its environment, its command line or among its open
files (Ray's helpers overwrite their environment, but they log into their session's folder).
"""

from __future__ import annotations

import glob
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Traces:
    """Processes, shared-memory segments, files and folders, and unix sockets with a path."""

    processes: frozenset[str]
    segments: frozenset[str]
    files: frozenset[str]
    sockets: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.processes or self.segments or self.files or self.sockets)


class Place:
    """A temporary folder in which runs under test live, and what is known to have been there before."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._segments = frozenset(os.listdir("/dev/shm"))
        self._home = self._files_in_home()

    @property
    def environment(self) -> dict[str, str]:
        """What a command needs in its environment to run here."""
        return {**os.environ, "TMPDIR": str(self.folder)}

    def look(self) -> Traces:
        """What there is now of the runs in this place."""
        return Traces(
            frozenset(self._processes()),
            frozenset(os.listdir("/dev/shm")) - self._segments,
            frozenset(map(str, self.folder.iterdir()))
            | frozenset(glob.glob(f"/tmp/*/monarch_log*{self.folder.name}*"))
            | (self._files_in_home() - self._home),
            frozenset(self._sockets()),
        )

    def wait_until_clean(self, seconds: float = 5.0) -> None:
        """Return when nothing is left; fails when something still is after that many seconds."""
        end = time.monotonic() + seconds
        while left := self.look():
            assert time.monotonic() < end, f"{seconds} s later there is still: {left}"

    def _processes(self) -> Iterator[str]:
        for process in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                if process.pid != os.getpid() and self._is_ours(process):
                    yield f"{process.pid} {' '.join(process.cmdline())[:120]}"

    def _is_ours(self, process: psutil.Process) -> bool:
        mark = str(self.folder)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        if mark in " ".join([*process.cmdline(), *process.environ().values()]):
            return True
        return any(mark in os.readlink(link) for link in glob.glob(f"/proc/{process.pid}/fd/*"))

    def _sockets(self) -> Iterator[str]:
        for line in Path("/proc/net/unix").read_text().splitlines():
            if str(self.folder) in line:
                yield line.split()[-1]

    def _files_in_home(self) -> frozenset[str]:
        return frozenset(map(str, (Path.home() / ".ray").glob("**/*")))


@contextmanager
def place() -> Iterator[Place]:
    """A place with a short path, since unix sockets will be made in it; removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="t-", dir="/tmp"))
    try:
        yield Place(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
