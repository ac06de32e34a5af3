"""What ``concepts/actor_abstraction/on_ray.py`` does, with nothing of this project around it.

The demo's wall time is compared with this script's: python benchmarks/bare/actor_abstraction_on_ray.py
It prints what it saw, as JSON, and how long it took. Ray gets the same settings as in the demo.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import threading
import time
from contextlib import suppress
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from types import new_class

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

ACTORS, GUESTS, WARM_UP, PINGS = 2, 4, 50, 200
PATIENCE, SHORT_PATIENCE = 10.0, 0.05


class Player:
    def __init__(self, greeting):
        self.greeting = greeting
        self.calls = self.inside = self.most = 0

    def ping(self, caller):
        self.calls += 1
        return self.answer(caller)

    def count(self):
        return self.calls

    def pid(self):
        return os.getpid()

    def miss(self):
        self.calls += 1
        raise ValueError("no ball")

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


@ray.remote
class PingPong(Player):
    pass


@ray.remote
class LoudPingPong(Player):
    def answer(self, caller):
        return super().answer(caller) + "!"


@ray.remote
class Room:
    def __init__(self):
        self.inside = self.most = 0
        self.changed = threading.Condition()

    def enter(self, patience):
        with self.changed:
            self.inside += 1
            self.most = max(self.most, self.inside)
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.most == GUESTS, patience)
            self.inside -= 1
            return self.most


@ray.remote
class AsyncRoom:
    def __init__(self):
        self.inside = self.most = 0
        self.full = asyncio.Event()

    async def enter(self, patience):
        self.inside += 1
        self.most = max(self.most, self.inside)
        if self.inside == GUESTS:
            self.full.set()
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.full.wait(), patience)
        self.inside -= 1
        return self.most


@ray.remote
class Broken:
    def __init__(self):
        raise ValueError("no racket")

    def ping(self, caller):
        return caller


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
    actors = [PingPong.remote("pong") for _ in range(ACTORS)]
    seen["objects"] = [type(actor).__name__ for actor in actors]
    seen["processes"] = len({os.getpid(), *ray.get([actor.pid.remote() for actor in actors])})
    first = actors[0]
    seen["reply_one"] = ray.get(first.ping.remote("hello"))
    seen["replies_all"] = ray.get([actor.ping.remote("hello") for actor in actors])
    seen["counts"] = ray.get([actor.count.remote() for actor in actors])
    seen["undecorated"] = outcome(lambda: ray.get(first.answer.remote("hello")))
    seen["underscore"] = outcome(lambda: ray.get(first._secret.remote()))
    try:
        ray.get(first.miss.remote())
    except ray.exceptions.RayTaskError as error:
        seen["error_type"] = type(error).__name__
        seen["error_is_original"] = isinstance(error, ValueError)
        seen["error_original"] = f"{type(error.cause).__name__}: {error.cause}"
    seen["count_after_error"] = ray.get(first.count.remote())
    loud = LoudPingPong.remote("pong")
    seen["reply_inherited"] = ray.get(loud.ping.remote("hello"))
    seen["subclassing"] = outcome(lambda: new_class("Subclass", (PingPong,)).__name__)
    room, async_room = Room.options(max_concurrency=GUESTS).remote(), AsyncRoom.remote()
    seen["overlap_default"] = max(ray.get([first.stay.remote(SHORT_PATIENCE) for _ in range(GUESTS)]))
    seen["overlap_async"] = max(ray.get([async_room.enter.remote(PATIENCE) for _ in range(GUESTS)]))
    seen["overlap_asked"] = max(ray.get([room.enter.remote(PATIENCE) for _ in range(GUESTS)]))
    seen["call_latency"] = round(median(microseconds(lambda: ray.get(first.count.remote()))))
    stage = "spawn"
    try:
        broken = Broken.remote()
        stage = "first call"
        ray.get(broken.ping.remote("hello"), timeout=PATIENCE)
    except ray.exceptions.RayActorError as error:
        seen["init_error_at"] = stage
        seen["init_error_type"] = type(error).__name__
    ray.shutdown()
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
        FOLDER.cleanup()
    print(f"{time.perf_counter() - BEGAN:.2f} s")
