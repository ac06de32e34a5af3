"""The evidence that a page shows: what is published, or a reader's own run in place of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from monarch_vs_ray.core.errors import NoResults
from monarch_vs_ray.core.events import Machine
from monarch_vs_ray.core.paths import PUBLISHED
from monarch_vs_ray.ledger import published as publications
from monarch_vs_ray.ledger import results
from monarch_vs_ray.ledger.evidence import Evidence
from monarch_vs_ray.ledger.sabotage import ByClaim, read_all

GIB = 1 << 30


@dataclass(frozen=True)
class Source:
    """What is quoted of each claim, and all that is known of it; newest first.

    ``own`` is True for a reader's own run. ``breaks`` are those of the published machine, and
    ``root`` is the folder of what is published.
    """

    quoted: Mapping[str, Evidence]
    known: Mapping[str, list[Evidence]]
    breaks: ByClaim
    own: bool = False
    root: Path = PUBLISHED

    @property
    def described(self) -> dict[str, str]:
        """Return releases, machine and day of what is quoted, in words."""
        measured = [each for each in self.quoted.values() if each.machine]
        if not measured:
            return {"monarch": "", "ray": "", "machine": "", "date": ""}
        latest = max(measured, key=lambda each: each.date)
        assert latest.machine
        return {
            **{
                engine: ", ".join(sorted({each.version for each in measured if each.engine == engine}))
                for engine in ("monarch", "ray")
            },
            "machine": machine_text(latest.machine),
            "date": latest.date[:10],
        }


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
        known={id_: _newest_first(several.values()) for id_, several in by_claim.items()},
        breaks=_breaks(root),
        root=root,
    )


def own(folder: Path, root: Path = PUBLISHED) -> Source:
    """Return a reader's own run in place of what is published, which stays as the history of verdicts.

    Args:
        folder: A results folder, or one of several, of which the newest is taken.
        root: The folder of published results.

    Raises:
        NoResults: If no claim was judged there.
    """
    quoted = {each.id: each for each in load(folder)}
    by_claim = publications.by_claim(root)
    known = {id_: _newest_first(several.values()) for id_, several in by_claim.items()}
    for id_, each in quoted.items():
        known[id_] = _newest_first([each, *known.get(id_, [])])
    return Source(quoted=quoted, known=known, breaks=_breaks(root), own=True, root=root)


def load(folder: Path) -> list[Evidence]:
    """Return the evidence of a run; of a folder of runs, that of the newest. Raises NoResults."""
    here = (folder / results.EVIDENCE, folder / results.VERDICTS)
    if any(file.is_file() for file in here):
        found = results.load(folder)
    else:
        below = [file.parent for file in folder.glob(f"*/{results.EVIDENCE}") if file.stat().st_size]
        newest = max(below, key=lambda each: each.name) if below else results.latest(folder)
        found = results.load(newest)
    if not found:
        raise NoResults(folder)
    return found


def _newest_first(several: Iterable[Evidence]) -> list[Evidence]:
    return sorted(several, key=lambda each: each.date, reverse=True)


def _breaks(root: Path) -> ByClaim:
    machine = next(iter(publications.machines(root)), "")
    return read_all(root / machine) if machine else {}
