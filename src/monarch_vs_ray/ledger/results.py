"""A results folder, ``<machine>/<date>/``: written as the evidence comes, so a crash loses none.

::

    manifest.json      what was asked for, on which kind of machine, when
    evidence.jsonl     one line for each claim as soon as it is judged
    histories/         the events of every side that ran
    verdicts.json      the last word on every claim, when all is over
    verdicts.md        the same as a table
"""

from __future__ import annotations

import itertools
import os
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec

from monarch_vs_ray.core.errors import BadEvidence, CannotRecord, NoResults
from monarch_vs_ray.core.events import FORMAT, Engine, Machine
from monarch_vs_ray.history import Header, Recorder, read_bounded
from monarch_vs_ray.ledger.evidence import Evidence, encoder, read_lines

EVIDENCE = "evidence.jsonl"
VERDICTS = "verdicts.json"
HISTORIES = "histories"


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a results folder is of; ``date`` is UTC in ISO 8601, ``versions`` of the engines as installed."""

    format: int
    date: str
    machine: Machine
    versions: dict[str, str]
    claims: int
    repeats: int
    slow: bool


def machine_name(machine: Machine) -> str:
    """Return the folder's name for a kind of machine, for instance ``linux-x86_64-2-cores-1-nvidia-h200``."""
    name = f"{machine.system}-{machine.architecture}-{machine.cores}-cores"
    models = "".join(f"-{count}-{model}" for model, count in sorted(Counter(machine.gpus).items()))
    return re.sub(r"[^a-z0-9_]+", "-", f"{name}{models}".lower())


class Results:
    """A new results folder. Raises CannotRecord when it cannot be made."""

    def __init__(self, root: Path, manifest: Manifest) -> None:
        try:
            self.folder = _new_folder(root, manifest)
            (self.folder / HISTORIES).mkdir()
            self._write("manifest.json", msgspec.json.format(msgspec.json.encode(manifest)))
            self._evidence = os.open(self.folder / EVIDENCE, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC)
        except OSError as error:
            raise CannotRecord(root, error.strerror or str(error)) from None
        self._manifest = manifest
        self._runs: dict[str, int] = {}

    def recorder(self, engine: Engine, concept: str) -> Recorder:
        """Return a recorder for one more side of a concept; evidence names its path from the folder on."""
        name = f"{concept}.{engine}"
        self._runs[name] = self._runs.get(name, 0) + 1
        header = Header(format=FORMAT, concept=concept, sides=[engine], date=self._manifest.date)
        return Recorder(self.folder / HISTORIES / f"{name}.{self._runs[name]}.jsonl", header)

    def relative(self, path: Path) -> str:
        """Return how a history is named in the evidence."""
        return str(path.relative_to(self.folder))

    def append(self, evidence: Evidence) -> None:
        """Keep one claim's evidence; it is with the operating system when this returns."""
        os.write(self._evidence, encoder.encode(evidence) + b"\n")

    def finish(self, last: Iterable[Evidence], markdown: str) -> None:
        """Write the last word on every claim."""
        self._write(VERDICTS, msgspec.json.format(encoder.encode(list(last)), indent=1))
        self._write("verdicts.md", markdown.encode())

    def close(self) -> None:
        """Close the evidence file."""
        os.close(self._evidence)

    def _write(self, name: str, data: bytes) -> None:
        """Write a file whole or not at all."""
        new = self.folder / f"{name}.new"
        new.write_bytes(data)
        os.replace(new, self.folder / name)


def _new_folder(root: Path, manifest: Manifest) -> Path:
    """Make a folder named for the date; two runs that begin in the same second get one each."""
    stamp = manifest.date.partition("+")[0].replace(":", "-")
    above = root / machine_name(manifest.machine)
    above.mkdir(parents=True, exist_ok=True)
    for number in itertools.count():
        folder = above / (f"{stamp}-{number}" if number else stamp)
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise AssertionError("counting does not end")


def latest(root: Path) -> Path:
    """Return the newest results folder below ``root`` in which a claim was judged. Raises NoResults."""
    files = root.glob(f"*/*/{EVIDENCE}")
    found = [file.parent for file in files if file.stat().st_size]
    if not found:
        raise NoResults(root)
    return max(found, key=lambda folder: folder.name)


def load(folder: Path) -> list[Evidence]:
    """Return the evidence in a results folder: its last word, or what had come when it was cut short."""
    verdicts = folder / VERDICTS
    if verdicts.is_file():
        try:
            return msgspec.json.decode(read_bounded(verdicts), type=list[Evidence])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadEvidence(verdicts, 0, str(error) or "nested too deeply") from None
    path = folder / EVIDENCE
    return read_lines(read_bounded(path), path)
