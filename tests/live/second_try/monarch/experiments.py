"""Three experiments on Monarch; the second ends its own side by SIGKILL, unless it has done so before."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from monarch.actor import Actor, endpoint, this_host

from monarch_vs_ray.side import observe, shared

MARKER = Path(os.environ.get("DIED_ONCE", "/nowhere"))


class Counter(Actor):
    """Counts its calls."""

    def __init__(self) -> None:
        self.count = 0

    @endpoint
    def add(self) -> int:
        self.count += 1
        return self.count


@shared
def counter():
    return this_host().spawn_procs(per_host={"gpus": 1}).spawn("counter", Counter)


def first() -> None:
    observe("count", counter().add.call_one().get(timeout=30))


def dies_once() -> None:
    if not MARKER.exists():
        MARKER.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    observe("count", counter().add.call_one().get(timeout=30))


def last() -> None:
    observe("count", counter().add.call_one().get(timeout=30))
    observe("again", counter().add.call_one().get(timeout=30))
