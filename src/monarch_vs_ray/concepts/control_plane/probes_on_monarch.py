"""What the claims on the control plane rest on, on Monarch: one function puts one thing to the test.

Actors are those of ``on_monarch.py`` and ``subjects_on_monarch.py``. Most probes share three processes.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from typing import Any

import monarch.actor
from monarch.actor import Channel, Future, this_host

from monarch_vs_ray.concepts.control_plane import spec
from monarch_vs_ray.concepts.control_plane.on_monarch import Clerk, Echo, Source, awaited, get
from monarch_vs_ray.concepts.control_plane.probe_tools import AT_ONCE, CALLS
from monarch_vs_ray.concepts.control_plane.probes_of_paths_on_monarch import (  # noqa: F401 - they are found here
    actors_with_program_stopped,
    attached_with_certificate,
    attached_without_secret,
    call_to_all_in_a_chain,
    call_to_all_with_one_stopped,
    hosts_with_program_stopped,
    processes_on_one_host,
    processes_with_program_stopped,
    sockets_by_default,
    talk_with_peer_stopped,
    talk_with_program_stopped,
)
from monarch_vs_ray.concepts.control_plane.subjects_on_monarch import (
    Crowd,
    Writer,
    at_the_desk,
    one,
    procs,
    three_echoes,
)
from monarch_vs_ray.concepts.control_plane.subjects_on_monarch import session as session
from monarch_vs_ray.engines.family import members
from monarch_vs_ray.side import observe

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
    new = receiver.recv()
    observe("same_receive", spec.outcome(lambda: get(given_up)))
    observe("next_receive", spec.outcome(lambda: new.get(timeout=spec.SHORT_PATIENCE)))


def receive_waited_for_again() -> None:
    """The control: whoever asks the same future again gets the value."""
    port, receiver = Channel[str].open()
    receive = receiver.recv()
    observe("gave_up", spec.outcome(lambda: receive.get(timeout=spec.SHORT_PATIENCE)))
    get(one(Writer).write.call_one(port, spec.WORD))
    observe("next_receive", spec.outcome(lambda: get(receive)))


# --- Giving up, timeouts, concurrency -------------------------------------


def calls_given_up() -> None:
    """One call runs, one waits behind it; their caller waits for neither any longer."""
    reports, desk, first, second = at_the_desk()
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
    reports, desk, first, second = at_the_desk()
    get(desk.stop("given up"))
    errors = [spec.error_of(lambda call=call: get(call)) for call in (first, second)]  # type: ignore[misc]
    observe("cancel", [type(error).__name__ for error in errors])
    heard = spec.outcome(lambda: reports.recv().get(timeout=spec.SHORT_PATIENCE))
    observe("running_ended", heard == "first ended")
    observe("queued_began", heard == "second began")


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


def concurrent_endpoints() -> None:
    crowd = one(Crowd)
    [get(call) for call in [crowd.enter.call_one() for _ in range(AT_ONCE)]]
    observe("at_once", get(crowd.counted.call_one()))


def plain_endpoints() -> None:
    crowd = one(Crowd)
    [get(call) for call in [crowd.enter_alone.call_one() for _ in range(AT_ONCE)]]
    observe("at_once", get(crowd.counted.call_one()))


# --- An error that nobody waits for ---------------------------------------


def error_in_broadcast() -> None:
    """In a process of its own, for afterwards no actor can be made in it any more."""
    failures = _failures()
    unlucky = this_host().spawn_procs().spawn("unlucky", Echo)
    get(unlucky.who.call_one())
    unlucky.stumble.broadcast()
    spec.until(lambda: bool(failures))
    observe("told", len(failures) > 0)
    observe("survived", spec.error_of(lambda: get(unlucky.who.call_one())) is None)


def error_in_call() -> None:
    """The control."""
    failures = _failures()
    unlucky = one(Echo)
    observe("caller", spec.outcome(lambda: get(unlucky.stumble.call_one())))
    observe("told", len(failures) > 0)
    observe("survived", spec.error_of(lambda: get(unlucky.who.call_one())) is None)


def _failures() -> list[monarch.actor.MeshFailure]:
    """Where failures go that no actor handles; by default they interrupt the program."""
    failures: list[monarch.actor.MeshFailure] = []
    monarch.actor.unhandled_fault_hook = failures.append
    return failures
