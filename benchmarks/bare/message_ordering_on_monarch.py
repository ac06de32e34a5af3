"""What ``concepts/message_ordering/on_monarch.py`` does, with nothing of this project around it.

The demo's wall time is compared with this script's: python benchmarks/bare/message_ordering_on_monarch.py
It prints what it saw, as JSON, and how long it took.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from glob import glob
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

BEGAN = time.perf_counter()
FOLDER = TemporaryDirectory(prefix="mvr-")
MARK = os.path.basename(FOLDER.name)
os.environ.update(
    TMPDIR=FOLDER.name,
    MONARCH_LOG_SUFFIX=MARK,
    MONARCH_FILE_LOG="warn",
    HYPERACTOR_MESH_MAX_CAST_FANOUT="1",
    HYPERACTOR_MESH_SUPERVISION_POLL_FREQUENCY="1s",
)
tempfile.tempdir = FOLDER.name

import monarch.actor  # noqa: E402 - reads its settings when imported
from monarch._rust_bindings.monarch_hyperactor.supervision import SupervisionError  # noqa: E402
from monarch.actor import (  # noqa: E402
    Actor,
    concurrent_endpoint,
    endpoint,
    shutdown_context,
    this_host,
)

MESSAGES, LINGERING, SENDERS, PATIENCE, HOLD = 2000, 600, ("a", "b"), 20.0, 0.5
CALLS, CRASH_AT = 200, 100
PROCS = 4
LAST = PROCS - 1
WITHOUT_BUFFER = "--without-buffer"


class Inbox(Actor):
    def __init__(self):
        self.arrivals = []

    @endpoint
    def put(self, sender, number):
        self.arrivals.append((sender, number))

    @endpoint
    def take(self):
        taken, self.arrivals = self.arrivals, []
        return taken

    @endpoint
    def pid(self):
        return os.getpid()


class Sender(Actor):
    def __init__(self, inbox):
        self.inbox = inbox

    @endpoint
    def send(self, name, count):
        for number in range(count):
            self.inbox.put.broadcast(name, number)

    @endpoint
    def send_one(self, name, number):
        self.inbox.put.call_one(name, number).get(timeout=PATIENCE)


class AsyncInbox(Actor):
    def __init__(self):
        self.begun = []
        self.ended = []

    @endpoint
    async def put(self, number):
        await self.receive(number)

    @concurrent_endpoint
    async def put_concurrently(self, number):
        await self.receive(number)

    @endpoint
    async def take(self):
        taken, self.begun, self.ended = (self.begun, self.ended), [], []
        return taken

    async def receive(self, number):
        self.begun.append(number)
        await asyncio.sleep(linger(number))
        self.ended.append(number)


class Journal(Actor):
    def __init__(self, path, dies_in=None):
        self.file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        self.dies_in = dies_in

    @endpoint
    def write(self, number):
        os.write(self.file, b"%d\n" % number)
        if number == self.dies_in:
            os._exit(1)


def main():
    seen = {}
    inboxes = this_host().spawn_procs(per_host={"procs": PROCS}).spawn("inbox", Inbox)
    last = inboxes.slice(procs=LAST)
    helpers = this_host().spawn_procs(per_host={"procs": 2})
    senders = [helpers.spawn("sender", Sender, last).slice(procs=rank) for rank in range(2)]
    for number in range(MESSAGES):
        last.put.broadcast("a", number)
    seen["one_sender"] = inversions_per_sender(collect(last, MESSAGES))
    sending = [s.send.call_one(n, MESSAGES) for s, n in zip(senders, SENDERS, strict=True)]
    arrivals = collect(last, 2 * MESSAGES)
    seen["two_senders"] = inversions_per_sender(arrivals)
    seen["sender_changes"] = changes_of_sender(arrivals)
    for sent in sending:
        sent.get(timeout=PATIENCE)
    in_threads(lambda name: [last.put.broadcast(name, n) for n in range(MESSAGES)])
    seen["two_threads"] = inversions_per_sender(collect(last, 2 * MESSAGES))
    seen["mixed"], _ = mixed(inboxes)
    seen["held"] = held_up(inboxes, senders[1], HOLD)
    unbuffered = in_another_process(HYPERACTOR_ENABLE_DEST_ACTOR_REORDERING_BUFFER="0")
    seen["mixed_off"], _ = unbuffered["mixed"]
    seen["held_off"] = unbuffered["held_up"]
    inbox = helpers.spawn("async_inbox", AsyncInbox).slice(procs=0)
    begun, ended = lingering(inbox, [inbox.put])
    seen["async_starts"] = inversions(begun)
    seen["async_ends"] = inversions(ended)
    seen["async_one"] = inversions(begun)
    seen["async_in_order"] = "by default" if begun == ended == sorted(begun) else "no"
    begun, ended = lingering(inbox, [inbox.put_concurrently])
    seen["asked_starts"] = inversions(begun)
    seen["asked_ends"] = inversions(ended)
    begun, _ = lingering(inbox, [inbox.put_concurrently, inbox.put])
    seen["two_kinds"] = inversions(begun)
    failures = []
    monarch.actor.unhandled_fault_hook = failures.append
    path = Path(tempfile.mkdtemp(), "journal")
    journal = this_host().spawn_procs().spawn("journal", Journal, str(path), CRASH_AT)
    unanswered, error = write(journal, range(CALLS))
    ran = read(path)
    seen["crash_error"] = error
    seen["crash_ran"] = len(ran)
    seen["crash_disorder"] = [inversions(ran), twice(ran)]
    journal = this_host().spawn_procs().spawn("journal", Journal, str(path))
    missing, _ = write(journal, unanswered)
    ran = read(path)
    seen["resent_ran"] = len(set(ran)) - len(missing)
    seen["resent_disorder"] = inversions(ran)
    seen["resent_twice"] = twice(ran)
    for row in ("retried_ran", "retried_disorder", "retried_twice"):
        seen[row] = "no retries"
    shutdown_context().get()
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


def collect(inbox, count):
    arrivals, deadline = [], time.monotonic() + PATIENCE
    while len(arrivals) < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(arrivals)} of {count} messages came")
        arrivals += inbox.take.call_one().get(timeout=PATIENCE)
    return arrivals


def mixed(inboxes):
    inboxes.take.call().get(timeout=PATIENCE)  # all are up
    last, half = inboxes.slice(procs=LAST), inboxes.slice(procs=slice(PROCS // 2, PROCS))
    ways = (inboxes.put.broadcast, last.put.broadcast, half.put.call, last.put.call_one)
    began = time.perf_counter()
    for number in range(MESSAGES):
        ways[number % len(ways)]("a", number)
    arrivals = collect(last, MESSAGES)
    return inversions_per_sender(arrivals), time.perf_counter() - began


@contextmanager
def frozen(pid):
    os.kill(pid, signal.SIGSTOP)
    try:
        deadline = time.monotonic() + PATIENCE
        while not all(stopped(task) for task in Path(f"/proc/{pid}/task").iterdir()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{pid} did not stop")
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def stopped(task):
    return (task / "stat").read_text().rpartition(")")[2].split()[0] == "T"


def held_up(inboxes, other, hold):
    last, on_the_way = inboxes.slice(procs=LAST), inboxes.slice(procs=1).pid.call_one().get()
    with frozen(on_the_way):
        inboxes.put.broadcast("a", 0)
        with suppress(TimeoutError):  # it waits, although its own way is free
            last.put.call_one("a", 1).get(timeout=hold)
        other.send_one.call_one("b", 0).get(timeout=PATIENCE)
    return [f"{sender}{number}" for sender, number in collect(last, 3)]


def without_buffer():
    inboxes = this_host().spawn_procs(per_host={"procs": PROCS}).spawn("inbox", Inbox)
    other = this_host().spawn_procs().spawn("sender", Sender, inboxes.slice(procs=LAST))
    seen = {"mixed": mixed(inboxes), "held_up": held_up(inboxes, other, PATIENCE)}
    shutdown_context().get()
    return seen


def in_another_process(**settings):
    command = [sys.executable, __file__, WITHOUT_BUFFER]
    done = subprocess.run(
        command, env={**os.environ, **settings}, stdout=subprocess.PIPE, timeout=2 * PATIENCE, check=True
    )
    return json.loads(done.stdout)


def lingering(inbox, endpoints):
    calls = [endpoints[n % len(endpoints)].call_one(n) for n in range(LINGERING)]
    for call in calls:
        call.get(timeout=PATIENCE)
    begun, ended = inbox.take.call_one().get(timeout=PATIENCE)
    return begun, ended


def write(journal, numbers):
    calls = [(number, journal.write.call_one(number)) for number in numbers]
    unanswered, reason = [], ""
    for number, call in calls:
        try:
            call.get(timeout=PATIENCE)
        except SupervisionError as error:
            unanswered.append(number)
            reason = type(error).__name__
    return unanswered, reason


if __name__ == "__main__":
    alone = WITHOUT_BUFFER not in sys.argv
    try:
        print(json.dumps(main() if alone else without_buffer(), indent=1))
    finally:
        for log in glob(f"/tmp/*/monarch_log_{MARK}*.log"):
            os.unlink(log)
            with suppress(OSError):  # somebody else's logs are there too
                os.rmdir(os.path.dirname(log))
        FOLDER.cleanup()
    if alone:
        print(f"{time.perf_counter() - BEGAN:.2f} s")
