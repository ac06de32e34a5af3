"""Ordering in Ray: kept for each caller of an actor, unless the actor runs its calls out of order.

What to watch: a plain actor runs each caller's calls in order, also behind one whose argument is not
ready yet; with allow_out_of_order_execution the ready ones overtake, and even calls that are all ready
may. Async and threaded actors always have that option and refuse to do without it; lanes that keep
their order are concurrency groups of one thread. After a crash Ray retries by itself, if told to, and
retries are out of order; nothing is retried by default.

Run it alone: python -m monarch_vs_ray.concepts.message_ordering.on_ray
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import ray

from monarch_vs_ray.concepts.message_ordering import spec
from monarch_vs_ray.engines.alone import run_alone
from monarch_vs_ray.engines.ray import start, stop
from monarch_vs_ray.side import fault, log, metric, observe, step

LARGE = 1_000_000
"""Bytes of an argument that goes through the object store instead of with the call."""

LANES = {"left": 1, "right": 1}
"""Threads of each concurrency group."""


@ray.remote
class Inbox:
    """Writes down what comes, in the order in which it runs."""

    def __init__(self) -> None:
        self.arrivals: list[spec.Arrival] = []

    def put(self, sender: str, number: int, argument: object = None) -> None:
        self.arrivals.append((sender, number))

    def take(self) -> list[spec.Arrival]:
        taken, self.arrivals = self.arrivals, []
        return taken


@ray.remote
class Sender:
    """Sends to an inbox, from a process of its own."""

    def __init__(self, inbox: Any) -> None:
        self.inbox = inbox

    def send(self, name: str, count: int) -> None:
        ray.get([self.inbox.put.remote(name, number) for number in range(count)])

    def send_one(self, inbox: Any, name: str, number: int) -> None:
        ray.get(inbox.put.remote(name, number), timeout=spec.PATIENCE)


@ray.remote
class Gate:
    """A reference to ``passed`` is ready only when somebody has opened, once for each."""

    def __init__(self) -> None:
        self.permits = asyncio.Semaphore(0)

    async def open(self) -> None:
        self.permits.release()

    async def passed(self) -> None:
        await self.permits.acquire()


class Slow:
    """Writes down when a call begins and when it ends; how many run at once depends on the actor."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.ended: list[int] = []

    def put(self, number: int) -> None:
        self.begun.append(number)
        time.sleep(spec.linger(number))
        self.ended.append(number)

    def taken(self) -> tuple[list[int], list[int]]:
        return self.begun, self.ended


@ray.remote
class SlowInbox(Slow):
    """One call at a time, or as many threads as max_concurrency says."""


@ray.remote(concurrency_groups=LANES)
class Lanes(Slow):
    """A lane for each group, with a thread of its own."""


