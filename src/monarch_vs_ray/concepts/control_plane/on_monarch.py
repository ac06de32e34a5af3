"""Messages in Monarch: a verb for each way to send, ports for whatever the verbs do not cover.

What to watch: call_one, call, stream, broadcast and choose are five ways to send to the same endpoint; a port
is a value that can be handed to anybody, and carries many values while a call still runs; a call cannot be
cancelled; actors go on talking, and make actors in their own process, while the program is stopped.

Run it alone: python -m monarch_vs_ray.concepts.control_plane.on_monarch
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import monarch.actor
from monarch.actor import (
    Accumulator,
    Actor,
    Channel,
    Future,
    HostMesh,
    Port,
    PortReceiver,
    ProcMesh,
    concurrent_endpoint,
    current_rank,
    endpoint,
    shutdown_context,
    this_host,
    this_proc,
)

from monarch_vs_ray.concepts.control_plane import spec
from monarch_vs_ray.engines.alone import run_alone
from monarch_vs_ray.engines.family import members, wait_until_gone
from monarch_vs_ray.side import fault, log, observe, operation, step

if TYPE_CHECKING:
    from monarch.job import ProcessJob


class Gated(Actor):
    """Some of its calls wait until it is let on."""

    def __init__(self) -> None:
        self.number = current_rank().rank
        self.let_on = asyncio.Event()
        self.count = 0

    @endpoint
    async def let(self) -> None:
        self.let_on.set()

    @endpoint
    async def counted(self) -> int:
        return self.count


class Echo(Gated):
    @endpoint
    async def echo(self, word: Any) -> Any:
        return word

    @endpoint
    async def who(self) -> int:
        return self.number

    @concurrent_endpoint  # others are served while this one waits
    async def who_when_let(self) -> int:
        if self.number == spec.HELD:
            await self.let_on.wait()
        return self.number

    @endpoint
    async def tell(self) -> None:
        self.count += 1

    @endpoint
    async def stumble(self) -> None:
        raise ValueError("nobody waits for this")

    @endpoint
    async def write(self, mailbox: Port[int]) -> None:
        mailbox.send(self.number)

    @endpoint
    async def read(self, mailbox: PortReceiver[int]) -> int:
        return await mailbox.recv()


class Source(Gated):
    """Hands out many values while one call runs; and answers one call in the course of another."""

    @concurrent_endpoint
    async def stream(self, reader: Port[int]) -> None:
        for value in range(spec.VALUES):
            if value == spec.EARLY:
                await self.let_on.wait()
            reader.send(value)
            self.count += 1

    @concurrent_endpoint
    async def stream_on_credit(self, reader: Port[Any]) -> None:
        credit, credits = Channel[None].open()  # a port the other way: what the reader gives back
        reader.send(credit)
        for self.count in range(1, spec.VALUES + 1):
            reader.send(self.count)
            if self.count >= spec.BOUND:
                await credits.recv()

    @endpoint(explicit_response_port=True)
    async def ask(self, response: Port[str]) -> None:
        self.asked_by = response  # the reply may come later, and from anywhere

    @endpoint
    async def answer(self, word: str) -> None:
        self.asked_by.send(word)


class Sequence(Actor):
    @endpoint
    def values(self) -> Any:
        yield from range(spec.VALUES)


class Clerk(Gated):
    """Does long work, one at a time, and can be asked meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = asyncio.Lock()

    @concurrent_endpoint
    async def work(self) -> str:
        async with self.desk:
            await self.let_on.wait()
            self.count += 1
            return spec.WORD


class Talker(Actor):
    """Does something again and again until `hush`, and gives the moments at which it was done."""

    def __init__(self) -> None:
        self.going = False
        self.begun = asyncio.Event()

    @endpoint
    async def echo(self, message: bytes) -> bytes:
        return message

    @endpoint
    async def pid(self) -> int:
        return os.getpid()

    @concurrent_endpoint
    async def chat(self, other: Talker, size: int) -> list[float]:
        return await self.repeat(lambda: other.echo.call_one(bytes(size)))

    @concurrent_endpoint
    async def make_actors(self) -> list[float]:
        return await self.repeat(lambda: this_proc().spawn("child", Talker).pid.call_one())

    @concurrent_endpoint
    async def make_processes(self, host: HostMesh) -> list[float]:
        async def make() -> None:
            procs = host.spawn_procs(per_host={"procs": 1})
            await procs.spawn("child", Talker).pid.call()
            await procs.stop()

        return await self.repeat(make)

    async def repeat(self, act: Callable[[], Awaitable[object]]) -> list[float]:
        moments: list[float] = []
        self.going = True
        while self.going and len(moments) < spec.MOST_ROUNDS:
            await act()
            moments.append(time.monotonic())
            self.begun.set()
        self.begun.clear()
        return moments

    @concurrent_endpoint
    async def under_way(self) -> None:
        await self.begun.wait()

    @endpoint
    async def hush(self) -> None:
        self.going = False


