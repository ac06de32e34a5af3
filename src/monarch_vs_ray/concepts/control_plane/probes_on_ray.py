"""What the claims on the control plane rest on, on Ray: one function puts one thing to the test.

Actors and helpers are those of ``on_ray.py`` where they fit. ``python -m`` with this file's name starts Ray
as it starts by itself, and tells who may connect to it.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from typing import Any

import grpc  # type: ignore[import-untyped]
import psutil
import ray
from ray.cluster_utils import Cluster
from ray.core.generated import gcs_service_pb2, gcs_service_pb2_grpc
from ray.util import ActorPool
from ray.util.queue import Queue

from monarch_vs_ray.concepts.control_plane import spec
from monarch_vs_ray.concepts.control_plane.on_ray import Echo, Source, get, is_worker, names, take
from monarch_vs_ray.engines.family import members, wait_until_gone
from monarch_vs_ray.engines.ray import STOP_SECONDS, start, stop, write_token
from monarch_vs_ray.side import Unavailable, fault, observe

CALLS = 60
"""So many random choices that none of three actors is left out, nor is chosen once only."""
AT_ONCE = 3
ENOUGH = 3.0
"""Seconds in which what is not prevented has long happened."""
CROWD = 2
HTTP2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
"""How a client of HTTP/2, on which gRPC rests, begins: the preface and a frame of settings."""
SETTINGS = 4
JOIN = """
import sys, psutil, ray
ray.init(address=sys.argv[1], logging_level="ERROR", log_to_driver=False)
worker = type(ray._private.worker.global_worker.core_worker).__name__
print(worker, *sorted(process.name() for process in psutil.Process().children(recursive=True)))
"""


@ray.remote(num_cpus=0)
class Member(Echo.__ray_metadata__.modified_class):  # type: ignore[name-defined]
    """An Echo that can be held back again, and looks other actors up by their names."""

    async def hold(self) -> None:
        self.let_on.clear()

    async def seek(self, name: str) -> list[float]:
        async def look() -> None:
            ray.get_actor(name)
            await asyncio.sleep(0)

        found: list[float] = await self.repeat(look)
        return found


@ray.remote(num_cpus=0, concurrency_groups={"desk": 1, "crowd": CROWD, "window": 1})
class Desk:
    """Does one piece of work at a time, and keeps what became of each; each group has an event loop."""

    def __init__(self) -> None:
        self.let_on = threading.Event()
        self.renewed()

    @ray.method(concurrency_group="window")
    def renewed(self) -> None:
        self.let_on.clear()
        self.reports: list[str] = []
        self.inside = self.most = 0

    @ray.method(concurrency_group="desk")
    async def work(self, name: str) -> str:
        self.reports.append(f"{name} began")
        await self.until_let()
        self.reports.append(f"{name} ended")
        return name

    async def enter(self) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        await self.until_let()
        self.inside -= 1

    async def until_let(self) -> None:
        while not self.let_on.is_set():
            await asyncio.sleep(0.01)

    @ray.method(concurrency_group="window")
    async def let(self) -> None:
        self.let_on.set()

    @ray.method(concurrency_group="window")
    async def heard(self) -> list[str]:
        return self.reports

    @ray.method(concurrency_group="window")
    async def most_at_once(self) -> int:
        return self.most


@ray.remote(num_cpus=0, concurrency_groups={"desk": 1, "window": 1})
class ThreadedDesk:
    """The same on threads; its work may ask whether it has been cancelled."""

    def __init__(self) -> None:
        self.let_on = threading.Event()
        self.renewed()

    @ray.method(concurrency_group="window")
    def renewed(self) -> None:
        self.let_on.clear()
        self.reports: list[str] = []

    @ray.method(concurrency_group="desk")
    def work(self, name: str) -> str:
        self.reports.append(f"{name} began")
        self.let_on.wait(spec.PATIENCE)
        asked = ray.get_runtime_context().is_canceled()
        self.reports.append(f"{name} ended{', cancelled' if asked else ''}")
        return name

    @ray.method(concurrency_group="window")
    def let(self) -> None:
        self.let_on.set()

    @ray.method(concurrency_group="window")
    def heard(self) -> list[str]:
        return self.reports


@ray.remote(num_cpus=0, concurrency_groups={"tap": 1, "window": 1})
class Fountain:
    """Pours out values, and can be asked how many it has made."""

    def __init__(self) -> None:
        self.made = 0

    @ray.method(concurrency_group="tap")
    def pour(self) -> Iterator[int]:
        for value in range(spec.VALUES):
            self.made += 1
            yield value

    @ray.method(concurrency_group="window")
    def renewed(self) -> None:
        self.made = 0

    @ray.method(concurrency_group="window")
    def counted(self) -> int:
        return self.made


@cache
def echoes() -> list[Any]:
    """The actors that most probes ask; to make an actor takes Ray a process."""
    return [Member.options(name=f"echo {number}").remote(number) for number in range(spec.ACTORS)]


@cache
def made(kind: Any) -> Any:
    return kind.remote()


def renewed(kind: Any) -> Any:
    """The one desk of this kind, as if new."""
    get(made(kind).renewed.remote())
    return made(kind)


@cache
def mailbox() -> Queue:
    return Queue(actor_options={"num_cpus": 0})


# --- Ways to send ---------------------------------------------------------


def sent_with_remote() -> None:
    """What a handle's method offers, and what a plain call of it gives."""
    method = echoes()[0].tell
    observe("verbs", [name for name in ("remote", *MONARCHS) if hasattr(method, name)])
    ref = method.remote()
    observe("given", type(ref).__name__)
    get(ref)


