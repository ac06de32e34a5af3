"""Message ordering in Monarch, put to the test.

Messages are numbered by the sender and put back in order by the receiver, for each pair of actors. To see
that, they must be able to take different ways: a fan-out of 1 (set in ``concept.toml``) makes a chain of a
mesh, so that a call to all is passed on from process to process, and a call to one goes there directly.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from monarch._rust_bindings.monarch_hyperactor.supervision import SupervisionError  # no public name yet
from monarch.actor import this_host

from monarch_vs_ray.concepts.message_ordering import inputs
from monarch_vs_ray.concepts.message_ordering.monarch.actors import AsyncInbox, Inbox, Journal, Sender
from monarch_vs_ray.instruments import faults
from monarch_vs_ray.instruments.flags import Tally
from monarch_vs_ray.instruments.monarch import faults_at_root, get
from monarch_vs_ray.instruments.programs import in_second_program
from monarch_vs_ray.instruments.wait import PATIENCE, happens
from monarch_vs_ray.side import log, observe, shared

PROCS = 4
LAST = PROCS - 1
WITHOUT_BUFFER = {"HYPERACTOR_ENABLE_DEST_ACTOR_REORDERING_BUFFER": "0"}


@shared
def chain() -> Any:
    """Return four inboxes that pass a call to all on from one to the next."""
    inboxes = this_host().spawn_procs(per_host={"procs": PROCS}).spawn("inbox", Inbox)
    get(inboxes.take.call())  # all are up
    return inboxes


@shared
def senders() -> list[Any]:
    """Return two senders to the last inbox, each in a process of its own."""
    procs = this_host().spawn_procs(per_host={"procs": len(inputs.SENDERS)})
    mesh = procs.spawn("sender", Sender, chain().slice(procs=LAST))
    return [mesh.slice(procs=rank) for rank in range(len(inputs.SENDERS))]


@shared
def async_inbox() -> Any:
    """Return an inbox with async endpoints."""
    return this_host().spawn_procs().spawn("async_inbox", AsyncInbox)


def collect(inbox: Any, count: int) -> list[inputs.Arrival]:
    """Return the next arrivals at an inbox."""
    return inputs.collect(lambda: get(inbox.take.call_one()), count)


def several_senders() -> None:
    """Let two actors send at once, and look at each one's messages by themselves."""
    pairs = list(zip(senders(), inputs.SENDERS, strict=True))
    sending = [sender.send.call_one(name, inputs.MESSAGES) for sender, name in pairs]
    arrivals = collect(chain().slice(procs=LAST), len(pairs) * inputs.MESSAGES)
    observe("out_of_order", inputs.inversions_per_sender(arrivals))
    observe("changes_of_sender", inputs.changes_of_sender(arrivals))
    for sent in sending:
        get(sent)


def two_threads() -> None:
    """Let two threads of one program send, each by two ways of different length."""
    inboxes, last = chain(), chain().slice(procs=LAST)

    def send(name: str) -> None:
        for number in range(inputs.MESSAGES):
            (inboxes if number % 2 else last).put.broadcast(name, number)

    inputs.in_threads(send)
    observe("out_of_order", inputs.inversions_per_sender(collect(last, 2 * inputs.MESSAGES)))


def two_threads_unordered() -> None:
    """Do the same with the reorder buffer off, which Monarch reads when it is imported."""
    in_second_program(two_threads, "monarch", WITHOUT_BUFFER)


