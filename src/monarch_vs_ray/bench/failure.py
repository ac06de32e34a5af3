"""Turn trials of a fault, which each engine makes in its own way, into rows."""

from __future__ import annotations

import signal
from collections.abc import Callable
from functools import cache

from monarch_vs_ray.bench.measure import Measure
from monarch_vs_ray.bench.request import from_environment

PATIENCE = 60.0
"""Seconds after a fault in which an error, a notice or an answer counts."""
ANSWER_SECONDS = 60.0
"""Timeout in seconds of calls that the fault does not delay."""
EARLIEST, LATEST = 0.5, 10.5
"""Seconds after an actor's first answer between which it is hit: one poll interval of Monarch, by default."""
SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}
Trial = Callable[[int, float], dict[str, float]]
"""Hits an actor in a call with a signal after some seconds; returns the seconds from then to ``error``,
``notice`` and ``answer``, as far as they came."""


def rows(trial: Trial, *whats: str) -> dict[str, Callable[[Measure], None]]:
    """Return the workloads that report parts of trials; each signal has one trial in a process."""

    @cache
    def once(name: str) -> dict[str, float]:
        moment = EARLIEST + (LATEST - EARLIEST) * from_environment().moment
        return {**trial(SIGNALS[name], moment), "moment": moment}

    def part(name: str, what: str) -> Callable[[Measure], None]:
        def work(measure: Measure) -> None:
            outcome = once(name)
            if what not in outcome:
                raise TimeoutError(f"no {what} within {PATIENCE:g} s of the signal")
            measure.once(outcome[what])

        return work

    found = {f"{name}_to_{what}": part(name, what) for name in SIGNALS for what in whats}
    return {**found, "fault_moment": part("kill", "moment")}
