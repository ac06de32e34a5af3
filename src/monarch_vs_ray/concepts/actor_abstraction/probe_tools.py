"""What the probes of both engines use; nothing in it knows an engine."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

PATIENCE = 30.0
"""Seconds to wait for what must come; when it has come, nobody waits any longer."""
HELD_BYTES = 200_000_000


def outcome(call: Callable[[], object]) -> str:
    """What a call came to: its answer; or its error, and the original one if an engine wrapped it."""
    try:
        return f"answered {call()!r}"
    except Exception as error:
        # Monarch's ActorError has the original as `exception`, Ray's RayTaskError as `cause`.
        original = getattr(error, "exception", None) or getattr(error, "cause", None)
        inner = f"{type(original).__name__}: {original}" if original else str(error)
        said = f"{type(error).__name__}: {inner}".partition("\n")[0].partition(". ")[0]
        return re.sub(r" at 0x[0-9a-f]+", "", said)  # the same in every run


def until(condition: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Return once it is so. Raises TimeoutError that names what was waited for."""
    if not comes(condition, seconds):
        raise TimeoutError(f"waited {seconds:g} s for {what}")


def comes(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether it is so within this time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def new_path(name: str) -> Path:
    """A path that nothing is at, in a folder that goes when the run ends."""
    return Path(tempfile.mkdtemp(), name)


@contextmanager
def captured() -> Iterator[Path]:
    """What this process, and those it starts meanwhile, write to stdout and stderr goes to this file."""
    path = new_path("output")
    kept = [os.dup(number) for number in (1, 2)]
    file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    try:
        _redirect(file, file)
        yield path
    finally:
        _redirect(*kept)
        for number in (file, *kept):
            os.close(number)


def _redirect(out: int, err: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(out, 1)
    os.dup2(err, 2)


def own_megabytes(pid: int) -> float:
    """The memory that a process shares with no other one (USS), in units of 10**6 bytes."""
    return round(float(psutil.Process(pid).memory_full_info().uss) / 1e6, 1)


def beats(path: Path, seconds: float) -> bool:
    """Whether this file grows by ten more lines within this time."""
    before = path.read_text().count("\n")
    return comes(lambda: path.read_text().count("\n") >= before + 10, seconds)