MONARCHS = ("call_one", "call", "stream", "broadcast", "choose")


def sent_without_reference() -> None:
    """The option by which a call gives nothing."""
    before = get([echo.counted.remote() for echo in echoes()])
    given = [echo.tell.options(num_returns=0).remote() for echo in echoes()]
    observe("given", type(given[0]).__name__)
    after = get([echo.counted.remote() for echo in echoes()])
    observe("told", [now - then for now, then in zip(after, before, strict=True)])


def sent_and_reference_dropped() -> None:
    before = get([echo.counted.remote() for echo in echoes()])
    given = [echo.tell.remote() for echo in echoes()]
    observe("given", type(given[0]).__name__)
    del given
    after = get([echo.counted.remote() for echo in echoes()])
    observe("told", [now - then for now, then in zip(after, before, strict=True)])


def given_by_call() -> None:
    call = echoes()[0].echo.remote(spec.WORD)
    observe("gives", type(call).__name__)
    observe("value", get(call))


def given_by_generator() -> None:
    """The control: a method that is a generator."""
    call = renewed(Fountain).pour.remote()
    observe("gives", type(call).__name__)
    observe("value", get(next(call)))


def pool_with_one_busy() -> None:
    """Actor 0 cannot answer; how many of the pool's calls went to it."""
    get(echoes()[spec.HELD].hold.remote())
    pool = ActorPool(echoes())
    for _ in range(CALLS):
        pool.submit(lambda echo, _: echo.who_when_let.remote(), None)
    answers = [pool.get_next_unordered(timeout=spec.PATIENCE) for _ in range(CALLS - 1)]
    get(echoes()[spec.HELD].let.remote())
    _picks([*answers, pool.get_next_unordered(timeout=spec.PATIENCE)])


def random_with_one_busy() -> None:
    """The control: an actor chosen at random for each call."""
    get(echoes()[spec.HELD].hold.remote())
    calls = [random.choice(echoes()).who_when_let.remote() for _ in range(CALLS)]
    get(echoes()[spec.HELD].let.remote())
    _picks(get(calls))


def _picks(answers: list[int]) -> None:
    picks = Counter(answers)
    observe("to_the_busy_one", picks[spec.HELD])
    observe("actors_chosen", len(picks))


