"""What the claims on message ordering rest on, on Monarch: one function puts one thing to the test.

Actors and helpers are those of ``on_monarch.py``. The control of the ordering, which is a setting that
Monarch reads when it is imported, is the same probe in a side with that setting (see ``claims.toml``).
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import monarch.actor
from monarch.actor import this_host

from monarch_vs_ray.concepts.message_ordering import spec
from monarch_vs_ray.concepts.message_ordering.on_monarch import (
    LAST,
    PROCS,
    AsyncInbox,
    Inbox,
    Journal,
    Sender,
    collect,
    held_up,
    lingering,
    mixed,
    write,
)
from monarch_vs_ray.side import fault, observe


def four_kinds_in_turn() -> None:
    """Calls to the whole mesh, to half of it, to one actor by two adverbs: by turns, from one sender."""
    inboxes = this_host().spawn_procs(per_host={"procs": PROCS}).spawn("inbox", Inbox)
    disorder, _ = mixed(inboxes)
    observe("out_of_order", disorder)


four_kinds_without_buffer = four_kinds_in_turn


def held_call() -> None:
    _held(spec.HOLD)


def held_call_without_buffer() -> None:
    _held(spec.PATIENCE)


def _held(hold: float) -> None:
    """a0 is held up by a stopped process on its way; a1 of the same sender and b0 of another are not."""
    inboxes = this_host().spawn_procs(per_host={"procs": PROCS}).spawn("inbox", Inbox)
    other = this_host().spawn_procs().spawn("sender", Sender, inboxes.slice(procs=LAST))
    fault("SIGSTOP", "inbox 1, through which a call to all passes")
    order = held_up(inboxes, other, hold)
    observe("order", order)
    observe("own_next_call_waited", order.index("a0") < order.index("a1"))
    observe("other_sender_went_ahead", order.index("b0") < order.index("a0"))


def two_threads() -> None:
    """Two threads of one program, each by two ways of different length."""
    inboxes = this_host().spawn_procs(per_host={"procs": PROCS}).spawn("inbox", Inbox)
    last = inboxes.slice(procs=LAST)
    inboxes.take.call().get(timeout=spec.PATIENCE)

    def send(name: str) -> None:
        for number in range(spec.MESSAGES):
            (inboxes if number % 2 else last).put.broadcast(name, number)

    spec.in_threads(send)
    observe("out_of_order", spec.inversions_per_sender(collect(last, 2 * spec.MESSAGES)))


two_threads_without_buffer = two_threads


def async_endpoint() -> None:
    inbox = this_host().spawn_procs().spawn("async_inbox", AsyncInbox)
    begun, ended = lingering(inbox, [inbox.put])
    observe("out_of_order", spec.inversions(begun))
    observe("ended_out_of_order", spec.inversions(ended))


def concurrent_endpoint() -> None:
    """Concurrent endpoints alone: they begin in order, and end as they like."""
    inbox = this_host().spawn_procs().spawn("async_inbox", AsyncInbox)
    begun, ended = lingering(inbox, [inbox.put_concurrently])
    observe("out_of_order", spec.inversions(begun))
    observe("ended_out_of_order", spec.inversions(ended))


def concurrent_and_plain_in_turn() -> None:
    inbox = this_host().spawn_procs().spawn("async_inbox", AsyncInbox)
    begun, _ = lingering(inbox, [inbox.put_concurrently, inbox.put])
    observe("out_of_order", spec.inversions(begun))


def crash_without_retries() -> None:
    """The actor dies in a call with many under way; a journal on disk says what ran."""
    failures: list[monarch.actor.MeshFailure] = []
    monarch.actor.unhandled_fault_hook = failures.append
    path = Path(tempfile.mkdtemp(), "journal")
    journal = this_host().spawn_procs().spawn("journal", Journal, str(path), spec.CRASH_AT)
    fault("exit", f"the actor, in call {spec.CRASH_AT}")
    unanswered, _ = write(journal, range(spec.CALLS))
    _what_ran(path)
    observe("unanswered", len(unanswered))


def sent_again_by_the_caller() -> None:
    """The same, and then the caller spawns anew and sends again what was not answered."""
    failures: list[monarch.actor.MeshFailure] = []
    monarch.actor.unhandled_fault_hook = failures.append
    path = Path(tempfile.mkdtemp(), "journal")
    journal = this_host().spawn_procs().spawn("journal", Journal, str(path), spec.CRASH_AT)
    fault("exit", f"the actor, in call {spec.CRASH_AT}")
    unanswered, _ = write(journal, range(spec.CALLS))
    write(this_host().spawn_procs().spawn("journal", Journal, str(path)), unanswered)
    _what_ran(path)


def _what_ran(path: Path) -> None:
    ran = spec.read(path)
    observe("ran", len(set(ran)))
    observe("ran_twice", spec.twice(ran))
    observe("out_of_order", spec.inversions(ran))
