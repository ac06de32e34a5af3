"""Ways to send, streams, mailboxes, and giving up, in Monarch.

An endpoint has a verb for each way to send. A port is a value that can be handed to anybody, and carries many
values while a call still runs. Most experiments share three processes.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress
from typing import Any

from monarch.actor import Channel, Future, this_host

from monarch_vs_ray.concepts.control_plane import inputs
from monarch_vs_ray.concepts.control_plane.monarch.actors import Crowd, Desk, Echo, Inbox, Source
from monarch_vs_ray.concepts.control_plane.monarch.meshes import one, procs, three_echoes
from monarch_vs_ray.engines.family import members
from monarch_vs_ray.instruments.flags import Tally
from monarch_vs_ray.instruments.monarch import finishes, get
from monarch_vs_ray.instruments.outcome import error_type, outcome
from monarch_vs_ray.instruments.wait import PATIENCE, happens, settled, wait_for
from monarch_vs_ray.side import observe

# --- Ways to send ---------------------------------------------------------


def ways_to_send(actors: int = inputs.ACTORS) -> None:
    """Send by each verb to a mesh; count the actors that ran it. call_one is for one actor."""
    echoes = three_echoes().slice(procs=slice(0, actors))
    ways = {"call_one": echoes.slice(procs=0).add.call_one}
    ways |= {verb: getattr(echoes.add, verb) for verb in ("call", "stream", "broadcast", "choose")}
    returned, reached, before = {}, {}, 0
    for verb, send in ways.items():
        sent, result = time.monotonic_ns(), send()
        for future in (result,) if isinstance(result, Future) else result or ():
            get(future)
        inputs.show_message(verb, sent, answered=result is not None)
        returned[verb] = type(result).__name__
        after = sum(get(echoes.added.call()).values())
        reached[verb], before = after - before, after
    observe("reached", reached)
    observe("returned", returned)


def message_without_reply() -> None:
    """Send by broadcast."""
    message(lambda echoes: echoes.add.broadcast())


def message_with_reply() -> None:
    """Send by call, and drop what it returns."""
    message(lambda echoes: echoes.add.call())


def message(send: Callable[[Echo], object]) -> None:
    """Observe what sending returned, and how many times each actor ran it in the end."""
    echoes = three_echoes()
    observe("returned", type(send(echoes)).__name__)
    total = settled(lambda: sum(get(echoes.added.call()).values()), inputs.ACTORS, inputs.WINDOW)
    observe("ran", list(get(echoes.added.call()).values()))
    observe("ran_in_all", total)


def replies_as_they_come() -> None:
    """Hold one actor back, and take the replies of the others before it is let on: stream."""
    echoes = three_echoes()
    replies = echoes.rank_once_let.stream()
    early = [get(next(replies)) for _ in range(inputs.ACTORS - 1)]
    echoes.let.broadcast()
    observe("early", sorted(early))
    observe("late", [get(reply) for reply in replies])


def replies_all_at_once() -> None:
    """Do the same with call, which returns one future for all replies."""
    echoes = three_echoes()
    call = echoes.rank_once_let.call()
    early = finishes(call, inputs.WINDOW)
    echoes.let.broadcast()
    observe("early", sorted(get(call).values()) if early else [])
    observe("late", sorted(get(call).values()))


def iteration_of_replies() -> None:
    """Read a stream with `for`, and try to read it with `async for`."""
    observe_iteration(lambda replies: replies)


def iteration_of_awaited_replies() -> None:
    """Read it with `async for` through a generator that awaits each future."""

    async def awaited(replies: Iterable[Any]) -> AsyncIterator[int]:
        for reply in replies:
            yield await reply

    observe_iteration(awaited)


def observe_iteration(as_async: Callable[[Any], Any]) -> None:
    """Observe how many replies `for` and `async for` read."""

    async def read(replies: Any) -> int:
        return len([reply async for reply in as_async(replies)])

    echoes = three_echoes()
    observe("read_with_for", len([get(reply) for reply in echoes.added.stream()]))
    observe("read_with_async_for", outcome(lambda: asyncio.run(read(echoes.added.stream()))))


def result_of_a_call() -> None:
    """Call one actor and all, and look at what a call returns and what its ``get`` returns."""
    echoes = three_echoes()
    call = echoes.slice(procs=0).echo.call_one(inputs.WORD)
    observe("returned", type(call).__name__)
    observe("value", get(call))
    observe("value_of_all", type(get(echoes.echo.call(inputs.WORD))).__name__)


def result_of_a_stream() -> None:
    """Do the same with ``stream``."""
    call = three_echoes().echo.stream(inputs.WORD)
    observe("returned", type(call).__name__)
    observe("value", get(next(call)))
    observe("value_of_all", type(get(next(call))).__name__)


def one_of_several(first: int = 0) -> None:
    """Let ``choose`` pick among actors of which one cannot answer; count the calls that it got."""
    echoes = three_echoes()
    among = echoes.slice(procs=slice(first, inputs.ACTORS))
    calls = [among.rank_once_let.choose() for _ in range(inputs.CALLS)]
    echoes.let.broadcast()
    answers = [get(call) for call in calls]
    picks = Counter(answers)
    observe("to_the_busy_one", picks[inputs.HELD])
    observe("actors_chosen", len(picks))
    observe("in_turn", answers[inputs.ACTORS :] == answers[: -inputs.ACTORS])


# --- Ports and streams ----------------------------------------------------


def port() -> None:
    """Open a channel of numbers, and send texts through it."""
    observe_port(*Channel[int].open())


def port_for_one_value() -> None:
    """Do the same with a channel that is open for one message."""
    observe_port(*Channel[int].open(once=True))


def observe_port(port: Any, receiver: Any) -> None:
    """Observe what a channel consists of, and whether two texts come through."""
    observe("types", [type(port).__name__, type(receiver).__name__])
    writer = one(Echo)
    get(writer.write.call_one(port, inputs.WORD))
    observe("came", get(receiver.recv()))
    observe("second_came", outcome(lambda: second_text(writer, port, receiver)))


def second_text(writer: Any, port: Any, receiver: Any) -> Any:
    """Send a second text, and return what came."""
    get(writer.write.call_one(port, inputs.WORD))
    return get(receiver.recv(), inputs.WINDOW)


def mailbox() -> None:
    """Let two actors write to a port; let another actor try to read it."""
    echoes, before = three_echoes(), len(members())
    port, receiver = Channel[int].open()
    echoes.slice(procs=slice(0, 2)).write.broadcast(port)
    observe("wrote", sorted(get(receiver.recv()) for _ in range(2)))
    observe("processes", len(members()) - before)
    read = echoes.slice(procs=0).read
    observe("handed_on", outcome(lambda: get(read.call_one(receiver))))


def mailbox_in_an_actor() -> None:
    """Do the same with an actor in a process of its own."""
    echoes, before = three_echoes(), len(members())
    inbox = this_host().spawn_procs().spawn("inbox", Inbox)
    for value in range(2):
        get(inbox.put.call_one(value))
    observe("wrote", sorted(get(inbox.take.call_one()) for _ in range(2)))
    observe("processes", len(members()) - before)
    inbox.put.broadcast(1)
    observe("handed_on", outcome(lambda: get(echoes.slice(procs=0).read_actor.call_one(inbox))))


def values_of_one_call() -> None:
    """Send a port along, and read what comes through it before the call is let on, and after."""
    source = one(Source)
    port, receiver = Channel[int].open()
    call = source.stream.call_one(port, inputs.EARLY)
    values = [get(receiver.recv()) for _ in range(inputs.EARLY)]
    observe("while_running", 0 if finishes(call, inputs.WINDOW) else len(values))
    source.let.broadcast()
    values += [get(receiver.recv()) for _ in range(inputs.VALUES - inputs.EARLY)]
    observe("values", values)
    get(call)
    observe("after_last", error_type(lambda: get(receiver.recv(), inputs.WINDOW)))


def value_of_a_plain_call() -> None:
    """Call by ``stream``, which returns one value of an actor, once its call has ended."""
    journal = Tally.new()
    desk = one(Desk, journal)
    replies = desk.work.stream("first")
    first = next(replies)
    observe("while_running", int(finishes(first, inputs.WINDOW)))
    desk.let.broadcast()
    observe("values", [get(first)])
    observe("after_last", error_type(lambda: next(replies)))


def slow_reader() -> None:
    """Read nothing of a port, and count what is sent."""
    source = one(Source)
    port, _receiver = Channel[int].open()
    source.stream.broadcast(port)
    observe("made", settled(lambda: get(source.sent.call_one()), inputs.VALUES, inputs.WINDOW))


def slow_reader_with_limit() -> None:
    """Do the same with a sender that waits for credit, which comes through a port the other way."""
    source = one(Source)
    port, receiver = Channel[Any].open()
    call = source.stream_on_credit.call_one(port)
    credit = get(receiver.recv())
    observe("made", settled(lambda: get(source.sent.call_one()), inputs.BOUND, inputs.WINDOW))
    values = []
    for _ in range(inputs.VALUES):
        values.append(get(receiver.recv()))
        credit.send(None)
    get(call)
    observe("made_in_the_end", len(values))


def receive_given_up() -> None:
    """Let a receive run out of patience; send a value, and receive anew."""
    new, old = receive_again()
    observe("next_receive", outcome(lambda: get(new(), inputs.WINDOW)))
    observe("same_receive", outcome(lambda: get(old())))


def receive_waited_for_again() -> None:
    """Do the same, and ask the first receive again in place of a new one."""
    _, old = receive_again()
    observe("next_receive", outcome(lambda: get(old(), inputs.WINDOW)))


def receive_again() -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Give up a receive and send a value; return two ways to receive: a new future, and the old one."""
    port, receiver = Channel[str].open()
    first = receiver.recv()
    observe("gave_up", error_type(lambda: get(first, inputs.SHORT)))
    get(one(Echo).write.call_one(port, inputs.WORD))
    return receiver.recv, lambda: first


