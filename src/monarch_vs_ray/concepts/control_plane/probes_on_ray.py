"""What the claims on the control plane rest on, on Ray: one function puts one thing to the test.

Actors are those of ``subjects_on_ray.py``. Controls stand beside what they control.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from contextlib import suppress
from typing import Any

import ray
from ray.runtime_context import RuntimeContext
from ray.util import ActorPool

from monarch_vs_ray.concepts.control_plane import spec
from monarch_vs_ray.concepts.control_plane.on_ray import get, take
from monarch_vs_ray.concepts.control_plane.probe_tools import AT_ONCE, CALLS
from monarch_vs_ray.concepts.control_plane.probes_of_paths_on_ray import (  # noqa: F401 - they are found here
    actors_made_with_gcs_going,
    actors_made_with_gcs_stopped,
    asked_with_token,
    connection_of_two_who_do_not,
    connection_of_two_who_talk,
    names_with_gcs_stopped,
    names_with_program_stopped,
    nodes_with_services_stopped,
    sockets_as_started_here,
    sockets_as_started_plainly,
    talk_with_gcs_stopped,
    talk_with_peer_stopped,
    talk_with_program_stopped,
    talk_with_raylet_stopped,
    talk_with_services_stopped,
    tiers_of_a_second_program,
    tiers_of_the_first_program,
)
from monarch_vs_ray.concepts.control_plane.subjects_on_ray import (
    CROWD,
    Desk,
    ThreadedDesk,
    at_the_desk,
    echoes,
    left_by_a_dead_actor,
    mailbox,
    renewed,
)
from monarch_vs_ray.side import Unavailable, observe

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
    call = renewed(ThreadedDesk).pour.remote()
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


def object_of_a_dead_owner() -> None:
    _object(left_by_a_dead_actor()[0])


def object_of_a_living_owner() -> None:
    """The control: the program made it; the actor that died has only handed it on."""
    _object(left_by_a_dead_actor()[1])


def _object(ref: Any) -> None:
    observe("reference", type(ref).__name__)
    observe("object", spec.outcome(lambda: f"{len(get(ref))} bytes"))


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
    stream = renewed(ThreadedDesk).pour.remote()
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
    """The first values are read with ``async for``, the others with ``for``."""
    desk = renewed(ThreadedDesk)
    stream = desk.pour.remote(spec.EARLY)
    values = asyncio.run(asyncio.wait_for(take(stream, spec.EARLY), spec.PATIENCE))
    ended, _ = ray.wait([stream.completed()], timeout=spec.SHORT_PATIENCE)
    observe("while_running", 0 if ended else len(values))
    observe("given", type(stream).__name__)
    get(desk.let.remote())
    observe("values", values + [get(ref) for ref in stream])
    observe("after_last", spec.outcome(lambda: next(stream)))


def value_of_a_plain_call() -> None:
    """The control: a method that returns; nothing can be had of it before it has ended."""
    desk = renewed(ThreadedDesk)
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
    desk = renewed(ThreadedDesk)
    stream = desk.pour.options(**options).remote()
    expected = spec.BOUND if options else spec.VALUES
    observe("made", spec.settled(lambda: get(desk.counted.remote()), expected))
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
    desk, first = at_the_desk(ThreadedDesk)
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
    if not hasattr(RuntimeContext, "is_canceled"):
        raise Unavailable("needs a Ray in which a call can ask `is_canceled`")
    _running(ThreadedDesk)


def _running(kind: Any) -> None:
    desk, call = at_the_desk(kind)
    ray.cancel(call)
    with suppress(TimeoutError, ray.exceptions.TaskCancelledError):
        ray.get(call, timeout=2 * spec.SHORT_PATIENCE)  # the cancellation gets time to travel
    get(desk.let.remote())
    observe("caller_gets", spec.outcome(lambda: get(call)))
    heard = get(desk.heard.remote())
    observe("running_ended", any(report.startswith("first ended") for report in heard))
    observe("was_told", "first ended, cancelled" in heard)


def waited_too_short() -> None:
    _too_short(cancel=False)


def waited_too_short_and_cancelled() -> None:
    """The control: the call is cancelled meanwhile."""
    _too_short(cancel=True)


def _too_short(cancel: bool) -> None:
    desk, call = at_the_desk(Desk)
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
