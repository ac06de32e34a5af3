"""Supervision and fault tolerance: the faults that both engines get, and how long both are watched."""

from __future__ import annotations

import os
import random
import time
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from monarch_vs_ray.instruments.faults import is_gone
from monarch_vs_ray.instruments.flags import Tally
from monarch_vs_ray.instruments.wait import happens

WORKERS = 2
"""Workers of each parent: one to break, and one to see what that does to the others."""
EXIT_CODE = 3
POLL, ORPHAN = 0.5, 10.0
"""Monarch's poll interval and orphan timeout in seconds, as ``concept.toml`` sets them; else 10 and 60."""
DEFAULT_POLL = 10.0
WATCH = 2.5
"""Seconds to watch for what should not happen: five polls. Where it does happen, it takes a third of that."""
LONG_WATCH = 6.0
"""The same for what only a poll can find: twelve polls, and longer than a poll waits for an answer."""
LOOK_AWAY = 4.0
"""Seconds that a program is busy with something else while its actor dies: eight polls."""


def break_down(how: str, trace: Tally | None = None) -> NoReturn:
    """Break in one of two ways, where it is called.

    Args:
        how: ``"os._exit"`` or ``"exception"``.
        trace: Gets a line once the exception has been raised.
    """
    if how == "os._exit":
        os._exit(EXIT_CODE)
    try:
        raise ValueError("no ball")
    except ValueError as error:
        if trace:
            trace.add(error)
        raise


def break_once(executions: Tally, how: str) -> int:
    """Count this execution, and break if it is the first; else return how many there were."""
    executions.add()
    if executions.count() == 1:
        break_down(how)
    return executions.count()


def sleep_to_a_phase(low: float = 0.0, high: float = POLL) -> float:
    """Sleep for a random part of a poll interval, so that the fault after it meets no fixed moment of it."""
    phase = random.uniform(low, high)
    time.sleep(phase)
    return phase


def goes_on(*pids: int) -> bool:
    """Watch processes for WATCH seconds; return whether all of them still run at the end."""
    return not happens(lambda: any(map(is_gone, pids)), WATCH)


def running(*pids: int) -> int:
    """Return how many of these processes still run."""
    return sum(not is_gone(pid) for pid in pids)


def look_away(seconds: float = LOOK_AWAY) -> None:
    """Be busy with something else for a while; an interrupt gets through at once."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.02)


def is_interrupted() -> bool:
    """Be busy for WATCH seconds; return whether this program was interrupted meanwhile."""
    try:
        look_away(WATCH)
    except KeyboardInterrupt:
        return True
    return False


def files_that_name(package: str, word: str) -> list[str]:
    """Return the Python files of an installed package that have a word in them; imports nothing."""
    found = find_spec(package)
    assert found
    assert found.submodule_search_locations
    folder = Path(found.submodule_search_locations[0])
    return sorted(
        str(file.relative_to(folder))
        for file in folder.rglob("*.py")
        if word in file.read_text(encoding="utf-8", errors="ignore").lower()
    )
