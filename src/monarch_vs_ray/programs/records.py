"""Keep the results of pattern runs: a record for each run, one line each when published, and summaries.

::

    published/<machine>/patterns.jsonl     a line for each run
    published/<machine>/patterns.md        n, median and spread of each figure
"""

from __future__ import annotations

import fcntl
import os
import statistics
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import msgspec

from monarch_vs_ray.core.errors import BadEvidence
from monarch_vs_ray.core.events import Engine, Machine
from monarch_vs_ray.history import read_bounded
from monarch_vs_ray.ledger.results import machine_name

FILE = "patterns.jsonl"
TABLE = "patterns.md"


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One run of one program of a pattern; times in seconds, memory in bytes, ``date`` in ISO 8601 (UTC).

    ``figures`` holds None for one that the run did not yield; ``units`` has their units. ``code_sha256`` is
    of the plan and all programs; ``lines_of_code`` of this one. ``undisturbed`` is how long the run of the
    same seed without faults took, where there was one.
    """

    pattern: str
    program: str
    engine: Engine
    settings: str
    seed: int
    planned: int
    fired: int
    holds: bool
    reasons: list[str]
    failed: bool
    figures: dict[str, float | None]
    units: dict[str, str]
    wall: float
    user: float
    system: float
    memory: float
    undisturbed: float | None
    left: list[str]
    lines_of_code: int
    code_sha256: str
    versions: dict[str, str]
    machine: Machine
    date: str


@dataclass(frozen=True)
class Spread:
    """A figure over several runs: n, median, 10th and 90th percentile."""

    n: int
    median: float
    low: float
    high: float
    unit: str


@dataclass(frozen=True)
class Summary:
    """All runs of one program of a pattern with one setting."""

    pattern: str
    program: str
    settings: str
    n: int
    held: int
    planned: int
    fired: int
    lines_of_code: int
    figures: dict[str, Spread]


def spread(values: Sequence[float], unit: str) -> Spread:
    """Return n, median and spread of at least one value."""
    if len(values) == 1:
        return Spread(1, values[0], values[0], values[0], unit)
    tenths = statistics.quantiles(values, n=10, method="inclusive")
    return Spread(len(values), statistics.median(values), tenths[0], tenths[-1], unit)


def summarize(records: Iterable[Record]) -> list[Summary]:
    """Return a summary for each pattern, program and setting."""
    return [_summary(list(group)) for _, group in groupby(sorted(records, key=_order), key=_key)]


def _key(record: Record) -> tuple[str, str, str]:
    return record.pattern, record.program, record.settings


def _order(record: Record) -> tuple[str, str, str, int]:
    return (*_key(record), record.seed)


def _summary(records: list[Record]) -> Summary:
    first = records[0]
    figures = {"wall time": spread([record.wall for record in records], "s")}
    for name, unit in first.units.items():
        values = [value for record in records if (value := record.figures.get(name)) is not None]
        if values:
            figures[name] = spread(values, unit)
    return Summary(
        *_key(first),
        n=len(records),
        held=sum(record.holds for record in records),
        planned=sum(record.planned for record in records),
        fired=sum(record.fired for record in records),
        lines_of_code=first.lines_of_code,
        figures=figures,
    )


def number(value: float) -> str:
    """Format a figure for a reader."""
    return f"{value:,.0f}" if value == int(value) and abs(value) < 1e15 else f"{value:,.3g}"


def markdown(summaries: Iterable[Summary]) -> str:
    """Return a table of summaries."""
    lines = [
        "| pattern | program, settings | figure | median (10th to 90th percentile) | n |",
        "|---|---|---|---|---|",
    ]
    for each in summaries:
        head = f"| {each.pattern} | {each.program}, {each.settings}"
        lines.append(f"{head} | oracle | holds {each.held} of {each.n} times | {each.n} |")
        lines.append(f"{head} | faults | {each.fired} of {each.planned} fired | {each.n} |")
        for name, found in each.figures.items():
            spread_ = (
                f"{number(found.median)} ({number(found.low)} to {number(found.high)}) {found.unit}".rstrip()
            )
            lines.append(f"{head} | {name} | {spread_} | {found.n} |")
    return "\n".join(lines) + "\n"


def publish(records: Sequence[Record], root: Path) -> list[Path]:
    """Publish records beside those of the same code and versions; they replace those of the same seed.

    Records of other code or versions of the same pattern, program and setting go. Several processes may
    publish at once.

    Args:
        records: At least one; all of one machine.
        root: The folder of published results.

    Returns:
        The files that were written.
    """
    folder = root / machine_name(records[0].machine)
    folder.mkdir(parents=True, exist_ok=True)
    new = {_key(record): _origin(record) for record in records}
    seeds = {_order(record) for record in records}
    with _locked(folder):
        kept = [
            record
            for record in read(folder / FILE)
            if _order(record) not in seeds and new.get(_key(record), _origin(record)) == _origin(record)
        ]
        every = sorted([*kept, *records], key=_order)
        _write(folder / FILE, b"".join(msgspec.json.encode(record) + b"\n" for record in every))
        _write(folder / TABLE, markdown(summarize(every)).encode())
    return [folder / FILE, folder / TABLE]


def _origin(record: Record) -> tuple[str, dict[str, str]]:
    return record.code_sha256, record.versions


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold a folder's lock; the kernel drops it when the process ends."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def read(path: Path) -> list[Record]:
    """Return the records of a file; none if there is no file. Raises BadEvidence."""
    if not path.is_file():
        return []
    records = []
    for line_number, line in enumerate(read_bounded(path).splitlines(), start=1):
        try:
            records.append(msgspec.json.decode(line, type=Record))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadEvidence(path, line_number, str(error)) from None
    return records


def published(root: Path) -> list[Record]:
    """Return the published records of all machines."""
    return [record for file in sorted(root.glob(f"*/{FILE}")) for record in read(file)]


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    new = path.with_name(f"{path.name}.new")
    new.write_bytes(data)
    os.replace(new, path)
