"""Messages in Ray: one way to send, .remote(), and many things to do with the reference that it gives.

What to watch: get, wait, await, or no reference at all; a generator method streams its values while it runs,
with back-pressure if asked; a queued call can be cancelled; actors go on talking while the program, the GCS
or the raylet is stopped, except that large messages need the raylet, and new actors the GCS.

Run it alone: python -m monarch_vs_ray.concepts.control_plane.on_ray
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any

import psutil
import ray
from ray.util import ActorPool
from ray.util.queue import Queue

from monarch_vs_ray.concepts.control_plane import spec
from monarch_vs_ray.engines.alone import run_alone
from monarch_vs_ray.engines.family import members
from monarch_vs_ray.engines.ray import start, stop
from monarch_vs_ray.side import fault, log, observe, operation, step


@ray.remote
class Echo:
    """All its methods are async, so that it serves many calls at once."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.let_on = asyncio.Event()
        self.count = 0
        self.going = False
        self.begun = asyncio.Event()

    async def echo(self, word: Any) -> Any:
        return word

    async def who(self) -> int:
        return self.number

    async def who_when_let(self) -> int:
        if self.number == spec.HELD:
            await self.let_on.wait()
        return self.number

    async def let(self) -> None:
        self.let_on.set()

    async def tell(self) -> None:
        self.count += 1

    async def counted(self) -> int:
        return self.count

    async def stumble(self) -> None:
        raise ValueError("nobody waits for this")

    async def write(self, mailbox: Queue) -> None:
        await mailbox.put_async(self.number)

    async def read(self, mailbox: Queue) -> int:
        return await mailbox.get_async(timeout=spec.PATIENCE)

    async def pid(self) -> int:
        return os.getpid()

    async def chat(self, other: Any, size: int) -> list[float]:
        return await self.repeat(lambda: other.echo.remote(bytes(size)))

    async def make_actors(self) -> list[float]:
        async def make() -> None:
            child = Echo.remote(0)  # when its handle is dropped, it ends
            await child.who.remote()

        return await self.repeat(make)

    async def repeat(self, act: Callable[[], Awaitable[object]]) -> list[float]:
        """Do it again and again until `hush`, and give the moments at which it was done."""
        moments: list[float] = []
        self.going = True
        while self.going and len(moments) < spec.MOST_ROUNDS:
            await act()
            moments.append(time.monotonic())
            self.begun.set()
        self.begun.clear()
        return moments

    async def under_way(self) -> None:
        await self.begun.wait()

    async def hush(self) -> None:
        self.going = False


@ray.remote
class Source:
    """Hands out many values while one call runs; and answers one call in the course of another."""

    def __init__(self) -> None:
        self.let_on = asyncio.Event()
        self.count = 0

    async def stream(self) -> AsyncIterator[int]:
        for value in range(spec.VALUES):
            if value == spec.EARLY:
                await self.let_on.wait()
            yield value

    async def let(self) -> None:
        self.let_on.set()

    async def counted(self) -> int:
        return self.count

    async def ask(self) -> str:
        self.answered = asyncio.get_running_loop().create_future()
        return await self.answered

    async def answer(self, word: str) -> None:
        self.answered.set_result(word)


@ray.remote(concurrency_groups={"desk": 1, "window": 1})
class Clerk:
    """Works on one thread, a call at a time, and can be asked on another."""

    def __init__(self) -> None:
        self.let_on = threading.Event()
        self.count = 0

    @ray.method(concurrency_group="desk")
    def work(self) -> str:
        self.let_on.wait(spec.PATIENCE)
        self.count += 1
        return spec.WORD

    @ray.method(concurrency_group="desk")
    def pour(self) -> Iterator[int]:
        for self.count in range(1, spec.VALUES + 1):
            yield self.count

    @ray.method(concurrency_group="window")
    def counted(self) -> int:
        return self.count

    @ray.method(concurrency_group="window")
    def let(self) -> None:
        self.let_on.set()


