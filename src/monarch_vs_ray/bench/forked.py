"""Run a function in a forked process, perhaps on a core of its own."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def forked(loop: Callable[[], None], *, core: int | None = None) -> Iterator[None]:
    """Run ``loop`` in a forked process for the block, on ``core`` if that is given; it is killed after it."""
    pid = os.fork()
    if pid == 0:
        try:
            if core is not None:
                os.sched_setaffinity(0, {core})
            loop()
        finally:
            os._exit(0)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


@contextmanager
def opposite(loop: Callable[[], None], *, cores: int = 2) -> Iterator[None]:
    """Run ``loop`` in a forked process, and keep both processes where they are for the block.

    Left to the kernel, two processes that wake each other are at times on one core and at times on two, and a
    round trip differs by several times.

    Args:
        loop: What the other process does.
        cores: 1 for both on one core; 2 for each on its own, if this process may use two.
    """
    allowed = sorted(os.sched_getaffinity(0))
    with forked(loop, core=allowed[min(cores, len(allowed)) - 1]):
        os.sched_setaffinity(0, {allowed[0]})
        try:
            yield
        finally:
            os.sched_setaffinity(0, allowed)
