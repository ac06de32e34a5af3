"""Errors in messages and calls, in Monarch: who hears of one, and what becomes of the actor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from monarch.actor import this_host

from monarch_vs_ray.concepts.control_plane import inputs
from monarch_vs_ray.concepts.control_plane.monarch.actors import Echo
from monarch_vs_ray.concepts.control_plane.monarch.meshes import procs
from monarch_vs_ray.instruments import faults
from monarch_vs_ray.instruments.flags import Tally
from monarch_vs_ray.instruments.monarch import faults_at_root, get
from monarch_vs_ray.instruments.outcome import error_type
from monarch_vs_ray.instruments.wait import happens
from monarch_vs_ray.side import observe


def error_unheard() -> None:
    """Raise in a message that nobody waits for; in a process of its own, which takes no actors afterwards."""
    unlucky = this_host().spawn_procs().spawn("unheard", Echo)
    observe_error("unheard", unlucky, lambda stumble, raised: stumble.broadcast(raised))


def error_with_reference_dropped() -> None:
    """Raise in a call whose future nobody keeps."""
    unlucky = procs().spawn("dropped", Echo).slice(procs=0)
    observe_error("dropped", unlucky, lambda stumble, raised: stumble.call_one(raised) and None)


def error_waited_for() -> None:
    """Raise in a call whose caller waits for the reply."""
    unlucky = procs().spawn("waited_for", Echo).slice(procs=0)
    observe_error("waited_for", unlucky, lambda stumble, raised: get(stumble.call_one(raised)))


def observe_error(name: str, unlucky: Any, send: Callable[[Any, Tally], object]) -> None:
    """Observe the caller's error, whether the hook hears of this actor, and whether it lives on."""
    failures, raised = faults_at_root(), Tally.new()
    get(unlucky.added.call_one())
    observe("caller_gets", error_type(lambda: send(unlucky.stumble, raised)))
    faults.proved("exception", "an endpoint", raised.count)
    died = happens(lambda: error_type(lambda: get(unlucky.added.call_one())) != "none", inputs.SURVIVAL)
    observe("survived", not died)
    hook_called = happens(lambda: any(name in each.report() for each in failures), inputs.WINDOW)
    observe("hook_called", hook_called)
