"""Errors in calls, in Ray: who hears of one, and what becomes of the actor."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import Any

from monarch_vs_ray.concepts.control_plane import inputs
from monarch_vs_ray.concepts.control_plane.ray.actors import Echo
from monarch_vs_ray.instruments import faults
from monarch_vs_ray.instruments.flags import Tally
from monarch_vs_ray.instruments.outcome import error_type
from monarch_vs_ray.instruments.ray import get
from monarch_vs_ray.instruments.wait import happens
from monarch_vs_ray.side import observe


def error_unheard() -> None:
    """Raise in a call without a reference."""
    observe_error(lambda stumble, raised: stumble.options(num_returns=0).remote(raised))


def error_with_reference_dropped() -> None:
    """Raise in a call whose reference nobody keeps."""
    observe_error(lambda stumble, raised: stumble.remote(raised) and None)


def error_waited_for() -> None:
    """Raise in a call whose caller gets the reply."""
    observe_error(lambda stumble, raised: get(stumble.remote(raised)))


def exit_unheard() -> None:
    """End the actor's process in place of raising: the watch would see it."""
    unlucky = Echo.remote(0)
    with faults.ends(get(unlucky.pid.remote()), "the actor"):
        unlucky.__ray_call__.options(num_returns=0).remote(lambda actor: os._exit(1))
    observe_survival(unlucky)


class Messages(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


def observe_error(send: Callable[[Any, Tally], object]) -> None:
    """Observe the caller's error, whether the actor lives on, and whether the program's Ray logs it."""
    unlucky, raised, messages = Echo.remote(0), Tally.new(), Messages()
    logging.getLogger("ray").addHandler(messages)
    get(unlucky.added.remote())
    observe("caller_gets", error_type(lambda: send(unlucky.stumble, raised)))
    faults.proved("exception", "a method", raised.count)
    observe_survival(unlucky)
    observe("logged", any("nobody waits for this" in text for text in messages.texts))
    logging.getLogger("ray").removeHandler(messages)


def observe_survival(actor: Any) -> None:
    """Observe whether the actor answers all calls of the next seconds."""
    died = happens(lambda: error_type(lambda: get(actor.added.remote())) != "none", inputs.SURVIVAL)
    observe("survived", not died)
