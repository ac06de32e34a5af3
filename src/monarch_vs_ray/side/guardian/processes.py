"""Find the processes of a side, and end them; read what the kernel says of them."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterable

from . import RUN_DIR


def processes() -> dict[int, tuple[int, int]]:
    """Return parent and session of every process of the machine that is not yet dead."""
    found = {}
    for pid in _pids():
        fields = read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
        if fields and fields[0] not in (b"Z", b"X"):
            found[pid] = int(fields[1]), int(fields[3])
    return found


def descendants(found: dict[int, tuple[int, int]], root: int) -> set[int]:
    """Return the processes below ``root``, itself excluded."""
    ours = {root}
    grew = True
    while grew:
        new = {pid for pid, (parent, _) in found.items() if parent in ours} - ours
        ours |= new
        grew = bool(new)
    return ours - {root}


def below(root: int) -> set[int]:
    """Return the processes below ``root``, found from it on, so that a busy machine's others cost nothing."""
    if not os.path.exists(f"/proc/self/task/{os.getpid()}/children"):
        return descendants(processes(), root)
    ours: set[int] = set()
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        for task in names(f"/proc/{pid}/task"):
            new = {int(child) for child in read(f"/proc/{pid}/task/{task}/children").split()} - ours
            ours |= new
            waiting += new
    return {pid for pid in ours if read(f"/proc/{pid}/stat").rpartition(b")")[2].split()[:1] != [b"Z"]}


def name(pid: int) -> str:
    """Return a process's short name, empty if it has gone."""
    return read(f"/proc/{pid}/comm").decode("utf-8", "replace").strip()


def is_marked(pid: int, folder: str) -> bool:
    """Return whether a process belongs to the run of ``folder``: its environment says so."""
    return f"{RUN_DIR}={folder}/".encode() in read(f"/proc/{pid}/environ")


def belongs(pid: int, folder: str) -> bool:
    """Return whether a process is of the run of ``folder``, as its environment says, or what it works with.

    Some helpers of Ray overwrite their environment. Only of those do command line, current folder and open
    files count: a process with an environment of its own is somebody who reads the run's logs.
    """
    environment = read(f"/proc/{pid}/environ")
    if _is_guardian(pid):
        return False
    if f"{RUN_DIR}={folder}/".encode() in environment:
        return True
    if b"=" in environment.partition(b"\0")[0]:
        return False
    inside = f"{folder}/"
    links = [f"/proc/{pid}/cwd", *(f"/proc/{pid}/fd/{fd}" for fd in names(f"/proc/{pid}/fd"))]
    return inside.encode() in read(f"/proc/{pid}/cmdline") or any(
        link(each).startswith(inside) for each in links
    )


def members(folder: str) -> list[int]:
    """Return the other processes of this user that belong to the run of ``folder``."""
    return [pid for pid in _own() if pid != os.getpid() and belongs(pid, folder)]


def marked() -> dict[int, str]:
    """Return this user's processes that belong to a run, each with the folder that its environment names."""
    found = {}
    for pid in _own():
        if _is_guardian(pid):
            continue
        for variable in read(f"/proc/{pid}/environ").split(b"\0"):
            label, _, value = variable.partition(b"=")
            if label == RUN_DIR.encode() and value:
                found[pid] = os.path.dirname(os.fsdecode(value))
    return found


def kill(pid: int) -> None:
    """Send SIGKILL; a process that has gone or is another user's is left alone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def kill_member(pid: int, folder: str) -> None:
    """Kill a process that still belongs to ``folder``; a number that was given away meanwhile is not hit."""
    try:
        handle = os.pidfd_open(pid)
    except (OSError, AttributeError):
        return
    try:
        if belongs(pid, folder):
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
    finally:
        os.close(handle)


def mapped_segments(pid: int) -> set[tuple[str, int]]:
    """Return name and inode of the files right in /dev/shm that a process has mapped and that have a name."""
    found = set()
    for line in read(f"/proc/{pid}/maps").splitlines():
        if b" /dev/shm/" not in line:
            continue
        _, _, _, _, inode, path = line.split(None, 5)
        label = os.fsdecode(path)[len("/dev/shm/") :]
        if "/" not in label and not label.endswith(" (deleted)"):
            found.add((label, int(inode)))
    return found


def _is_guardian(pid: int) -> bool:
    """A guardian is nobody's leftover: it ends by itself, and without the lock it is just starting."""
    return b"guardian.watch" in read(f"/proc/{pid}/cmdline")


def _own() -> Iterable[int]:
    user = os.geteuid()
    for pid in _pids():
        with contextlib.suppress(OSError):
            if os.stat(f"/proc/{pid}").st_uid == user:
                yield pid


def _pids() -> list[int]:
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]


def names(folder: str) -> list[str]:
    """Return what is in a folder; nothing if it cannot be read."""
    try:
        return os.listdir(folder)
    except OSError:
        return []


def link(path: str) -> str:
    """Return where a link leads; empty if it is none."""
    try:
        return os.readlink(path)
    except OSError:
        return ""


def read(path: str) -> bytes:
    """Return what is in a file; nothing if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""
