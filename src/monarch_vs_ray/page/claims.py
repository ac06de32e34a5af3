"""Claims as data: the rows of the matrix, and all that stands behind each cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from monarch_vs_ray.core.concept import Concept
from monarch_vs_ray.core.errors import UnknownSymbol
from monarch_vs_ray.core.events import ENGINES, Engine
from monarch_vs_ray.core.output import clean
from monarch_vs_ray.ledger.claims import Claim, Ledger
from monarch_vs_ray.ledger.code import Excerpt, actors_of, experiment_code, telling_lines
from monarch_vs_ray.ledger.evidence import Evidence
from monarch_vs_ray.ledger.sabotage import Sabotaged, why_none
from monarch_vs_ray.page.sources import Source, machine_text
from monarch_vs_ray.references.table import link
from monarch_vs_ray.report.changes import read as published_changes
from monarch_vs_ray.stage.values import NAMES, say

Choices = dict[str, list[tuple[str, str]]]
MISSING = "missing"
"""The mark of a claim that the evidence shown says nothing of."""
OF_THE_OTHER: dict[Engine, tuple[str, ...]] = {"monarch": ("RAY_",), "ray": ("HYPERACTOR_", "MONARCH_")}
"""Beginnings of environment variables that only the other engine reads; both sides are given them."""
LONGEST = 400
"""Characters of an observed value that are shown."""


class Excerpts:
    """The quoted code, each piece once; ``all`` is what the page holds."""

    def __init__(self) -> None:
        self.all: list[dict[str, Any]] = []
        self._places: dict[str, int] = {}

    def place(self, each: Excerpt) -> int:
        """Return the number of an excerpt."""
        if each.where not in self._places:
            self._places[each.where] = len(self.all)
            text = "\n".join(each.lines)
            self.all.append({"where": each.where, "name": each.name, "first": each.first, "text": text})
        return self._places[each.where]


def matrix(ledger: Ledger, source: Source) -> list[dict[str, Any]]:
    """Return the concepts in their order, each with its rows and their cells."""
    found = []
    for concept in ledger.concepts.values():
        rows: dict[str, dict[str, Any]] = {}
        for claim in (each for each in ledger.claims if each.concept == concept.name):
            row = rows.setdefault(
                claim.row,
                {
                    "id": claim.short,
                    "number": ledger.numbers[claim.short],
                    "aspect": claim.aspect,
                    "cells": dict.fromkeys(ENGINES),
                },
            )
            row["cells"][claim.engine] = cell(claim, source)
        if rows:
            found.append(
                {
                    "name": concept.name,
                    "title": concept.title,
                    "number": concept.number,
                    "question": question(concept),
                    "rows": list(rows.values()),
                }
            )
    return found


def question(concept: Concept) -> str:
    """Return a concept's question with its constants filled in."""
    return concept.fill(concept.question) if concept.question else ""


def cell(claim: Claim, source: Source) -> dict[str, Any]:
    """Return what the matrix shows of a claim: statement, verdict, kind, and verdicts of other releases."""
    evidence = source.quoted.get(claim.id)
    return {
        "id": claim.id,
        "statement": claim.cell.statement,
        "verdict": evidence.verdict if evidence else MISSING,
        "tested": claim.cell.tested,
        "brief": (evidence.brief_verdict if evidence else claim.cell.brief_verdict) or "",
        "version": evidence.version if evidence else "",
        "releases": _other_releases(source.known.get(claim.id, ()), evidence),
    }


def _other_releases(known: Iterable[Evidence], shown: Evidence | None) -> dict[str, str]:
    """Return the newest verdict of each release that is not the one shown."""
    found: dict[str, str] = {}
    for each in known:
        if each.version and not (shown and each.version == shown.version):
            found.setdefault(each.version, each.verdict)
    return found


def details(ledger: Ledger, source: Source) -> dict[str, Any]:
    """Return what stands behind each claim, by id, and the code that is quoted."""
    excerpts = Excerpts()
    changed = changes(source.root)
    return {
        "claims": {
            claim.id: {**_detail(claim, ledger, source, excerpts), "changes": changed.get(claim.id, [])}
            for claim in ledger.claims
        },
        "code": excerpts.all,
    }


def _detail(claim: Claim, ledger: Ledger, source: Source, excerpts: Excerpts) -> dict[str, Any]:
    evidence = source.quoted.get(claim.id)
    return {
        "number": ledger.numbers[claim.short],
        "aspect": claim.aspect,
        "statement": claim.cell.statement,
        "tested": claim.cell.tested,
        "madeFor": claim.versions,
        "verdict": evidence.verdict if evidence else MISSING,
        "said": clean(evidence.said) if evidence else "",
        "note": claim.cell.note,
        "brief": _brief(claim, evidence),
        "experiments": _experiments(claim, ledger, evidence, excerpts),
        "noControl": claim.cell.no_control,
        "breaks": _breaks(claim, source.breaks.get(claim.id)),
        "history": history(source.known.get(claim.id, ()), evidence if source.own else None),
        "restsOn": claim.cell.rests_on,
        "sources": [_source(each) for each in (*claim.cell.holds_in, *claim.cell.references)],
    }


def _brief(claim: Claim, evidence: Evidence | None) -> dict[str, str] | None:
    if not claim.cell.brief:
        return None
    return {
        "text": claim.cell.brief,
        "verdict": (evidence.brief_verdict if evidence else None) or claim.cell.brief_verdict or "unknown",
        "said": clean(evidence.brief_said) if evidence else "",
        "missing": claim.cell.brief_missing,
    }


