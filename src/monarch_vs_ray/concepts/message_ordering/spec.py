"""Message ordering: the inputs that both sides get, how disorder is counted, and what both must observe."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

from monarch_vs_ray.core.concept import Concept, Row, Seen
from monarch_vs_ray.engines import stopping

MESSAGES = 2000
"""Calls of one sender: enough that disorder shows, as the runs with the ordering off prove."""
LINGERING = 600
"""Calls that wait a little inside the actor, so that they can overtake each other there."""
SENDERS = ("a", "b")
PATIENCE = 20.0
"""Seconds to wait for what must come: when it has come, nobody waits any longer."""
HOLD = 0.5
"""Seconds that a call which must not overtake gets to do it all the same; where it can, milliseconds do."""

CALLS = 200
CRASH_AT = 100
"""The actor dies in this call, of CALLS that are under way; it has written the call's number before."""

HELD_IN_ORDER = ["b0", "a0", "a1"]
"""a0 is held up and a1 was sent behind it; b0 is another sender's, sent last."""
HELD_OUT_OF_ORDER = ["a1", "b0", "a0"]

Arrival = tuple[str, int]
"""The sender's name and its number of the message."""


def inversions(numbers: Sequence[int]) -> int:
    """How many times a number came right after a higher one; 0 means: in order."""
    return sum(later < earlier for earlier, later in pairwise(numbers))


def inversions_per_sender(arrivals: Sequence[Arrival]) -> int:
    """The same, each sender's messages by themselves, added up."""
    senders = {sender for sender, _ in arrivals}
    return sum(inversions([number for name, number in arrivals if name == sender]) for sender in senders)


def changes_of_sender(arrivals: Sequence[Arrival]) -> int:
    """How many times a message came right after one of another sender."""
    return sum(earlier[0] != later[0] for earlier, later in pairwise(arrivals))


def names(arrivals: Sequence[Arrival]) -> list[str]:
    """The messages as ``a0``, ``a1``, ``b0``."""
    return [f"{sender}{number}" for sender, number in arrivals]


def twice(numbers: Sequence[int]) -> int:
    """How many numbers are there a second time."""
    return len(numbers) - len(set(numbers))


def collect(take: Callable[[], list[Arrival]], count: int) -> list[Arrival]:
    """The next ``count`` arrivals, taken from an actor as they come. Raises TimeoutError after PATIENCE."""
    arrivals: list[Arrival] = []
    deadline = time.monotonic() + PATIENCE
    while len(arrivals) < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(arrivals)} of {count} messages came within {PATIENCE:g} s")
        arrivals += take()
    return arrivals


def in_threads(send: Callable[[str], object]) -> None:
    """Let each sender's name send from a thread of its own, all beginning at once."""
    together = threading.Barrier(len(SENDERS), timeout=PATIENCE)

    def run(name: str) -> None:
        together.wait()
        send(name)

    with ThreadPoolExecutor() as threads:
        list(threads.map(run, SENDERS))


def read(journal: Path) -> list[int]:
    """The calls that ran, in order, as the actor wrote them down."""
    return [int(line) for line in journal.read_text().split()]


frozen = stopping.stopped
"""A process that does not run within the block."""


def linger(number: int) -> float:
    """Seconds that a call waits inside the actor: later ones often less than earlier ones."""
    return (-number % 3) / 1000


def refusal(call: Callable[[], object]) -> str:
    """How a call was refused, in a few words; or that it was not."""
    try:
        call()
    except Exception as error:
        return f"refused: {type(error).__name__}"
    return "accepted"


def _positive(value: object) -> bool:
    return isinstance(value, int) and value > 0


def _at_most_one(value: object) -> bool:
    return value in (0, 1)


def _senders(monarch: Seen, ray: Seen) -> str:
    keys = ("one_sender", "two_senders", "two_threads", "mixed")
    on_monarch, on_ray = (sum(_number(seen, key) for key in keys) for seen in (monarch, ray))
    return (
        f"A sender's calls, by threads and in four kinds too, came out of order {on_monarch} times on"
        f" Monarch and {on_ray} times on Ray; with the ordering switched off, the four kinds alone"
        f" {monarch['mixed_off']} and {ray['mixed_off']} times in {MESSAGES}."
    )


def _held(monarch: Seen, ray: Seen) -> str:
    passed = [_passed(seen) for seen in (monarch, ray)]
    return (
        f"Behind a call that was held up, the same sender's next one {_waited(monarch['held'])} on Monarch"
        f" and {_waited(ray['held'])} on Ray; with the ordering off it {_waited(monarch['held_off'])} and"
        f" {_waited(ray['held_off'])}. Another sender's call {passed[0]} and {passed[1]}."
    )


def _waited(order: object) -> str:
    assert isinstance(order, list)
    return "waited" if order.index("a0") < order.index("a1") else "overtook"


