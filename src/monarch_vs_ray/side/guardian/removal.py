"""Make and remove the files of a run without ever following a path that another user may have changed.

Everything is opened once, without following links, and from then on reached through its descriptor: who swaps
a folder for a link meanwhile has removed nothing but the link. A run's folder is closed to other users,
so none of them can be inside; the descriptors are for the day on which one is.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import fnmatch
import os
import stat
from collections.abc import Iterable

from . import INNER

SHARED_MEMORY = "/dev/shm"
OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Folder:
    """The folder of one run, open and locked for as long as somebody answers for it.

    The lock (flock) is on the folder itself, and the kernel drops it when its owner dies. So a folder that
    can be locked belongs to nobody, whatever process numbers have been given away meanwhile.
    """

    def __init__(self, path: str, fd: int) -> None:
        self.path = path
        self._fd = fd
        # Nothing is made right in it after the engine's folder: it has been as it is since the run began.
        self.began = os.fstat(fd).st_mtime

    @classmethod
    def make(cls, path: str) -> Folder:
        """Make the folder and the engine's within it, closed to other users. Raises OSError."""
        while True:
            os.mkdir(path, 0o700)
            with contextlib.suppress(FileNotFoundError):  # swept in the moment before it was locked
                fd = os.open(path, OPEN_FOLDER)
                os.fchmod(fd, 0o700)
                with contextlib.suppress(
                    OSError
                ):  # a file system without locks: nobody will sweep there either
                    fcntl.flock(fd, fcntl.LOCK_EX)
                os.mkdir(INNER, 0o700, dir_fd=fd)
                return cls(path, fd)

    @classmethod
    def take(cls, path: str) -> Folder | None:
        """Open a folder that nobody answers for, and answer for it; None if there is none of this user's."""
        try:
            fd = os.open(path, OPEN_FOLDER)
        except OSError:
            return None
        try:
            if os.fstat(fd).st_uid == os.geteuid():
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return cls(path, fd)
        except OSError:
            pass
        os.close(fd)
        return None

    def close(self) -> None:
        """Answer for it no longer."""
        os.close(self._fd)

    def remove(self) -> int:
        """Remove it with all that is in it; return the number of files."""
        removed = empty(self._fd)
        ours = os.fstat(self._fd)
        base, name = os.path.split(self.path)
        with contextlib.suppress(OSError):
            parent = os.open(base, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                there = os.stat(name, dir_fd=parent, follow_symlinks=False)
                if (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino):
                    os.rmdir(name, dir_fd=parent)
            finally:
                os.close(parent)
        return removed


def empty(folder: int) -> int:
    """Remove all that is in an open folder; return the number of files.

    What lies deeper is moved up first, so that two descriptors are enough at any depth and no path grows.
    """
    device, removed, fresh, progress = os.fstat(folder).st_dev, 0, 0, True
    while progress:
        progress = False
        for name in os.listdir(folder):
            if _unlink(name, folder):
                removed += 1
                progress = True
                continue
            below = _open(name, folder, device)
            if below is None:
                continue
            for entry in os.listdir(below):
                if _unlink(entry, below):
                    removed += 1
                    continue
                fresh += 1
                with contextlib.suppress(OSError):
                    os.rename(entry, f".{fresh}-{os.getpid()}", src_dir_fd=below, dst_dir_fd=folder)
            os.close(below)
            with contextlib.suppress(OSError):
                os.rmdir(name, dir_fd=folder)
                progress = True
    return removed


def remove_segments(segments: Iterable[tuple[str, int]], since: float) -> int:
    """Remove these shared-memory segments if they are this user's and of this run; return how many were."""
    removed = 0
    with contextlib.suppress(OSError):
        folder = os.open(SHARED_MEMORY, OPEN_FOLDER)
        try:
            for name, inode in segments:
                removed += _is_ours(name, folder, since, inode) and _unlink(name, folder)
        finally:
            os.close(folder)
    return removed


def remove_traces(patterns: Iterable[str]) -> int:
    """Remove the files of these patterns that are this user's, and the folders they alone kept alive.

    A pattern is ``BASE/*/NAME`` or ``BASE/NAME``, where only NAME is of this run's choosing.
    """
    return sum(map(_remove_trace, patterns))


def find_traces(pattern: str) -> list[str]:
    """Return the paths of this user's files of a pattern."""
    found = []
    for folder, path in _folders_of(pattern):
        found += [os.path.join(path, name) for name in _matching(folder, pattern)]
    return found


def _remove_trace(pattern: str) -> int:
    removed = 0
    for folder, path in _folders_of(pattern):
        here = sum(_unlink(name, folder) for name in _matching(folder, pattern))
        removed += here
        if here and "*" in os.path.dirname(pattern):
            with contextlib.suppress(OSError):  # somebody else's files are in it
                os.rmdir(path)
    return removed


def _folders_of(pattern: str) -> Iterable[tuple[int, str]]:
    """Open, one after the other, the folders of this user in which files of the pattern may be."""
    path = os.path.dirname(pattern)
    base = os.path.dirname(path)
    names = [os.path.basename(path)]
    if names == ["*"]:
        names = _listed(base)
    for name in names:
        with contextlib.suppress(OSError):
            folder = os.open(os.path.join(base, name), OPEN_FOLDER)
            try:
                if os.fstat(folder).st_uid == os.geteuid():
                    yield folder, os.path.join(base, name)
            finally:
                os.close(folder)


def _matching(folder: int, pattern: str) -> list[str]:
    wanted = os.path.basename(pattern)
    return [name for name in fnmatch.filter(os.listdir(folder), wanted) if _is_ours(name, folder)]


def _is_ours(name: str, folder: int, since: float = 0.0, inode: int = 0) -> bool:
    """Return whether that is a plain file of this user's, not older than ``since``, and with that inode."""
    try:
        there = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return False
    ours = stat.S_ISREG(there.st_mode) and there.st_uid == os.geteuid() and there.st_ctime >= since
    return ours and inode in (0, there.st_ino)


def _unlink(name: str, folder: int) -> bool:
    try:
        os.unlink(name, dir_fd=folder)
    except OSError:
        return False
    return True


def _open(name: str, folder: int, device: int) -> int | None:
    """Open a folder within an open one if it is on the same device; make it readable where it is not."""
    try:
        fd = os.open(name, OPEN_FOLDER, dir_fd=folder)
    except OSError as error:
        if error.errno != errno.EACCES or not _permit(name, folder):
            return None
        try:
            fd = os.open(name, OPEN_FOLDER, dir_fd=folder)
        except OSError:
            return None
    if os.fstat(fd).st_dev != device:
        os.close(fd)
        return None
    with contextlib.suppress(OSError):  # not this user's
        os.fchmod(fd, 0o700)
    return fd


def _permit(name: str, folder: int) -> bool:
    try:
        handle = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        return False
    try:
        os.chmod(f"/proc/self/fd/{handle}", 0o700)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
