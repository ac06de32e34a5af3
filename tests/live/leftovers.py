"""What a run might leave behind on this machine, and how to wait for there being nothing."""

from __future__ import annotations

import glob
import os
import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

OURS = re.compile(
    r"raylet|gcs_server|ray::|/ray/|monarch_vs_ray\.side|guardian\.py|bootstrap_main|monarch_hyperactor"
)


@dataclass(frozen=True)
class Traces:
    """Processes, shared-memory segments, files and folders, and unix sockets with a path."""

    processes: frozenset[str]
    segments: frozenset[str]
    files: frozenset[str]
    sockets: frozenset[str]

    def since(self, before: Traces) -> Traces:
        """What is here now and was not before."""
        return Traces(
            self.processes - before.processes,
            self.segments - before.segments,
            self.files - before.files,
            self.sockets - before.sockets,
        )

    def __bool__(self) -> bool:
        return bool(self.processes or self.segments or self.files or self.sockets)


def look() -> Traces:
    """What there is now."""
    return Traces(_processes(), frozenset(os.listdir("/dev/shm")), _files(), _sockets())


def wait_for_nothing(before: Traces, seconds: float = 5.0) -> float:
    """Return how long it took until nothing was left; fails when something still is."""
    began = time.monotonic()
    while left := look().since(before):
        assert time.monotonic() - began < seconds, f"{seconds} s later there is still: {left}"
    return time.monotonic() - began


def _processes() -> frozenset[str]:
    found = set()
    for process in psutil.process_iter():
        try:
            line = " ".join(process.cmdline())
            if process.status() != psutil.STATUS_ZOMBIE and (
                OURS.search(line) or "MVR_RUN_DIR" in process.environ()
            ):
                found.add(f"{process.pid} {line[:120]}")
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return frozenset(found)


def _files() -> frozenset[str]:
    temporary = tempfile.gettempdir()
    patterns = [f"{temporary}/mvr-*", "/tmp/mvr-*", "/tmp/*/monarch_log*", "/tmp/ray*", f"{temporary}/.tmp*"]
    home = [str(path) for path in (Path.home() / ".ray").glob("**/*")]
    return frozenset(path for pattern in patterns for path in glob.glob(pattern)) | frozenset(home)


def _sockets() -> frozenset[str]:
    lines = Path("/proc/net/unix").read_text().splitlines()
    paths = {line.split()[-1] for line in lines if "/" in line.split()[-1]}
    return frozenset(path for path in paths if "mvr-" in path or "ray" in path or "monarch" in path)
