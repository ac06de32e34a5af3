"""What the claims on the control plane rest on, on Monarch: one function puts one thing to the test.

Actors and helpers are those of ``on_monarch.py`` where they fit. Most probes share three processes.
"""

from __future__ import annotations

import asyncio
import mmap
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

import monarch._rust_bindings
import monarch.actor
import psutil
from monarch.actor import (
    Actor,
    Channel,
    Future,
    HostMesh,
    Port,
    ProcMesh,
    attach_to_workers,
    concurrent_endpoint,
    enable_transport,
    endpoint,
    get_or_spawn_controller,
    this_host,
)
from monarch.job import ProcessJob

from monarch_vs_ray.concepts.control_plane import spec
from monarch_vs_ray.concepts.control_plane.on_monarch import (
    Clerk,
    Echo,
    Source,
    Talker,
    awaited,
    get,
    rounds,
)
from monarch_vs_ray.engines.family import members
from monarch_vs_ray.engines.monarch import running
from monarch_vs_ray.side import fault, observe

CALLS = 60
"""So many random choices that none of three actors is left out, nor is chosen once only."""
AT_ONCE = 3
ENOUGH = 1.5
"""Seconds in which a message that is not held up has long arrived."""
WORKER = """
import sys
from monarch.actor import run_worker_loop_forever
run_worker_loop_forever(address=sys.argv[1], ca="trust_all_connections")
"""


@cache
def procs() -> ProcMesh:
    """The processes that most probes put their actors into."""
    return this_host().spawn_procs(per_host={"procs": spec.ACTORS})


def three_echoes() -> Echo:
    echoes = procs().spawn("echo", Echo)
    get(echoes.who.call())  # until they are there
    return echoes


def one(kind: type[Any], *args: object) -> Any:
    return procs().spawn(kind.__name__.lower(), kind, *args).slice(procs=0)


# --- Ways to send ---------------------------------------------------------


def verbs_to_three() -> None:
    _verbs(three_echoes())


def verbs_to_one() -> None:
    """The control: one actor, whom all verbs reach alike."""
    _verbs(three_echoes().slice(procs=0))


def _verbs(echoes: Echo) -> None:
    """How many actors each verb reaches, and what it gives the caller at once; call_one is for one actor."""
    first = echoes.slice(procs=0) if echoes.size() > 1 else echoes
    verbs = {"call_one": first.tell.call_one}
    verbs |= {verb: getattr(echoes.tell, verb) for verb in ("call", "stream", "broadcast", "choose")}
    given, reached, told = {}, {}, 0
    for verb, send in verbs.items():
        result = send()
        for future in (result,) if isinstance(result, Future) else result or ():
            get(future)
        given[verb] = type(result).__name__
        before, told = told, sum(get(echoes.counted.call()).values())
        reached[verb] = told - before
    observe("reached", reached)
    observe("given", given)


def told_by_broadcast() -> None:
    echoes = three_echoes()
    observe("given", type(echoes.tell.broadcast()).__name__)
    observe("told", list(get(echoes.counted.call()).values()))


def told_by_call() -> None:
    echoes = three_echoes()
    observe("given", type(echoes.tell.call()).__name__)
    observe("told", list(get(echoes.counted.call()).values()))


def taken_by_stream() -> None:
    """One actor is held back; the replies of the others are taken before it is let go."""
    echoes = three_echoes()
    replies = echoes.who_when_let.stream()
    early = [get(next(replies)) for _ in range(spec.ACTORS - 1)]
    echoes.let.broadcast()
    late = [get(reply) for reply in replies]
    observe("early", sorted(early))
    observe("replies", len(early + late))
    observe("async_for", spec.outcome(lambda: asyncio.run(_with_async_for(echoes.who.stream()))))


def taken_by_call() -> None:
    echoes = three_echoes()
    call = echoes.who_when_let.call()
    unanswered = spec.error_of(lambda: call.get(timeout=spec.SHORT_PATIENCE))
    early = [] if isinstance(unanswered, TimeoutError) else sorted(get(call).values())
    echoes.let.broadcast()
    observe("early", early)
    observe("replies", len(get(call)))


