"""Message ordering: the inputs that both engines get, and how disorder is counted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

from monarch_vs_ray.instruments.wait import PATIENCE, wait_for

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
