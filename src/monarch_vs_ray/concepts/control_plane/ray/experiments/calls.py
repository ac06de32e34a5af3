"""Ways to send, streams, mailboxes, and giving up, in Ray.

A method is called by ``.remote()``; what is done with the reference makes the difference: get, wait, await,
cancel, or none at all. Most actors are shared, since each takes a process.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import ray
from ray.dag import InputNode, MultiOutputNode
from ray.runtime_context import RuntimeContext
from ray.util import ActorPool
from ray.util.queue import Queue

from monarch_vs_ray.concepts.control_plane import inputs
from monarch_vs_ray.concepts.control_plane.ray.actors import (
    Counter,
    Desk,
    Echo,
    Holder,
    PlainDesk,
    ThreadedDesk,
)
from monarch_vs_ray.instruments import faults
from monarch_vs_ray.instruments.flags import Flag, Tally
from monarch_vs_ray.instruments.outcome import error_type, outcome
from monarch_vs_ray.instruments.ray import compiled, finishes, get
from monarch_vs_ray.instruments.wait import PATIENCE, happens, settled, wait_for
from monarch_vs_ray.side import Unavailable, observe, shared


@shared
def echoes() -> list[Any]:
    """Return the actors that most experiments call, found by name too."""
    actors = [Echo.options(name=f"echo {rank}").remote(rank) for rank in range(inputs.ACTORS)]
    get([actor.pid.remote() for actor in actors])
    return actors


@shared
def queue() -> Queue:
    """Return a queue, which is an actor."""
    return Queue(actor_options={"num_cpus": 0})


@shared
def desk() -> Any:
    """Return a desk whose work is async."""
    return Desk.remote()


@shared
def threaded_desk() -> Any:
    """Return a desk whose work runs on threads."""
    return ThreadedDesk.remote()


def added() -> list[int]:
    """Return how many times each echo has run ``add``."""
    return get([echo.added.remote() for echo in echoes()])


# --- Ways to send ---------------------------------------------------------


def ways_to_send(actors: int = inputs.ACTORS) -> None:
    """Send in each way that a method offers; count the actors that ran it, and look at what it returns."""
    counters = [Counter.remote() for _ in range(actors)]
    method = counters[0].add
    with InputNode() as given:
        graph = MultiOutputNode([counter.add.bind(given) for counter in counters])
    returned, reached = {}, {}
    with compiled(graph) as bound:
        ways = {
            "remote": (1, method.remote),
            "remote, num_returns=0": (1, method.options(num_returns=0).remote),
            "bind": (0, lambda given: method.bind(given)),
            "execute, of a compiled graph": (actors, bound.execute),
        }
        for way, (expected, send) in ways.items():
            before = counted(counters)
            sent, result = time.monotonic_ns(), send(1)
            if answered := isinstance(result, (ray.ObjectRef, list)):
                get(result)
            inputs.show_message(way, sent, answered)
            returned[way] = type(result).__name__
            more = settled(lambda before=before: counted(counters) - before, expected, inputs.SHORT)  # type: ignore[misc]
            reached[way] = more
    observe("reached", reached)
    observe("returned", returned)
    observe("offered", [name for name in dir(method) if not name.startswith("_")])


def counted(counters: list[Any]) -> int:
    """Return how many times all counters together have run ``add``."""
    return sum(get([counter.added.remote() for counter in counters]))


def message_without_reply() -> None:
    """Send by ``num_returns=0``."""
    message(lambda echo: echo.add.options(num_returns=0).remote())


def message_with_reply() -> None:
    """Send as usual, and drop the references."""
    message(lambda echo: echo.add.remote())


def message(send: Callable[[Any], object]) -> None:
    """Observe what sending returned, and how many times each actor ran it in the end."""
    before = added()
    observe("returned", sorted({type(send(echo)).__name__ for echo in echoes()})[0])
    total = settled(lambda: sum(added()) - sum(before), inputs.ACTORS, inputs.WINDOW)
    observe("ran", [now - then for now, then in zip(added(), before, strict=True)])
    observe("ran_in_all", total)


def replies_as_they_come() -> None:
    """Hold one actor back, and take the replies of the others before it is let on: ray.wait."""
    get(echoes()[inputs.HELD].hold.remote())
    calls = [echo.rank_once_let.remote() for echo in echoes()]
    early, held = ray.wait(calls, num_returns=inputs.ACTORS - 1, timeout=PATIENCE)
    observe("early", sorted(get(early)))
    get(echoes()[inputs.HELD].let.remote())
    observe("late", get(held))


def replies_all_at_once() -> None:
    """Do the same with one ray.get for all replies."""
    get(echoes()[inputs.HELD].hold.remote())
    calls = [echo.rank_once_let.remote() for echo in echoes()]
    early = error_type(lambda: get(calls, inputs.WINDOW)) == "none"
    observe("early", sorted(get(calls)) if early else [])
    get(echoes()[inputs.HELD].let.remote())
    observe("late", sorted(get(calls)))


def result_of_a_call() -> None:
    """Look at what a call returns, and at what ray.get makes of it."""
    call = echoes()[0].echo.remote(inputs.WORD)
    observe("returned", type(call).__name__)
    observe("value", get(call))


def result_of_a_generator() -> None:
    """Do the same with a method that is a generator."""
    call = threaded_desk().pour.remote(Tally.new(), Flag.new())
    observe("returned", type(call).__name__)
    observe("value", get(next(call)))


def one_of_several() -> None:
    """Let an ActorPool pick among actors of which one cannot answer; count the calls that it got."""
    get(echoes()[inputs.HELD].hold.remote())
    pool = ActorPool(echoes())
    for _ in range(inputs.CALLS):
        pool.submit(lambda echo, _: echo.rank_once_let.remote(), None)
    answers = [pool.get_next_unordered(timeout=PATIENCE) for _ in range(inputs.CALLS - 1)]
    get(echoes()[inputs.HELD].let.remote())
    observe_picks([*answers, pool.get_next_unordered(timeout=PATIENCE)])


def one_at_random() -> None:
    """Pick an actor at random for each call instead."""
    get(echoes()[inputs.HELD].hold.remote())
    calls = [random.choice(echoes()).rank_once_let.remote() for _ in range(inputs.CALLS)]
    get(echoes()[inputs.HELD].let.remote())
    observe_picks(get(calls))


def observe_picks(answers: list[int]) -> None:
    """Observe how many calls went to the actor that could not answer, and how many actors got any."""
    picks = {rank: answers.count(rank) for rank in set(answers)}
    observe("to_the_busy_one", picks.get(inputs.HELD, 0))
    observe("actors_chosen", len(picks))


# --- References, streams, mailboxes ---------------------------------------


def object_of_a_dead_owner() -> None:
    """Get an object whose owner was killed; this program holds the reference."""
    holder = Holder.remote()
    observe_object(left_by(holder)[0])


def object_of_a_living_owner() -> None:
    """Get the object that this program made, and the killed actor only handed on."""
    holder = Holder.remote()
    observe_object(left_by(holder)[1])


def left_by(holder: Any) -> list[Any]:
    """Return the references that an actor gave before it was killed: its own object's, and this program's.

    The caller keeps the handle: Ray ends an actor whose last handle is gone, and its objects with it.
    """
    refs: list[Any] = get(holder.give.remote([ray.put(bytes(inputs.LARGE))]))
    faults.kill(get(holder.pid.remote()), "the actor that the references came from")
    return refs


def observe_object(ref: Any) -> None:
    """Observe whether the object is lost within the time that a loss takes to be noticed."""
    happens(lambda: error_type(lambda: get(ref)) != "none", inputs.SURVIVAL)
    observe("object", outcome(lambda: len(get(ref))).partition(":")[0])


def mailbox() -> None:
    """Let two actors write to a queue; let another actor read it."""
    get([echo.write.remote(queue()) for echo in echoes()[:2]])
    observe("wrote", sorted(queue().get(timeout=PATIENCE) for _ in range(2)))
    known = {os.getpid(), *get([echo.pid.remote() for echo in echoes()])}
    holder = get(queue().actor.__ray_call__.remote(lambda actor: os.getpid()))
    observe("processes", len({holder} - known))
    reading = echoes()[0].read.remote(queue())
    get(echoes()[1].write.remote(queue()))
    observe("handed_on", outcome(lambda: get(reading)))


def generator_handed_on() -> None:
    """Hand the reader's end of a generator to another actor."""
    stream = threaded_desk().pour.remote(Tally.new(), Flag.new())
    observe("handed_on", outcome(lambda: get(echoes()[0].echo.remote(stream))))