# --- References, streams, mailboxes ---------------------------------------


@ray.remote(num_cpus=0)
class Holder:
    """Makes an object, or hands on one that somebody else has made."""

    def make(self) -> list[Any]:
        return [ray.put(bytes(spec.LARGE))]

    def hand_on(self, refs: list[Any]) -> list[Any]:
        return refs


def object_of_a_dead_owner() -> None:
    holder = Holder.remote()
    _after_the_death_of(holder, get(holder.make.remote()), spec.PATIENCE)


def object_of_a_living_owner() -> None:
    """The control: the program made it; the actor that dies has only handed it on."""
    holder = Holder.remote()
    _after_the_death_of(holder, get(holder.hand_on.remote([ray.put(bytes(spec.LARGE))])), ENOUGH)


def _after_the_death_of(holder: Any, refs: list[Any], seconds: float) -> None:
    fault("ray.kill", "the actor that the object came from")
    ray.kill(holder)
    observe("reference", type(refs[0]).__name__)
    spec.until(lambda: spec.error_of(lambda: get(refs[0])) is not None, seconds)
    observe("object", spec.outcome(lambda: f"{len(get(refs[0]))} bytes"))


def queue_for_two_writers() -> None:
    get([echo.write.remote(mailbox()) for echo in echoes()[:2]])
    observe("wrote", sorted(mailbox().get(timeout=spec.PATIENCE) for _ in range(2)))
    known = {os.getpid(), *get([echo.pid.remote() for echo in echoes()])}
    holder = get(mailbox().actor.__ray_call__.remote(lambda actor: os.getpid()))
    observe("processes", len({holder} - known))
    reading = echoes()[0].read.remote(mailbox())
    get(echoes()[1].write.remote(mailbox()))
    observe("handed_on", spec.outcome(lambda: f"reads {get(reading)}"))


def generator_for_two_readers() -> None:
    """The control: the reader's end of a generator cannot be handed on."""
    stream = renewed(Fountain).pour.remote()
    observe("handed_on", spec.outcome(lambda: get(echoes()[0].echo.remote(stream))))


def taken_by_wait() -> None:
    """One actor is held back; the replies of the others are taken before it is let go."""
    get(echoes()[spec.HELD].hold.remote())
    calls = [echo.who_when_let.remote() for echo in echoes()]
    early, held = ray.wait(calls, num_returns=spec.ACTORS - 1, timeout=spec.PATIENCE)
    observe("early", sorted(get(early)))
    get(echoes()[spec.HELD].let.remote())
    observe("late", get(held))


def taken_by_get() -> None:
    """The control: one ray.get for all replies."""
    get(echoes()[spec.HELD].hold.remote())
    calls = [echo.who_when_let.remote() for echo in echoes()]
    early = spec.error_of(lambda: ray.get(calls, timeout=spec.SHORT_PATIENCE))
    observe("early", [] if isinstance(early, TimeoutError) else get(calls))
    get(echoes()[spec.HELD].let.remote())
    observe("late", get(calls))


def values_of_a_generator() -> None:
    source = Source.remote()
    stream = source.stream.remote()
    values = asyncio.run(asyncio.wait_for(take(stream, spec.EARLY), spec.PATIENCE))
    ended, _ = ray.wait([stream.completed()], timeout=spec.SHORT_PATIENCE)
    observe("while_running", 0 if ended else len(values))
    observe("given", type(stream).__name__)
    get(source.let.remote())
    values += asyncio.run(asyncio.wait_for(take(stream, spec.VALUES), spec.PATIENCE))
    observe("values", values)
    observe("after_last", spec.outcome(lambda: next(stream)))