# --- Giving up, timeouts, concurrency -------------------------------------


def queued_call_given_up() -> None:
    """Stop waiting for a call that is queued, by cancelling its await; let the desk go on."""
    journal, desk, _, second = at_the_desk()
    stop_waiting(second)
    get(desk.slice(procs=0).let.call_one())
    observe("queued_began", happens(lambda: "second began" in journal.lines(), PATIENCE))


def queued_call_of_a_stopped_actor() -> None:
    """Stop the actor instead."""
    journal, desk, _, second = at_the_desk()
    get(desk.stop("given up"))
    observe("caller_gets", error_type(lambda: get(second)))
    observe("queued_began", happens(lambda: "second began" in journal.lines(), inputs.WINDOW))


def running_call_given_up() -> None:
    """Stop waiting for a call that runs, by cancelling its await; let the desk go on."""
    journal, desk, first, _ = at_the_desk()
    stop_waiting(first)
    get(desk.slice(procs=0).let.call_one())
    observe("running_ended", happens(lambda: "first ended" in journal.lines(), PATIENCE))


def running_call_of_a_stopped_actor() -> None:
    """Stop the actor instead."""
    journal, desk, first, _ = at_the_desk()
    get(desk.stop("given up"))
    observe("caller_gets", error_type(lambda: get(first)))
    observe("running_ended", happens(lambda: "first ended" in journal.lines(), inputs.WINDOW))