def values_of_one_call() -> None:
    """Call a generator; read with `async for` before the call is let on, and with `for` after."""
    let_on = Flag.new()
    stream = threaded_desk().pour.remote(Tally.new(), let_on, inputs.EARLY)
    values = asyncio.run(asyncio.wait_for(taken(stream, inputs.EARLY), PATIENCE))
    observe("while_running", 0 if finishes(stream.completed(), inputs.WINDOW) else len(values))
    observe("returned", type(stream).__name__)
    let_on.put_up()
    observe("values", values + [get(ref) for ref in stream])
    observe("after_last", error_type(lambda: next(stream)))


async def taken(stream: Any, most: int) -> list[Any]:
    """Return the first values of a stream."""
    values: list[Any] = []
    async for ref in stream:
        values.append(await ref)
        if len(values) == most:
            break
    return values


def value_of_a_plain_call() -> None:
    """Call a method that returns; nothing can be had of it before it has ended."""
    let_on = Flag.new()
    call = threaded_desk().work.remote("first", Tally.new(), let_on)
    observe("while_running", int(finishes(call, inputs.WINDOW)))
    observe("returned", type(call).__name__)
    let_on.put_up()
    observe("values", [get(call)])
    observe("after_last", error_type(lambda: get(call)))


def slow_reader(**options: Any) -> None:
    """Read nothing of a generator, and count the values that are made; then read all."""
    journal = Tally.new()
    stream = threaded_desk().pour.options(**options).remote(journal, Flag.new())
    expected = inputs.BOUND if options else inputs.VALUES
    observe("made", settled(journal.count, expected, inputs.WINDOW))
    observe("made_in_the_end", len([get(ref) for ref in stream]))


