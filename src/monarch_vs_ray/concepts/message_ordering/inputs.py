"""Message ordering: the inputs that both engines get, and how disorder is counted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

from monarch_vs_ray.instruments.wait import PATIENCE, wait_for
from monarch_vs_ray.side import message

MESSAGES = 2000
"""Calls of one sender: enough that disorder shows, as the runs with the ordering off prove."""
LINGERING = 600
"""Calls that wait a little inside the actor, so that they can overtake each other there."""
SENDERS = ("a", "b")
HOLD = 0.5
"""Seconds that a call which must not overtake gets to do it all the same; where it can, milliseconds do."""
CALLS = 200
CRASH_AT = 100
"""The actor dies in this call, of CALLS that are under way; it has written the call's number before."""
WATCH = 2.0
"""Seconds to watch, after all callers have their errors, whether a call is run again."""

SHOWN = 32
"""Numbers of a long sequence that a picture shows: those around the first one that came late."""

Arrival = tuple[str, int]
"""The sender's name and its number of the message."""


def inversions(numbers: Sequence[int]) -> int:
    """Count how often a number came right after a higher one; 0 means: in order."""
    return sum(later < earlier for earlier, later in pairwise(numbers))


def inversions_per_sender(arrivals: Sequence[Arrival]) -> int:
    """Count the same for each sender's messages by themselves, added up."""
    senders = {sender for sender, _ in arrivals}
    return sum(inversions([number for name, number in arrivals if name == sender]) for sender in senders)


def changes_of_sender(arrivals: Sequence[Arrival]) -> int:
    """Count how often a message came right after one of another sender."""
    return sum(earlier[0] != later[0] for earlier, later in pairwise(arrivals))


class Journeys:
    """When a few calls were sent, and when they began to run; emitted when all of them have."""

    def __init__(self) -> None:
        self.sent: dict[str, int] = {}

    def send(self, name: str, at: int = 0) -> None:
        """Stamp a call that is sent now, or was at a moment of the machine's monotonic clock."""
        self.sent[name] = at or time.monotonic_ns()

    def emit(self, begun: Mapping[str, int]) -> None:
        """Emit both phases of each call, counted from the first one that was sent."""
        start = min(self.sent.values())
        for name, at in self.sent.items():
            sender, number = name[0], int(name[1:])
            message(name, sender, "inbox", "sent", number=number, time=at - start)
            if name in begun:
                message(name, sender, "inbox", "begun", number=number, time=begun[name] - start)


def show_order(begun: Sequence[int]) -> None:
    """Emit the numbers of calls in the order in which they began, around the first that came late."""
    late = next((at for at, (one, two) in enumerate(pairwise(begun)) if two < one), 0)
    first = max(0, late - 4)
    for number in begun[first : first + SHOWN]:
        message(str(number), "program", "inbox", "begun", number=number)


def names(arrivals: Sequence[Arrival]) -> list[str]:
    """Return messages as ``a0``, ``a1``, ``b0``."""
    return [f"{sender}{number}" for sender, number in arrivals]


def repeated(numbers: Sequence[int]) -> int:
    """Count how many numbers are there a second time."""
    return len(numbers) - len(set(numbers))


def collect(take: Callable[[], list[Arrival]], count: int) -> list[Arrival]:
    """Return the next ``count`` arrivals, taken from an actor as they come. Raises TimeoutError."""
    arrivals: list[Arrival] = []

    def enough() -> bool:
        arrivals.extend(take())
        return len(arrivals) >= count

    wait_for(enough, f"{count} messages", PATIENCE)
    return arrivals


def in_threads(send: Callable[[str], object]) -> None:
    """Let each sender's name send from a thread of its own, all beginning at once."""
    together = threading.Barrier(len(SENDERS), timeout=PATIENCE)

    def run(name: str) -> None:
        together.wait()
        send(name)

    with ThreadPoolExecutor() as threads:
        list(threads.map(run, SENDERS))


def linger(number: int) -> float:
    """Return the seconds that a call waits inside the actor: later ones often less than earlier ones."""
    return (-number % 3) / 1000