def at_the_desk() -> tuple[Tally, Any, Future[str], Future[str]]:
    """Return a desk's journal, the desk, the call that it works on, and one that waits behind it."""
    journal = Tally.new()
    desk = procs().spawn("desk", Desk, journal)
    work = desk.slice(procs=0).work
    first = work.call_one("first")
    wait_for(lambda: journal.lines() == ["first began"], "the first call to begin")
    return journal, desk, first, work.call_one("second")


def stop_waiting(call: Future[Any]) -> None:
    """Await a call for a moment, then cancel the await."""

    async def wait() -> None:
        await asyncio.wait_for(call.as_asyncio(), inputs.SHORT)

    with suppress(asyncio.TimeoutError):
        asyncio.run(wait())


def wait_too_short() -> None:
    """Wait too short for a reply, then wait again."""
    journal, desk, call, _ = at_the_desk()
    observe_wait(call)
    desk.slice(procs=0).let.broadcast()
    observe("reply_afterwards", outcome(lambda: get(call)))
    observe("ran", settled(lambda: journal.lines().count("first ended"), 1, inputs.WINDOW))


def wait_too_short_and_stop() -> None:
    """Do the same, with the actor stopped meanwhile."""
    _, desk, call, _ = at_the_desk()
    observe_wait(call)
    get(desk.stop("given up"))
    observe("reply_afterwards", outcome(lambda: get(call)))


def observe_wait(call: Future[Any]) -> None:
    """Observe the error of a wait that is too short."""
    observe("error", error_type(lambda: get(call, inputs.SHORT)))
    observe("is_timeout_error", not finishes(call, inputs.SHORT))


def calls_at_once() -> None:
    """Call a concurrent endpoint several times; the actor counts those that are under way at once."""
    crowd = one(Crowd)
    observe_crowd(crowd, crowd.enter)


def calls_one_at_a_time() -> None:
    """Do the same with a plain endpoint."""
    crowd = one(Crowd)
    observe_crowd(crowd, crowd.enter_alone)


def observe_crowd(crowd: Any, enter: Any) -> None:
    """Observe how many calls were under way at once."""
    for call in [enter.call_one() for _ in range(inputs.AT_ONCE)]:
        get(call)
    observe("at_once", get(crowd.most_at_once.call_one()))