def value_of_a_plain_call() -> None:
    """The control: a method that returns; nothing can be had of it before it has ended."""
    desk = renewed(Desk)
    call = desk.work.remote("first")
    early, _ = ray.wait([call], timeout=spec.SHORT_PATIENCE)
    observe("while_running", len(early))
    observe("given", type(call).__name__)
    get(desk.let.remote())
    observe("values", [get(call)])
    observe("after_last", spec.outcome(lambda: get(call)))


def reader_who_takes_nothing() -> None:
    _unread()


def reader_with_back_pressure() -> None:
    _unread(_generator_backpressure_num_objects=spec.BOUND)


def _unread(**options: Any) -> None:
    fountain = renewed(Fountain)
    stream = fountain.pour.options(**options).remote()
    expected = spec.BOUND if options else spec.VALUES
    observe("made", spec.settled(lambda: get(fountain.counted.remote()), expected))
    observe("in_the_end", len([get(ref) for ref in stream]))


def receive_given_up() -> None:
    """A receive runs out of patience; the next value comes, and a new receive asks for it."""
    observe("gave_up", spec.outcome(lambda: mailbox().get(timeout=spec.SHORT_PATIENCE)))
    mailbox().put(spec.WORD)
    observe("next_receive", spec.outcome(lambda: mailbox().get(timeout=spec.PATIENCE)))


def receive_by_an_abandoned_call() -> None:
    """The control: the wait for a call of the queue's actor is given up, not the receive in it."""
    call = mailbox().actor.get.remote()
    observe("gave_up", spec.outcome(lambda: ray.get(call, timeout=spec.SHORT_PATIENCE)))
    mailbox().put(spec.WORD)
    observe("next_receive", spec.outcome(lambda: mailbox().get(timeout=spec.SHORT_PATIENCE)))


# --- Giving up, timeouts, concurrency -------------------------------------


def queued_call_cancelled() -> None:
    _queued(cancel=True)


def queued_call_not_cancelled() -> None:
    _queued(cancel=False)


def _queued(cancel: bool) -> None:
    """One call runs, one waits behind it, and the latter is cancelled."""
    desk, first = _at_the_desk(ThreadedDesk)
    second = desk.work.remote("second")
    get(desk.heard.remote())  # sent after it, so the second call has reached the actor
    if cancel:
        ray.cancel(second)
        ray.wait([second], timeout=spec.SHORT_PATIENCE)  # the cancellation gets time to travel
    get(desk.let.remote())
    get(first)
    observe("caller_gets", spec.outcome(lambda: get(second)))
    observe("queued_began", "second began" in get(desk.heard.remote()))


def running_call_cancelled() -> None:
    _running(Desk)


def running_threaded_call_cancelled() -> None:
    """The control: a call on a thread is told, and goes on."""
    _running(ThreadedDesk)


def _running(kind: Any) -> None:
    desk, call = _at_the_desk(kind)
    ray.cancel(call)
    with suppress(TimeoutError, ray.exceptions.TaskCancelledError):
        ray.get(call, timeout=2 * spec.SHORT_PATIENCE)  # the cancellation gets time to travel
    get(desk.let.remote())
    observe("caller_gets", spec.outcome(lambda: get(call)))
    heard = get(desk.heard.remote())
    observe("running_ended", any(report.startswith("first ended") for report in heard))
    observe("was_told", "first ended, cancelled" in heard)


def _at_the_desk(kind: Any) -> tuple[Any, Any]:
    desk = renewed(kind)
    first = desk.work.remote("first")
    if not spec.until(lambda: get(desk.heard.remote()) == ["first began"]):
        raise TimeoutError("the first call did not begin")
    return desk, first


def waited_too_short() -> None:
    _too_short(cancel=False)


def waited_too_short_and_cancelled() -> None:
    """The control: the call is cancelled meanwhile."""
    _too_short(cancel=True)


