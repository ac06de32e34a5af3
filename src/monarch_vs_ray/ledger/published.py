"""Published evidence: one file of evidence and one of histories for each machine, concept and engine.

::

    published/<machine>/<concept>.<engine>.evidence.jsonl       a line for each claim
    published/<machine>/<concept>.<engine>.histories.jsonl.gz   the experiments that they were judged from

Publishing one claim changes these two files and no other. A history here holds what its claims rest on: the
side's manifest without its code, the experiments, the side's end.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

import msgspec

from monarch_vs_ray.core.events import (
    FORMAT,
    AnyEvent,
    Engine,
    ExperimentBegun,
    ExperimentEnded,
    RunStarted,
    SideEnded,
    decoder,
    encode,
)
from monarch_vs_ray.history import Header, read_bounded
from monarch_vs_ray.history import read as read_history
from monarch_vs_ray.ledger.evidence import Evidence, Observed, encoder, read_lines
from monarch_vs_ray.ledger.results import machine_name

EVIDENCE = ".evidence.jsonl"
HISTORIES = ".histories.jsonl.gz"

Histories = dict[str, list[AnyEvent]]
"""Events by the name of their history."""


def publish(all_: Iterable[Evidence], run: Path, root: Path) -> list[Path]:
    """Put the evidence of a run in place of what was published of the same claims.

    Args:
        all_: The evidence; what has no machine of its own (advice, hardware that is lacking) goes to that of
            the rest, or of the run.
        run: The results folder that holds the histories that it names, below that of its machine.
        root: The folder of what is published.

    Returns:
        The files that were written.
    """
    found = list(all_)
    machine = next((machine_name(each.machine) for each in found if each.machine), run.parent.name)
    written: list[Path] = []
    in_order = sorted(found, key=_group)
    for (concept, engine), group in groupby(in_order, key=_group):
        written += _publish_group(list(group), run, root / machine, f"{concept}.{engine}")
    return written


def _group(each: Evidence) -> tuple[str, Engine]:
    return each.concept, each.engine


def _publish_group(new: Sequence[Evidence], run: Path, folder: Path, stem: str) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    evidence_file, histories_file = folder / f"{stem}{EVIDENCE}", folder / f"{stem}{HISTORIES}"
    kept = {each.id: each for each in _read_evidence(evidence_file)}
    kept |= {each.id: _renamed(each, run) for each in new}
    histories = _read_histories(histories_file)
    histories |= _cut(new, run)
    needed = {observed.history for each in kept.values() for observed in each.observed}
    lines = b"".join(encoder.encode(kept[id_]) + b"\n" for id_ in sorted(kept))
    _write(evidence_file, lines)
    _write(histories_file, _packed({name: histories[name] for name in sorted(needed & histories.keys())}))
    return [evidence_file, histories_file]


def _renamed(each: Evidence, run: Path) -> Evidence:
    """Name histories so that those of several runs can lie in one file."""
    observed = [msgspec.structs.replace(one, history=_name(one, run)) for one in each.observed]
    return msgspec.structs.replace(each, observed=observed)


def _name(observed: Observed, run: Path) -> str:
    side = Path(observed.history).name.partition(".jsonl")[0]
    return f"{run.name}/{side}"


def _cut(new: Sequence[Evidence], run: Path) -> Histories:
    """Return what the evidence rests on, out of the run's histories."""
    wanted: dict[str, set[str]] = {}
    files: dict[str, str] = {}
    for observed in (one for each in new for one in each.observed):
        wanted.setdefault(_name(observed, run), set()).add(observed.experiment)
        files[_name(observed, run)] = observed.history
    return {name: list(_only(read_history(run / files[name]).events, wanted[name])) for name in wanted}


def _only(events: Iterable[AnyEvent], experiments: set[str]) -> Iterator[AnyEvent]:
    """Yield a side's manifest, the events of some experiments, and its end."""
    inside = False
    for event in events:
        if isinstance(event, ExperimentBegun):
            inside = event.experiment in experiments
        if isinstance(event, RunStarted):
            yield msgspec.structs.replace(event, code={})
        elif inside or isinstance(event, SideEnded):
            yield event
        if isinstance(event, ExperimentEnded):
            inside = False


def _packed(histories: Histories) -> bytes:
    """Return histories as compressed lines; the same histories give the same bytes."""
    lines = bytearray()
    for name, events in histories.items():
        started = next((event for event in events if isinstance(event, RunStarted)), None)
        header = Header(
            format=FORMAT,
            concept=started.concept if started else "",
            sides=[started.side] if started else [],
            date=started.date if started else "",
            name=name,
        )
        lines += encoder.encode(header) + b"\n" + b"".join(map(encode, events))
    return gzip.compress(bytes(lines), mtime=0)


def _read_evidence(path: Path) -> list[Evidence]:
    return read_lines(read_bounded(path), path) if path.is_file() else []


def _read_histories(path: Path) -> Histories:
    histories: Histories = {}
    if not path.is_file():
        return histories
    for line in read_bounded(path).splitlines():
        if line.startswith(b'{"type":"history"'):
            events = histories.setdefault(msgspec.json.decode(line, type=Header).name, [])
        else:
            events.append(decoder.decode(line))
    return histories


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    new = path.with_name(f"{path.name}.new")
    new.write_bytes(data)
    os.replace(new, path)


def machines(root: Path) -> list[str]:
    """Return the machines that evidence is published of, the one with most claims first."""
    counts = {folder.name: len(evidence(root, folder.name)) for folder in root.glob("*") if folder.is_dir()}
    return sorted(counts, key=lambda name: (-counts[name], name))


def by_claim(root: Path) -> dict[str, dict[str, Evidence]]:
    """Return what is published of each claim, by machine; the machine with most claims first."""
    found: dict[str, dict[str, Evidence]] = {}
    for machine in machines(root):
        for each in evidence(root, machine):
            found.setdefault(each.id, {})[machine] = each
    return found


def best(several: Mapping[str, Evidence]) -> Evidence:
    """Return the evidence to quote first: the first machine's that knows, else the first one's."""
    all_ = list(several.values())
    first = next((each for each in all_ if each.verdict != "unknown"), all_[0])
    if first.brief_verdict != "unknown":
        return first
    known = next((each for each in all_ if each.brief_verdict not in (None, "unknown")), first)
    return msgspec.structs.replace(first, brief_verdict=known.brief_verdict, brief_said=known.brief_said)


def evidence(root: Path, machine: str = "") -> list[Evidence]:
    """Return what is published of a machine, by default of the one with most claims; empty if nothing is."""
    machine = machine or next(iter(machines(root)), "")
    files = sorted((root / machine).glob(f"*{EVIDENCE}")) if machine else []
    return [each for file in files for each in _read_evidence(file)]


def histories(root: Path, machine: str) -> Histories:
    """Return the histories that a machine's published evidence was judged from."""
    found: Histories = {}
    for file in sorted((root / machine).glob(f"*{HISTORIES}")):
        found |= _read_histories(file)
    return found
