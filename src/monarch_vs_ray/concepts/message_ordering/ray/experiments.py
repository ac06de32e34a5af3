"""Message ordering in Ray, put to the test.

Order is kept for each caller of an actor, unless the actor runs its calls out of order: by an option, or
because it is async or has threads. Options that ``concept.toml`` gives an experiment go to its actor.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import ray

from monarch_vs_ray.concepts.message_ordering import inputs
from monarch_vs_ray.concepts.message_ordering.ray.actors import (
    LANES,
    AsyncInbox,
    Gate,
    Inbox,
    Journal,
    Lanes,
    Sender,
    SlowInbox,
)
from monarch_vs_ray.instruments import faults
from monarch_vs_ray.instruments.flags import Tally
from monarch_vs_ray.instruments.outcome import error_type
from monarch_vs_ray.instruments.ray import get, ready
from monarch_vs_ray.instruments.wait import happens
from monarch_vs_ray.side import observe, shared

LARGE = 1_000_000
"""Bytes of an argument that goes through the object store instead of with the call."""
MESSAGES = inputs.MESSAGES // 2
"""A call costs Ray half a millisecond on both sides; the controls lose the order of dozens."""


@shared
def inbox() -> Any:
    """Return a plain inbox, found by name."""
    return Inbox.options(name="inbox").remote()


@shared
def senders() -> list[Any]:
    """Return two senders to that inbox, each in a process of its own."""
    return [Sender.remote(inbox()) for _ in inputs.SENDERS]


def collect(taken_from: Any, count: int) -> list[inputs.Arrival]:
    """Return the next arrivals at an inbox."""
    return inputs.collect(lambda: get(taken_from.take.remote()), count)


def several_senders() -> None:
    """Let two actors send at once, and look at each one's messages by themselves."""
    ready(inbox(), *senders())
    pairs = list(zip(senders(), inputs.SENDERS, strict=True))
    sending = [sender.send.remote(name, MESSAGES) for sender, name in pairs]
    arrivals = collect(inbox(), len(pairs) * MESSAGES)
    observe("out_of_order", inputs.inversions_per_sender(arrivals))
    observe("changes_of_sender", inputs.changes_of_sender(arrivals))
    get(sending)


def two_threads(**options: Any) -> None:
    """Let two threads of one program send, each with small and large arguments."""
    chosen = Inbox.options(**options).remote() if options else inbox()
    large = ray.put(bytes(LARGE))
    ready(chosen)

    def send(name: str) -> None:
        for number in range(MESSAGES):
            chosen.put.remote(name, number, large if number % 2 else None)

    inputs.in_threads(send)
    observe("out_of_order", inputs.inversions_per_sender(collect(chosen, 2 * MESSAGES)))


def four_kinds_of_call(**options: Any) -> None:
    """Call with a small and a large argument, without a reply, and through a second handle: in turn."""
    chosen = Inbox.options(name="chosen", **options).remote() if options else inbox()
    same = ray.get_actor("chosen" if options else "inbox")
    observe("out_of_order", disorder_in_turn(chosen, same))


def private_class_attribute() -> None:
    """Set what earlier versions documented: an attribute of the class, not an option of the actor."""

    class WithAttribute(Inbox.__ray_metadata__.modified_class):  # type: ignore[name-defined]
        _ray_allow_out_of_order_execution = True

    chosen = ray.remote(WithAttribute).options(name="attribute").remote()
    observe("out_of_order", disorder_in_turn(chosen, ray.get_actor("attribute")))


def disorder_in_turn(chosen: Any, same: Any) -> int:
    """Call an actor in four ways in turn, and count the disorder."""
    ready(chosen)
    large = ray.put(bytes(LARGE))
    silent = chosen.put.options(num_returns=0)
    for number in range(0, MESSAGES, 4):
        chosen.put.remote("a", number)
        chosen.put.remote("a", number + 1, large)
        silent.remote("a", number + 2)
        same.put.remote("a", number + 3)
    return inputs.inversions_per_sender(collect(chosen, MESSAGES))


def held_call(hold: float = inputs.HOLD, **options: Any) -> None:
    """Give a0 an argument that is not ready; a1 of the same caller and b0 of another one are ready."""
    chosen, other, gate = Inbox.options(**options).remote(), senders()[1], Gate.remote()
    ready(chosen)
    journeys = inputs.Journeys()
    journeys.send("a0")
    chosen.put.remote("a", 0, gate.passed.remote())
    journeys.send("a1")
    ray.wait([chosen.put.remote("a", 1)], timeout=hold)
    journeys.send("b0", get(other.send_one.remote(chosen, "b", 0)))
    gate.open.remote()
    order = inputs.names(collect(chosen, 3))
    observe("order", order)
    observe("own_next_call_waited", order.index("a0") < order.index("a1"))
    observe("other_sender_went_ahead", order.index("b0") < order.index("a0"))
    journeys.emit(get(chosen.times.remote(order)))


