"""The evidence that a page shows: what is published, or a reader's own run in place of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from monarch_vs_ray.core.errors import NoResults
from monarch_vs_ray.core.events import ENGINES, Machine
from monarch_vs_ray.core.paths import PUBLISHED
from monarch_vs_ray.ledger import published as publications
from monarch_vs_ray.ledger import results
from monarch_vs_ray.ledger.evidence import Evidence
from monarch_vs_ray.ledger.sabotage import ByClaim, read_all
from monarch_vs_ray.report.changes import of_releases

GIB = 1 << 30


@dataclass(frozen=True)
class Source:
    """Return what is quoted of each claim, and all that is known of it; newest first.

    ``folder`` is that of a reader's own run. ``breaks`` are those of the published machine, and ``root`` is
    the folder of what is published.
    """

    quoted: Mapping[str, Evidence]
    known: Mapping[str, list[Evidence]]
    breaks: ByClaim
    folder: Path | None = None
    root: Path = PUBLISHED

    @property
    def own(self) -> bool:
        """Return whether a reader's own run stands in place of what is published."""
        return self.folder is not None

    @property
    def described(self) -> dict[str, str]:
        """Return releases, machine and day of what is quoted, in words."""
        return described(list(self.quoted.values()))


def described(evidence: Sequence[Evidence]) -> dict[str, str]:
    """Return the releases, the machine and the day of some evidence, in words; empty where no engine ran."""
    measured = [each for each in evidence if each.machine]
    if not measured:
        return {"monarch": "", "ray": "", "machine": "", "date": ""}
    latest = max(measured, key=lambda each: each.date)
    assert latest.machine
    releases: dict[str, str] = {
        engine: ", ".join(sorted({each.version for each in measured if each.engine == engine}))
        for engine in ENGINES
    }
    return {**releases, "machine": machine_text(latest.machine), "date": latest.date[:10]}


def machine_text(machine: Machine) -> str:
    """Return a kind of machine in words: ``Linux x86_64, 2 cores, 23 GB, no GPU, Python 3.11``."""
    gpus = ", ".join(sorted(machine.gpus)) or "no GPU"
    memory = f"{machine.memory_bytes / GIB:.0f} GB"
    python = ".".join(machine.python.split(".")[:2])
    return (
        f"{machine.system} {machine.architecture}, {machine.cores} cores, {memory}, {gpus}, Python {python}"
    )


def published(root: Path = PUBLISHED) -> Source:
    """Return what is published of all machines.

    Args:
        root: The folder of published results.
    """
    by_claim = publications.by_claim(root)
    return Source(
        quoted={id_: publications.best(several) for id_, several in by_claim.items()},
        known={id_: _newest_first(several) for id_, several in _known(root).items()},
        breaks=_breaks(root),
        root=root,
    )


def own(folder: Path, root: Path = PUBLISHED, *, before: Path | None = None) -> Source:
    """Return a reader's own run in place of what is published, which stays as the history of verdicts.

    Args:
        folder: A results folder, or one of several, of which the newest is taken.
        root: The folder of published results.
        before: An earlier run, for the history of verdicts.

    Raises:
        NoResults: If no claim was judged there.
    """
    quoted = {each.id: each for each in evidence_of(folder)}
    known = _known(root)
    for each in (*quoted.values(), *(evidence_of(before) if before else ())):
        if each not in known.setdefault(each.id, []):
            known[each.id].append(each)
    return Source(
        quoted=quoted,
        known={id_: _newest_first(several) for id_, several in known.items()},
        breaks=_breaks(root),
        folder=run_folder(folder),
        root=root,
    )


def evidence_of(folder: Path) -> list[Evidence]:
    """Return the evidence of a run, or what is published of a machine. Raises NoResults."""
    place = run_folder(folder)
    if _is_published(place):
        return publications.evidence(place.resolve().parent, place.resolve().name)
    return results.load(place)


def run_folder(folder: Path) -> Path:
    """Return a run's folder: this one, or the newest run in it. Raises NoResults if no claim was judged."""
    if _is_published(folder):
        return folder
    if any((folder / name).is_file() for name in (results.EVIDENCE, results.VERDICTS)):
        if not results.load(folder):
            raise NoResults(folder)
        return folder
    below = [file.parent for file in folder.glob(f"*/{results.EVIDENCE}") if file.stat().st_size]
    return max(below, key=lambda each: each.name) if below else results.latest(folder)


def _is_published(folder: Path) -> bool:
    return any(folder.glob(f"*{publications.EVIDENCE}"))


def _known(root: Path) -> dict[str, list[Evidence]]:
    """Return all that is published of each claim, also of other releases of the engines."""
    known = {id_: list(several.values()) for id_, several in publications.by_claim(root).items()}
    for _, each in of_releases(root):
        known.setdefault(each.id, []).append(each)
    return known


def _newest_first(several: Iterable[Evidence]) -> list[Evidence]:
    return sorted(several, key=lambda each: each.date, reverse=True)


def _breaks(root: Path) -> ByClaim:
    machine = next(iter(publications.machines(root)), "")
    return read_all(root / machine) if machine else {}
