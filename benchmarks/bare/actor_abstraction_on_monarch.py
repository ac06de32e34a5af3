"""What ``concepts/actor_abstraction/on_monarch.py`` does, with nothing of this project around it.

The demo's wall time is compared with this script's: python benchmarks/bare/actor_abstraction_on_monarch.py
It prints what it saw, as JSON, and how long it took.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from contextlib import suppress
from glob import glob
from statistics import median
from tempfile import TemporaryDirectory
from types import new_class

BEGAN = time.perf_counter()
FOLDER = TemporaryDirectory(prefix="mvr-")
MARK = os.path.basename(FOLDER.name)
os.environ.update(TMPDIR=FOLDER.name, MONARCH_LOG_SUFFIX=MARK, MONARCH_FILE_LOG="warn")

import monarch.actor  # noqa: E402 - reads its settings when imported
from monarch.actor import (  # noqa: E402
    Actor,
    ActorError,
    as_endpoint,
    concurrent_endpoint,
    endpoint,
    shutdown_context,
    this_host,
)

ACTORS, GUESTS, WARM_UP, PINGS = 2, 4, 50, 200
PATIENCE, SHORT_PATIENCE = 10.0, 0.05


class PingPong(Actor):
    def __init__(self, greeting):
        self.greeting = greeting
        self.calls = self.inside = self.most = 0

    @endpoint
    def ping(self, caller):
        self.calls += 1
        return self.answer(caller)

    @endpoint
    def count(self):
        return self.calls

    @endpoint
    def pid(self):
        return os.getpid()

    @endpoint
    def miss(self):
        self.calls += 1
        raise ValueError("no ball")

    @endpoint
    def stay(self, seconds):
        self.inside += 1
        self.most = max(self.most, self.inside)
        time.sleep(seconds)
        self.inside -= 1
        return self.most

    def answer(self, caller):
        return f"{self.greeting} {caller}"

    def _secret(self):
        return "seen"


class LoudPingPong(PingPong):
    def answer(self, caller):
        return super().answer(caller) + "!"


class Room(Actor):
    def __init__(self):
        self.inside = self.most = 0
        self.full = asyncio.Event()

    @endpoint
    async def enter(self, patience):
        return await self.meet(patience)

    @concurrent_endpoint
    async def mingle(self, patience):
        return await self.meet(patience)

    async def meet(self, patience):
        self.inside += 1
        self.most = max(self.most, self.inside)
        if self.inside == GUESTS:
            self.full.set()
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.full.wait(), patience)
        self.inside -= 1
        return self.most


class Broken(Actor):
    def __init__(self):
        raise ValueError("no racket")

    @endpoint
    def ping(self, caller):
        return caller


def main():
    seen = {}
    host = this_host()
    procs = host.spawn_procs(per_host={"procs": ACTORS})
    actors = procs.spawn("pingpong", PingPong, "pong")
    seen["objects"] = [type(made).__name__ for made in (host, procs, actors)]
    seen["processes"] = len({os.getpid(), *actors.pid.call().get().values()})
    first = actors.slice(procs=0)
    seen["reply_one"] = first.ping.call_one("hello").get()
    seen["replies_all"] = list(actors.ping.call("hello").get().values())
    seen["counts"] = list(actors.count.call().get().values())
    seen["undecorated"] = outcome(lambda: first.answer.call_one("hello").get())
    seen["underscore"] = outcome(lambda: first._secret.call_one().get())
    as_endpoint(first._secret).call_one().get()
    try:
        first.miss.call_one().get()
    except ActorError as error:
        seen["error_type"] = type(error).__name__
        seen["error_is_original"] = isinstance(error, ValueError)
        seen["error_original"] = f"{type(error.exception).__name__}: {error.exception}"
    seen["count_after_error"] = first.count.call_one().get()
    loud = procs.spawn("loud", LoudPingPong, "pong")
    seen["reply_inherited"] = loud.slice(procs=0).ping.call_one("hello").get()
    seen["subclassing"] = outcome(lambda: new_class("Subclass", (PingPong,)).__name__)
    room = procs.spawn("room", Room).slice(procs=0)
    stays = [first.stay.call_one(SHORT_PATIENCE) for _ in range(GUESTS)]
    seen["overlap_default"] = max(stay.get() for stay in stays)
    visits = [room.enter.call_one(SHORT_PATIENCE) for _ in range(GUESTS)]
    seen["overlap_async"] = max(visit.get() for visit in visits)
    visits = [room.mingle.call_one(PATIENCE) for _ in range(GUESTS)]
    seen["overlap_asked"] = max(visit.get() for visit in visits)
    seen["call_latency"] = round(median(microseconds(lambda: first.count.call_one().get())))
    monarch.actor.unhandled_fault_hook = [].append
    stage = "spawn"
    try:
        broken = procs.spawn("broken", Broken)
        stage = "first call"
        broken.ping.call("hello").get(timeout=PATIENCE)
    except Exception as error:
        seen["init_error_at"] = stage
        seen["init_error_type"] = type(error).__name__
    procs.stop().get()
    shutdown_context().get()
    return seen


def outcome(call):
    try:
        return f"answered {call()!r}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def microseconds(call):
    for _ in range(WARM_UP):
        call()
    samples = []
    for _ in range(PINGS):
        began = time.perf_counter_ns()
        call()
        samples.append((time.perf_counter_ns() - began) / 1e3)
    return samples


if __name__ == "__main__":
    try:
        print(json.dumps(main(), indent=1))
    finally:
        for log in glob(f"/tmp/*/monarch_log_{MARK}*.log"):
            os.unlink(log)
            with suppress(OSError):  # somebody else's logs are there too
                os.rmdir(os.path.dirname(log))
        FOLDER.cleanup()
    print(f"{time.perf_counter() - BEGAN:.2f} s")
