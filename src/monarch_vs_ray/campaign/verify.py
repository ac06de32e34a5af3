"""Verify claims: choose them, run their experiments in one or several passes, keep the evidence."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from monarch_vs_ray.campaign import catalogue, hardware
from monarch_vs_ray.campaign.changed import changed, published_for, told
from monarch_vs_ray.campaign.interpreter import releases
from monarch_vs_ray.campaign.plan import SidePlan, plan
from monarch_vs_ray.campaign.schedule import Campaign, Key
from monarch_vs_ray.campaign.sides import side_spec
from monarch_vs_ray.core.clock import MonotonicClock
from monarch_vs_ray.core.concept import Need
from monarch_vs_ray.core.events import ENGINES, FORMAT, Engine
from monarch_vs_ray.core.paths import PUBLISHED, import_folder, results_folder
from monarch_vs_ray.core.verdicts import Finding, Verdict
from monarch_vs_ray.ledger.claims import Claim, Ledger
from monarch_vs_ray.ledger.evidence import Evidence, over_repeats
from monarch_vs_ray.ledger.fingerprint import Fingerprints
from monarch_vs_ray.ledger.results import Manifest, Results, machine_name
from monarch_vs_ray.ledger.tables import markdown
from monarch_vs_ray.side.launcher import Run
from monarch_vs_ray.side.main import BARE, this_machine

TICK = 0.05


@dataclass(frozen=True)
class Options:
    """What is to be verified, and how.

    ``asked`` names concepts, rows or claims; without any, all are verified. ``needs`` chooses those that need
    some hardware, ``changed`` those that changed since their published evidence. ``lanes`` is how many sides
    run at once. ``python`` is another interpreter for the sides. ``results`` is where evidence is kept.
    """

    asked: tuple[str, ...] = ()
    engine: str = "both"
    repeat: int = 1
    brief: bool = False
    needs: Need | None = None
    changed: bool = False
    slow: bool = False
    results: Path | None = None
    lanes: int = 3
    python: str = ""

    @property
    def engines(self) -> tuple[Engine, ...]:
        """Return the engines asked for."""
        return tuple(engine for engine in ENGINES if self.engine in ("both", engine))


@dataclass(frozen=True)
class Choice:
    """The claims that are verified, and those that are left out because they wait for a slow timer.

    ``told`` says how they were chosen, where that is not plain.
    """

    ledger: Ledger
    claims: list[Claim]
    left_out: list[Claim]
    slow: bool
    told: list[str] = field(default_factory=list)


class View(Protocol):
    """Shows a pass while it runs."""

    def judged(self, each: Evidence) -> None:
        """Take the evidence for one claim."""
        ...

    def update(self, campaign: Campaign) -> None:
        """Draw, some times a second."""
        ...


@dataclass
class Outcome:
    """How a verification ended: the last word on each claim, and where its evidence is."""

    folder: Path
    tries: dict[str, list[Evidence]] = field(default_factory=dict)
    interrupted: bool = False

    def evidence(self, claims: list[Claim]) -> list[Evidence]:
        """Return the last word on each claim that was judged, in the order of ``claims``."""
        return [over_repeats(self.tries[claim.id]) for claim in claims if claim.id in self.tries]


def choose(options: Options) -> Choice:
    """Return the claims that were asked for, with those that they rest on.

    Raises:
        UnknownClaim: If a name is neither a concept nor a claim.
    """
    ledger = catalogue.ledger()
    named = [claim for asked in options.asked for claim in catalogue.find(asked)]
    wanted = [
        claim
        for claim in (named or ledger.claims)
        if claim.engine in options.engines
        and (claim.cell.brief or not options.brief)
        and options.needs in (None, *needs(ledger, claim))
    ]
    sentences: list[str] = []
    if options.changed:
        evidence = published_for(PUBLISHED, machine_name(this_machine()))
        changes = changed(ledger, wanted, evidence, releases(options.python, ()))
        sentences = told(changes, len(wanted))
        wanted = [claim for claim in wanted if claim.id in changes]
    claims = ledger.with_support(wanted)
    # A claim that was asked for by its own name is worth the wait.
    slow = options.slow or any(asked.count(".") for asked in options.asked)
    left_out = [] if slow else [claim for claim in claims if ledger.is_slow(claim)]
    left = {claim.id for claim in left_out}
    return Choice(ledger, [claim for claim in claims if claim.id not in left], left_out, slow, sentences)


def needs(ledger: Ledger, claim: Claim) -> set[Need]:
    """Return the hardware that a claim's experiments need, those for the brief's statement among them."""
    found = (ledger.settings(claim, name).needs for name in claim.experiments)
    return {need for need in found if need}


def verify(options: Options, choice: Choice, view: View, stop: Callable[[], bool]) -> Outcome:
    """Run all passes.

    Args:
        options: What is to be verified, and how.
        choice: The claims, from ``choose``.
        view: Shows how it goes.
        stop: Returns whether to end now; what is judged by then is kept.

    Returns:
        What was found out.

    Raises:
        EngineMissing: If an engine that is needed is not installed.
        BadInterpreter: If ``options.python`` cannot run the sides.
        CannotRecord: If the evidence cannot be kept.
    """
    lacking = hardware.missing()
    claims = [] if options.needs in lacking else choice.claims  # of these no other experiment is asked for
    plans = plan(choice.ledger, claims, choice.slow, lacking)
    versions = releases(options.python, {side.engine for side in plans})
    results = Results(options.results or results_folder(), _manifest(options, choice, versions))
    outcome = Outcome(results.folder)
    fingerprints = Fingerprints(choice.ledger)
    for claim in choice.claims:
        fingerprints.of(claim)  # now: somebody may edit while the experiments run
    try:
        for _ in range(options.repeat):
            campaign = Campaign(
                choice.claims,
                plans,
                _starter(options),
                results,
                _holds_in_reference,
                MonotonicClock(),
                options.lanes,
                now(),
                fingerprints.of,
                _unavailable(choice, lacking, options.needs),
            )
            _one_pass(campaign, view, stop, outcome.tries)
            if campaign.stopping:
                outcome.interrupted = True
                return outcome
        last = outcome.evidence(choice.claims)
        results.finish(last, markdown(last))
    finally:
        results.close()
    return outcome


def _unavailable(choice: Choice, lacking: Mapping[Need, str], asked: Need | None) -> dict[Key, str]:
    """Return why experiments are in no plan: their hardware is lacking, or that for which they were asked."""
    found: dict[Key, str] = {}
    for claim in choice.claims:
        for name in claim.experiments:
            need = asked if asked in lacking else choice.ledger.settings(claim, name).needs
            if need and need in lacking:
                found[claim.engine, claim.concept, name] = lacking[need]
    return found


def _one_pass(
    campaign: Campaign, view: View, stop: Callable[[], bool], tries: dict[str, list[Evidence]]
) -> None:
    """Judge every claim once, or until it is to stop."""
    while not campaign.over:
        for each in campaign.poll(TICK):
            tries.setdefault(each.id, []).append(each)
            view.judged(each)
        view.update(campaign)
        if stop() and not campaign.stopping:
            campaign.stop()


def _starter(options: Options) -> Callable[[SidePlan], Run]:
    """Return what starts the side of a plan under its guardian."""

    def start(side: SidePlan) -> Run:
        concept = catalogue.ledger().concepts[side.concept]
        settings = {**concept.environment, **dict(side.environment)}
        if options.python:  # that interpreter has the engine, not this project
            settings["PYTHONPATH"] = str(import_folder())
        bare = [BARE] if side.bare else []
        spec = side_spec(
            side.engine,
            catalogue.package(concept),
            *bare,
            *side.names,
            deadline=side.deadline,
            settings=settings,
            interpreter=options.python or sys.executable,
        )
        return Run([spec], MonotonicClock())

    return start


def _holds_in_reference(entry: str) -> Finding:
    """Look whether an entry of the table of references stands in the wheel, or as recorded (Rust, C++)."""
    from monarch_vs_ray.references.check import check_in_wheel
    from monarch_vs_ray.references.table import table
    from monarch_vs_ray.references.wheels import installed

    reference = table()[entry]
    release = table().releases[reference.engine]
    found = check_in_wheel(reference, release, installed(reference.engine, release))
    verdicts: dict[str, Verdict] = {"missing": "refuted", "unknown": "unknown"}
    place = f"{reference.symbol} at {reference.path}:{reference.line}"
    return Finding(verdicts.get(found.status, "holds"), f"{place}{', ' if found.fact else ''}{found.fact}")


def _manifest(options: Options, choice: Choice, versions: dict[Engine, str]) -> Manifest:
    return Manifest(
        format=FORMAT,
        date=now(),
        machine=this_machine(),
        versions={str(engine): release for engine, release in versions.items()},
        claims=len(choice.claims),
        repeats=options.repeat,
        slow=choice.slow,
    )


def now() -> str:
    """Return the date in UTC, in ISO 8601, to the second."""
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