def main() -> None:
    """Tell the story, from the first message to the last."""
    with step("Start Ray, for this run only; create actors"):
        start(cpus=4)
        echoes = [Echo.remote(number) for number in range(spec.ACTORS)]
        get([echo.who.remote() for echo in echoes])
    ask(echoes)
    stream_many()
    be_busy()
    share_a_mailbox(echoes)
    freeze(*echoes[:2])

    with step("An error in a message that nobody waits for"):
        echoes[2].stumble.options(num_returns=0).remote()
        observe("told_error", spec.error_of(lambda: get(echoes[2].who.remote())) is None)
        log("And nobody is told.")

    with step("Shut Ray down"):
        stop()


def get(ref: Any) -> Any:
    return ray.get(ref, timeout=spec.PATIENCE)


def ask(echoes: list[Any]) -> None:
    with step("Ask one, ask all: .remote() gives a reference, ray.get its value; or await it"):
        with operation("get", rank=0):
            ref = echoes[0].echo.remote(spec.WORD)
            observe("reply_one", get(ref))
        with operation("get all"):
            refs = [echo.echo.remote(spec.WORD) for echo in echoes]
            observe("replies_all", get(refs))
        observe("reply_types", [type(ref).__name__, f"{type(refs).__name__} of {type(refs[0]).__name__}"])
        observe("awaited", asyncio.run(awaited([echo.echo.remote(spec.WORD) for echo in echoes])))

    with step("Take the replies as they come: ray.wait"):
        refs = [echo.who_when_let.remote() for echo in echoes]
        ready, held = ray.wait(refs, num_returns=spec.ACTORS - 1, timeout=spec.PATIENCE)
        observe("early", sorted(get(ready)))
        get([echo.let.remote() for echo in echoes])
        observe("late", get(held[0]))
        observe("sum", sum(get([echo.who.remote() for echo in echoes])))

    with step("Tell all, wait for nobody: num_returns=0. Ask whichever is free: ActorPool"):
        given = [echo.tell.options(num_returns=0).remote() for echo in echoes]
        observe("told_gives", given[0])
        observe("told", get([echo.counted.remote() for echo in echoes]))
        pool = ActorPool(echoes)
        for _ in range(spec.PICKS):
            pool.submit(lambda echo, _: echo.who.remote(), None)
        picks = Counter(pool.get_next_unordered(timeout=spec.PATIENCE) for _ in range(spec.PICKS))
        observe("chosen", [picks[number] for number in range(spec.ACTORS)])


async def awaited(refs: list[Any]) -> list[Any]:
    return await asyncio.wait_for(asyncio.gather(*refs), spec.PATIENCE)


def stream_many() -> None:
    with step("Many values from one call: an async generator, read with async for"):
        source = Source.remote()
        stream = source.stream.remote()
        observe("generator", type(stream).__name__)
        observe("async_for", hasattr(stream, "__aiter__"))
        values = asyncio.run(asyncio.wait_for(take(stream, spec.EARLY), spec.PATIENCE))
        ended, _ = ray.wait([stream.completed()], timeout=spec.SHORT_PATIENCE)
        observe("values_early", 0 if ended else len(values))
        get(source.let.remote())
        values += asyncio.run(asyncio.wait_for(take(stream, spec.VALUES), spec.PATIENCE))
        observe("values", values)
        observe("after_last", spec.outcome(lambda: next(stream)))

    with step("A reader who takes nothing; and back-pressure, an option of the call"):
        eager, bounded = Clerk.remote(), Clerk.remote()
        unread = eager.pour.remote()
        observe("unread", spec.settled(lambda: get(eager.counted.remote()), spec.VALUES))
        unread = bounded.pour.options(_generator_backpressure_num_objects=spec.BOUND).remote()
        observe("unread_bounded", spec.settled(lambda: get(bounded.counted.remote()), spec.BOUND))
        log(f"Then all came: {[get(ref) for ref in unread]}")

    with step("Answer later: an async method waits for its answer, others run meanwhile"):
        call = source.ask.remote()
        get(source.counted.remote())  # served while it waits
        unanswered = spec.error_of(lambda: ray.get(call, timeout=spec.SHORT_PATIENCE))
        observe("unanswered", isinstance(unanswered, TimeoutError))
        get(source.answer.remote(spec.WORD))
        observe("late_reply", get(call))


