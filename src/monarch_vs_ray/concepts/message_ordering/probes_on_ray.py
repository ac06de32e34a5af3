"""What the claims on message ordering rest on, on Ray: one function puts one thing to the test.

Actors and helpers are those of ``on_ray.py``. Controls stand beside what they control.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import ray

from monarch_vs_ray.concepts.message_ordering import spec
from monarch_vs_ray.concepts.message_ordering.on_ray import (
    LANES,
    AsyncInbox,
    Gate,
    Inbox,
    Journal,
    Lanes,
    Sender,
    collect,
    held_up,
    lingering,
    mixed,
    ready,
    write,
)
from monarch_vs_ray.side import fault, observe

UNORDERED = {"allow_out_of_order_execution": True}
MESSAGES = spec.MESSAGES // 2
"""A call costs Ray half a millisecond on both sides; the controls lose the order of dozens."""


def four_kinds_in_turn() -> None:
    _four_kinds("ordered")


def four_kinds_out_of_order() -> None:
    _four_kinds("unordered", **UNORDERED)


def _four_kinds(name: str, **options: Any) -> None:
    inbox = Inbox.options(name=name, **options).remote()
    disorder, _ = mixed(inbox, ray.get_actor(name), MESSAGES)
    observe("out_of_order", disorder)


def held_call() -> None:
    _held(spec.HOLD)


def held_call_out_of_order() -> None:
    _held(spec.PATIENCE, **UNORDERED)


def _held(hold: float, **options: Any) -> None:
    """a0 waits for its argument; a1 of the same caller and b0 of another one are ready."""
    inbox = Inbox.options(**options).remote()
    order = held_up(inbox, Sender.remote(inbox), Gate.remote(), hold)
    observe("order", order)
    observe("own_next_call_waited", order.index("a0") < order.index("a1"))
    observe("other_sender_went_ahead", order.index("b0") < order.index("a0"))


def private_class_attribute() -> None:
    """What earlier versions documented: an attribute of the class, not an option of the actor."""

    class WithAttribute(Inbox.__ray_metadata__.modified_class):  # type: ignore[name-defined]
        _ray_allow_out_of_order_execution = True

    inbox = ray.remote(WithAttribute).options(name="attribute").remote()
    disorder, _ = mixed(inbox, ray.get_actor("attribute"), MESSAGES)
    observe("out_of_order", disorder)


def two_threads() -> None:
    _two_threads()


def two_threads_out_of_order() -> None:
    _two_threads(**UNORDERED)


def _two_threads(**options: Any) -> None:
    inbox = Inbox.options(**options).remote()
    large = ray.put(bytes(1_000_000))
    ready(inbox)

    def send(name: str) -> None:
        for number in range(MESSAGES):
            inbox.put.remote(name, number, large if number % 2 else None)

    spec.in_threads(send)
    observe("out_of_order", spec.inversions_per_sender(collect(inbox, 2 * MESSAGES)))


def async_actor() -> None:
    _begun_out_of_order(AsyncInbox.remote())


def async_actor_one_at_a_time() -> None:
    _begun_out_of_order(AsyncInbox.options(max_concurrency=1).remote())


def lanes_of_one_thread() -> None:
    """Two concurrency groups of one thread each: ``out_of_order`` counts disorder within a lane."""
    begun, _ = lingering(Lanes.remote(), [{"concurrency_group": lane} for lane in LANES])
    observe("out_of_order", sum(spec.inversions([n for n in begun if n % 2 == lane]) for lane in range(2)))
    observe("out_of_order_between", spec.inversions(begun))


def _begun_out_of_order(inbox: Any) -> None:
    begun, _ = lingering(inbox, [{}])
    observe("out_of_order", spec.inversions(begun))


def crash_without_retries() -> None:
    _crash()


def crash_with_retries() -> None:
    _crash(max_restarts=1, max_task_retries=-1)


def _crash(**options: Any) -> None:
    """The actor dies in a call with many under way; a journal on disk says what ran."""
    path = Path(tempfile.mkdtemp(), "journal")
    journal = Journal.options(**options).remote(str(path), spec.CRASH_AT)
    fault("exit", f"the actor, in call {spec.CRASH_AT}")
    write(journal, range(spec.CALLS))
    ran = spec.read(path)
    observe("ran", len(set(ran)))
    observe("ran_twice", spec.twice(ran))
    observe("out_of_order", spec.inversions(ran))
