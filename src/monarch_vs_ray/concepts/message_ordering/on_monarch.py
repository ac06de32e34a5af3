"""Ordering in Monarch: numbered by the sender, put back in order by the receiver, for each pair of actors.

What to watch: one sender's messages run in order whatever adverb and whatever view of the mesh they were
sent through, though they take different ways: a call to the whole mesh is passed on from process to
process, a call to one actor goes there directly. Stop a process on the way, and the direct call waits in
the receiver's buffer; with the buffer off it overtakes. Async endpoints keep the order too, concurrent
ones begin in order. A message is never sent twice: after a crash the caller decides.

Run it alone: python -m monarch_vs_ray.concepts.message_ordering.on_monarch
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import monarch.actor
from monarch._rust_bindings.monarch_hyperactor.supervision import SupervisionError  # no public name yet
from monarch.actor import Actor, concurrent_endpoint, endpoint, this_host

from monarch_vs_ray.concepts.message_ordering import spec
from monarch_vs_ray.engines.alone import run_alone
from monarch_vs_ray.engines.monarch import stop
from monarch_vs_ray.side import fault, log, metric, observe, step

PROCS = 4
LAST = PROCS - 1
THIS_WITHOUT_BUFFER = (
    "from monarch_vs_ray.concepts.message_ordering import on_monarch; on_monarch.without_buffer()"
)


class Inbox(Actor):
    """Writes down what comes, in the order in which it runs."""

    def __init__(self) -> None:
        self.arrivals: list[spec.Arrival] = []

    @endpoint
    def put(self, sender: str, number: int) -> None:
        self.arrivals.append((sender, number))

    @endpoint
    def take(self) -> list[spec.Arrival]:
        taken, self.arrivals = self.arrivals, []
        return taken

    @endpoint
    def pid(self) -> int:
        return os.getpid()


class Sender(Actor):
    """Sends to an inbox, from a process of its own."""

    def __init__(self, inbox: Inbox) -> None:
        self.inbox = inbox

    @endpoint
    def send(self, name: str, count: int) -> None:
        for number in range(count):
            self.inbox.put.broadcast(name, number)

    @endpoint
    def send_one(self, name: str, number: int) -> None:
        self.inbox.put.call_one(name, number).get(timeout=spec.PATIENCE)


class AsyncInbox(Actor):
    """Writes down when a call begins and when it ends."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.ended: list[int] = []

    @endpoint
    async def put(self, number: int) -> None:
        await self.receive(number)

    @concurrent_endpoint
    async def put_concurrently(self, number: int) -> None:
        await self.receive(number)

    @endpoint
    async def take(self) -> tuple[list[int], list[int]]:
        taken, self.begun, self.ended = (self.begun, self.ended), [], []
        return taken

    async def receive(self, number: int) -> None:
        self.begun.append(number)
        await asyncio.sleep(spec.linger(number))
        self.ended.append(number)


class Journal(Actor):
    """Writes each call to a file, which outlives the actor."""

    def __init__(self, path: str, dies_in: int | None = None) -> None:
        self.file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        self.dies_in = dies_in

    @endpoint
    def write(self, number: int) -> None:
        os.write(self.file, b"%d\n" % number)
        if number == self.dies_in:
            os._exit(1)


def main() -> None:
    """Tell the story: in order, held up, switched off, concurrent, after a crash."""
    with step("Spawn inboxes, and senders beside them"):
        inboxes = this_host().spawn_procs(per_host={"procs": PROCS}).spawn("inbox", Inbox)
        last = inboxes.slice(procs=LAST)
        helpers = this_host().spawn_procs(per_host={"procs": 2})
        senders = [helpers.spawn("sender", Sender, last).slice(procs=rank) for rank in range(2)]
        log("One machine here; between several, ways differ by themselves.")

    with step(f"One sender, {spec.MESSAGES} messages"):
        for number in range(spec.MESSAGES):
            last.put.broadcast("a", number)
        observe("one_sender", spec.inversions_per_sender(collect(last, spec.MESSAGES)))

    with step("Two senders, two threads of one sender"):
        sending = [s.send.call_one(n, spec.MESSAGES) for s, n in zip(senders, spec.SENDERS, strict=True)]
        arrivals = collect(last, 2 * spec.MESSAGES)
        observe("two_senders", spec.inversions_per_sender(arrivals))
        observe("sender_changes", spec.changes_of_sender(arrivals))
        for sent in sending:
            sent.get(timeout=spec.PATIENCE)
        spec.in_threads(lambda name: [last.put.broadcast(name, n) for n in range(spec.MESSAGES)])
        observe("two_threads", spec.inversions_per_sender(collect(last, 2 * spec.MESSAGES)))

    with step("All, half, one: adverbs and views in turn"):
        disorder, seconds = mixed(inboxes)
        observe("mixed", disorder)
        metric("calls_in_turn", seconds, "s")

    with step("Hold a message up: stop a process on its way"):
        fault("SIGSTOP", "inbox 1, through which a call to all passes")
        observe("held", held_up(inboxes, senders[1], spec.HOLD))

    with step("The same with the reorder buffer off, in a second program"):
        seen = in_another_process(HYPERACTOR_ENABLE_DEST_ACTOR_REORDERING_BUFFER="0")
        disorder, seconds = seen["mixed"]
        observe("mixed_off", disorder)
        metric("calls_in_turn_unordered", seconds, "s")
        observe("held_off", seen["held_up"])

    with step("Async endpoints run one by one; concurrent ones begin in order"):
        inbox = helpers.spawn("async_inbox", AsyncInbox).slice(procs=0)
        begun, ended = lingering(inbox, [inbox.put])
        observe("async_starts", spec.inversions(begun))
        observe("async_ends", spec.inversions(ended))
        observe("async_one", spec.inversions(begun))  # endpoints always are taken one at a time
        observe("async_in_order", "by default" if begun == ended == sorted(begun) else "no")
        begun, ended = lingering(inbox, [inbox.put_concurrently])
        observe("asked_starts", spec.inversions(begun))
        observe("asked_ends", spec.inversions(ended))

    with step("Mixed, a plain endpoint overtakes a concurrent one"):
        begun, _ = lingering(inbox, [inbox.put_concurrently, inbox.put])
        observe("two_kinds", spec.inversions(begun))

    with step("An actor dies with calls under way"):
        failures: list[monarch.actor.MeshFailure] = []
        monarch.actor.unhandled_fault_hook = failures.append
        path = Path(tempfile.mkdtemp(), "journal")
        journal = this_host().spawn_procs().spawn("journal", Journal, str(path), spec.CRASH_AT)
        fault("exit", f"the actor, in call {spec.CRASH_AT}")
        unanswered, error = write(journal, range(spec.CALLS))
        ran = spec.read(path)
        observe("crash_error", error)
        observe("crash_ran", len(ran))
        observe("crash_disorder", [spec.inversions(ran), spec.twice(ran)])
        log(f"{len(unanswered)} calls were not answered; failures that reached the root: {len(failures)}")

    with step("What Monarch users do: spawn anew, send again what was not answered"):
        journal = this_host().spawn_procs().spawn("journal", Journal, str(path))
        missing, _ = write(journal, unanswered)
        ran = spec.read(path)
        observe("resent_ran", len(set(ran)) - len(missing))
        observe("resent_disorder", spec.inversions(ran))
        observe("resent_twice", spec.twice(ran))
        observe("retried_ran", "no retries")
        observe("retried_disorder", "no retries")
        observe("retried_twice", "no retries")

    with step("Stop"):
        stop()


