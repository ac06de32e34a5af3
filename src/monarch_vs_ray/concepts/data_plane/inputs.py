"""Data plane: the bytes that both engines move, how a transfer is judged, and for how long it is watched."""

from __future__ import annotations

import ctypes
import functools
import hashlib
import random
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from monarch_vs_ray.instruments.flags import Flag
from monarch_vs_ray.instruments.wait import PATIENCE, happens, wait_for

KB, MB = 1024, 1024 * 1024
SIZES = (KB, MB, 64 * MB)
SMALL, BATCH = 16 * KB, 64
"""Bytes of a small piece, and how many of them are read in one go."""
WEIGHTS = 16 * MB
WEIGHTS_MB = WEIGHTS // MB
VERSION = 200
"""What the published weights are full of: more steps than one training of the demo makes."""
PULLS = 4
FLOATS = 1 << 18
"""Elements of the tensor, float32: 1 MB."""
PIECE, PIECES = 24 * MB, 5
"""What is put into a store that holds 80 MB."""
IDLE_PULLS = 8
"""Pulls of the weights, 128 MB in all, while their owner does nothing else."""
HELD = 4
"""Pieces that an owner keeps, 96 MB in all."""

GRACE = 8.0
"""Seconds that a read gets which should finish; on an idle machine milliseconds do."""
HOLD = 2.0
"""Seconds for which a read that should not finish is watched."""
LIMIT = 1
"""Seconds after which a read gives up, where it is given a limit."""
OWNER_GONE = 10.0
"""Seconds within which reads from a dead owner must have begun to fail."""

LONGEST = 80


class Arrived(NamedTuple):
    """What a reader reports of a read: the checksum of what came, and the kind of memory it lies in."""

    checksum: str
    lies: str


class Pulled(NamedTuple):
    """What a generator reports of its pulls: when they were, and how many versions one of them held."""

    began: float
    ended: float
    versions: int
    checksum: str


@functools.cache
def payload(size: int) -> bytes:
    """Return ``size`` bytes, the same ones in every process."""
    return random.Random(size).randbytes(size)


@functools.cache
def expected(size: int) -> str:
    """Return the checksum that a reader of that payload must get."""
    return checksum(payload(size))


def checksum(data: bytes | bytearray | memoryview) -> str:
    """Return the SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def address(memory: memoryview) -> int:
    """Return where a writable memoryview begins."""
    return ctypes.addressof(ctypes.c_char.from_buffer(memory))


def ended(read: Callable[[], object]) -> str:
    """Return ``finished``, or the error's type and its last line, where engines put the cause."""
    try:
        read()
    except Exception as error:
        lines = str(error).strip().splitlines() or [""]
        return f"{type(error).__name__}: {lines[-1].strip()}"[:LONGEST].rstrip(": ")
    return "finished"


def went(finishes: Callable[[Any, float], bool], calls: Sequence[Any], windows: Sequence[float]) -> list[str]:
    """Return for each call ``finished`` or ``waited``.

    Args:
        finishes: The engine's instrument that waits for a call for some seconds.
        calls: The calls, which all run already.
        windows: How long to wait for each, one after the other; a later one has waited meanwhile.
    """
    pairs = zip(calls, windows, strict=True)
    return ["finished" if finishes(call, window) else "waited" for call, window in pairs]


def train(weights: memoryview, inside: Flag, done: Flag) -> list[float]:
    """Take steps until told to stop, each of which writes all the weights in place.

    Args:
        weights: What is trained.
        inside: Put up after each step, so that whoever takes it down notices the next one.
        done: Ends the training once it is up.

    Returns:
        When each step ended, in seconds of the monotonic clock.
    """
    ended: list[float] = []
    deadline = time.monotonic() + PATIENCE
    while not done.is_up() and time.monotonic() < deadline:
        step(weights, len(ended))
        ended.append(time.monotonic())
        inside.put_up()
    return ended


def step(weights: memoryview, number: int) -> None:
    """Write the number of the step into every byte of the weights."""
    ctypes.memset(address(weights), number % 256, len(weights))


def pull(once: Callable[[], memoryview], times: int) -> Pulled:
    """Pull so many times; ``once`` returns the generator's own weights after a pull."""
    began = time.monotonic()
    found = [versions(weights := once()) for _ in range(times)]
    return Pulled(began, time.monotonic(), max(found), checksum(weights))


def pull_through_a_step(
    pull_often: Callable[[int], Pulled], inside: Flag, *, until_torn: bool = False
) -> Pulled:
    """Pull until a step has ended between the begin of the first pull and the end of the last one.

    A busy machine may take no step for many pulls, and tear none of them; with ``until_torn`` pulls go on
    for up to GRACE seconds until one holds several versions. Returns all the pulls as one.

    Raises:
        TimeoutError: If the trainer takes no step within PATIENCE seconds.
    """
    pulls = [pull_often(PULLS)]

    def stepped() -> bool:
        pulls.append(pull_often(1))
        return inside.is_up()

    for _ in range(2):  # the first time it may be the step that ended before the first pull
        inside.take_down()
        wait_for(stepped, "a training step to end during the pulls", PATIENCE)
    pulls.append(pull_often(1))
    if until_torn:
        happens(lambda: stepped() and pulls[-1].versions > 1, GRACE)
    most = max(pulled.versions for pulled in pulls)
    return Pulled(pulls[0].began, pulls[-1].ended, most, pulls[-1].checksum)


def expected_weights(version: int) -> str:
    """Return the checksum of the weights right after that step."""
    return checksum(bytes([version]) * WEIGHTS)


def versions(weights: memoryview) -> int:
    """Count the steps whose bytes are in these weights: more than one means that the pull was torn."""
    return len(set(weights[::KB]))


def steps_within(steps: Sequence[float], pulled: Pulled) -> int:
    """Count the steps that ended between the begin of the first pull and the end of the last one."""
    return sum(pulled.began <= ended <= pulled.ended for ended in steps)