async def _with_async_for(replies: Any) -> int:
    return len([reply async for reply in replies])


def given_by_call() -> None:
    echoes = three_echoes()
    call = echoes.slice(procs=0).echo.call_one(spec.WORD)
    observe("gives", type(call).__name__)
    observe("one", get(call))
    observe("all", type(get(echoes.echo.call(spec.WORD))).__name__)


def given_by_stream() -> None:
    echoes = three_echoes()
    call = echoes.echo.stream(spec.WORD)
    observe("gives", type(call).__name__)
    observe("one", get(next(call)))
    observe("all", type(get(next(call))).__name__)


def one_of_several_chosen() -> None:
    _chosen(three_echoes())


def one_of_the_free_chosen() -> None:
    """The control: the caller leaves the busy one out."""
    _chosen(three_echoes(), first=spec.HELD + 1)


def _chosen(echoes: Echo, first: int = 0) -> None:
    """How many of the calls went to the actor that could not answer."""
    among = echoes.slice(procs=slice(first, spec.ACTORS))
    calls = [among.who_when_let.choose() for _ in range(CALLS)]
    echoes.let.broadcast()
    picks = Counter(get(call) for call in calls)
    observe("to_the_busy_one", picks[spec.HELD])
    observe("actors_chosen", len(picks))


# --- Ports and streams ----------------------------------------------------


class Writer(Actor):
    @endpoint
    async def write(self, mailbox: Port[Any], value: object) -> None:
        mailbox.send(value)


def port_for_two_writers() -> None:
    echoes = three_echoes()
    port, mailbox = Channel[int].open()
    observe("types", [type(port).__name__, type(mailbox).__name__])
    before = len(members())
    echoes.slice(procs=slice(0, 2)).write.broadcast(port)
    observe("wrote", sorted(get(mailbox.recv()) for _ in range(2)))
    observe("processes", len(members()) - before)
    get(one(Writer).write.call_one(port, spec.WORD))
    observe("other_type", get(mailbox.recv()))
    moved = echoes.slice(procs=0).read.call_one
    observe("handed_on", spec.outcome(lambda: get(moved(mailbox))))
    observe("port_handed_on", spec.outcome(lambda: get(one(Writer).write.call_one(port, 0))))


def port_for_one_value() -> None:
    """The control: a port that is open for one message; a second one does not come."""
    port, mailbox = Channel[int].open(once=True)
    get(one(Writer).write.call_one(port, 0))
    first = get(mailbox.recv())
    observe("types", [type(port).__name__, type(mailbox).__name__])
    second = spec.outcome(lambda: mailbox.recv().get(timeout=spec.SHORT_PATIENCE))
    observe("wrote", [first, second])


def values_through_a_port() -> None:
    source = one(Source)
    port, receiver = Channel[int].open()
    call = source.stream.call_one(port)
    values = [get(receiver.recv()) for _ in range(spec.EARLY)]
    unfinished = spec.error_of(lambda: call.get(timeout=spec.SHORT_PATIENCE))
    observe("while_running", len(values) if isinstance(unfinished, TimeoutError) else 0)
    source.let.broadcast()
    observe("values", values + [get(receiver.recv()) for _ in range(spec.VALUES - spec.EARLY)])
    get(call)
    after = spec.outcome(lambda: receiver.recv().get(timeout=spec.SHORT_PATIENCE))
    observe("after_last", after)


def values_by_stream() -> None:
    """The control: ``stream`` gives one value of an actor, when its call has ended."""
    clerk = one(Clerk)
    replies = clerk.work.stream()
    first = next(replies)
    unfinished = spec.error_of(lambda: first.get(timeout=spec.SHORT_PATIENCE))
    observe("while_running", 0 if isinstance(unfinished, TimeoutError) else 1)
    clerk.let.broadcast()
    observe("values", [get(first)])
    observe("after_last", spec.outcome(lambda: next(replies)))


def reader_who_takes_nothing() -> None:
    eager = one(Source)
    port, _receiver = Channel[int].open()
    eager.let.broadcast()
    eager.stream.broadcast(port)
    observe("made", spec.settled(lambda: get(eager.counted.call_one()), spec.VALUES))