def async_method(**options: Any) -> None:
    """Call an async method many times at once."""
    begun, ended = linger(AsyncInbox.options(**options).remote(), [{}])
    observe("out_of_order", inputs.inversions(begun))
    observe("ended_out_of_order", inputs.inversions(ended))


def plain_method() -> None:
    """Do the same with a plain method, which runs one call at a time."""
    begun, ended = linger(SlowInbox.remote(), [{}])
    observe("out_of_order", inputs.inversions(begun))
    observe("ended_out_of_order", inputs.inversions(ended))


def async_actor_in_order() -> None:
    """Ask an async actor to keep the order."""
    observe("error", error_type(AsyncInbox.options(allow_out_of_order_execution=False).remote))


def concurrent_calls() -> None:
    """Call an actor that has four threads."""
    begun, ended = linger(SlowInbox.options(max_concurrency=4).remote(), [{}])
    observe("out_of_order", inputs.inversions(begun))
    observe("ended_out_of_order", inputs.inversions(ended))


def two_kinds_of_method() -> None:
    """Call two concurrency groups of one thread in turn; look at each by itself, and at both together."""
    begun, ended = linger(Lanes.remote(), [{"concurrency_group": lane} for lane in LANES])
    observe("out_of_order", inputs.inversions(begun))
    observe("ended_out_of_order", inputs.inversions(ended))
    observe("out_of_order_in_a_lane", disorder_in_lanes(begun) + disorder_in_lanes(ended))


def threads_in_place_of_lanes() -> None:
    """Count in the same way on an actor whose four threads are no lanes."""
    begun, ended = linger(SlowInbox.options(max_concurrency=2 * len(LANES)).remote(), [{}])
    observe("out_of_order_in_a_lane", disorder_in_lanes(begun) + disorder_in_lanes(ended))


def disorder_in_lanes(numbers: Sequence[int]) -> int:
    """Count the disorder among the calls of each lane, added up."""
    count = len(LANES)
    lanes = [[number for number in numbers if number % count == lane] for lane in range(count)]
    return sum(map(inputs.inversions, lanes))


def linger(slow: Any, options: Sequence[dict[str, Any]]) -> tuple[list[int], list[int]]:
    """Make many calls at once, with these options in turn; return in which order they began and ended."""
    ready(slow)
    ways = [slow.put.options(**chosen) for chosen in options]
    get([ways[number % len(ways)].remote(number) for number in range(inputs.LINGERING)])
    begun, ended = get(slow.taken.remote())
    inputs.show_order(begun)
    return begun, ended


def crash(**options: Any) -> None:
    """Let the actor die in a call with many under way; watch its journal for calls that are run again."""
    journal = Tally.new()
    write_and_crash(journal, **options)
    ran = journal.count()
    happens(lambda: journal.count() > ran, inputs.WATCH)
    observe_journal(journal)


def crash_and_send_again() -> None:
    """Do the same, create the actor anew and send again what was not answered."""
    journal = Tally.new()
    unanswered = write_and_crash(journal)
    missing, _ = write(Journal.remote(str(journal.path)), unanswered)
    observe("unanswered", len(missing))
    observe_journal(journal)


def write_and_crash(journal: Tally, **options: Any) -> list[int]:
    """Write CALLS numbers to an actor that dies in one of them; return those that were not answered."""
    actor = Journal.options(**options).remote(str(journal.path), inputs.CRASH_AT)
    with faults.ends(get(actor.pid.remote()), f"the actor, in call {inputs.CRASH_AT}"):
        unanswered, error = write(actor, range(inputs.CALLS))
    observe("error", error)
    observe("unanswered", len(unanswered))
    observe_journal(journal)
    return unanswered


def write(journal: Any, numbers: Iterable[int]) -> tuple[list[int], str]:
    """Call with all numbers at once; return those that were not answered, and the error's type."""
    calls = [(number, journal.write.remote(number)) for number in numbers]
    unanswered, reason = [], "none"
    for number, call in calls:
        try:
            get(call)
        except ray.exceptions.RayActorError as error:
            unanswered.append(number)
            reason = type(error).__name__
    return unanswered, reason


def observe_journal(journal: Tally) -> None:
    """Observe which calls ran, as the actor wrote them down."""
    ran = [int(line) for line in journal.lines()]
    observe("ran", len(set(ran)))
    observe("ran_twice", inputs.repeated(ran))
    observe("out_of_order", inputs.inversions(ran))
