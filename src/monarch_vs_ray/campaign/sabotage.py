"""Run breaks of claims' subjects on the real engines: the verdict must turn away from ``holds``.

Each break runs a claim's experiment in a side that imports a copy of this package with the break in it. What
the experiment observes then is judged without the control: a break has to be noticed by the check itself.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

import msgspec

from monarch_vs_ray.campaign import catalogue
from monarch_vs_ray.campaign.broken_copy import broken_copy
from monarch_vs_ray.campaign.interpreter import releases
from monarch_vs_ray.campaign.plan import SidePlan, plan
from monarch_vs_ray.campaign.schedule import Campaign
from monarch_vs_ray.campaign.sides import side_spec
from monarch_vs_ray.campaign.verify import Choice, Options, now
from monarch_vs_ray.core import breaks
from monarch_vs_ray.core.breaks import Break, Breaks, Change
from monarch_vs_ray.core.clock import MonotonicClock
from monarch_vs_ray.core.events import FORMAT, FaultInjected
from monarch_vs_ray.core.paths import PUBLISHED, results_folder
from monarch_vs_ray.core.verdicts import Finding
from monarch_vs_ray.ledger import published
from monarch_vs_ray.ledger.alterations import Alteration, alterations
from monarch_vs_ray.ledger.brackets import Bracket, brackets
from monarch_vs_ray.ledger.claims import Claim
from monarch_vs_ray.ledger.evidence import Evidence
from monarch_vs_ray.ledger.results import Manifest, Results
from monarch_vs_ray.ledger.sabotage import Broken, ByClaim, Sabotaged, code_hash, why_none
from monarch_vs_ray.side.launcher import Run
from monarch_vs_ray.side.main import BARE, this_machine

TICK = 0.05
FOLDER = "sabotage"
"""Below the results folder: what broken subjects observed is nobody's evidence."""
ANNOUNCED = "The fault is announced and recorded, but not performed."
KILL = (
    "    os.kill(pid, number)\n"
    '    wait_for(lambda: is_gone(pid), f"process {pid} ({target}) to end", within)\n'
)
STOPPED = "    with stopping.stopped(pid):\n"
STILL = "    window = stopping.still(seconds, *pids)\n"
NOT_STILL = "    window = (time.monotonic(), time.sleep(seconds) or time.monotonic())\n"
GENERIC = [
    Change(file="instruments/faults.py", old=KILL, new=""),
    Change(file="instruments/faults.py", old=STOPPED, new="    if True:\n"),
    Change(file="instruments/faults.py", old=STILL, new=NOT_STILL),
]
PERFORMED = re.compile("SIG")
"""The faults that `instruments.faults` performs; others are what the subject does to itself."""
VOID = re.compile(r"(NameError|SyntaxError|IndentationError|ImportError|ModuleNotFoundError):")
"""Errors of the break itself: it says nothing of the claim."""


class View(Protocol):
    """Takes what was found, break by break."""

    def __call__(self, broken: Broken, done: int, of: int) -> None:
        """Take one break's outcome, and how many of how many have run."""
        ...


@dataclass(frozen=True)
class Job:
    """One side: an experiment under a break, and the claims that it is judged for."""

    broken: Break
    kind: str
    plan: SidePlan
    claims: tuple[Claim, ...]


@dataclass
class Evidenced:
    """What is known of claims from their published evidence: verdicts, and the brackets they rest on."""

    evidence: dict[str, Evidence]
    found: dict[str, dict[str, Bracket]]

    def holds(self, claim: Claim) -> bool:
        """Return whether the claim holds without a break."""
        return claim.id in self.evidence and self.evidence[claim.id].verdict == "holds"


def evidenced(machine: str = "") -> Evidenced:
    """Return what is published of a machine, by default of the one with most claims."""
    machine = machine or next(iter(published.machines(PUBLISHED)), "")
    evidence = {each.id: each for each in published.evidence(PUBLISHED, machine)}
    histories = published.histories(PUBLISHED, machine) if machine else {}
    cut = {name: brackets(events, name) for name, events in histories.items()}
    found = {
        id_: {one.experiment: cut[one.history][one.experiment] for one in each.observed}
        for id_, each in evidence.items()
    }
    return Evidenced(evidence, found)