def reader_who_gives_credit() -> None:
    careful = one(Source)
    port, receiver = Channel[Any].open()
    call = careful.stream_on_credit.call_one(port)
    credit = get(receiver.recv())
    observe("made", spec.settled(lambda: get(careful.counted.call_one()), spec.BOUND))
    for _ in range(spec.VALUES):
        get(receiver.recv())
        credit.send(None)
    get(call)


def receive_given_up() -> None:
    """A receive runs out of patience; the next value comes, and a new receive asks for it."""
    port, receiver = Channel[str].open()
    given_up = receiver.recv()
    observe("gave_up", spec.outcome(lambda: given_up.get(timeout=spec.SHORT_PATIENCE)))
    get(one(Writer).write.call_one(port, spec.WORD))
    observe("next_receive", spec.outcome(lambda: receiver.recv().get(timeout=ENOUGH)))
    observe("same_receive", spec.outcome(lambda: get(given_up)))


def receive_waited_for_again() -> None:
    """The control: whoever asks the same future again gets the value."""
    port, receiver = Channel[str].open()
    receive = receiver.recv()
    observe("gave_up", spec.outcome(lambda: receive.get(timeout=spec.SHORT_PATIENCE)))
    get(one(Writer).write.call_one(port, spec.WORD))
    observe("next_receive", spec.outcome(lambda: get(receive)))


# --- Giving up, timeouts, concurrency -------------------------------------


class Desk(Actor):
    """Does one piece of work at a time, and reports what becomes of each."""

    def __init__(self, reports: Port[str]) -> None:
        self.reports = reports
        self.desk = asyncio.Lock()
        self.let_on = asyncio.Event()

    @concurrent_endpoint
    async def work(self, name: str) -> str:
        async with self.desk:
            self.reports.send(f"{name} began")
            await self.let_on.wait()
            self.reports.send(f"{name} ended")
        return name

    @concurrent_endpoint
    async def let(self) -> None:
        self.let_on.set()


def calls_given_up() -> None:
    """One call runs, one waits behind it; their caller waits for neither any longer."""
    reports, desk, first, second = _at_the_desk()
    for call in (first, second):
        with suppress(asyncio.TimeoutError):
            asyncio.run(awaited(call, spec.SHORT_PATIENCE))
    get(desk.slice(procs=0).let.call_one())
    heard = [get(reports.recv()) for _ in range(3)]
    observe("cancel", hasattr(first, "cancel"))
    observe("running_ended", "first ended" in heard)
    observe("queued_began", "second began" in heard)


def actor_stopped() -> None:
    """The control: the caller stops the actor."""
    reports, desk, first, second = _at_the_desk()
    get(desk.stop("given up"))
    errors = [spec.error_of(lambda call=call: get(call)) for call in (first, second)]  # type: ignore[misc]
    observe("cancel", [type(error).__name__ for error in errors])
    heard = spec.outcome(lambda: reports.recv().get(timeout=spec.SHORT_PATIENCE))
    observe("running_ended", heard == "first ended")
    observe("queued_began", heard == "second began")


def _at_the_desk() -> tuple[Any, Any, Future[str], Future[str]]:
    port, reports = Channel[str].open()
    desk = procs().spawn("desk", Desk, port)
    work = desk.slice(procs=0).work
    first, second = work.call_one("first"), work.call_one("second")
    assert get(reports.recv()) == "first began"
    return reports, desk, first, second


def waited_too_short() -> None:
    clerk = one(Clerk)
    call = clerk.work.call_one()
    error = spec.error_of(lambda: call.get(timeout=spec.SHORT_PATIENCE))
    observe("error", type(error).__name__)
    observe("is_timeout_error", isinstance(error, TimeoutError))
    clerk.let.broadcast()
    observe("reply_afterwards", spec.outcome(lambda: get(call)))
    observe("ran", get(clerk.counted.call_one()))