def _passed(seen: Seen) -> str:
    order = seen["held"]
    assert isinstance(order, list)
    return "went ahead" if order.index("b0") < order.index("a0") else "waited too"


def _number(seen: Seen, key: str) -> int:
    value = seen[key]
    if not isinstance(value, int):
        raise TypeError(key)
    return value


CONCEPT = Concept(
    number=4,
    name="message_ordering",
    title="Message ordering",
    question="Do the calls of one sender run in the order in which it made them, and what changes that?",
    watch=(
        "Asked for nothing, a plain actor runs each sender's calls in order, on both engines.",
        "Each engine's ordering has a switch; the runs with it off show that the count can find disorder.",
        "A call that is held up holds up its own sender's next calls, and nobody else's.",
        "An async actor keeps the order on Monarch, one call at a time; on Ray it does not, and refuses to.",
        "After a crash Ray can retry by itself: every call runs, some of them twice, in no order.",
    ),
    rows=(
        Row(key="one_sender", label=f"One sender, {MESSAGES} calls: out of order", want=0),
        Row(key="two_senders", label=f"Two senders, {MESSAGES} calls each: out of a sender's order", want=0),
        Row(key="sender_changes", label="... times the actor changed from one sender to the other"),
        Row(key="two_threads", label="Two threads of one sender: out of a thread's order", want=0),
        Row(key="mixed", label="One sender, four kinds of call in turn: out of order", want=0),
        Row(key="mixed_off", label="... with the ordering switched off", want=_positive),
        Row(key="held", label="a0 is held up, a1 and b0 follow: what ran when", want=HELD_IN_ORDER),
        Row(key="held_off", label="... with the ordering switched off", want=HELD_OUT_OF_ORDER),
        Row(key="async_starts", label=f"Async method, {LINGERING} calls: begun out of order"),
        Row(key="async_ends", label="... ended out of order"),
        Row(key="async_one", label="... begun out of order when told to take one at a time"),
        Row(key="async_in_order", label="An async actor that keeps the order"),
        Row(key="asked_starts", label="Concurrency asked for: begun out of order"),
        Row(key="asked_ends", label="... ended out of order"),
        Row(key="two_kinds", label="Two kinds of method in turn: begun out of order"),
        Row(key="crash_error", label=f"The actor dies in call {CRASH_AT} of {CALLS}: its callers get"),
        Row(key="crash_ran", label="... calls that ran", want=CRASH_AT + 1),
        Row(key="crash_disorder", label="... out of order, and run twice", want=[0, 0]),
        Row(key="resent_ran", label="The caller sends again what was not answered: calls run", want=CALLS),
        Row(
            key="resent_disorder",
            label="... out of order (sending again may step back once)",
            want=_at_most_one,
        ),
        Row(key="resent_twice", label="... calls run twice", want=_positive),
        Row(key="retried_ran", described=("monarch",), label="The engine retries by itself: calls run"),
        Row(key="retried_disorder", described=("monarch",), label="... out of order"),
        Row(key="retried_twice", described=("monarch",), label="... calls run twice"),
    ),
    deadline=90.0,
    environment={
        # A chain instead of a broad tree, so that a call to all and a call to one take different ways.
        "HYPERACTOR_MESH_MAX_CAST_FANOUT": "1",
        # How often Monarch looks whether its processes live; the default, 10 s, would be waited for.
        "HYPERACTOR_MESH_SUPERVISION_POLL_FREQUENCY": "1s",
    },
    closing=(
        _senders,
        _held,
        (
            f"{LINGERING} calls of an async method began out of order {{monarch[async_starts]}} times on"
            " Monarch and {ray[async_starts]} times on Ray, and ended out of order {monarch[async_ends]} and"
            " {ray[async_ends]} times. An async actor that keeps the order: {monarch[async_in_order]} on"
            " Monarch, {ray[async_in_order]} on Ray."
        ),
        (
            "Where concurrency was asked for, {monarch[asked_starts]} (Monarch) and {ray[asked_starts]} (Ray)"
            " calls began out of order; where two kinds of method took turns, {monarch[two_kinds]} and"
            " {ray[two_kinds]}."
        ),
        (
            f"Of {CALLS} calls an actor that died in number {CRASH_AT} had run {{monarch[crash_ran]}} and"
            " {ray[crash_ran]}; nobody retried. When the caller sent again what was not answered,"
            " {monarch[resent_ran]} and {ray[resent_ran]} ran in the end, {monarch[resent_twice]} and"
            " {ray[resent_twice]} of them twice."
        ),
        (
            "Ray's own retries ran {ray[retried_ran]} calls, {ray[retried_twice]} of them twice, and out of"
            " order {ray[retried_disorder]} times; Monarch has {monarch[retried_ran]}."
        ),
    ),
)