def altered(claims: Sequence[Claim], known: Evidenced) -> dict[str, list[Alteration]]:
    """Return what altering the observations of claims that hold does to them; no engine is run."""
    return {
        claim.id: alterations(claim, known.found[claim.id])
        for claim in claims
        if claim.cell.tested == "experiment" and known.holds(claim)
    }


@cache
def written(concept: str) -> Breaks:
    """Return what a concept's ``breaks.toml`` says. Raises BadBreaks."""
    return breaks.read(catalogue.ledger().concepts[concept])


def breaks_of(claim: Claim, known: Evidenced) -> dict[str, tuple[str, Break]]:
    """Return the breaks of a claim's subject by what they do, each with its kind.

    Raises:
        BadBreaks: If the concept's ``breaks.toml`` makes no sense.
    """
    name = f"{claim.row}.{claim.engine}"
    found = {each.what: ("subject", each) for each in written(claim.concept).all if each.breaks(name)}
    bracket = known.found.get(claim.id, {}).get(claim.cell.experiment)
    events = bracket.events if bracket else ()
    if any(isinstance(event, FaultInjected) and PERFORMED.match(event.fault) for event in events):
        found[ANNOUNCED] = ("fault", Break(of=[name], what=ANNOUNCED, also=GENERIC))
    return found


def jobs(choice: Choice, known: Evidenced, current: Mapping[str, Sabotaged] | None = None) -> list[Job]:
    """Return the sides to be run: one for each break and experiment.

    Args:
        choice: The claims whose subjects are broken; one that does not hold without a break is left out.
        known: What the claims do without a break.
        current: What is published of them; breaks whose outcome is not out of date are left out.
    """
    shared: dict[tuple[str, str, str, str], tuple[str, Break, list[Claim]]] = {}
    for claim in choice.claims:
        if claim.cell.tested != "experiment" or not known.holds(claim):
            continue
        for what, (kind, broken) in breaks_of(claim, known).items():
            if current and is_current(claim, broken, current.get(claim.id, Sabotaged())):
                continue
            key = (claim.concept, claim.engine, claim.cell.experiment, what)
            shared.setdefault(key, (kind, broken, []))[2].append(_without_control(claim))
    return [
        Job(broken, kind, side, tuple(claims))
        for kind, broken, claims in shared.values()
        for side in plan(choice.ledger, claims, slow=True)
    ]


def is_current(claim: Claim, broken: Break, known: Sabotaged) -> bool:
    """Return whether what is published of a break is of the code as it is now."""
    code = code_hash(catalogue.ledger(), claim, broken)
    return any(each.what == broken.what and each.code_sha256 == code for each in known.breaks)


def _without_control(claim: Claim) -> Claim:
    """Return the claim as the check alone decides about it."""
    cell = msgspec.structs.replace(
        claim.cell, control="", brief="", brief_verdict=None, brief_check=[], brief_experiment=""
    )
    return msgspec.structs.replace(claim, cell=cell)


def sabotage(
    options: Options, todo: Sequence[Job], known: Evidenced, view: View, stop: Callable[[], bool]
) -> Iterator[Broken]:
    """Run jobs, several at once, and yield each claim's outcome under each break as it comes.

    Args:
        options: Lanes, results and interpreter are those of ``mvr verify``.
        todo: The sides, from ``jobs``.
        known: What the claims do without a break.
        view: Shows how it goes.
        stop: Returns whether to end now.

    Raises:
        EngineMissing: If an engine that is needed is not installed.
        CannotRecord: If the histories cannot be kept.
    """
    versions = releases(options.python, {job.plan.engine for job in todo})
    manifest = Manifest(
        format=FORMAT,
        date=now(),
        machine=this_machine(),
        versions={str(engine): release for engine, release in versions.items()},
        claims=len({claim.id for job in todo for claim in job.claims}),
        repeats=1,
        slow=True,
    )
    results = Results((options.results or results_folder()) / FOLDER, manifest)
    waiting, done = list(todo), 0
    running: list[_Running] = []
    try:
        while (waiting and not stop()) or running:
            while waiting and len(running) < options.lanes and not stop():
                running.append(
                    _Running(_fairest(waiting, running), results, options.python or sys.executable)
                )
            for each in list(running):
                if stop():
                    each.campaign.stop()
                for evidence in each.campaign.poll(TICK / len(running)):
                    if not each.campaign.stopping:
                        outcome = _outcome(each.job, evidence, known)
                        view(outcome, done, len(todo))
                        yield outcome
                if each.campaign.over:
                    each.close()
                    running.remove(each)
                    done += 1
    finally:
        for each in running:
            each.close()
        results.close()


