"""Keep what was measured: one file, a manifest first, then a line for each process and row as they come."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import msgspec

from monarch_vs_ray.bench.catalogue import Row, workloads
from monarch_vs_ray.core.errors import CannotRecord, UnreadableBench
from monarch_vs_ray.core.events import Engine, Machine

FORMAT = 1
LARGEST = 512 * 1024 * 1024


class Manifest(msgspec.Struct, frozen=True, kw_only=True, tag="manifest"):
    """The origin of a file of measurements.

    Two are comparable when machine, processor, code, sides and settings agree; releases may differ.

    ``code`` is a hash of the workloads. ``sides`` are the two that were held against each other: the engines,
    unless it is one engine against itself. ``date`` is UTC in ISO 8601, ``settings`` what we set of engines,
    ``choice`` the name of that in ``bench.settings``. ``processor`` is its model, empty if none is named.
    """

    format: int
    date: str
    machine: Machine
    versions: dict[str, str]
    code: str
    sides: tuple[str, str]
    seconds: float
    budget: float
    seed: int
    settings: dict[str, list[str]] = {}
    choice: str = "defaults"
    processor: str = ""

    @property
    def on_processor(self) -> str:
        """Return the processor as the end of a list, ``, AMD EPYC``; empty if none is named."""
        return f", {self.processor}" if self.processor else ""


def processor_model(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Return the model of the first processor, empty if the system names none."""
    with suppress(OSError):
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return ""


class Process(msgspec.Struct, frozen=True, kw_only=True, tag="process"):
    """One side in one round: how long it took, and what else the machine did meanwhile.

    ``processor`` is what its tree used of the processor, ``foreign`` what others used, both in cores;
    ``idle`` says whether the machine was idle when it began, ``row_seconds`` how long each row was measured.
    """

    round: int
    side: str
    engine: Engine
    seconds: float
    processor: float
    foreign: float
    idle: bool = True
    row_seconds: float = 0.0
    ended: str


class Samples(msgspec.Struct, frozen=True, kw_only=True, tag="samples"):
    """The samples of one row in one process, in nanoseconds, or in the workload's own unit."""

    round: int
    side: str
    row: Row
    values: list[float]
    operations: int = 1
    warm_up: int = 0


class Trouble(msgspec.Struct, frozen=True, kw_only=True, tag="trouble"):
    """Why a row was not measured in one process."""

    round: int
    side: str
    row: Row
    why: str


Record = Process | Samples | Trouble
_decoder = msgspec.json.Decoder(Manifest | Process | Samples | Trouble)


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """A file of measurements, read."""

    manifest: Manifest
    records: list[Record]

    @property
    def processes(self) -> list[Process]:
        """Return the processes that ran."""
        return [record for record in self.records if isinstance(record, Process)]

    @property
    def samples(self) -> list[Samples]:
        """Return the samples that were taken."""
        return [record for record in self.records if isinstance(record, Samples)]

    @property
    def troubles(self) -> list[Trouble]:
        """Return why rows were not measured."""
        return [record for record in self.records if isinstance(record, Trouble)]


class Store:
    """A new file of measurements; each line is on the disk before the next process starts.

    Raises:
        CannotRecord: If it cannot be made or written.
    """

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self.path = path
        self._records: list[Record] = []
        self._manifest = manifest
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise CannotRecord(path, error.strerror or str(error)) from None
        self._write(manifest)

    def append(self, records: Iterable[Record]) -> None:
        """Keep some records."""
        for record in records:
            self._write(record)
            self._records.append(record)

    def _write(self, line: msgspec.Struct) -> None:
        data = memoryview(msgspec.json.encode(line) + b"\n")
        try:
            while data:
                data = data[os.write(self._file, data) :]
        except OSError as error:
            raise CannotRecord(self.path, error.strerror or str(error)) from None

    @property
    def measured(self) -> Measured:
        """Return what has been measured so far."""
        return Measured(manifest=self._manifest, records=list(self._records))

    def close(self) -> None:
        """Close the file; it stays."""
        os.close(self._file)


def read(path: Path) -> Measured:
    """Read a file of measurements, unpacked if it is a ``.gz``; an unfinished last line is left out.

    Raises:
        UnreadableBench: If it cannot be read or is of another form.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableBench(path, 0, getattr(error, "strerror", None) or str(error)) from None
    if len(data) > LARGEST:
        raise UnreadableBench(path, 0, f"larger than {LARGEST} bytes")
    lines = data.split(b"\n")[:-1]
    parts: list[Manifest | Record] = []
    for number, line in enumerate(lines, start=1):
        try:
            part = _decoder.decode(line)
            parts.append(part)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise UnreadableBench(path, number, str(error)) from None
        if isinstance(part, Samples) and _takes_time(part.row) and min(part.values, default=1) <= 0:
            raise UnreadableBench(path, number, f"{part.row} took {min(part.values):g} ns, not more than 0")
    manifest = parts[0] if parts else None
    records = [part for part in parts[1:] if not isinstance(part, Manifest)]
    if not isinstance(manifest, Manifest) or len(records) != len(parts) - 1:
        raise UnreadableBench(path, 1, "the first line, and only that, must be a manifest")
    if manifest.format > FORMAT:
        raise UnreadableBench(path, 1, f"format {manifest.format}, newer than {FORMAT}")
    return Measured(manifest=manifest, records=records)


def _takes_time(row: Row) -> bool:
    """Return whether samples are times: amounts may be 0, or less than before."""
    workload = workloads().get(row.workload)
    return workload is not None and workload.kind != "amount"