def four_kinds_of_call() -> None:
    """Call the whole mesh, half of it, and one actor by two adverbs: in turn, from one sender."""
    inboxes = chain()
    last, half = inboxes.slice(procs=LAST), inboxes.slice(procs=slice(PROCS // 2, PROCS))
    ways = (inboxes.put.broadcast, last.put.broadcast, half.put.call, last.put.call_one)
    for number in range(inputs.MESSAGES):
        ways[number % len(ways)]("a", number)
    observe("out_of_order", inputs.inversions_per_sender(collect(last, inputs.MESSAGES)))


def four_kinds_of_call_unordered() -> None:
    """Do the same with the reorder buffer off."""
    in_second_program(four_kinds_of_call, "monarch", WITHOUT_BUFFER)


def held_call(hold: float = inputs.HOLD) -> None:
    """Stop a process on the way of a0; a1 of the same sender and b0 of another have a free way."""
    inboxes, other = chain(), senders()[1]
    last, on_the_way = inboxes.slice(procs=LAST), get(inboxes.slice(procs=1).pid.call_one())
    journeys = inputs.Journeys()
    with faults.stopped(on_the_way, "inbox 1, which passes a call to all on"):
        journeys.send("a0")
        inboxes.put.broadcast("a", 0)
        journeys.send("a1")
        with suppress(TimeoutError):  # it waits, although its own way is free
            get(last.put.call_one("a", 1), hold)
        journeys.send("b0", get(other.send_one.call_one("b", 0)))
    order = inputs.names(collect(last, 3))
    observe("order", order)
    observe("own_next_call_waited", order.index("a0") < order.index("a1"))
    observe("other_sender_went_ahead", order.index("b0") < order.index("a0"))
    journeys.emit(get(last.times.call_one(order)))


def held_call_unordered() -> None:
    """Do the same with the reorder buffer off."""
    in_second_program(held_call, "monarch", WITHOUT_BUFFER, hold=PATIENCE)


def lingering(endpoints: list[Any]) -> None:
    """Call endpoints in turn, and count how often calls began or ended out of order."""
    calls = [endpoints[n % len(endpoints)].call_one(n) for n in range(inputs.LINGERING)]
    for call in calls:
        get(call)
    begun, ended = get(async_inbox().take.call_one())
    inputs.show_order(begun)
    observe("out_of_order", inputs.inversions(begun))
    observe("ended_out_of_order", inputs.inversions(ended))


def async_method() -> None:
    """Call an async endpoint: Monarch runs one at a time."""
    lingering([async_inbox().put])


def concurrent_calls() -> None:
    """Call concurrent endpoints alone: they begin in order, and end as they like."""
    lingering([async_inbox().put_concurrently])


def two_kinds_of_method() -> None:
    """Call a concurrent and a plain endpoint in turn."""
    lingering([async_inbox().put_concurrently, async_inbox().put])


def crash() -> None:
    """Let the actor die in a call with many under way; watch its journal for calls that are run again."""
    journal = Tally.new()
    write_and_crash(journal)
    ran = journal.count()
    happens(lambda: journal.count() > ran, inputs.WATCH)
    observe_journal(journal)


def crash_and_send_again() -> None:
    """Do the same, spawn anew and send again what was not answered, as users of Monarch do."""
    journal = Tally.new()
    unanswered = write_and_crash(journal)
    anew = this_host().spawn_procs().spawn("journal", Journal, str(journal.path))
    missing, _ = write(anew, unanswered)
    observe("unanswered", len(missing))
    observe_journal(journal)


def write_and_crash(journal: Tally) -> list[int]:
    """Write CALLS numbers to an actor that dies in one of them; return those that were not answered."""
    failures = faults_at_root()
    actor = this_host().spawn_procs().spawn("journal", Journal, str(journal.path), inputs.CRASH_AT)
    with faults.ends(get(actor.pid.call_one()), f"the actor, in call {inputs.CRASH_AT}"):
        unanswered, error = write(actor, range(inputs.CALLS))
    observe("error", error)
    observe("unanswered", len(unanswered))
    observe_journal(journal)
    log(f"{len(failures)} failures reached the root of the program")
    return unanswered


def write(journal: Any, numbers: Iterable[int]) -> tuple[list[int], str]:
    """Call with all numbers at once; return those that were not answered, and the error's type."""
    calls = [(number, journal.write.call_one(number)) for number in numbers]
    unanswered, reason = [], "none"
    for number, call in calls:
        try:
            get(call)
        except SupervisionError as error:
            unanswered.append(number)
            reason = type(error).__name__
    return unanswered, reason


def observe_journal(journal: Tally) -> None:
    """Observe which calls ran, as the actor wrote them down."""
    ran = [int(line) for line in journal.lines()]
    observe("ran", len(set(ran)))
    observe("ran_twice", inputs.repeated(ran))
    observe("out_of_order", inputs.inversions(ran))