def receive_given_up() -> None:
    """Let a receive run out of patience; put a value, and receive anew."""
    mailbox = Queue(actor_options={"num_cpus": 0})
    observe("gave_up", error_type(lambda: mailbox.get(timeout=inputs.SHORT)))
    mailbox.put(inputs.WORD)
    observe("next_receive", outcome(lambda: mailbox.get(timeout=inputs.WINDOW)))


def receive_by_an_abandoned_call() -> None:
    """Give up the wait for a call of the queue's actor, not the receive in it."""
    mailbox = Queue(actor_options={"num_cpus": 0})
    call = mailbox.actor.get.remote()
    observe("gave_up", error_type(lambda: get(call, inputs.SHORT)))
    mailbox.put(inputs.WORD)
    observe("next_receive", outcome(lambda: mailbox.get(timeout=inputs.WINDOW)))


# --- Giving up, timeouts, concurrency -------------------------------------


def queued_call_given_up(cancel: bool = True) -> None:
    """Cancel a call that is queued, and let the desk go on."""
    journal, let_on, first = at(threaded_desk())
    second = threaded_desk().work.remote("second", journal, let_on)
    get(threaded_desk().ping.remote())  # sent after it, so the second call has reached the actor
    if cancel:
        ray.cancel(second)
        finishes(second, inputs.WINDOW)  # the cancellation gets time to travel
    let_on.put_up()
    get(first)
    observe("queued_began", happens(lambda: "second began" in journal.lines(), inputs.WINDOW))
    observe("caller_gets", error_type(lambda: get(second)))


def queued_call_of_a_plain_actor_given_up() -> None:
    """Cancel a call that is queued at an actor without concurrency groups, and let the actor go on."""
    plain = PlainDesk.remote()
    journal, let_on, first = at(plain)
    second = plain.work.remote("second", journal, let_on)
    happens(lambda: "second began" in journal.lines(), inputs.SHORT)  # it gets time to reach the queue
    ray.cancel(second)
    finishes(second, inputs.WINDOW)  # the cancellation gets time to travel
    let_on.put_up()
    get(first)
    observe("queued_began", happens(lambda: "second began" in journal.lines(), inputs.WINDOW))
    observe("caller_gets", error_type(lambda: get(second)))


def running_call_given_up() -> None:
    """Cancel a running async call, and let the desk go on."""
    observe_cancelled(desk())


def running_threaded_call_given_up() -> None:
    """Cancel a running call on a thread, which can only ask whether it was cancelled."""
    if not hasattr(RuntimeContext, "is_canceled"):
        raise Unavailable("needs a Ray in which a call can ask `is_canceled`")
    observe_cancelled(threaded_desk())


def observe_cancelled(where: Any) -> None:
    """Observe what becomes of a running call that is cancelled."""
    journal, let_on, call = at(where)
    ray.cancel(call)
    with suppress(TimeoutError, ray.exceptions.TaskCancelledError):
        get(call, inputs.WINDOW)  # the cancellation gets time to travel
    let_on.put_up()
    observe("running_ended", happens(lambda: "first ended" in journal.lines(), inputs.WINDOW))
    observe("was_told", "first was cancelled" in journal.lines())
    observe("caller_gets", error_type(lambda: get(call)))


def at(where: Any) -> tuple[Tally, Flag, Any]:
    """Return a journal, the flag that lets a desk's work go on, and the call that the desk works on."""
    journal, let_on = Tally.new(), Flag.new()
    first = where.work.remote("first", journal, let_on)
    wait_for(lambda: journal.lines() == ["first began"], "the first call to begin")
    return journal, let_on, first


def wait_too_short(cancel: bool = False) -> None:
    """Wait too short for a reply, then wait again."""
    journal, let_on, call = at(desk())
    observe("error", error_type(lambda: get(call, inputs.SHORT)))
    try:
        get(call, inputs.SHORT)
    except TimeoutError:
        observe("is_timeout_error", True)
    if cancel:
        ray.cancel(call)
        error_type(lambda: get(call))
    let_on.put_up()
    observe("reply_afterwards", outcome(lambda: get(call)))
    observe("ran", settled(lambda: journal.lines().count("first ended"), 1, inputs.WINDOW, inputs.SHORT))


def calls_at_once(**options: Any) -> None:
    """Call a method several times; count the calls that have begun before any of them may end."""
    journal, let_on = Tally.new(), Flag.new()
    enter = desk().enter.options(**options)
    calls = [enter.remote(journal, let_on) for _ in range(inputs.AT_ONCE)]
    observe("at_once", settled(journal.count, inputs.CROWD, inputs.WINDOW))
    let_on.put_up()
    get(calls)
