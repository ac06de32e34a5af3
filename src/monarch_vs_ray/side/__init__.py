"""What the native code of a side says while it runs.

::

    with step("Spawn two actors"):
        with operation("spawn"):
            ...
    observe("reply", reply)

Under the launcher each call emits an event; run alone, the same file prints what it does.
"""

from monarch_vs_ray.side.experiments import Unavailable, shared
from monarch_vs_ray.side.narration import (
    MAX_MESSAGES,
    fault,
    log,
    message,
    metric,
    observe,
    operation,
    seen,
    step,
)

__all__ = [
    "MAX_MESSAGES",
    "Unavailable",
    "fault",
    "log",
    "message",
    "metric",
    "observe",
    "operation",
    "seen",
    "shared",
    "step",
]
