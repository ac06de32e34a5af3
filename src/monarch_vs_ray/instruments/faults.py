"""Break something on purpose, and prove that it is broken: only then is the fault recorded.

A claim demands how many faults fired; one that was announced and did not fire leaves it ``unknown``.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from monarch_vs_ray.instruments import stopping
from monarch_vs_ray.instruments.wait import PATIENCE, wait_for
from monarch_vs_ray.side.narration import fault


def kill(pid: int, target: str, number: int = signal.SIGKILL, within: float = PATIENCE) -> float:
    """Send a process a signal that ends it, and wait until it is gone.

    Args:
        pid: The process.
        target: What it is, for the reader.
        number: The signal.
        within: Seconds it may take to end.

    Returns:
        When the signal was sent, in seconds of the monotonic clock.

    Raises:
        TimeoutError: If the process still runs then; no fault is recorded.
    """
    sent = time.monotonic()
    os.kill(pid, number)
    wait_for(lambda: is_gone(pid), f"process {pid} ({target}) to end", within)
    fault(signal.Signals(number).name, target)
    return sent


def is_gone(pid: int) -> bool:
    """Return whether a process has ended; a zombie has."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state in "ZX"


@contextmanager
def stopped(pid: int, target: str) -> Iterator[None]:
    """Hold a process still for the block: it is entered once all its threads stand still."""
    with stopping.stopped(pid):
        fault("SIGSTOP", target)
        yield


def still(seconds: float, target: str, *pids: int) -> tuple[float, float]:
    """Hold processes still for a while, this one perhaps; a fault is recorded for each.

    Args:
        seconds: How long, after all of them have come to stand.
        target: What they are, for the reader.
        pids: The processes.

    Returns:
        The moments between which all of them stood still, on the monotonic clock.

    Raises:
        RuntimeError: If one of them could not be stopped; no fault is recorded.
    """
    window = stopping.still(seconds, *pids)
    fault("SIGSTOP", target, times=len(pids))
    return window


@contextmanager
def ends(pid: int, target: str, how: str = "exit", within: float = PATIENCE) -> Iterator[None]:
    """Expect a process to end itself because of what the block does, and record it once it is gone.

    Raises:
        TimeoutError: If the process still runs ``within`` seconds after the block.
    """
    yield
    wait_for(lambda: is_gone(pid), f"process {pid} ({target}) to end", within)
    fault(how, target)


def proved(
    kind: str, target: str, proof: Callable[[], int], times: int = 1, within: float = PATIENCE
) -> None:
    """Record a fault that the subject does to itself, once its own trace says that it did.

    Args:
        kind: What broke, for instance ``"exception"``.
        target: Where, for instance ``"worker 0"``.
        proof: Returns how many times the subject has done it, from a trace that outlives it.
        times: How many times it must have done it.
        within: Seconds to wait for that.

    Raises:
        TimeoutError: If it did it fewer times; no fault is recorded.
    """
    wait_for(lambda: proof() >= times, f"{times} x {kind} in {target}", within)
    fault(kind, target, times=proof())
