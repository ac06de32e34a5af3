"""The workloads: what each one measures, in which unit, between which two readings of the clock."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from monarch_vs_ray.core.errors import UnknownWorkload
from monarch_vs_ray.core.events import ENGINES, Engine

ALL = "all"
"""Names every workload."""
FILE = Path(__file__).parent / "workloads.toml"
Kind = Literal["latency", "rate", "phase", "bandwidth", "amount"]
"""``latency`` and ``phase`` are seconds, ``rate`` is operations per second, ``bandwidth`` bytes per second,
``amount`` is a number in the workload's own ``unit``."""


class Row(msgspec.Struct, frozen=True, order=True):
    """One line of the table: a workload at a size (bytes, processes, or whatever the workload counts)."""

    workload: str
    size: int = 0

    def __str__(self) -> str:
        return f"{self.workload}/{self.size}" if self.size else self.workload


class Workload(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An entry of ``workloads.toml``.

    ``clock`` says what lies between the two readings of the clock. ``limit`` names the row of the machine
    that this one is held against. ``core`` rows are those of a short run. ``size_unit`` is what ``sizes``
    count; ``more_sizes`` are measured when they are asked for. ``extra`` workloads are no part of a default
    run. ``least`` is how many samples a process takes at least: the first one of large bytes touches new
    memory, takes several times as long, and is left out. ``elsewhere`` says that an actor reads the clock, so
    that a planted slow-down does not reach it. ``seconds`` is how long one process takes for it,
    where that is not ours to choose. ``note`` says what a reader would get wrong.
    """

    name: str
    title: str
    kind: Kind
    clock: str
    unit: str = ""
    group: str = ""
    engines: tuple[Engine, ...] = ENGINES
    sizes: tuple[int, ...] = (0,)
    more_sizes: tuple[int, ...] = ()
    size_unit: str = ""
    limit: str = ""
    core: bool = False
    extra: bool = False
    least: int = 1
    elsewhere: bool = False
    seconds: float = 0.0
    note: str = ""

    @property
    def more_is_better(self) -> bool:
        """Return whether the larger of two values is the better one."""
        return self.kind in ("rate", "bandwidth")

    @property
    def before(self) -> bool:
        """Return whether it is a limit of the machine: measured before the engine is imported."""
        return self.group in ("limits", "graph_limits")

    @property
    def always(self) -> bool:
        """Return whether each process measures it anyway, because it is a phase of the process itself."""
        return self.group == "start"

    @property
    def worst_last(self) -> tuple[float, float, float]:
        """Return the quantiles of interest: those of the worse half, whichever end that is."""
        return (0.5, 0.1, 0.01) if self.more_is_better else (0.5, 0.9, 0.99)

    @property
    def rows(self) -> list[Row]:
        """Return the workload's lines of the table."""
        return [Row(self.name, size) for size in self.sizes]


class _File(msgspec.Struct, forbid_unknown_fields=True):
    workload: list[Workload]


@cache
def workloads() -> dict[str, Workload]:
    """Return all workloads by name, in the order of the file."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    file = msgspec.convert(tomllib.loads(FILE.read_text(encoding="utf-8")), _File)
    return {workload.name: workload for workload in file.workload}


def choose(names: Sequence[str], *, core: bool = False, sizes: Sequence[int] = ()) -> list[Row]:
    """Return the rows to measure, with those of the machine that they are held against.

    Args:
        names: Workloads, groups, or ``all``; without any, all that belong to the default run.
        core: Whether only the rows of a short run are wanted, where no name says otherwise: the core
            workloads, at their first two sizes.
        sizes: Only these sizes, for workloads that have more than one.

    Raises:
        UnknownWorkload: If a name is neither a workload nor a group.
    """
    known = workloads()
    groups = {workload.group for workload in known.values() if workload.group}
    if ALL in names:
        names = list(known)
    for name in names:
        if name not in known and name not in groups:
            raise UnknownWorkload(name, [*known, *sorted(groups)])
    chosen = [
        workload
        for workload in known.values()
        if (
            workload.name in names or workload.group in names
            if names
            else not workload.extra and (workload.core or not core)
        )
    ]
    fewer = 2 if core and not names and not sizes else None
    rows = [Row(workload.name, size) for workload in chosen for size in _sizes(workload, sizes)[:fewer]]
    limits = [limit for row in rows if (limit := limit_of(row))]
    return list(dict.fromkeys([*rows, *limits]))


def _sizes(workload: Workload, asked: Sequence[int]) -> list[int]:
    if not asked or workload.sizes == (0,):
        return list(workload.sizes)
    return [size for size in (*workload.sizes, *workload.more_sizes) if size in asked]


def limit_of(row: Row) -> Row | None:
    """Return the row of the machine that a row is held against: that of the nearest size."""
    limit = workloads().get(workloads()[row.workload].limit)
    if limit is None:
        return None
    sizes = (*limit.sizes, *limit.more_sizes)
    return Row(limit.name, min(sizes, key=lambda size: abs(size - row.size)))
