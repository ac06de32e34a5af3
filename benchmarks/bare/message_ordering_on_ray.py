"""What ``concepts/message_ordering/on_ray.py`` does, with nothing of this project around it.

The demo's wall time is compared with this script's: python benchmarks/bare/message_ordering_on_ray.py
It prints what it saw, as JSON, and how long it took. Ray gets the same settings as in the demo.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

BEGAN = time.perf_counter()
FOLDER = TemporaryDirectory(prefix="mvr-")
TOKEN = Path(FOLDER.name, "ray-token")
TOKEN.write_text(secrets.token_hex(32))
os.environ.pop("RAY_ADDRESS", None)
os.environ.pop("RAY_AUTH_TOKEN", None)
os.environ.update(
    TMPDIR=FOLDER.name,
    RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER="0",  # listen on loopback only
    RAY_AUTH_MODE="token",
    RAY_AUTH_TOKEN_PATH=str(TOKEN),
    RAY_USAGE_STATS_ENABLED="0",
    RAY_ENABLE_UV_RUN_RUNTIME_ENV="0",
    RAY_worker_niceness="0",
)
tempfile.tempdir = FOLDER.name

import ray  # noqa: E402 - reads its settings when imported

MESSAGES, LINGERING, SENDERS, PATIENCE, HOLD = 2000, 600, ("a", "b"), 20.0, 0.5
CALLS, CRASH_AT = 200, 100
LARGE = 1_000_000
LANES = {"left": 1, "right": 1}


@ray.remote
class Inbox:
    def __init__(self):
        self.arrivals = []

    def put(self, sender, number, argument=None):
        self.arrivals.append((sender, number))

    def take(self):
        taken, self.arrivals = self.arrivals, []
        return taken


@ray.remote
class Sender:
    def __init__(self, inbox):
        self.inbox = inbox

    def send(self, name, count):
        ray.get([self.inbox.put.remote(name, number) for number in range(count)])

    def send_one(self, inbox, name, number):
        ray.get(inbox.put.remote(name, number), timeout=PATIENCE)


@ray.remote
class Gate:
    def __init__(self):
        self.permits = asyncio.Semaphore(0)

    async def open(self):
        self.permits.release()

    async def passed(self):
        await self.permits.acquire()


class Slow:
    def __init__(self):
        self.begun = []
        self.ended = []

    def put(self, number):
        self.begun.append(number)
        time.sleep(linger(number))
        self.ended.append(number)

    def taken(self):
        return self.begun, self.ended


@ray.remote
class SlowInbox(Slow):
    pass


@ray.remote(concurrency_groups=LANES)
class Lanes(Slow):
    pass


@ray.remote
class AsyncInbox:
    def __init__(self):
        self.begun = []
        self.ended = []

    async def put(self, number):
        self.begun.append(number)
        await asyncio.sleep(linger(number))
        self.ended.append(number)

    async def taken(self):
        return self.begun, self.ended


@ray.remote
class Journal:
    def __init__(self, path, dies_in=None):
        self.file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        restarted = ray.get_runtime_context().was_current_actor_reconstructed
        self.dies_in = None if restarted else dies_in

    def write(self, number):
        os.write(self.file, b"%d\n" % number)
        if number == self.dies_in:
            os._exit(1)


def main():
    seen = {}
    ray.init(
        address="local",
        num_cpus=4,
        object_store_memory=256 * 1024 * 1024,
        include_dashboard=False,
        _temp_dir=FOLDER.name,
        log_to_driver=False,
        logging_level=logging.ERROR,
    )
    inbox = Inbox.options(name="inbox").remote()
    for number in range(MESSAGES):
        inbox.put.remote("a", number)
    seen["one_sender"] = inversions_per_sender(collect(inbox, MESSAGES))
    senders = [Sender.remote(inbox) for _ in SENDERS]
    ready(*senders)
    sending = [s.send.remote(n, MESSAGES) for s, n in zip(senders, SENDERS, strict=True)]
    arrivals = collect(inbox, 2 * MESSAGES)
    seen["two_senders"] = inversions_per_sender(arrivals)
    seen["sender_changes"] = changes_of_sender(arrivals)
    ray.get(sending, timeout=PATIENCE)
    in_threads(lambda name: [inbox.put.remote(name, n) for n in range(MESSAGES)])
    seen["two_threads"] = inversions_per_sender(collect(inbox, 2 * MESSAGES))
    seen["mixed"], _ = mixed(inbox, ray.get_actor("inbox"))
    gate = Gate.remote()
    seen["held"] = held_up(inbox, senders[1], gate, HOLD)
    unordered = Inbox.options(allow_out_of_order_execution=True, name="unordered").remote()
    seen["mixed_off"], _ = mixed(unordered, ray.get_actor("unordered"))
    seen["held_off"] = held_up(unordered, senders[1], gate, PATIENCE)
    begun, ended = lingering(AsyncInbox.remote(), [{}])
    seen["async_starts"] = inversions(begun)
    seen["async_ends"] = inversions(ended)
    in_order = AsyncInbox.options(allow_out_of_order_execution=False)
    seen["async_in_order"] = refusal(in_order.remote)
    begun, _ = lingering(AsyncInbox.options(max_concurrency=1).remote(), [{}])
    seen["async_one"] = inversions(begun)
    begun, ended = lingering(SlowInbox.options(max_concurrency=4).remote(), [{}])
    seen["asked_starts"] = inversions(begun)
    seen["asked_ends"] = inversions(ended)
    begun, _ = lingering(Lanes.remote(), [{"concurrency_group": lane} for lane in LANES])
    seen["two_kinds"] = inversions(begun)
    path = Path(tempfile.mkdtemp(), "journal")
    journal = Journal.remote(str(path), CRASH_AT)
    unanswered, error = write(journal, range(CALLS))
    ran = read(path)
    seen["crash_error"] = error
    seen["crash_ran"] = len(ran)
    seen["crash_disorder"] = [inversions(ran), twice(ran)]
    missing, _ = write(Journal.remote(str(path)), unanswered)
    ran = read(path)
    seen["resent_ran"] = len(set(ran)) - len(missing)
    seen["resent_disorder"] = inversions(ran)
    seen["resent_twice"] = twice(ran)
    path = Path(tempfile.mkdtemp(), "journal")
    enduring = Journal.options(max_restarts=1, max_task_retries=-1)
    missing, _ = write(enduring.remote(str(path), CRASH_AT), range(CALLS))
    ran = read(path)
    seen["retried_ran"] = len(set(ran)) - len(missing)
    seen["retried_disorder"] = inversions(ran)
    seen["retried_twice"] = twice(ran)
    ray.shutdown()
    return seen


def inversions(numbers):
    return sum(later < earlier for earlier, later in pairwise(numbers))


def inversions_per_sender(arrivals):
    senders = {sender for sender, _ in arrivals}
    return sum(inversions([number for name, number in arrivals if name == sender]) for sender in senders)


def changes_of_sender(arrivals):
    return sum(earlier[0] != later[0] for earlier, later in pairwise(arrivals))


def twice(numbers):
    return len(numbers) - len(set(numbers))


def linger(number):
    return (-number % 3) / 1000


def in_threads(send):
    together = threading.Barrier(len(SENDERS), timeout=PATIENCE)

    def run(name):
        together.wait()
        send(name)

    with ThreadPoolExecutor() as threads:
        list(threads.map(run, SENDERS))


def read(journal):
    return [int(line) for line in journal.read_text().split()]


def ready(*actors):
    ray.get([actor.__ray_ready__.remote() for actor in actors], timeout=PATIENCE)


def collect(inbox, count):
    arrivals, deadline = [], time.monotonic() + PATIENCE
    while len(arrivals) < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(arrivals)} of {count} messages came")
        arrivals += ray.get(inbox.take.remote(), timeout=PATIENCE)
    return arrivals


def mixed(inbox, same):
    ready(inbox)
    large = ray.put(bytes(LARGE))
    silent = inbox.put.options(num_returns=0)
    began = time.perf_counter()
    for number in range(0, MESSAGES, 4):
        inbox.put.remote("a", number)
        inbox.put.remote("a", number + 1, large)
        silent.remote("a", number + 2)
        same.put.remote("a", number + 3)
    arrivals = collect(inbox, MESSAGES)
    return inversions_per_sender(arrivals), time.perf_counter() - began


def held_up(inbox, other, gate, hold):
    ready(inbox)
    inbox.put.remote("a", 0, gate.passed.remote())
    ray.wait([inbox.put.remote("a", 1)], timeout=hold)
    ray.get(other.send_one.remote(inbox, "b", 0), timeout=PATIENCE)
    gate.open.remote()
    return [f"{sender}{number}" for sender, number in collect(inbox, 3)]


def lingering(inbox, options):
    ready(inbox)
    ways = [inbox.put.options(**chosen) for chosen in options]
    calls = [ways[n % len(ways)].remote(n) for n in range(LINGERING)]
    ray.get(calls, timeout=PATIENCE)
    begun, ended = ray.get(inbox.taken.remote(), timeout=PATIENCE)
    return begun, ended


def write(journal, numbers):
    calls = [(number, journal.write.remote(number)) for number in numbers]
    unanswered, reason = [], ""
    for number, call in calls:
        try:
            ray.get(call, timeout=PATIENCE)
        except ray.exceptions.RayActorError as error:
            unanswered.append(number)
            reason = type(error).__name__
    return unanswered, reason


def refusal(call):
    try:
        call()
    except Exception as error:
        return f"refused: {type(error).__name__}"
    return "accepted"


if __name__ == "__main__":
    try:
        print(json.dumps(main(), indent=1))
    finally:
        FOLDER.cleanup()
    print(f"{time.perf_counter() - BEGAN:.2f} s")
