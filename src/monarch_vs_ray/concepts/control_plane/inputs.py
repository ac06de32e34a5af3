"""Control plane: the inputs that both engines get."""

from __future__ import annotations

import time
from collections.abc import Iterable

from monarch_vs_ray.side import message

ACTORS = 3
WORD = "hello"
HELD = 0
"""The actor that does not answer until it is let on."""
CALLS = 60
"""So many random choices that none of three actors is left out, nor is chosen once only."""
AT_ONCE = 3
CROWD = 2
"""Threads or places for calls in a group; AT_ONCE calls come."""

VALUES = 8
EARLY = 3
"""How many values a call hands out before it waits to be let on."""
BOUND = 2
"""How many values may be under way to a reader who takes none."""

LARGE = 1_000_000
"""Bytes of a large message; Ray moves it through the object store."""
SHORT = 0.3
"""Seconds of a wait that is too short on purpose."""
WINDOW = 1.0
"""Seconds to watch for what must not come; where it can come, milliseconds do."""
SURVIVAL = 3.0
"""Seconds to watch whether an actor lives on after an error."""
CONNECTING = 20.0
"""Seconds that a program gets to connect and to be answered; on an idle machine 3 are enough."""

FROZEN = 0.5
"""Seconds that processes stand still: far less than any engine takes to declare one dead."""
LONGEST = 4.0
"""The same for what takes longer than a message, such as making a process."""
MOST_ROUNDS = 100_000


def show_message(way: str, sent: int, answered: bool) -> None:
    """Emit that a message was sent, at a moment of the monotonic clock, and answered just now, if it was."""
    now = time.monotonic_ns()
    message(way, "program", "actors", "sent", time=0)
    if answered:
        message(way, "program", "actors", "answered", time=now - sent)


def inside(moments: Iterable[float], window: tuple[float, float]) -> int:
    """Count the moments that lie within the window."""
    return sum(window[0] <= moment <= window[1] for moment in moments)
