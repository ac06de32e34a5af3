"""Owners that are busy, stopped, dead, or have withdrawn their bytes: who has to take part in a read."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import ray

from monarch_vs_ray.concepts.data_plane import inputs
from monarch_vs_ray.concepts.data_plane.ray.actors import Owner
from monarch_vs_ray.concepts.data_plane.ray.experiments.subjects import (
    PLACES,
    busy,
    far,
    locked,
    owner,
    published,
    reader,
)
from monarch_vs_ray.instruments import faults
from monarch_vs_ray.instruments.ray import finishes, get
from monarch_vs_ray.instruments.wait import wait_for
from monarch_vs_ray.side import observe

READ_WINDOWS = (inputs.GRACE, inputs.GRACE)
CALL_WINDOWS = (inputs.HOLD, 0)


def busy_owner(called: bool = False) -> None:
    """Read while the owner is inside a method; as the control, call the owner."""
    start = started(called)
    with busy(owner()) as earlier_call:
        calls = start()
        observe_went(calls, CALL_WINDOWS if called else READ_WINDOWS)
        observe("earlier_call", inputs.went(finishes, [earlier_call], [0])[0])
    observe_ends(calls)


def owner_keeps_lock(called: bool = False) -> None:
    """Read while one C call of the owner keeps the interpreter's lock; as the control, call the owner."""
    start = started(called)
    with locked(owner()) as earlier_call:
        calls = start()
        observe_went(calls, CALL_WINDOWS if called else READ_WINDOWS)
        observe("earlier_call", inputs.went(finishes, [earlier_call], [0])[0])
    observe_ends(calls)


def stopped_owner(called: bool = False) -> None:
    """Read while the owner's process is stopped, by readers that are new to the object."""
    start, pid = started(called), get(owner().pid.remote())
    with faults.stopped(pid, "the owner's process"):
        calls = start()
        observe_went(calls, CALL_WINDOWS if called else (inputs.GRACE, inputs.HOLD))
    observe_ends(calls)


def started(called: bool) -> Any:
    """Return what starts a read on the owner's node and one on another node, or two calls of the owner."""
    own, box, readers = owner(), published(), (reader(), far())
    observe("hosts", len(set(get([each.node.remote() for each in readers]))))
    if called:
        return lambda: [own.pid.remote() for _ in readers]
    return lambda: [each.read.remote(box) for each in readers]


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


def withdrawn() -> None:
    """Read by a reference that somebody kept, when the owner has dropped its own."""
    box = get(owner().publish.remote(inputs.KB))
    observe("owner_has_one", get(owner().withdraw.remote(inputs.KB)))
    observe("read", get(reader().try_to_read.remote(box, inputs.GRACE)))


def dead_owner(killed: bool = True) -> None:
    """Kill an owner, and read its object until a read fails."""
    victim = Owner.options(**PLACES[0]).remote()
    box, pid = get(victim.publish.remote(inputs.MB)), get(victim.pid.remote())
    sent = faults.kill(pid, "the owner's process") if killed else time.monotonic()
    answers: list[str] = []

    def failed() -> bool:
        answers.append(get(reader().try_to_read.remote(box, inputs.GRACE)))
        return answers[-1] != "finished"

    if killed:
        wait_for(failed, "a read from a dead owner to fail", inputs.OWNER_GONE)
    else:
        failed()
    observe("read", answers[-1].partition(":")[0])
    observe("failed_after", round(time.monotonic() - sent, 1), "s")
    ray.kill(victim)