def waited_too_short_and_stopped() -> None:
    """The control: the actor is stopped meanwhile."""
    clerk = procs().spawn("clerk", Clerk)
    call = clerk.slice(procs=0).work.call_one()
    error = spec.error_of(lambda: call.get(timeout=spec.SHORT_PATIENCE))
    observe("error", type(error).__name__)
    observe("is_timeout_error", isinstance(error, TimeoutError))
    get(clerk.stop("given up"))
    observe("reply_afterwards", spec.outcome(lambda: get(call)))


class Crowd(Actor):
    """Counts how many of its calls are under way at once."""

    def __init__(self) -> None:
        self.inside = self.most = 0
        self.full = asyncio.Event()

    @concurrent_endpoint
    async def enter(self) -> None:
        await self.stay(spec.PATIENCE)

    @endpoint
    async def enter_alone(self) -> None:
        await self.stay(spec.SHORT_PATIENCE)

    async def stay(self, at_most: float) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        if self.inside == AT_ONCE:
            self.full.set()
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.full.wait(), at_most)
        self.inside -= 1

    @endpoint
    async def counted(self) -> int:
        return self.most


def concurrent_endpoints() -> None:
    crowd = one(Crowd)
    [get(call) for call in [crowd.enter.call_one() for _ in range(AT_ONCE)]]
    observe("at_once", get(crowd.counted.call_one()))


def plain_endpoints() -> None:
    crowd = one(Crowd)
    [get(call) for call in [crowd.enter_alone.call_one() for _ in range(AT_ONCE)]]
    observe("at_once", get(crowd.counted.call_one()))


# --- Processes, and who is on the path ------------------------------------


def processes_on_one_host() -> None:
    three_echoes()
    _what_runs(actors=spec.ACTORS)


def _what_runs(actors: int) -> None:
    """Which processes there are besides the program's and those that its actors live in."""
    holder = get(one(Seeker).find.call_one())
    observe("services", len(members()) - actors)
    observe("registry", "the program" if holder == os.getpid() else "another process")
    observe("runtime", _language(str(monarch._rust_bindings.__file__)))


class Registry(Actor):
    """There is one of it, known by its name."""

    @endpoint
    async def pid(self) -> int:
        return os.getpid()


class Seeker(Actor):
    @endpoint
    async def find(self) -> int:
        registry = await get_or_spawn_controller("registry", Registry)
        return await registry.pid.call_one()


