"""What ``concepts/control_plane/on_monarch.py`` does, with nothing of this project around it.

The demo's wall time is compared with this script's: python benchmarks/bare/control_plane_on_monarch.py
It prints what it saw, as JSON, and how long it took.
It has itself stopped for moments: a shell with job control will say so, and go on in the background.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from glob import glob
from tempfile import TemporaryDirectory
from typing import Any

import psutil

BEGAN = time.perf_counter()
FOLDER = TemporaryDirectory(prefix="mvr-")
MARK = os.path.basename(FOLDER.name)
os.environ.update(TMPDIR=FOLDER.name, MONARCH_LOG_SUFFIX=MARK, MONARCH_FILE_LOG="warn")

import monarch.actor  # noqa: E402 - reads its settings when imported
from monarch.actor import (  # noqa: E402
    Accumulator,
    Actor,
    Channel,
    concurrent_endpoint,
    current_rank,
    endpoint,
    shutdown_context,
    this_host,
    this_proc,
)
from monarch.job import ProcessJob  # noqa: E402

ACTORS, WORD, HELD, PICKS = 3, "hello", 0, 12
VALUES, EARLY, BOUND, LARGE = 8, 3, 2, 1_000_000
FROZEN, LONGEST, MOST_ROUNDS = 0.5, 4.0, 100_000
PATIENCE, SHORT_PATIENCE = 15.0, 0.3
SEEN = {}
FREEZER = """
import os, signal, sys, time

def state(pid):
    return open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0]

seconds, pid = float(sys.argv[1]), int(sys.argv[2])
try:
    os.kill(pid, signal.SIGSTOP)
    latest = time.monotonic() + 5
    while state(pid) != "T" and time.monotonic() < latest:
        time.sleep(0.005)
    time.sleep(0.1)
    began = time.monotonic()
    time.sleep(seconds)
    ended = time.monotonic()
finally:
    os.kill(pid, signal.SIGCONT)