def collect(inbox: Any, count: int) -> list[spec.Arrival]:
    return spec.collect(lambda: inbox.take.call_one().get(timeout=spec.PATIENCE), count)


def mixed(inboxes: Any) -> tuple[int, float]:
    """Disorder at the last inbox when one sender reaches it in four ways by turns; and how many seconds."""
    inboxes.take.call().get(timeout=spec.PATIENCE)  # all are up
    last, half = inboxes.slice(procs=LAST), inboxes.slice(procs=slice(PROCS // 2, PROCS))
    ways = (inboxes.put.broadcast, last.put.broadcast, half.put.call, last.put.call_one)
    began = time.perf_counter()
    for number in range(spec.MESSAGES):
        ways[number % len(ways)]("a", number)
    arrivals = collect(last, spec.MESSAGES)
    return spec.inversions_per_sender(arrivals), time.perf_counter() - began


def held_up(inboxes: Any, other: Any, hold: float) -> list[str]:
    """What the last inbox ran, and in which order, while the way of the first message was blocked."""
    last, on_the_way = inboxes.slice(procs=LAST), inboxes.slice(procs=1).pid.call_one().get()
    with spec.frozen(on_the_way):
        inboxes.put.broadcast("a", 0)
        with suppress(TimeoutError):  # it waits, although its own way is free
            last.put.call_one("a", 1).get(timeout=hold)
        other.send_one.call_one("b", 0).get(timeout=spec.PATIENCE)
    return spec.names(collect(last, 3))


def without_buffer() -> None:
    """Run two of the probes in this process and print what they saw; its settings are another's affair."""
    inboxes = this_host().spawn_procs(per_host={"procs": PROCS}).spawn("inbox", Inbox)
    other = this_host().spawn_procs().spawn("sender", Sender, inboxes.slice(procs=LAST))
    seen = {"mixed": mixed(inboxes), "held_up": held_up(inboxes, other, spec.PATIENCE)}
    print(json.dumps(seen))
    stop()


def in_another_process(**settings: str) -> dict[str, Any]:
    """What ``without_buffer`` saw: Monarch reads such settings when it is imported."""
    command = [sys.executable, "-c", THIS_WITHOUT_BUFFER]
    done = subprocess.run(
        command, env={**os.environ, **settings}, stdout=subprocess.PIPE, timeout=2 * spec.PATIENCE, check=True
    )
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def lingering(inbox: Any, endpoints: list[Any]) -> tuple[list[int], list[int]]:
    """The order in which calls began and ended, made to these endpoints in turn."""
    calls = [endpoints[n % len(endpoints)].call_one(n) for n in range(spec.LINGERING)]
    for call in calls:
        call.get(timeout=spec.PATIENCE)
    begun, ended = inbox.take.call_one().get(timeout=spec.PATIENCE)
    return begun, ended


def write(journal: Any, numbers: Any) -> tuple[list[int], str]:
    """Call with all numbers at once; gives those that were not answered, and the error instead."""
    calls = [(number, journal.write.call_one(number)) for number in numbers]
    unanswered, reason = [], ""
    for number, call in calls:
        try:
            call.get(timeout=spec.PATIENCE)
        except SupervisionError as error:
            unanswered.append(number)
            reason = type(error).__name__
    return unanswered, reason


if __name__ == "__main__":
    run_alone(main, spec.CONCEPT.environment)