def _language(library: str) -> str:
    """What a library was compiled from, by the mark that Rust's compiler leaves in it."""
    with open(library, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as bytes_:
        return "Rust" if bytes_.find(b"rustc version") >= 0 else "unknown"


@contextmanager
def two_hosts() -> Iterator[list[HostMesh]]:
    job = ProcessJob({"left": 1, "right": 1})
    try:
        state = job.state(cached_path=None)
        hosts = [state.left, state.right]
        yield hosts
        for host in hosts:
            get(host.shutdown())
    finally:
        job.kill()


def call_to_all_with_one_stopped() -> None:
    """A call to all, and one to the last actor alone, while the process of actor 1 stands still."""
    echoes = three_echoes()
    stopped = get(procs().spawn("talker", Talker).slice(procs=1).pid.call_one())
    (to_one, alone), (to_all, everybody) = Channel[int].open(), Channel[int].open()
    fault("SIGSTOP", "actor 1")
    with frozen(stopped):
        echoes.slice(procs=spec.ACTORS - 1).write.broadcast(to_one)
        observe("alone", get(alone.recv()))
        echoes.write.broadcast(to_all)
        replies = [everybody.recv() for _ in range(spec.ACTORS)]
        reached = [get(replies[0])]
        with suppress(TimeoutError):
            reached.append(replies[1].get(timeout=ENOUGH))
    observe("reached", sorted(reached))
    observe("in_the_end", sorted(get(reply) for reply in replies))


call_to_all_in_a_chain = call_to_all_with_one_stopped


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def talk_with_program_stopped() -> None:
    left, right = _two_talkers()
    observe("rounds", rounds(left, os.getpid(), left.chat.call_one(right, 0)))
    observe("large_rounds", rounds(left, os.getpid(), left.chat.call_one(right, spec.LARGE)))


def talk_with_peer_stopped() -> None:
    left, right = _two_talkers()
    peer = get(right.pid.call_one())
    observe("rounds", rounds(left, peer, left.chat.call_one(right, 0)))
    observe("large_rounds", rounds(left, peer, left.chat.call_one(right, spec.LARGE)))


def _two_talkers() -> tuple[Any, Any]:
    talkers = procs().spawn("talker", Talker)
    return talkers.slice(procs=0), talkers.slice(procs=1)


def hosts_with_program_stopped() -> None:
    """Between two other hosts; and from the host on which the program is to another one."""
    here, _ = _two_talkers()
    with two_hosts() as hosts:
        meshes = [host.spawn_procs(per_host={"procs": 1}) for host in hosts]
        left, right = (mesh.spawn("talker", Talker).slice(hosts=0, procs=0) for mesh in meshes)
        [get(talker.pid.call_one()) for talker in (left, right)]  # until they are there
        _what_runs(actors=spec.ACTORS + len(meshes))
        observe("rounds", spec.some(lambda: rounds(left, os.getpid(), left.chat.call_one(right, 0))))
        observe("from_here", rounds(here, os.getpid(), here.chat.call_one(left, 0)))
        for mesh in meshes:
            get(mesh.stop())


def processes_with_program_stopped() -> None:
    talker, _ = _two_talkers()
    observe("born", rounds(talker, os.getpid(), talker.make_processes.call_one(this_host())))


def actors_with_program_stopped() -> None:
    """The control: new actors in the process of the one who makes them."""
    talker, _ = _two_talkers()
    observe("born", rounds(talker, os.getpid(), talker.make_actors.call_one()))


# --- Who may connect ------------------------------------------------------


def sockets_by_default() -> None:
    three_echoes()
    _sockets()


def attached_without_secret() -> None:
    """A worker waits on TCP, and this program, which was given no secret, attaches to it."""
    address = f"tcp://127.0.0.1:{_free_port()}"
    enable_transport("tcp://127.0.0.1:0")
    with running():
        worker = subprocess.Popen([sys.executable, "-c", WORKER, address])
        try:
            host = attach_to_workers(ca="trust_all_connections", workers=[address])
            talker = host.spawn_procs(per_host={"procs": 1}).spawn("talker", Talker)
            (pid,) = get(talker.pid.call()).values()
            parents = [process.pid for process in psutil.Process(pid).parents()]
            observe("attached", "and ran" if worker.pid in parents else "but ran elsewhere")
            _sockets()
            get(host.shutdown())
        finally:
            worker.kill()
            worker.wait()


def attached_with_certificate() -> None:
    """The control; it is refused before anybody is asked."""
    address = f"tcp://127.0.0.1:{_free_port()}"
    attach = spec.outcome(lambda: attach_to_workers(ca=b"a certificate", workers=[address]))
    observe("attached", attach)


def _sockets() -> None:
    """The internet and unix addresses of the program and of all processes below it."""
    family = [psutil.Process(), *members()]
    internet = [each.laddr.ip for process in family for each in process.net_connections("inet")]
    unix = [each.laddr for process in family for each in process.net_connections("unix") if each.laddr]
    observe("internet", sorted(set(internet)))
    observe("unix", len(unix) > 0)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


# --- An error that nobody waits for ---------------------------------------


def error_in_broadcast() -> None:
    _error(waited_for=False)


def error_in_call() -> None:
    _error(waited_for=True)


def _error(waited_for: bool) -> None:
    # A failure that no actor handles ends at the root, whose default is to interrupt the program.
    failures: list[monarch.actor.MeshFailure] = []
    monarch.actor.unhandled_fault_hook = failures.append
    unlucky = this_host().spawn_procs().spawn("unlucky", Echo)
    get(unlucky.who.call_one())
    if waited_for:
        observe("caller", spec.outcome(lambda: get(unlucky.stumble.call_one())))
    else:
        unlucky.stumble.broadcast()
        spec.until(lambda: bool(failures))
    observe("told", len(failures) > 0)
    observe("survived", spec.error_of(lambda: get(unlucky.who.call_one())) is None)
