"""How the native code waits for calls, and keeps an actor busy for the time of a block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from monarch_vs_ray.concepts.data_plane import instruments


def get(future: Any) -> Any:
    """What must come, with a limit on how long it may take."""
    return future.get(timeout=instruments.PATIENCE)


def finishes(future: Any, seconds: float) -> str:
    """Whether it does within that time; it may be waited for again."""
    try:
        future.get(timeout=seconds)
    except TimeoutError:
        return "waited"
    return "finished"


@contextmanager
def busy(actor: Any) -> Iterator[None]:
    """Within the block the actor is inside an endpoint."""
    inside, done = instruments.Flag.new(), instruments.Flag.new()
    working = actor.work.call_one(inside, done)
    inside.wait()
    try:
        yield
    finally:
        done.put_up()
    get(working)


@contextmanager
def locked(actor: Any) -> Iterator[None]:
    """Within the block no other Python code runs in the actor's process."""
    inside, fifo = instruments.Flag.new(), instruments.new_fifo()
    working = actor.keep_the_gil.call_one(fifo, inside)
    inside.wait()
    try:
        yield
    finally:
        instruments.release(fifo)
    get(working)