def _too_short(cancel: bool) -> None:
    desk, call = _at_the_desk(Desk)
    error = spec.error_of(lambda: ray.get(call, timeout=spec.SHORT_PATIENCE))
    observe("error", type(error).__name__)
    observe("is_timeout_error", isinstance(error, TimeoutError))
    if cancel:
        ray.cancel(call)
        observe("reply_afterwards", spec.outcome(lambda: get(call)))
    get(desk.let.remote())
    observe("reply_afterwards", spec.outcome(lambda: get(call)))
    observe("ran", get(desk.heard.remote()).count("first ended"))


def calls_in_a_group() -> None:
    _at_once(concurrency_group="crowd")


def calls_in_the_default_group() -> None:
    """The control: an async actor, without a group for the calls."""
    _at_once()


def _at_once(**options: Any) -> None:
    desk = renewed(Desk)
    calls = [desk.enter.options(**options).remote() for _ in range(AT_ONCE)]
    observe("at_once", spec.settled(lambda: get(desk.most_at_once.remote()), CROWD))
    get(desk.let.remote())
    get(calls)


# --- Processes, and who is on the path ------------------------------------


def tiers_of_the_first_program() -> None:
    echoes()
    worker = type(ray._private.worker.global_worker.core_worker).__name__
    observe("tiers", _tiers([worker, *names().values()]))
    observe("other_processes", sum(not is_worker(name) for name in names().values()) - 2)


def tiers_of_a_second_program() -> None:
    """The control: what joins is served by the GCS and the raylet that are there."""
    joined = _join()
    observe("tiers", _tiers(joined.split()))


def _tiers(names_: list[str]) -> list[str]:
    return [tier for tier in ("gcs_server", "raylet", "CoreWorker") if tier in names_]


def _join() -> str:
    command = [sys.executable, "-c", JOIN, ray.get_runtime_context().gcs_address]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=50).stdout


def _service(name: str) -> psutil.Process:
    return next(process for process in members() if process.name() == name)


def names_with_gcs_stopped() -> None:
    _names("the GCS", _service("gcs_server").pid)
    _redis()


def names_with_program_stopped() -> None:
    """The control."""
    _names("the program", os.getpid())


def _names(who: str, pid: int) -> None:
    seeker = echoes()[0]
    observe("found", _rounds(seeker, who, pid, talk=seeker.seek.remote("echo 1")))


def _knows_redis(gcs: psutil.Process) -> bool:
    return any(argument.startswith("--redis_address=") for argument in gcs.cmdline())


def _redis() -> None:
    """A second GCS is told of a Redis, which here is only an ear: whom does it speak to, and in what way?"""
    gcs = _service("gcs_server")
    observe("redis_by_default", _knows_redis(gcs))
    with socket.create_server(("127.0.0.1", 0)) as ear:
        ear.settimeout(spec.PATIENCE)
        told = ["--redis_address=127.0.0.1", f"--redis_port={ear.getsockname()[1]}"]
        with open(os.devnull, "w") as null:
            second = subprocess.Popen([*gcs.cmdline(), *told], env=gcs.environ(), stdout=null, stderr=null)
        try:
            caller, _ = ear.accept()
            with caller:
                observe("redis_if_told", caller.recv(1024).startswith(b"*"))
        finally:
            second.kill()
            second.wait()


def connection_of_two_who_talk() -> None:
    """A TCP connection between two actors' processes, and what the one that listens answers to HTTP/2."""
    one, other, _ = get([echo.pid.remote() for echo in echoes()])
    talk = echoes()[0].chat.remote(echoes()[1], 0)
    get(echoes()[0].under_way.remote())
    observe("connections", _connections(one, other))
    get(echoes()[0].hush.remote())
    get(talk)
    with socket.create_connection(("127.0.0.1", _listening(other)[0].port), timeout=spec.PATIENCE) as line:
        line.sendall(HTTP2)
        observe("http2", line.recv(9)[3] == SETTINGS)


def connection_of_two_who_do_not() -> None:
    """The control: two actors of which neither has called the other."""
    one, _, silent = get([echo.pid.remote() for echo in echoes()])
    observe("connections", _connections(one, silent))


