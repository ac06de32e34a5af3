"""What a side used and left, as its guardian reports it, as events of the history."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from monarch_vs_ray.core.events import Engine, Metric, Observation

LEFT = "left"
MEMORY_KIND = "memory_kind"
PROCESSES, SOCKETS, MEMORY = "processes", "sockets", "memory"
WALL, USER, SYSTEM, LARGEST = "wall time", "processor time, user", "processor time, system", "largest process"


def events(side: Engine, at: int, said: dict[str, Any]) -> Iterator[Metric | Observation]:
    """Yield the events of one report.

    Args:
        side: Whose.
        at: When, in nanoseconds of the run.
        said: The report, see ``guardian.watch`` and ``guardian.measuring``.
    """
    if sample := said.get("sample"):
        for name, unit in ((MEMORY, "bytes"), (PROCESSES, ""), (SOCKETS, "")):
            yield Metric(side=side, at=at, name=name, value=float(sample[name]), unit=unit)
        if sample["kind"] != "PSS":
            yield Observation(side=side, at=at, key=MEMORY_KIND, value=sample["kind"])
    if nanoseconds := said.get("nanoseconds"):
        yield Metric(side=side, at=at, name=WALL, value=nanoseconds / 1e9, unit="s")
    if used := said.get("used"):
        for name, key, unit in ((USER, "user", "s"), (SYSTEM, "system", "s"), (LARGEST, "largest", "bytes")):
            yield Metric(side=side, at=at, name=name, value=float(used[key]), unit=unit)
        yield Observation(side=side, at=at, key=LEFT, value=said["left"])
