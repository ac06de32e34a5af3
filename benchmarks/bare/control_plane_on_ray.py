"""What ``concepts/control_plane/on_ray.py`` does, with nothing of this project around it.

The demo's wall time is compared with this script's: python benchmarks/bare/control_plane_on_ray.py
It prints what it saw, as JSON, and how long it took. Ray gets the same settings as in the demo.
It has itself stopped for moments: a shell with job control will say so, and go on in the background.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

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

import ray  # noqa: E402 - reads its settings when imported
from ray.util import ActorPool  # noqa: E402
from ray.util.queue import Queue  # noqa: E402

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


@ray.remote
class Echo:
    def __init__(self, number):
        self.number = number
        self.let_on = asyncio.Event()
        self.count = 0
        self.going = False
        self.begun = asyncio.Event()

    async def echo(self, word):
        return word

    async def who(self):
        return self.number

    async def who_when_let(self):
        if self.number == HELD:
            await self.let_on.wait()
        return self.number

    async def let(self):
        self.let_on.set()

    async def tell(self):
        self.count += 1

    async def counted(self):
        return self.count

    async def stumble(self):
        raise ValueError("nobody waits for this")

    async def write(self, mailbox):
        await mailbox.put_async(self.number)

    async def read(self, mailbox):
        return await mailbox.get_async(timeout=PATIENCE)

    async def pid(self):
        return os.getpid()

    async def chat(self, other, size):
        return await self.repeat(lambda: other.echo.remote(bytes(size)))

    async def make_actors(self):

        async def make():
            child = Echo.remote(0)
            await child.who.remote()

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

    async def under_way(self):
        await self.begun.wait()

    async def hush(self):
        self.going = False


@ray.remote
class Source:
    def __init__(self):
        self.let_on = asyncio.Event()
        self.count = 0

    async def stream(self):
        for value in range(VALUES):
            if value == EARLY:
                await self.let_on.wait()
            yield value

    async def let(self):
        self.let_on.set()

    async def counted(self):
        return self.count

    async def ask(self):
        self.answered = asyncio.get_running_loop().create_future()
        return await self.answered

    async def answer(self, word):
        self.answered.set_result(word)


@ray.remote(concurrency_groups={"desk": 1, "window": 1})
class Clerk:
    def __init__(self):
        self.let_on = threading.Event()
        self.count = 0

    @ray.method(concurrency_group="desk")
    def work(self):
        self.let_on.wait(PATIENCE)
        self.count += 1
        return WORD

    @ray.method(concurrency_group="desk")
    def pour(self):
        for self.count in range(1, VALUES + 1):
            yield self.count

    @ray.method(concurrency_group="window")
    def counted(self):
        return self.count

    @ray.method(concurrency_group="window")
    def let(self):
        self.let_on.set()


def main():
    ray.init(
        address="local",
        num_cpus=4,
        object_store_memory=256 * 1024 * 1024,
        include_dashboard=False,
        _temp_dir=FOLDER.name,
        log_to_driver=False,
        logging_level=logging.ERROR,
    )
    echoes = [Echo.remote(number) for number in range(ACTORS)]
    get([echo.who.remote() for echo in echoes])
    ask(echoes)
    stream_many()
    be_busy()
    share_a_mailbox(echoes)
    freeze(*echoes[:2])
    echoes[2].stumble.options(num_returns=0).remote()
    SEEN["told_error"] = error_of(lambda: get(echoes[2].who.remote())) is None
    ray.shutdown()


def get(ref):
    return ray.get(ref, timeout=PATIENCE)


def ask(echoes):
    ref = echoes[0].echo.remote(WORD)
    SEEN["reply_one"] = get(ref)
    refs = [echo.echo.remote(WORD) for echo in echoes]
    SEEN["replies_all"] = get(refs)
    SEEN["reply_types"] = [type(ref).__name__, f"{type(refs).__name__} of {type(refs[0]).__name__}"]
    SEEN["awaited"] = asyncio.run(awaited([echo.echo.remote(WORD) for echo in echoes]))
    refs = [echo.who_when_let.remote() for echo in echoes]
    ready, held = ray.wait(refs, num_returns=ACTORS - 1, timeout=PATIENCE)
    SEEN["early"] = sorted(get(ready))
    get([echo.let.remote() for echo in echoes])
    SEEN["late"] = get(held[0])
    SEEN["sum"] = sum(get([echo.who.remote() for echo in echoes]))
    given = [echo.tell.options(num_returns=0).remote() for echo in echoes]
    SEEN["told_gives"] = given[0]
    SEEN["told"] = get([echo.counted.remote() for echo in echoes])
    pool = ActorPool(echoes)
    for _ in range(PICKS):
        pool.submit(lambda echo, _: echo.who.remote(), None)
    picks = Counter(pool.get_next_unordered(timeout=PATIENCE) for _ in range(PICKS))
    SEEN["chosen"] = [picks[number] for number in range(ACTORS)]


async def awaited(refs):
    return await asyncio.wait_for(asyncio.gather(*refs), PATIENCE)


def stream_many():
    source = Source.remote()
    stream = source.stream.remote()
    SEEN["generator"] = type(stream).__name__
    SEEN["async_for"] = hasattr(stream, "__aiter__")
    values = asyncio.run(asyncio.wait_for(take(stream, EARLY), PATIENCE))
    ended, _ = ray.wait([stream.completed()], timeout=SHORT_PATIENCE)
    SEEN["values_early"] = 0 if ended else len(values)
    get(source.let.remote())
    values += asyncio.run(asyncio.wait_for(take(stream, VALUES), PATIENCE))
    SEEN["values"] = values
    SEEN["after_last"] = outcome(lambda: next(stream))
    eager, bounded = (Clerk.remote(), Clerk.remote())
    unread = eager.pour.remote()
    SEEN["unread"] = settled(lambda: get(eager.counted.remote()), VALUES)
    unread = bounded.pour.options(_generator_backpressure_num_objects=BOUND).remote()
    SEEN["unread_bounded"] = settled(lambda: get(bounded.counted.remote()), BOUND)
    f"Then all came: {[get(ref) for ref in unread]}"
    call = source.ask.remote()
    get(source.counted.remote())
    unanswered = error_of(lambda: ray.get(call, timeout=SHORT_PATIENCE))
    SEEN["unanswered"] = isinstance(unanswered, TimeoutError)
    get(source.answer.remote(WORD))
    SEEN["late_reply"] = get(call)


async def take(stream, most):
    values = []
    async for ref in stream:
        values.append(await ref)
        if len(values) == most:
            break
    return values


def be_busy():
    clerk = Clerk.remote()
    first, second = (clerk.work.remote(), clerk.work.remote())
    SEEN["busy_answers"] = get(clerk.counted.remote()) == 0
    error = error_of(lambda: ray.get(first, timeout=SHORT_PATIENCE))
    SEEN["timeout"] = type(error).__name__
    SEEN["timeout_is"] = isinstance(error, TimeoutError)
    ray.cancel(second)
    ray.wait([second], timeout=SHORT_PATIENCE)
    get(clerk.let.remote())
    SEEN["after_timeout"] = get(first)
    f"Waiting for the other: {outcome(lambda: get(second))}"
    SEEN["given_up_ran"] = settled(lambda: get(clerk.counted.remote()), 2, SHORT_PATIENCE)


def share_a_mailbox(echoes):
    known = {os.getpid(), *get([echo.pid.remote() for echo in echoes])}
    mailbox = Queue()
    get([echo.write.remote(mailbox) for echo in echoes[:2]])
    SEEN["mailbox"] = sorted(mailbox.get(timeout=PATIENCE) for _ in range(2))
    holder = get(mailbox.actor.__ray_call__.remote(lambda actor: os.getpid()))
    SEEN["mailbox_processes"] = len({holder} - known)
    reading = echoes[0].read.remote(mailbox)
    get(echoes[1].write.remote(mailbox))
    SEEN["mailbox_moves"] = outcome(lambda: f"reads {get(reading)}")
    mailbox.shutdown()


def freeze(one, other):
    services = {name: pid for pid, name in names().items()}
    gcs, raylet = (services["gcs_server"], services["raylet"])

    def rounds(who, stopped, talk):
        began = time.perf_counter()
        get(one.under_way.remote())
        first = time.perf_counter() - began
        window = stop_for_a_while(stopped, at_least=3 * first)
        get(one.hush.remote())
        return inside(get(talk), window)

    SEEN["services"] = sum(not is_worker(name) for name in names().values())
    SEEN["talk_peer"] = rounds("an actor", get(other.pid.remote()), one.chat.remote(other, 0))
    SEEN["talk_program"] = rounds("the program", os.getpid(), one.chat.remote(other, 0))
    large = one.chat.remote(other, LARGE)
    SEEN["talk_program_large"] = rounds("the program", os.getpid(), large)
    talk = {"GCS": rounds("the GCS", gcs, one.chat.remote(other, 0))}
    talk["raylet"] = rounds("the raylet", raylet, one.chat.remote(other, 0))
    talk["raylet (1 MB messages)"] = rounds("the raylet", raylet, one.chat.remote(other, LARGE))
    SEEN["talk_services"] = talk
    SEEN["born"] = {"in a new process": rounds("the GCS", gcs, one.make_actors.remote())}


def names():
    found = {}
    for process in members():
        with suppress(psutil.NoSuchProcess):
            found[process.pid] = process.name()
    return found


def is_worker(name):
    return name.startswith("ray::") and "Agent" not in name


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


def inside(moments, window):
    return sum(window[0] <= moment <= window[1] for moment in moments)


if __name__ == "__main__":
    try:
        main()
        print(json.dumps(SEEN, indent=1))
    finally:
        FOLDER.cleanup()
    print(f"{time.perf_counter() - BEGAN:.2f} s")
