"""Published measurements: raw samples, one packed file for each run, beside the published evidence.

::

    published/<machine>/bench/<name>.jsonl.gz

Whoever shows them asks ``best`` for one line of each row, from whichever file measured it in most processes.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from monarch_vs_ray.bench.analysis import Result, results
from monarch_vs_ray.bench.catalogue import Row, workloads
from monarch_vs_ray.bench.settings import DEFAULTS
from monarch_vs_ray.bench.store import Measured, read
from monarch_vs_ray.core.errors import UserError
from monarch_vs_ray.core.events import ENGINES
from monarch_vs_ray.ledger.results import machine_name

FOLDER = "bench"
SUFFIX = ".jsonl"


@dataclass(frozen=True)
class Published:
    """One published file; ``name`` is its name without suffixes, ``machine`` the folder it lies in."""

    machine: str
    name: str
    path: Path
    measured: Measured


@dataclass(frozen=True)
class Line:
    """One line of the table, and the file it was taken from."""

    file: Published
    result: Result


def publish(path: Path, root: Path, name: str = "") -> Path:
    """Publish a file of measurements; it replaces the one of that machine and name.

    Args:
        path: A file that ``mvr bench`` wrote.
        root: The folder of published results.
        name: Its name there; by default the file's own.

    Returns:
        The file that was written.

    Raises:
        UnreadableBench: If it is no file of measurements.
        UserError: If it does not hold the two engines against each other.
    """
    measured = read(path)
    if measured.manifest.sides != ENGINES:
        sides = " and ".join(measured.manifest.sides)
        raise UserError(f"{path} compares {sides}; only runs of {' and '.join(ENGINES)} are published.")
    folder = root / machine_name(measured.manifest.machine) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    stem = name or path.name.removesuffix(".gz").removesuffix(SUFFIX)
    target = folder / f"{stem}{SUFFIX}.gz"
    packed = path.read_bytes()
    data = gzip.decompress(packed) if path.suffix == ".gz" else packed
    whole = data[: data.rfind(b"\n") + 1]
    new = target.with_name(f"{target.name}.new")
    new.write_bytes(gzip.compress(whole, mtime=0))
    os.replace(new, target)
    return target


def published(root: Path) -> list[Published]:
    """Return all published files, by machine and name; empty if there are none. Raises UnreadableBench."""
    paths = sorted(
        {*root.glob(f"*/{FOLDER}/*{SUFFIX}"), *root.glob(f"*/{FOLDER}/*{SUFFIX}.gz")},
        key=lambda path: path.as_posix(),
    )
    return [
        Published(path.parents[1].name, path.name.partition(SUFFIX)[0], path, read(path)) for path in paths
    ]


def alike(files: Iterable[Published], choice: str = DEFAULTS) -> list[Published]:
    """Return the files with a choice of settings, and with the latest one's releases and processor."""
    every = list(files)
    latest = max(every, key=lambda file: file.measured.manifest.date, default=None)
    return [
        file
        for file in every
        if latest
        and file.measured.manifest.choice == choice
        and file.measured.manifest.versions == latest.measured.manifest.versions
        and file.measured.manifest.processor == latest.measured.manifest.processor
    ]


def best(files: Iterable[Published], choice: str = DEFAULTS) -> dict[Row, Line]:
    """Return one line for each row, from the file with most pairs of processes for it.

    Args:
        files: Those of one machine: two are not to be mixed.
        choice: Only runs with these settings; see ``bench.settings``. Runs of other releases or another
            processor than the latest run's are left out, too.

    Returns:
        The lines, in the order of the catalogue.
    """
    found: dict[Row, Line] = {}
    for file in alike(files, choice):
        for result in results(file.measured):
            known = found.get(result.row)
            if known is None or _pairs(result) > _pairs(known.result):
                found[result.row] = Line(file, result)
    place = {name: at for at, name in enumerate(workloads())}
    return dict(sorted(found.items(), key=lambda item: (place[item[0].workload], item[0].size)))


def _pairs(result: Result) -> int:
    """Return the pairs of processes of a row; where one engine has no number, its processes count less."""
    if result.ratio:
        return result.ratio.n * 1000
    return max((side.estimate.n for side in result.sides.values()), default=0)