@ray.remote
class AsyncInbox:
    """The same with an async method, on one thread."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.ended: list[int] = []

    async def put(self, number: int) -> None:
        self.begun.append(number)
        await asyncio.sleep(spec.linger(number))
        self.ended.append(number)

    async def taken(self) -> tuple[list[int], list[int]]:
        return self.begun, self.ended


@ray.remote
class Journal:
    """Writes each call to a file, which outlives the actor; dies once at most, in its first life."""

    def __init__(self, path: str, dies_in: int | None = None) -> None:
        self.file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        restarted = ray.get_runtime_context().was_current_actor_reconstructed
        self.dies_in = None if restarted else dies_in

    def write(self, number: int) -> None:
        os.write(self.file, b"%d\n" % number)
        if number == self.dies_in:
            os._exit(1)


def main() -> None:
    """Tell the story: in order, held up, switched off, concurrent, after a crash."""
    with step("Start Ray, for this run only"):
        start(cpus=4)

    with step(f"One caller, {spec.MESSAGES} calls"):
        inbox = Inbox.options(name="inbox").remote()
        for number in range(spec.MESSAGES):
            inbox.put.remote("a", number)
        observe("one_sender", spec.inversions_per_sender(collect(inbox, spec.MESSAGES)))

    with step("Two callers, two threads of one caller"):
        senders = [Sender.remote(inbox) for _ in spec.SENDERS]
        ready(*senders)
        sending = [s.send.remote(n, spec.MESSAGES) for s, n in zip(senders, spec.SENDERS, strict=True)]
        arrivals = collect(inbox, 2 * spec.MESSAGES)
        observe("two_senders", spec.inversions_per_sender(arrivals))
        observe("sender_changes", spec.changes_of_sender(arrivals))
        ray.get(sending, timeout=spec.PATIENCE)
        spec.in_threads(lambda name: [inbox.put.remote(name, n) for n in range(spec.MESSAGES)])
        observe("two_threads", spec.inversions_per_sender(collect(inbox, 2 * spec.MESSAGES)))

    with step("Small and large arguments, no reply, a second handle: in turn"):
        disorder, seconds = mixed(inbox, ray.get_actor("inbox"))
        observe("mixed", disorder)
        metric("calls_in_turn", seconds, "s")

    with step("Hold a call up: an argument that is not ready yet"):
        gate = Gate.remote()
        observe("held", held_up(inbox, senders[1], gate, spec.HOLD))

    with step("The same with allow_out_of_order_execution"):
        unordered = Inbox.options(allow_out_of_order_execution=True, name="unordered").remote()
        disorder, seconds = mixed(unordered, ray.get_actor("unordered"))
        observe("mixed_off", disorder)
        metric("calls_in_turn_unordered", seconds, "s")
        observe("held_off", held_up(unordered, senders[1], gate, spec.PATIENCE))

    with step("Async and threaded actors: out of order, and nothing else"):
        begun, ended = lingering(AsyncInbox.remote(), [{}])
        observe("async_starts", spec.inversions(begun))
        observe("async_ends", spec.inversions(ended))
        in_order = AsyncInbox.options(allow_out_of_order_execution=False)
        observe("async_in_order", spec.refusal(in_order.remote))
        begun, _ = lingering(AsyncInbox.options(max_concurrency=1).remote(), [{}])
        observe("async_one", spec.inversions(begun))
        begun, ended = lingering(SlowInbox.options(max_concurrency=4).remote(), [{}])
        observe("asked_starts", spec.inversions(begun))
        observe("asked_ends", spec.inversions(ended))

    with step("Concurrency groups of one thread: lanes, each in order"):
        begun, _ = lingering(Lanes.remote(), [{"concurrency_group": lane} for lane in LANES])
        observe("two_kinds", spec.inversions(begun))
        in_lane = [spec.inversions([n for n in begun if n % 2 == lane]) for lane in range(2)]
        log(f"Out of order within the left lane {in_lane[0]} times, within the right one {in_lane[1]} times")

    with step("An actor dies with calls under way"):
        path = Path(tempfile.mkdtemp(), "journal")
        journal = Journal.remote(str(path), spec.CRASH_AT)
        fault("exit", f"the actor, in call {spec.CRASH_AT}")
        unanswered, error = write(journal, range(spec.CALLS))
        ran = spec.read(path)
        observe("crash_error", error)
        observe("crash_ran", len(ran))
        observe("crash_disorder", [spec.inversions(ran), spec.twice(ran)])
        log(f"{len(unanswered)} calls were not answered")

    with step("The caller sends again what was not answered, to a new actor"):
        missing, _ = write(Journal.remote(str(path)), unanswered)
        ran = spec.read(path)
        observe("resent_ran", len(set(ran)) - len(missing))
        observe("resent_disorder", spec.inversions(ran))
        observe("resent_twice", spec.twice(ran))

    with step("Ray restarts the actor and retries its calls, with max_task_retries"):
        path = Path(tempfile.mkdtemp(), "journal")
        enduring = Journal.options(max_restarts=1, max_task_retries=-1)
        fault("exit", f"the actor, in call {spec.CRASH_AT}")
        missing, _ = write(enduring.remote(str(path), spec.CRASH_AT), range(spec.CALLS))
        ran = spec.read(path)
        observe("retried_ran", len(set(ran)) - len(missing))
        observe("retried_disorder", spec.inversions(ran))
        observe("retried_twice", spec.twice(ran))

    with step("Shut Ray down"):
        stop()


def ready(*actors: Any) -> None:
    """Wait until the actors are up; their first calls would wait for that otherwise."""
    ray.get([actor.__ray_ready__.remote() for actor in actors], timeout=spec.PATIENCE)


def collect(inbox: Any, count: int) -> list[spec.Arrival]:
    return spec.collect(lambda: ray.get(inbox.take.remote(), timeout=spec.PATIENCE), count)


def mixed(inbox: Any, same: Any, messages: int = spec.MESSAGES) -> tuple[int, float]:
    """Disorder when one caller calls an actor in four ways by turns; and the seconds it took."""
    ready(inbox)
    large = ray.put(bytes(LARGE))
    silent = inbox.put.options(num_returns=0)
    began = time.perf_counter()
    for number in range(0, messages, 4):
        inbox.put.remote("a", number)
        inbox.put.remote("a", number + 1, large)
        silent.remote("a", number + 2)
        same.put.remote("a", number + 3)
    arrivals = collect(inbox, messages)
    return spec.inversions_per_sender(arrivals), time.perf_counter() - began


def held_up(inbox: Any, other: Any, gate: Any, hold: float) -> list[str]:
    """What the inbox ran, and in which order, while the first call's argument was not ready."""
    ready(inbox)
    inbox.put.remote("a", 0, gate.passed.remote())
    ray.wait([inbox.put.remote("a", 1)], timeout=hold)
    ray.get(other.send_one.remote(inbox, "b", 0), timeout=spec.PATIENCE)
    gate.open.remote()
    return spec.names(collect(inbox, 3))


def lingering(inbox: Any, options: list[dict[str, Any]]) -> tuple[list[int], list[int]]:
    """The order in which calls began and ended, made with these options in turn."""
    ready(inbox)
    ways = [inbox.put.options(**chosen) for chosen in options]
    calls = [ways[n % len(ways)].remote(n) for n in range(spec.LINGERING)]
    ray.get(calls, timeout=spec.PATIENCE)
    begun, ended = ray.get(inbox.taken.remote(), timeout=spec.PATIENCE)
    return begun, ended


def write(journal: Any, numbers: Any) -> tuple[list[int], str]:
    """Call with all numbers at once; gives those that were not answered, and the error instead."""
    calls = [(number, journal.write.remote(number)) for number in numbers]
    unanswered, reason = [], ""
    for number, call in calls:
        try:
            ray.get(call, timeout=spec.PATIENCE)
        except ray.exceptions.RayActorError as error:
            unanswered.append(number)
            reason = type(error).__name__
    return unanswered, reason


if __name__ == "__main__":
    run_alone(main, spec.CONCEPT.environment)
