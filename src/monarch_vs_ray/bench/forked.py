"""Run a function in a forked process."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def forked(loop: Callable[[], None]) -> Iterator[None]:
    """Run ``loop`` in a forked process for the block; it is killed after it."""
    pid = os.fork()
    if pid == 0:
        try:
            loop()
        finally:
            os._exit(0)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
