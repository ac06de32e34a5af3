"""Owners that are busy, stopped, dead, or have withdrawn their bytes: who has to take part in a read."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from monarch.rdma import RDMABuffer, is_ibverbs_available

from monarch_vs_ray.concepts.data_plane import inputs
from monarch_vs_ray.concepts.data_plane.monarch.actors import Owner
from monarch_vs_ray.concepts.data_plane.monarch.experiments.subjects import (
    busy,
    failures,
    far,
    locked,
    new_process,
    owner,
    published,
    reader,
)
from monarch_vs_ray.instruments import faults
from monarch_vs_ray.instruments.monarch import finishes, get
from monarch_vs_ray.instruments.wait import wait_for
from monarch_vs_ray.side import Unavailable, observe


def busy_owner(called: bool = False) -> None:
    """Read while the owner is inside an endpoint; as the control, call the owner."""
    start = started(called)
    with busy(owner()) as earlier_call:
        calls = start()
        observe_went(calls, (inputs.HOLD, 0) if called else (inputs.GRACE, inputs.GRACE))
        observe("earlier_call", inputs.went(finishes, [earlier_call], [0])[0])
    observe_ends(calls)


def owner_keeps_lock(called: bool = False) -> None:
    """Read while one C call of the owner keeps the interpreter's lock; as the control, call the owner."""
    start = started(called)
    with locked(owner()) as earlier_call:
        calls = start()
        observe_went(calls, (inputs.HOLD, 0) if called else (inputs.GRACE, inputs.GRACE))
        observe("earlier_call", inputs.went(finishes, [earlier_call], [0])[0])
    observe_ends(calls)


def stopped_owner() -> None:
    """Read while the owner's process is stopped, by readers that have read the same before."""
    start, pid = started(), get(owner().pid.call_one())
    with faults.stopped(pid, "the owner's process"):
        calls = start()
        observe_went(calls, (inputs.HOLD, 0))
    observe_ends(calls)


def started(called: bool = False) -> Callable[[], list[Any]]:
    """Return what starts a read on the owner's host and one on another host, or two calls of the owner.

    All that takes part in it is up and has done it once.
    """
    own, buffer, readers = owner(), published(), (reader(), far())
    for each in readers:
        get(each.read.call_one(buffer))
    parents = [get(each.parent.call_one()) for each in readers]
    observe("hosts", len(set(parents)))
    if called:
        return lambda: [own.pid.call_one() for _ in readers]
    return lambda: [each.read.call_one(buffer) for each in readers]


def observe_went(calls: Sequence[Any], windows: Sequence[float]) -> None:
    """Observe which calls finished while the owner was disturbed."""
    near, distant = inputs.went(finishes, calls, windows)
    observe("near", near)
    observe("far", distant)


def observe_ends(calls: Sequence[Any]) -> None:
    """Observe whether the calls finish now that the owner is not disturbed, and whether reads were right."""
    observe("afterwards", inputs.went(finishes, calls, [inputs.GRACE] * len(calls)))
    answers = [get(call) for call in calls]
    observe("equal", all(getattr(answer, "checksum", "") == inputs.expected(inputs.MB) for answer in answers))


def stopped_owner_with_a_card() -> None:
    """Do the same where a card reads the memory, so that nobody has to take part."""
    if not is_ibverbs_available():
        raise Unavailable("needs an RDMA NIC")
    stopped_owner()


def withdrawn(dropped: bool = True) -> None:
    """Read through a buffer that somebody kept, when its owner has dropped it."""
    buffer = get(owner().publish.call_one(inputs.KB))
    if dropped:
        get(owner().withdraw.call_one([buffer]))
    try_to_read(buffer)


def dead_owner(killed: bool = True) -> None:
    """Kill an owner, wait until the death is reported at the root, and read then."""
    victim, known = new_process().spawn("victim", Owner), len(failures())
    buffer, pid = get(victim.publish.call_one(inputs.KB)), get(victim.pid.call_one())
    if killed:
        sent = faults.kill(pid, "the owner's process")
        wait_for(lambda: len(failures()) > known, "the death to be reported")
        observe("reported_after", round(time.monotonic() - sent, 1), "s")
    try_to_read(buffer)
    if not killed:
        get(victim.stop())


def try_to_read(buffer: RDMABuffer) -> None:
    """Observe how a read with a limit goes, and whether it took until the limit, and not much longer."""
    answer, seconds = get(reader().try_to_read.call_one(buffer, inputs.LIMIT))
    observe("read", answer)
    observe("until_its_limit", 0.9 * inputs.LIMIT <= seconds <= inputs.LIMIT + inputs.GRACE)