print(began, ended)
"""


class Gated(Actor):
    def __init__(self):
        self.number = current_rank().rank
        self.let_on = asyncio.Event()
        self.count = 0

    @endpoint
    async def let(self):
        self.let_on.set()

    @endpoint
    async def counted(self):
        return self.count


class Echo(Gated):
    @endpoint
    async def echo(self, word):
        return word

    @endpoint
    async def who(self):
        return self.number

    @concurrent_endpoint
    async def who_when_let(self):
        if self.number == HELD:
            await self.let_on.wait()
        return self.number

    @endpoint
    async def tell(self):
        self.count += 1

    @endpoint
    async def stumble(self):
        raise ValueError("nobody waits for this")

    @endpoint
    async def write(self, mailbox):
        mailbox.send(self.number)

    @endpoint
    async def read(self, mailbox):
        return await mailbox.recv()


class Source(Gated):
    @concurrent_endpoint
    async def stream(self, reader):
        for value in range(VALUES):
            if value == EARLY:
                await self.let_on.wait()
            reader.send(value)
            self.count += 1

    @concurrent_endpoint
    async def stream_on_credit(self, reader):
        credit, credits = Channel[None].open()
        reader.send(credit)
        for self.count in range(1, VALUES + 1):
            reader.send(self.count)
            if self.count >= BOUND:
                await credits.recv()

    @endpoint(explicit_response_port=True)
    async def ask(self, response):
        self.asked_by = response

    @endpoint
    async def answer(self, word):
        self.asked_by.send(word)


class Sequence(Actor):
    @endpoint
    def values(self):
        yield from range(VALUES)


class Clerk(Gated):
    def __init__(self):
        super().__init__()
        self.desk = asyncio.Lock()

    @concurrent_endpoint
    async def work(self):
        async with self.desk:
            await self.let_on.wait()
            self.count += 1
            return WORD


class Talker(Actor):
    def __init__(self):
        self.going = False
        self.begun = asyncio.Event()

    @endpoint
    async def echo(self, message):
        return message

    @endpoint
    async def pid(self):
        return os.getpid()

    @concurrent_endpoint
    async def chat(self, other, size):
        return await self.repeat(lambda: other.echo.call_one(bytes(size)))

    @concurrent_endpoint
    async def make_actors(self):
        return await self.repeat(lambda: this_proc().spawn("child", Talker).pid.call_one())

    @concurrent_endpoint
    async def make_processes(self, host):

        async def make():
            procs = host.spawn_procs(per_host={"procs": 1})
            await procs.spawn("child", Talker).pid.call()
            await procs.stop()

        return await self.repeat(make)

    async def repeat(self, act):
        moments = []
        self.going = True
        while self.going and len(moments) < MOST_ROUNDS:
            await act()
            moments.append(time.monotonic())
            self.begun.set()
        self.begun.clear()
        return moments

    @concurrent_endpoint
    async def under_way(self):
        await self.begun.wait()

    @endpoint
    async def hush(self):
        self.going = False


def main():
    procs = this_host().spawn_procs(per_host={"procs": ACTORS})
    echoes = procs.spawn("echo", Echo)
    get(echoes.who.call())
    ask(echoes)
    stream_many(procs)
    be_busy(procs)
    share_a_mailbox(echoes)
    job = ProcessJob({"left": 1, "right": 1})
    try:
        freeze(procs, job)
        fail_unheard(procs)
        get(procs.stop())
        get(shutdown_context())
    finally:
        job.kill()
    psutil.wait_procs(members(), timeout=PATIENCE)


def get(future):
    return future.get(timeout=PATIENCE)


def ask(echoes):
    future = echoes.slice(procs=0).echo.call_one(WORD)
    SEEN["reply_one"] = get(future)
    replies = get(echoes.echo.call(WORD))
    SEEN["replies_all"] = list(replies.values())
    kind = type(future).__name__
    SEEN["reply_types"] = [kind, f"{kind} of {type(replies).__name__}"]
    SEEN["awaited"] = list(asyncio.run(awaited(echoes.echo.call(WORD))).values())
    replies = echoes.who_when_let.stream()
    SEEN["early"] = sorted(get(next(replies)) for _ in range(ACTORS - 1))
    echoes.let.broadcast()
    SEEN["late"] = get(next(replies))
    SEEN["async_for"] = hasattr(replies, "__aiter__")
    SEEN["sum"] = get(Accumulator(echoes.who, 0, lambda total, number: total + number).accumulate())
    SEEN["told_gives"] = echoes.tell.broadcast()
    SEEN["told"] = list(get(echoes.counted.call()).values())
    picks = Counter(get(echoes.who.choose()) for _ in range(PICKS))
    SEEN["chosen"] = [picks[number] for number in range(ACTORS)]


async def awaited(future, patience=PATIENCE):
    return await asyncio.wait_for(future.as_asyncio(), patience)


def stream_many(procs):
    source = procs.spawn("source", Source).slice(procs=0)
    port, receiver = Channel[int].open()
    call = source.stream.call_one(port)
    values = [get(receiver.recv()) for _ in range(EARLY)]
    unfinished = error_of(lambda: call.get(timeout=SHORT_PATIENCE))
    SEEN["values_early"] = len(values) if isinstance(unfinished, TimeoutError) else 0
    get(source.let.call_one())
    SEEN["values"] = values + [get(receiver.recv()) for _ in range(VALUES - EARLY)]
    SEEN["after_last"] = outcome(lambda: receiver.recv().get(timeout=SHORT_PATIENCE))
    sequence = procs.spawn("sequence", Sequence).slice(procs=0)
    SEEN["generator"] = outcome(lambda: type(get(sequence.values.call_one())).__name__)
    eager, careful = (procs.spawn(name, Source).slice(procs=0) for name in ("eager", "careful"))
    port, receiver = Channel[int].open()
    eager.let.broadcast()
    eager.stream.broadcast(port)
    SEEN["unread"] = settled(lambda: get(eager.counted.call_one()), VALUES)
    port, receiver = Channel[Any].open()
    call = careful.stream_on_credit.call_one(port)
    credit = get(receiver.recv())
    SEEN["unread_bounded"] = settled(lambda: get(careful.counted.call_one()), BOUND)
    for _ in range(VALUES):
        get(receiver.recv())
        credit.send(None)
    get(call)
    call = source.ask.call_one()
    get(source.counted.call_one())
    unanswered = error_of(lambda: call.get(timeout=SHORT_PATIENCE))
    SEEN["unanswered"] = isinstance(unanswered, TimeoutError)
    get(source.answer.call_one(WORD))
    SEEN["late_reply"] = get(call)


def be_busy(procs):
    clerk = procs.spawn("clerk", Clerk).slice(procs=0)
    first, second = (clerk.work.call_one(), clerk.work.call_one())
    SEEN["busy_answers"] = get(clerk.counted.call_one()) == 0
    error = error_of(lambda: first.get(timeout=SHORT_PATIENCE))
    SEEN["timeout"] = type(error).__name__
    SEEN["timeout_is"] = isinstance(error, TimeoutError)
    with suppress(asyncio.TimeoutError):
        asyncio.run(awaited(second, SHORT_PATIENCE))
    get(clerk.let.call_one())
    SEEN["after_timeout"] = get(first)
    SEEN["given_up_ran"] = settled(lambda: get(clerk.counted.call_one()), 2, SHORT_PATIENCE)


def share_a_mailbox(echoes):
    before = len(members())
    port, mailbox = Channel[int].open()
    echoes.slice(procs=slice(0, 2)).write.broadcast(port)
    SEEN["mailbox"] = sorted(get(mailbox.recv()) for _ in range(2))
    SEEN["mailbox_processes"] = len(members()) - before
    moved = echoes.slice(procs=0).read
    SEEN["mailbox_moves"] = outcome(lambda: get(moved.call_one(mailbox)))


def freeze(procs, job):
    talkers = procs.spawn("talker", Talker)
    one, other = (talkers.slice(procs=0), talkers.slice(procs=1))
    program, peer = (os.getpid(), get(other.pid.call_one()))
    SEEN["services"] = len(members()) - ACTORS
    SEEN["talk_peer"] = rounds(one, peer, one.chat.call_one(other, 0))
    SEEN["talk_program"] = rounds(one, program, one.chat.call_one(other, 0))
    SEEN["talk_program_large"] = rounds(one, program, one.chat.call_one(other, LARGE))
    SEEN["talk_services"] = "there is none" if len(members()) == ACTORS else "not tried"
    born = {"its process": rounds(one, program, one.make_actors.call_one())}
    born["new processes"] = rounds(one, program, one.make_processes.call_one(this_host()))
    state = job.state(cached_path=None)
    hosts = [state.left, state.right]
    meshes = [host.spawn_procs(per_host={"procs": 1}) for host in hosts]
    left, right = (mesh.spawn("talker", Talker).slice(hosts=0, procs=0) for mesh in meshes)
    from_here = rounds(one, program, one.chat.call_one(left, 0))
    between = rounds(left, program, left.chat.call_one(right, 0))
    SEEN["talk_hosts"] = {"from the program's host": from_here, "between two others": between}
    born["new processes on another host"] = some(
        lambda: rounds(left, program, left.make_processes.call_one(hosts[0]))
    )
    SEEN["born"] = born
    for mesh in meshes:
        get(mesh.stop())


def rounds(talker, stopped, talk):
    began = time.perf_counter()
    get(talker.under_way.call_one())
    first = time.perf_counter() - began
    "the program" if stopped == os.getpid() else "an actor"
    window = stop_for_a_while(stopped, at_least=3 * first)
    get(talker.hush.call_one())
    return inside(get(talk), window)


def fail_unheard(procs):
    failures = []
    monarch.actor.unhandled_fault_hook = failures.append
    unlucky = procs.spawn("unlucky", Echo).slice(procs=2)
    unlucky.stumble.broadcast()
    f"The root was told of a failed actor: {until(lambda: bool(failures))}"
    SEEN["told_error"] = error_of(lambda: get(unlucky.who.call_one())) is None


def members():
    return psutil.Process().children(recursive=True)


def error_of(call):
    try:
        call()
    except Exception as error:
        return error
    return None


def outcome(call):
    try:
        return str(call())
    except Exception as error:
        return type(error).__name__


def until(true, seconds=PATIENCE):
    latest = time.monotonic() + seconds
    while not true():
        if time.monotonic() > latest:
            return False
        time.sleep(0.01)
    return True


def settled(count, expected, seconds=PATIENCE):
    until(lambda: count() >= expected, seconds)
    until(lambda: count() > expected, SHORT_PATIENCE)
    return count()


def stop_for_a_while(pid, at_least=0.0):
    seconds = min(max(FROZEN, at_least), LONGEST)
    helper = [sys.executable, "-I", "-S", "-c", FREEZER, str(seconds), str(pid)]
    done = subprocess.run(helper, stdout=subprocess.PIPE, text=True, check=True, timeout=30)
    began, ended = map(float, done.stdout.split())
    return began, ended


def some(count, tries=3):
    return next((number for number in (count() for _ in range(tries)) if number), 0)


def inside(moments, window):
    return sum(window[0] <= moment <= window[1] for moment in moments)


if __name__ == "__main__":
    try:
        main()
        print(json.dumps(SEEN, indent=1))
    finally:
        for log in glob(f"/tmp/*/monarch_log_{MARK}*.log"):
            os.unlink(log)
            with suppress(OSError):  # somebody else's logs are there too
                os.rmdir(os.path.dirname(log))
        FOLDER.cleanup()
    print(f"{time.perf_counter() - BEGAN:.2f} s")