def _fairest(waiting: list[Job], running: Sequence[_Running]) -> Job:
    """Take the next job of the engine that fewer sides run now."""
    engines = [each.job.plan.engine for each in running]
    job = min(waiting, key=lambda job: engines.count(job.plan.engine))
    waiting.remove(job)
    return job


class _Running:
    """A job that runs: its campaign of one side, and the copy that this side imports."""

    def __init__(self, job: Job, results: Results, python: str) -> None:
        self.job = job
        self._stack = ExitStack()
        concept = catalogue.ledger().concepts[job.plan.concept]
        copy = self._stack.enter_context(broken_copy(Path(concept.folder), job.broken.changes))
        self.campaign = Campaign(
            job.claims,
            [job.plan],
            lambda side: _start(side, job.broken, copy, python),
            results,
            lambda entry: Finding("unknown", f"{entry} is not looked up"),
            MonotonicClock(),
            1,
            now(),
            second_try=False,
        )

    def close(self) -> None:
        """Remove the copy."""
        self._stack.close()


def _start(side: SidePlan, broken: Break, copy: Path, python: str) -> Run:
    """Start the side of a job under its guardian, with the copy on its path."""
    concept = catalogue.ledger().concepts[side.concept]
    settings = {**concept.environment, **dict(side.environment), **broken.environment}
    spec = side_spec(
        side.engine,
        catalogue.package(concept),
        *([BARE] if side.bare else []),
        *side.names,
        deadline=side.deadline,
        settings={**settings, "PYTHONPATH": str(copy)},
        interpreter=python,
    )
    return Run([spec], MonotonicClock())


def _outcome(job: Job, evidence: Evidence, known: Evidenced) -> Broken:
    """Return what a break did to one claim; an error of the break itself is none that was noticed."""
    claim = next(each for each in job.claims if each.id == evidence.id)
    void = VOID.search(evidence.said) or "did not start" in evidence.said
    return Broken(
        claim=evidence.id,
        what=job.broken.what,
        kind=job.kind,
        before=known.evidence[evidence.id].verdict,
        under=evidence.verdict,
        said=f"the break itself failed: {evidence.said}" if void else evidence.said,
        noticed=evidence.verdict != "holds" and not void,
        code_sha256=code_hash(catalogue.ledger(), claim, job.broken),
        version=evidence.version,
        date=evidence.date,
    )


def by_claim(
    claims: Sequence[Claim], outcomes: Sequence[Broken], known: Evidenced, old: Mapping[str, Sabotaged]
) -> ByClaim:
    """Return all that is known of claims' breaks: what was run now, in place of what was published."""
    from monarch_vs_ray.ledger.sabotage import merged

    tried = altered(claims, known)
    found: ByClaim = {}
    for claim in claims:
        names = breaks_of(claim, known) if claim.cell.tested == "experiment" else {}
        mine = [each for each in outcomes if each.claim == claim.id]
        kept = merged(old.get(claim.id, Sabotaged()), mine, names)
        observations = tried.get(claim.id, [])
        found[claim.id] = Sabotaged(
            breaks=kept,
            no_break="" if kept else why_none(claim),
            altered=len(observations),
            missed=[each.what for each in observations if not each.noticed],
        )
    return found
