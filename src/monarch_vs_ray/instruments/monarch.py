"""Monarch's part of the instruments: answers with a deadline, further hosts on this machine."""

from __future__ import annotations

from typing import Any

import monarch.actor

from monarch_vs_ray.instruments.wait import PATIENCE


def get(future: Any, within: float = PATIENCE) -> Any:
    """Return what a call answered. Raises TimeoutError after ``within`` seconds."""
    return future.get(timeout=within)


def finishes(future: Any, window: float) -> bool:
    """Return whether a call ends within ``window`` seconds; it may be waited for again."""
    try:
        future.get(timeout=window)
    except TimeoutError:
        return False
    return True


def faults_at_root() -> list[Any]:
    """Collect the failures that nobody handles from now on, in place of being interrupted by one.

    Returns:
        A list that grows; each entry is a MeshFailure.
    """
    failures: list[Any] = []
    monarch.actor.unhandled_fault_hook = failures.append
    return failures