def _listening(pid: int) -> list[Any]:
    connections = psutil.Process(pid).net_connections("tcp")
    return [each.laddr for each in connections if each.status == psutil.CONN_LISTEN]


def _connections(one: int, other: int) -> int:
    ends = [
        {(each.laddr, each.raddr) for each in psutil.Process(pid).net_connections("tcp") if each.raddr}
        for pid in (one, other)
    ]
    return len(ends[0] & {(there, here) for here, there in ends[1]})


def talk_with_program_stopped() -> None:
    _talk("the program", os.getpid())


def talk_with_peer_stopped() -> None:
    _talk("an actor", get(echoes()[1].pid.remote()))


def talk_with_gcs_stopped() -> None:
    _talk("the GCS", _service("gcs_server").pid)


def talk_with_raylet_stopped() -> None:
    _talk("the raylet", _service("raylet").pid)


def talk_with_services_stopped() -> None:
    """All processes but the program's and the actors'."""
    services = [pid for pid, name in names().items() if not is_worker(name)]
    observe("services", len(services))
    _talk("all of Ray's services", *services)


def _talk(who: str, *pids: int) -> None:
    """Round trips of two actors meanwhile: small ones, and such as go through the object store."""
    one, other, _ = echoes()
    observe("rounds", _rounds(one, who, *pids, talk=one.chat.remote(other, 0)))
    observe("large_rounds", _rounds(one, who, *pids, talk=one.chat.remote(other, spec.LARGE)))


def _rounds(actor: Any, who: str, *pids: int, talk: Any) -> int:
    get(actor.under_way.remote())
    fault("SIGSTOP", who)
    window = spec.freeze(*pids)
    get(actor.hush.remote())
    return spec.inside(get(talk), window)


def nodes_with_services_stopped() -> None:
    """Two actors on two nodes; the GCS and both raylets stand still. Starts its own cluster."""
    write_token()
    cluster = Cluster(shutdown_at_exit=False)
    try:
        for node in ("left", "right"):
            cluster.add_node(num_cpus=1, resources={node: 1}, object_store_memory=STORE, wait=False)
        start(
            address=cluster.address,
            num_cpus=None,
            object_store_memory=None,
            include_dashboard=None,
            _temp_dir=None,
        )
        left, right = (Echo.options(num_cpus=0, resources={node: 1}).remote(0) for node in ("left", "right"))
        hosts = {get(echo.__ray_call__.remote(_node_of)) for echo in (left, right)}
        services = [pid for pid, name in names().items() if name in ("gcs_server", "raylet")]
        observe("nodes", len(hosts))
        observe("services", len(services))
        observe(
            "rounds", _rounds(left, "the GCS and both raylets", *services, talk=left.chat.remote(right, 0))
        )
    finally:
        family = members()
        ray.shutdown()
        cluster.shutdown()
        wait_until_gone(family, "Ray", STOP_SECONDS)


STORE = 128 * 1024 * 1024


def _node_of(actor: object) -> str:
    return str(ray.get_runtime_context().get_node_id())


def actors_made_with_gcs_stopped() -> None:
    """An actor makes others all the time; for a while the GCS stands still."""
    maker, making = _maker()
    fault("SIGSTOP", "the GCS")
    window = spec.freeze(_service("gcs_server").pid, at_least=ENOUGH)
    get(maker.hush.remote())
    moments = get(making)
    observe("born", spec.inside(moments, window) > 0)
    observe("born_afterwards", moments[-1] > window[1])


def actors_made_with_gcs_going() -> None:
    """The control."""
    maker, making = _maker()
    get(maker.hush.remote())
    observe("born", len(get(making)) > 0)


def _maker() -> tuple[Any, Any]:
    maker = echoes()[2]
    making = maker.make_actors.remote()
    get(maker.under_way.remote())  # the first one is made
    return maker, making


# --- Who may connect ------------------------------------------------------


def sockets_as_started_here() -> None:
    echoes()
    observe("listening", _listening_addresses())