async def take(stream: Any, most: int) -> list[Any]:
    values = []
    async for ref in stream:
        values.append(await ref)
        if len(values) == most:
            break
    return values


def be_busy() -> None:
    with step("Ask a busy actor on another thread, run out of patience, cancel"):
        clerk = Clerk.remote()
        first, second = clerk.work.remote(), clerk.work.remote()
        observe("busy_answers", get(clerk.counted.remote()) == 0)
        error = spec.error_of(lambda: ray.get(first, timeout=spec.SHORT_PATIENCE))
        observe("timeout", type(error).__name__)
        observe("timeout_is", isinstance(error, TimeoutError))
        ray.cancel(second)
        ray.wait([second], timeout=spec.SHORT_PATIENCE)  # gives the cancellation time to travel
        get(clerk.let.remote())
        observe("after_timeout", get(first))
        log(f"Waiting for the other: {spec.outcome(lambda: get(second))}")
        observe("given_up_ran", spec.settled(lambda: get(clerk.counted.remote()), 2, spec.SHORT_PATIENCE))


def share_a_mailbox(echoes: list[Any]) -> None:
    with step("A mailbox that several write to, and anybody reads: a queue, which is an actor"):
        known = {os.getpid(), *get([echo.pid.remote() for echo in echoes])}
        mailbox = Queue()
        get([echo.write.remote(mailbox) for echo in echoes[:2]])
        observe("mailbox", sorted(mailbox.get(timeout=spec.PATIENCE) for _ in range(2)))
        holder = get(mailbox.actor.__ray_call__.remote(lambda actor: os.getpid()))
        observe("mailbox_processes", len({holder} - known))
        reading = echoes[0].read.remote(mailbox)
        get(echoes[1].write.remote(mailbox))
        observe("mailbox_moves", spec.outcome(lambda: f"reads {get(reading)}"))
        mailbox.shutdown()


def freeze(one: Any, other: Any) -> None:
    """Messages go from process to process; the services are needed for large ones and for new actors."""
    services = {name: pid for pid, name in names().items()}
    gcs, raylet = services["gcs_server"], services["raylet"]

    def rounds(who: str, stopped: int, talk: Any) -> int:
        with operation("the first round") as first:
            get(one.under_way.remote())
        fault("SIGSTOP", who)
        window = spec.freeze(stopped, at_least=3 * first.seconds)
        get(one.hush.remote())
        return spec.inside(get(talk), window)

    with step("Who is on the path? Actors talk, and make actors, while somebody is stopped"):
        observe("services", sum(not is_worker(name) for name in names().values()))
        observe("talk_peer", rounds("an actor", get(other.pid.remote()), one.chat.remote(other, 0)))
        observe("talk_program", rounds("the program", os.getpid(), one.chat.remote(other, 0)))
        large = one.chat.remote(other, spec.LARGE)
        observe("talk_program_large", rounds("the program", os.getpid(), large))
        talk = {"GCS": rounds("the GCS", gcs, one.chat.remote(other, 0))}
        talk["raylet"] = rounds("the raylet", raylet, one.chat.remote(other, 0))
        talk["raylet (1 MB messages)"] = rounds("the raylet", raylet, one.chat.remote(other, spec.LARGE))
        observe("talk_services", talk, f"in {spec.FROZEN:g} s")
        observe("talk_hosts", "not tried")
        log("A new actor is a new process in Ray.")
        observe("born", {"new processes": rounds("the GCS", gcs, one.make_actors.remote())})


def names() -> dict[int, str]:
    """What the processes below this one are called; some may end while it looks."""
    found = {}
    for process in members():
        with suppress(psutil.NoSuchProcess):
            found[process.pid] = process.name()
    return found


def is_worker(name: str) -> bool:
    """Whether a process serves tasks and actors; the two agents have a like name."""
    return name.startswith("ray::") and "Agent" not in name


if __name__ == "__main__":
    run_alone(main)