def main() -> None:
    """Tell the story, from the first message to the last."""
    from monarch.job import ProcessJob  # takes 0.3 s, and only this process needs it

    procs = this_host().spawn_procs(per_host={"procs": spec.ACTORS})
    echoes = procs.spawn("echo", Echo)
    ask(echoes)
    stream_many(procs)
    be_busy(procs)
    share_a_mailbox(echoes)
    job = ProcessJob({"left": 1, "right": 1})  # two hosts, started when they are first asked for
    try:
        freeze(procs, job)
        fail_unheard(procs)
        with step("Stop"):
            get(procs.stop())
            get(shutdown_context())  # before the hosts end, for it says good-bye to them
    finally:
        job.kill()
    wait_until_gone(members(), "Monarch", spec.PATIENCE)


def get(future: Future[Any]) -> Any:
    return future.get(timeout=spec.PATIENCE)


def ask(echoes: Echo) -> None:
    with step("Ask one: call_one. Ask all: call"):
        get(echoes.who.call())  # until they are there
        with operation("call_one", rank=0):
            future = echoes.slice(procs=0).echo.call_one(spec.WORD)
            observe("reply_one", get(future))
        with operation("call"):
            replies = get(echoes.echo.call(spec.WORD))
        observe("replies_all", list(replies.values()))
        kind = type(future).__name__
        observe("reply_types", [kind, f"{kind} of {type(replies).__name__}"])
        observe("awaited", list(asyncio.run(awaited(echoes.echo.call(spec.WORD))).values()))

    with step("Take the replies as they come: stream; or fold them: Accumulator"):
        replies = echoes.who_when_let.stream()
        observe("early", sorted(get(next(replies)) for _ in range(spec.ACTORS - 1)))
        echoes.let.broadcast()
        observe("late", get(next(replies)))
        observe("async_for", hasattr(replies, "__aiter__"))
        observe("sum", get(Accumulator(echoes.who, 0, lambda total, number: total + number).accumulate()))

    with step("Tell all, wait for nobody: broadcast. Ask whichever: choose"):
        observe("told_gives", echoes.tell.broadcast())
        observe("told", list(get(echoes.counted.call()).values()))
        picks = Counter(get(echoes.who.choose()) for _ in range(spec.PICKS))
        observe("chosen", [picks[number] for number in range(spec.ACTORS)])


async def awaited(future: Future[Any], patience: float = spec.PATIENCE) -> Any:
    return await asyncio.wait_for(future.as_asyncio(), patience)


def stream_many(procs: ProcMesh) -> None:
    with step("Many values from one call: a port goes with it"):
        source = procs.spawn("source", Source).slice(procs=0)
        port, receiver = Channel[int].open()
        call = source.stream.call_one(port)
        values = [get(receiver.recv()) for _ in range(spec.EARLY)]
        unfinished = spec.error_of(lambda: call.get(timeout=spec.SHORT_PATIENCE))
        observe("values_early", len(values) if isinstance(unfinished, TimeoutError) else 0)
        get(source.let.call_one())
        observe("values", values + [get(receiver.recv()) for _ in range(spec.VALUES - spec.EARLY)])
        observe("after_last", spec.outcome(lambda: receiver.recv().get(timeout=spec.SHORT_PATIENCE)))
        sequence = procs.spawn("sequence", Sequence).slice(procs=0)
        observe("generator", spec.outcome(lambda: type(get(sequence.values.call_one())).__name__))

    with step("A reader who takes nothing; and credits, back-pressure made by hand"):
        eager, careful = (procs.spawn(name, Source).slice(procs=0) for name in ("eager", "careful"))
        port, receiver = Channel[int].open()
        eager.let.broadcast()
        eager.stream.broadcast(port)
        observe("unread", spec.settled(lambda: get(eager.counted.call_one()), spec.VALUES))
        port, receiver = Channel[Any].open()
        call = careful.stream_on_credit.call_one(port)
        credit = get(receiver.recv())
        observe("unread_bounded", spec.settled(lambda: get(careful.counted.call_one()), spec.BOUND))
        for _ in range(spec.VALUES):
            get(receiver.recv())
            credit.send(None)
        get(call)

    with step("Answer later: the endpoint is handed the response port"):
        call = source.ask.call_one()
        get(source.counted.call_one())  # served after it, so the endpoint has returned
        unanswered = spec.error_of(lambda: call.get(timeout=spec.SHORT_PATIENCE))
        observe("unanswered", isinstance(unanswered, TimeoutError))
        get(source.answer.call_one(spec.WORD))
        observe("late_reply", get(call))


