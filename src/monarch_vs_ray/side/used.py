"""What a side used and left, and how it ended, as its guardian reports it: as events of the history."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from monarch_vs_ray.core.events import Ending, Engine, Metric, Observation, SideEnded

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


def side_ended(
    engine: Engine, at: int, ended: dict[str, object], cleaned: dict[str, object], dropped: int
) -> SideEnded:
    """Return a side's last event, from what its guardian reported of its end and of the cleaning up."""
    ending: Ending = ended["ended"]  # type: ignore[assignment] # the guardian's words
    return SideEnded(
        side=engine,
        at=at,
        ending=ending,
        exit_code=ended["exit_code"],  # type: ignore[arg-type]
        signal=ended["signal"],  # type: ignore[arg-type]
        strays=cleaned["strays"],  # type: ignore[arg-type]
        removed=cleaned["removed"],  # type: ignore[arg-type]
        dropped=dropped,
    )
