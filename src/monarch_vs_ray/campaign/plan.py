"""Plan which experiments are run together in one side, and in which order."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from monarch_vs_ray.core.concept import ExperimentSettings, Need
from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.ledger.claims import Claim, Ledger

START_SECONDS = 60.0
"""What a side may take to start its engine and to end it, besides its experiments."""


@dataclass(frozen=True)
class PlannedExperiment:
    """An experiment and its deadline in seconds."""

    name: str
    seconds: float


@dataclass(frozen=True)
class SidePlan:
    """A side that is to be run: its experiments share one engine."""

    engine: Engine
    concept: str
    experiments: tuple[PlannedExperiment, ...]
    environment: tuple[tuple[str, str], ...] = ()
    bare: bool = False

    @property
    def deadline(self) -> float:
        """Return the seconds that the side may take in all."""
        return START_SECONDS + sum(experiment.seconds for experiment in self.experiments)

    @property
    def names(self) -> list[str]:
        """Return its experiments' names, in order."""
        return [experiment.name for experiment in self.experiments]

    def without(self, done: Iterable[str]) -> SidePlan | None:
        """Return what is left of it when these have run; None when nothing is."""
        finished = set(done)
        left = tuple(experiment for experiment in self.experiments if experiment.name not in finished)
        return replace(self, experiments=left) if left else None


def plan(
    ledger: Ledger, claims: Iterable[Claim], slow: bool, lacking: Collection[Need] = ()
) -> list[SidePlan]:
    """Return the sides that these claims need, those with the most experiments first.

    Without ``slow``, claims of a slow experiment are left out. So are experiments that need
    what is ``lacking``.
    """
    shared: dict[tuple[object, ...], dict[str, ExperimentSettings]] = {}
    alone: dict[tuple[Engine, str, str], SidePlan] = {}
    for claim in claims:
        if claim.cell.tested != "experiment" or (ledger.is_slow(claim) and not slow):
            continue
        lacks = ledger.settings(claim, claim.cell.experiment).needs in lacking
        for name in claim.experiments:
            settings = ledger.settings(claim, name)
            if settings.needs in lacking or (lacks and name == claim.cell.control):
                continue
            environment = tuple(sorted(settings.environment.items()))
            if settings.fresh or settings.bare:
                one = (PlannedExperiment(name, settings.seconds),)
                side = SidePlan(claim.engine, claim.concept, one, environment, settings.bare)
                alone[claim.engine, claim.concept, name] = side
            else:
                shared.setdefault((claim.engine, claim.concept, environment), {})[name] = settings
    together = [
        SidePlan(
            engine,  # type: ignore[arg-type]
            concept,  # type: ignore[arg-type]
            tuple(PlannedExperiment(name, each.seconds) for name, each in experiments.items()),
            environment,  # type: ignore[arg-type]
        )
        for (engine, concept, environment), experiments in shared.items()
    ]
    return sorted([*together, *alone.values()], key=lambda side: -len(side.experiments))
