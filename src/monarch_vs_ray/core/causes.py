"""Say what stopped a program in the words of the limit that it met, and what to do about it."""

from __future__ import annotations

import errno
import os
import resource


def cause(error: OSError) -> str:
    """Return the fact, the number and the next step for an error of the operating system."""
    where = os.fspath(error.filename) if isinstance(error.filename, str) else "the output"
    if error.errno == errno.EMFILE:
        return (
            f"{where}: too many open files, {resource.getrlimit(resource.RLIMIT_NOFILE)[0]} are allowed;"
            " allow more with `ulimit -n 4096`."
        )
    if error.errno == errno.ENFILE:
        return (
            f"{where}: too many files are open on this machine; end other programs (see `sysctl fs.file-nr`)."
        )
    if error.errno == errno.EAGAIN:
        return (
            f"no more processes can be started, {resource.getrlimit(resource.RLIMIT_NPROC)[0]} are allowed;"
            " allow more with `ulimit -u unlimited`, or end other programs."
        )
    if error.errno == errno.ENOMEM:
        return "memory is used up; end other programs, or give the container more."
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{where}: {error.strerror}; make space on its disk."
    return f"{where}: {error.strerror}; check the path and the space on its disk."
