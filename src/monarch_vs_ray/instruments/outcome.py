"""Say in one line how a call went, the same on both engines and in every run."""

from __future__ import annotations

import re
from collections.abc import Callable

LONGEST = 120


def outcome(call: Callable[[], object]) -> str:
    """Return what a call came to: ``answered VALUE``, or its error and the original one below it.

    Monarch's ActorError has the original as ``exception``, Ray's RayTaskError as ``cause``.
    """
    try:
        return f"answered {call()!r}"
    except Exception as error:
        return described(error)


def described(error: BaseException) -> str:
    """Return an error as ``Type: first line``, with the original one in place of the engine's words on it."""
    original = getattr(error, "exception", None) or getattr(error, "cause", None)
    inner = f"{type(original).__name__}: {original}" if isinstance(original, Exception) else str(error)
    said = f"{type(error).__name__}: {inner}".partition("\n")[0].partition(". ")[0]
    return re.sub(r" at 0x[0-9a-f]+", "", said)[:LONGEST].rstrip(": ")


def error_type(call: Callable[[], object]) -> str:
    """Return the name of the error's type that a call ends with; ``none`` when it answers."""
    try:
        call()
    except Exception as error:
        return type(error).__name__
    return "none"