def sockets_as_started_plainly() -> None:
    """Ray in a program of its own, without any setting of ours but the folders it may write to.

    It listens on all addresses, so it gets a network of its own, in which nobody else is.
    """
    told = _plainly()
    observe("listening", told["listening"])
    observe("without_token", told["without_token"])


def _plainly() -> dict[str, Any]:
    ours = (
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER",
        "RAY_AUTH_MODE",
        "RAY_AUTH_TOKEN_PATH",
        "RAY_worker_niceness",
    )
    home = {"HOME": os.environ.get("TMPDIR", tempfile.gettempdir())}  # Ray puts a new token there
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    program = [sys.executable, "-m", "monarch_vs_ray.concepts.control_plane.probes_on_ray"]
    command = [*_in_a_network_of_its_own(), *program]
    done = subprocess.run(
        command, env={**environment, **home}, stdout=subprocess.PIPE, text=True, check=True, timeout=50
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _in_a_network_of_its_own() -> list[str]:
    """What a command is begun with, so that it sees loopback and one outer address, and nobody sees it."""
    tools = ["unshare", "ip"]
    if not all(map(shutil.which, tools)) or subprocess.run(["unshare", "-rn", "true"]).returncode:
        raise Unavailable("needs a network namespace of its own (unshare, ip)")
    outer = "192.0.2.1"  # one of those that are set apart for documentation: RFC 5737
    commands = (
        "ip link set lo up",
        f"ip address add {outer}/32 dev lo",
        f"ip route add default dev lo src {outer}",
        'exec "$@"',
    )
    return ["unshare", "-rn", "sh", "-ec", "\n".join(commands), "sh"]


def main() -> None:
    """Start Ray plainly, tell who may connect, and stop it."""
    ray.init(address="local", num_cpus=1, log_to_driver=False, _temp_dir=os.environ.get("MVR_RUN_DIR"))
    told = {"listening": _listening_addresses(), "without_token": _ask_gcs()}
    stop()
    print(json.dumps(told))


def _listening_addresses() -> list[str]:
    """What the program and all processes below it listen on: loopback, or any other address."""
    family = [psutil.Process(), *members()]
    found = {address.ip.removeprefix("::ffff:") for each in family for address in _listening(each.pid)}
    return sorted({"loopback" if ipaddress.ip_address(ip).is_loopback else "other" for ip in found})


def asked_with_token() -> None:
    """The control."""
    with open(os.environ["RAY_AUTH_TOKEN_PATH"]) as file:
        observe("without_token", _ask_gcs(("authorization", f"Bearer {file.read()}")))


def _ask_gcs(*metadata: tuple[str, str]) -> str:
    """What the GCS answers to somebody who asks for its nodes."""
    with grpc.insecure_channel(ray.get_runtime_context().gcs_address) as channel:
        nodes = gcs_service_pb2_grpc.NodeInfoGcsServiceStub(channel)
        request = gcs_service_pb2.GetAllNodeInfoRequest()
        try:
            reply = nodes.GetAllNodeInfo(request, metadata=metadata, timeout=spec.PATIENCE)
        except grpc.RpcError as error:
            return str(error.code().name)
    return f"{len(reply.node_info_list)} node"


# --- An error that nobody waits for ---------------------------------------


def error_unheard() -> None:
    unlucky = echoes()[2]
    given = unlucky.stumble.options(num_returns=0).remote()
    observe("told", given is not None)
    observe("survived", spec.error_of(lambda: get(unlucky.who.remote())) is None)


def error_waited_for() -> None:
    """The control: with a reference, whoever gets it is told."""
    unlucky = echoes()[2]
    call = unlucky.stumble.remote()
    observe("told", isinstance(spec.error_of(lambda: get(call)), ValueError))
    observe("survived", spec.error_of(lambda: get(unlucky.who.remote())) is None)


if __name__ == "__main__":
    main()