def _experiments(
    claim: Claim, ledger: Ledger, evidence: Evidence | None, excerpts: Excerpts
) -> list[dict[str, Any]]:
    """Return experiment, control and the brief's experiment, with code and observations."""
    roles = {
        "Experiment": claim.cell.experiment,
        "Control": claim.cell.control,
        "Experiment for the brief": claim.cell.brief_experiment,
    }
    found = []
    for role, name in roles.items():
        if not name:
            continue
        settings = ledger.settings(claim, name)
        environment = {**ledger.concepts[claim.concept].environment, **settings.environment}
        others = OF_THE_OTHER[claim.engine]
        given = settings.options | {
            key: value for key, value in environment.items() if not key.startswith(others)
        }
        parts, lit = _quoted(claim, ledger, name, excerpts)
        found.append(
            {
                "role": role,
                "name": name,
                "given": [f"{key} = {value}" for key, value in given.items()],
                "code": parts,
                "lit": lit,
                "seen": _seen(name, evidence),
            }
        )
    return found


def _quoted(claim: Claim, ledger: Ledger, name: str, excerpts: Excerpts) -> tuple[list[int], list[list[int]]]:
    """Return the places of an experiment's code, the function first, its actors last, and the lit lines."""
    functions, actors = _code(str(ledger.folder(claim)), claim.engine, ledger.function(claim, name))
    checks = (*claim.checks, *claim.brief_checks)
    keys = frozenset(str(check[key]) for check in checks for key in ("key", "other") if key in check)
    lit = [_lit(each, keys) for each in functions]
    return [excerpts.place(each) for each in (*functions, *actors)], [*lit, *([] for _ in actors)]


@cache
def _lit(each: Excerpt, keys: frozenset[str]) -> list[int]:
    """Return the lines of an excerpt that observe one of these keys, or break something on purpose."""
    return sorted(telling_lines(each, set(keys)))


@cache
def _code(folder: str, engine: Engine, function: str) -> tuple[list[Excerpt], list[Excerpt]]:
    """Return the functions of an experiment, and the classes that they name."""
    try:
        functions = experiment_code(Path(folder), engine, function)
        return functions, actors_of(Path(folder), engine, functions)
    except UnknownSymbol:
        return [], []


def _seen(name: str, evidence: Evidence | None) -> list[list[list[str]]]:
    """Return what an experiment observed: for each run, pairs of key and value."""
    observed = evidence.observed if evidence else ()
    return [
        [[key, _short(value)] for key, value in each.seen.items()]
        for each in observed
        if each.experiment == name
    ]


def _short(value: object) -> str:
    text = clean(say(value))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"


def _breaks(claim: Claim, found: Sabotaged | None) -> dict[str, Any]:
    """Return the breaks of a claim's subject that were run, or why there are none."""
    runs = found.breaks if found else []
    return {
        "run": [
            {"what": each.what, "noticed": each.noticed, "under": each.under, "said": clean(each.said)}
            for each in runs
        ],
        "none": "" if runs else why_none(claim) or (found.no_break if found else "") or "none was run yet",
        "altered": found.altered if found else 0,
        "missed": found.missed if found else [],
    }


def history(known: Iterable[Evidence], mine: Evidence | None = None) -> list[dict[str, Any]]:
    """Return the verdicts that were ever published of a claim, newest first; ``mine`` is a reader's own."""
    return [
        {
            "date": each.date[:10],
            "version": each.version,
            "machine": machine_text(each.machine) if each.machine else "no engine involved",
            "verdict": each.verdict,
            "said": clean(each.said),
            "runs": each.runs,
            "firstTry": clean(each.first_try),
            "outside": each.outside,
            "own": each is mine,
        }
        for each in known
    ]


def changes(root: Path) -> dict[str, list[dict[str, str]]]:
    """Return what changed of published verdicts, by claim, newest first.

    Args:
        root: The folder of published results.

    Raises:
        BadEvidence: If the file of changes is damaged.
    """
    found: dict[str, list[dict[str, str]]] = {}
    for each in reversed(published_changes(root)):
        entry = msgspec.to_builtins(each)
        found.setdefault(each.claim, []).append(
            {name: entry[name] for name in ("about", "before", "after", "version_before", "version_after")}
            | {"date": each.date[:10], "reworded": "yes" if each.reworded else ""}
        )
    return found


def _source(entry: str) -> dict[str, str]:
    """Return a reference as a name and an address."""
    address = link(entry)
    return {"name": entry, "url": address}


def versions(source: Source) -> dict[Engine, list[str]]:
    """Return the releases that evidence is known of, by engine."""
    found: dict[Engine, set[str]] = {engine: set() for engine in ENGINES}
    for several in source.known.values():
        for each in several:
            if each.version:
                found[each.engine].add(each.version)
    return {engine: sorted(all_, reverse=True) for engine, all_ in found.items()}


def choices(
    rows: Sequence[Mapping[str, Any]], source: Source, marks: Mapping[str, tuple[str, str]]
) -> Choices:
    """Return what each filter of the matrix offers, as values and texts."""
    releases = versions(source)
    several = any(len(each) > 1 for each in releases.values())
    return {
        "concept": [("", "all"), *((each["name"], each["title"]) for each in rows)],
        "engine": [("", "both"), *NAMES.items()],
        "verdict": [
            ("", "any"),
            *((name, " ".join(mark)) for name, mark in marks.items() if name != "partly"),
        ],
        "kind": [
            ("", "any"),
            ("experiment", "experiment"),
            ("reference", "about code"),
            ("judgement", "judgement"),
        ],
        "brief": [
            ("", "any"),
            ("holds", "stands"),
            ("partly", "stands partly"),
            ("refuted", "does not stand"),
            ("unknown", "unknown"),
        ],
        "release": [
            ("", "any"),
            *(
                (f"{engine} {each}", f"{NAMES[engine]} {each}")
                for engine in ENGINES
                for each in releases[engine]
            ),
        ]
        if several
        else [],
    }
