"""What the native code of a side says while it runs.

::

    with step("Spawn two actors"):
        with operation("spawn"):
            ...
    observe("reply", reply)

Under the launcher each call emits an event; run alone, the same file prints what it does.
"""

from monarch_vs_ray.side.experiments import Unavailable, shared
from monarch_vs_ray.side.narration import fault, log, metric, observe, operation, step

__all__ = ["Unavailable", "fault", "log", "metric", "observe", "operation", "shared", "step"]
