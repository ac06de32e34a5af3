"""Actors in Ray: any class under @ray.remote, created where the scheduler finds room, called by handle.

What to watch: every method can be called from outside, nothing has to be marked; creating takes one
step, and what comes back is a handle to one actor, so a group is a list of handles; a decorated class
cannot be subclassed, the plain class under it can; how many calls run at once is an option of the actor.

Run it alone: python -m monarch_vs_ray.concepts.actor_abstraction.on_ray
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from contextlib import suppress
from statistics import median
from types import new_class

import ray

from monarch_vs_ray.concepts.actor_abstraction import spec
from monarch_vs_ray.engines.alone import run_alone
from monarch_vs_ray.engines.ray import start, stop
from monarch_vs_ray.side import metric, observe, operation, step


class Player:
    """Answers pings and counts them: a plain class, so that others can inherit from it."""

    def __init__(self, greeting: str) -> None:
        self.greeting = greeting
        self.calls = 0
        self.heads = spec.Headcount()

    def ping(self, caller: str) -> str:
        self.calls += 1
        return self.answer(caller)

    def count(self) -> int:
        return self.calls

    def pid(self) -> int:
        return os.getpid()

    def miss(self) -> None:
        self.calls += 1
        raise ValueError("no ball")

    def stay(self, seconds: float) -> int:
        """How many calls have been in here at once."""
        with self.heads:
            time.sleep(seconds)
        return self.heads.most

    def answer(self, caller: str) -> str:
        return f"{self.greeting} {caller}"

    def _secret(self) -> str:
        return "seen"


@ray.remote
class PingPong(Player):
    """The plain class as an actor; its state lives between calls, in a process of its own."""


@ray.remote
class LoudPingPong(Player):
    """What Ray users do to inherit: subclass the plain class, and decorate the subclass."""

    def answer(self, caller: str) -> str:
        return super().answer(caller) + "!"


@ray.remote
class Room:
    """Counts how many calls are inside at once; each waits for the others, but not forever."""

    def __init__(self) -> None:
        self.heads = spec.Headcount()
        self.changed = threading.Condition()

    def enter(self, patience: float) -> int:
        with self.changed, self.heads:  # the wait lets the next one in
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.heads.most == spec.GUESTS, patience)
        return self.heads.most


@ray.remote
class AsyncRoom:
    """The same with async methods, on one thread."""

    def __init__(self) -> None:
        self.heads = spec.Headcount()
        self.full = asyncio.Event()

    async def enter(self, patience: float) -> int:
        with self.heads, suppress(asyncio.TimeoutError):
            if self.heads.inside == spec.GUESTS:
                self.full.set()
            await asyncio.wait_for(self.full.wait(), patience)
        return self.heads.most


@ray.remote
class Broken:
    """Cannot be constructed."""

    def __init__(self) -> None:
        raise ValueError("no racket")

    def ping(self, caller: str) -> str:
        return caller


def main() -> None:
    """Tell the story, from the first process to the last."""
    with step("Start Ray, for this run only"):
        start(cpus=4)

    with step("Create actors, each wherever there is room"):
        with operation("spawn"):
            actors = [PingPong.remote(spec.GREETING) for _ in range(spec.ACTORS)]
        observe("objects", [type(actor).__name__ for actor in actors])
        observe("processes", len({os.getpid(), *ray.get([actor.pid.remote() for actor in actors])}))

    with step("Call one actor: its handle gives a reference, ray.get the reply"):
        first = actors[0]
        with operation("ping", rank=0):
            reply = ray.get(first.ping.remote(spec.CALLER))
        observe("reply_one", reply)

    with step("Call all actors: one call each, all replies at once"):
        with operation("ping all"):
            replies = ray.get([actor.ping.remote(spec.CALLER) for actor in actors])
        observe("replies_all", replies)

    with step("State is kept between calls"):
        observe("counts", ray.get([actor.count.remote() for actor in actors]))

    with step("Call what was not exposed: there is no such thing"):
        observe("undecorated", spec.outcome(lambda: ray.get(first.answer.remote(spec.CALLER))))
        observe("underscore", spec.outcome(lambda: ray.get(first._secret.remote())))

    with step("An exception, as the caller sees it"):
        try:
            with operation("miss", rank=0):
                ray.get(first.miss.remote())
        except ray.exceptions.RayTaskError as error:
            observe("error_type", type(error).__name__)
            observe("error_is_original", isinstance(error, ValueError))
            observe("error_original", f"{type(error.cause).__name__}: {error.cause}")
        observe("count_after_error", ray.get(first.count.remote()))

    with step("Inherit from the plain class; the decorated one refuses"):
        loud = LoudPingPong.remote(spec.GREETING)
        observe("reply_inherited", ray.get(loud.ping.remote(spec.CALLER)))
        observe("subclassing", spec.outcome(lambda: new_class("Subclass", (PingPong,)).__name__))

    with step("Several calls at once: by threads if asked, by async without asking"):
        room, async_room = Room.options(max_concurrency=spec.GUESTS).remote(), AsyncRoom.remote()
        stays = [first.stay.remote(spec.SHORT_PATIENCE) for _ in range(spec.GUESTS)]
        observe("overlap_default", max(ray.get(stays)))
        visits = [async_room.enter.remote(spec.PATIENCE) for _ in range(spec.GUESTS)]
        observe("overlap_async", max(ray.get(visits)))
        visits = [room.enter.remote(spec.PATIENCE) for _ in range(spec.GUESTS)]
        observe("overlap_asked", max(ray.get(visits)))

    with step("How long a call takes"):
        samples = spec.microseconds(lambda: ray.get(first.count.remote()))
        observe("call_latency", round(median(samples)), "us")
        metric("call_latency_fastest", min(samples), "us")

    with step("A constructor that fails"):
        stage = "spawn"
        try:
            broken = Broken.remote()
            stage = "first call"
            with operation("ping the broken", rank=0):
                ray.get(broken.ping.remote(spec.CALLER), timeout=spec.PATIENCE)
        except ray.exceptions.RayActorError as error:
            observe("init_error_at", stage)
            observe("init_error_type", type(error).__name__)

    with step("Shut Ray down"):
        stop()


if __name__ == "__main__":
    run_alone(main)
