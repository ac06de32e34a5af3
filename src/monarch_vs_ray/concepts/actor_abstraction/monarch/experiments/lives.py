"""Actors in Monarch: a class derived from Actor, spawned onto a mesh of processes, called as a whole.

What to watch: methods are exposed one by one with @endpoint; spawning takes two steps, first processes,
then actors on them; what comes back is one ActorMesh, which addresses all its actors at once, or one of
them after a slice; endpoints, async ones too, run one at a time unless they say otherwise.

Run it alone: python -m monarch_vs_ray.concepts.actor_abstraction.on_monarch
"""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import suppress
from statistics import median
from types import new_class

import monarch.actor
from monarch.actor import Actor, ActorError, as_endpoint, concurrent_endpoint, endpoint, this_host

from monarch_vs_ray.concepts.actor_abstraction import spec
from monarch_vs_ray.engines.alone import run_alone
from monarch_vs_ray.engines.monarch import stop
from monarch_vs_ray.side import log, metric, observe, operation, step


class PingPong(Actor):
    """Answers pings and counts them; its state lives between calls, in a process of its own."""

    def __init__(self, greeting: str) -> None:
        self.greeting = greeting
        self.calls = 0
        self.heads = spec.Headcount()

    @endpoint
    def ping(self, caller: str) -> str:
        self.calls += 1
        return self.answer(caller)

    @endpoint
    def count(self) -> int:
        return self.calls

    @endpoint
    def pid(self) -> int:
        return os.getpid()

    @endpoint
    def miss(self) -> None:
        self.calls += 1
        raise ValueError("no ball")

    @endpoint
    def stay(self, seconds: float) -> int:
        """How many calls have been in here at once."""
        with self.heads:
            time.sleep(seconds)
        return self.heads.most

    def answer(self, caller: str) -> str:  # no @endpoint: for the actor itself and its subclasses
        return f"{self.greeting} {caller}"

    def _secret(self) -> str:
        return "seen"


class LoudPingPong(PingPong):
    """A subclass like any other in Python; the endpoints come along."""

    def answer(self, caller: str) -> str:
        return super().answer(caller) + "!"


class Room(Actor):
    """Counts how many calls are inside at once; each waits for the others, but not forever."""

    def __init__(self) -> None:
        self.heads = spec.Headcount()
        self.full = asyncio.Event()

    @endpoint
    async def enter(self, patience: float) -> int:
        return await self.meet(patience)

    @concurrent_endpoint
    async def mingle(self, patience: float) -> int:
        return await self.meet(patience)

    async def meet(self, patience: float) -> int:
        with self.heads, suppress(asyncio.TimeoutError):
            if self.heads.inside == spec.GUESTS:
                self.full.set()
            await asyncio.wait_for(self.full.wait(), patience)
        return self.heads.most


class Broken(Actor):
    """Cannot be constructed."""

    def __init__(self) -> None:
        raise ValueError("no racket")

    @endpoint
    def ping(self, caller: str) -> str:
        return caller


def main() -> None:
    """Tell the story, from the first process to the last."""
    with step("Spawn processes, then actors on them"):
        host = this_host()
        procs = host.spawn_procs(per_host={"procs": spec.ACTORS})
        with operation("spawn"):
            actors = procs.spawn("pingpong", PingPong, spec.GREETING)
        observe("objects", [type(made).__name__ for made in (host, procs, actors)])
        observe("processes", len({os.getpid(), *actors.pid.call().get().values()}))

    with step("Call one actor: the mesh, sliced down to it"):
        first = actors.slice(procs=0)
        with operation("ping", rank=0):
            reply = first.ping.call_one(spec.CALLER).get()
        observe("reply_one", reply)

    with step("Call all actors: one call, one reply each"):
        with operation("ping all"):
            replies = actors.ping.call(spec.CALLER).get()
        observe("replies_all", list(replies.values()))

    with step("State is kept between calls"):
        observe("counts", list(actors.count.call().get().values()))

    with step("Call what was not exposed"):
        observe("undecorated", spec.outcome(lambda: first.answer.call_one(spec.CALLER).get()))
        observe("underscore", spec.outcome(lambda: first._secret.call_one().get()))
        log(f"The caller may insist, with as_endpoint: {as_endpoint(first._secret).call_one().get()}")

    with step("An exception, as the caller sees it"):
        try:
            with operation("miss", rank=0):
                first.miss.call_one().get()
        except ActorError as error:
            observe("error_type", type(error).__name__)
            observe("error_is_original", isinstance(error, ValueError))
            observe("error_original", f"{type(error.exception).__name__}: {error.exception}")
        observe("count_after_error", first.count.call_one().get())

    with step("Inherit from an actor class"):
        loud = procs.spawn("loud", LoudPingPong, spec.GREETING)
        observe("reply_inherited", loud.slice(procs=0).ping.call_one(spec.CALLER).get())
        observe("subclassing", spec.outcome(lambda: new_class("Subclass", (PingPong,)).__name__))

    with step("Several calls at once: one at a time, unless the endpoint says otherwise"):
        room = procs.spawn("room", Room).slice(procs=0)
        stays = [first.stay.call_one(spec.SHORT_PATIENCE) for _ in range(spec.GUESTS)]
        observe("overlap_default", max(stay.get() for stay in stays))
        visits = [room.enter.call_one(spec.SHORT_PATIENCE) for _ in range(spec.GUESTS)]
        observe("overlap_async", max(visit.get() for visit in visits))
        visits = [room.mingle.call_one(spec.PATIENCE) for _ in range(spec.GUESTS)]
        observe("overlap_asked", max(visit.get() for visit in visits))

    with step("How long a call takes"):
        samples = spec.microseconds(lambda: first.count.call_one().get())
        observe("call_latency", round(median(samples)), "us")
        metric("call_latency_fastest", min(samples), "us")

    with step("A constructor that fails"):
        # A failure that no actor handles ends at the root, whose default is to interrupt the program.
        failures: list[monarch.actor.MeshFailure] = []
        monarch.actor.unhandled_fault_hook = failures.append
        stage = "spawn"
        try:
            broken = procs.spawn("broken", Broken)
            stage = "first call"
            with operation("ping the broken"):
                # Called through a slice it may, rarely, never learn of the failure: hence also the timeout.
                broken.ping.call(spec.CALLER).get(timeout=spec.PATIENCE)
        except Exception as error:
            observe("init_error_at", stage)
            observe("init_error_type", type(error).__name__)
        log(f"Failures that reached the root: {len(failures)}")

    with step("Stop"):
        procs.stop().get()
        stop()


if __name__ == "__main__":
    run_alone(main)