def be_busy(procs: ProcMesh) -> None:
    with step("Ask a busy actor, run out of patience, give up"):
        clerk = procs.spawn("clerk", Clerk).slice(procs=0)
        first, second = clerk.work.call_one(), clerk.work.call_one()
        observe("busy_answers", get(clerk.counted.call_one()) == 0)
        error = spec.error_of(lambda: first.get(timeout=spec.SHORT_PATIENCE))
        observe("timeout", type(error).__name__)
        observe("timeout_is", isinstance(error, TimeoutError))
        with suppress(asyncio.TimeoutError):  # a Future has no cancel: only the waiting is given up
            asyncio.run(awaited(second, spec.SHORT_PATIENCE))
        get(clerk.let.call_one())
        observe("after_timeout", get(first))
        observe("given_up_ran", spec.settled(lambda: get(clerk.counted.call_one()), 2, spec.SHORT_PATIENCE))


def share_a_mailbox(echoes: Echo) -> None:
    with step("A mailbox that several write to: a port, and its receiver in this process"):
        before = len(members())
        port, mailbox = Channel[int].open()
        echoes.slice(procs=slice(0, 2)).write.broadcast(port)
        observe("mailbox", sorted(get(mailbox.recv()) for _ in range(2)))
        observe("mailbox_processes", len(members()) - before)
        moved = echoes.slice(procs=0).read
        observe("mailbox_moves", spec.outcome(lambda: get(moved.call_one(mailbox))))


def freeze(procs: ProcMesh, job: ProcessJob) -> None:
    """Messages go from process to process; but the program is the way out of the host that it lives on."""
    talkers = procs.spawn("talker", Talker)
    one, other = talkers.slice(procs=0), talkers.slice(procs=1)
    program, peer = os.getpid(), get(other.pid.call_one())

    with step("Who is on the path? Actors talk, and make actors, while somebody is stopped"):
        observe("services", len(members()) - spec.ACTORS)
        observe("talk_peer", rounds(one, peer, one.chat.call_one(other, 0)))
        observe("talk_program", rounds(one, program, one.chat.call_one(other, 0)))
        observe("talk_program_large", rounds(one, program, one.chat.call_one(other, spec.LARGE)))
        observe("talk_services", "there is none" if len(members()) == spec.ACTORS else "not tried")
        born = {"its process": rounds(one, program, one.make_actors.call_one())}
        born["new processes"] = rounds(one, program, one.make_processes.call_one(this_host()))

    with step("The same with two more hosts, each in a process of its own"):
        state = job.state(cached_path=None)
        hosts = [state.left, state.right]
        meshes = [host.spawn_procs(per_host={"procs": 1}) for host in hosts]
        left, right = (mesh.spawn("talker", Talker).slice(hosts=0, procs=0) for mesh in meshes)
        from_here = rounds(one, program, one.chat.call_one(left, 0))
        between = rounds(left, program, left.chat.call_one(right, 0))
        observe("talk_hosts", {"from the program's host": from_here, "between two others": between})
        make = left.make_processes
        born["new processes on another host"] = spec.some(
            lambda: rounds(left, program, make.call_one(hosts[0]))
        )
        observe("born", born)
        for mesh in meshes:
            get(mesh.stop())


def rounds(talker: Talker, stopped: int, talk: Future[Any]) -> int:
    with operation("the first round") as first:
        get(talker.under_way.call_one())
    fault("SIGSTOP", "the program" if stopped == os.getpid() else "an actor")
    window = spec.freeze(stopped, at_least=3 * first.seconds)
    get(talker.hush.call_one())
    return spec.inside(get(talk), window)


def fail_unheard(procs: ProcMesh) -> None:
    # A failure that no actor handles ends at the root, whose default is to interrupt the program.
    failures: list[monarch.actor.MeshFailure] = []
    monarch.actor.unhandled_fault_hook = failures.append

    with step("An error in a message that nobody waits for"):
        unlucky = procs.spawn("unlucky", Echo).slice(procs=2)
        unlucky.stumble.broadcast()
        log(f"The root was told of a failed actor: {spec.until(lambda: bool(failures))}")
        observe("told_error", spec.error_of(lambda: get(unlucky.who.call_one())) is None)


if __name__ == "__main__":
    run_alone(main)
