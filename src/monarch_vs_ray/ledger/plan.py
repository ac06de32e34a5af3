"""Which probes are run together in one side, and in which order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.ledger.claims import Claim, Ledger, ProbeSettings

START_SECONDS = 60.0
"""What a side may take to start its engine and to end it, besides its probes."""


@dataclass(frozen=True)
class PlannedProbe:
    """A probe and its deadline in seconds."""

    name: str
    seconds: float


@dataclass(frozen=True)
class SidePlan:
    """A side that is to be run: its probes share one engine, so a claim costs little more than its probe."""

    engine: Engine
    concept: str
    probes: tuple[PlannedProbe, ...]
    environment: tuple[tuple[str, str], ...] = ()
    bare: bool = False

    @property
    def deadline(self) -> float:
        """Seconds that the side may take in all."""
        return START_SECONDS + sum(probe.seconds for probe in self.probes)

    @property
    def names(self) -> list[str]:
        """Its probes, in order."""
        return [probe.name for probe in self.probes]

    def without(self, done: Iterable[str]) -> SidePlan | None:
        """What is left of it when these have run; None when nothing is."""
        finished = set(done)
        left = tuple(probe for probe in self.probes if probe.name not in finished)
        return replace(self, probes=left) if left else None


def plan(ledger: Ledger, claims: Iterable[Claim], slow: bool) -> list[SidePlan]:
    """The sides that these claims need, those with the most probes first.

    Without ``slow``, claims of a slow probe are left out.
    """
    shared: dict[tuple[object, ...], dict[str, ProbeSettings]] = {}
    alone: dict[tuple[Engine, str, str], SidePlan] = {}
    for claim in claims:
        if claim.cell.tested != "probe" or (ledger.is_slow(claim) and not slow):
            continue
        for name in claim.probes:
            settings = ledger.settings(claim, name)
            environment = tuple(sorted(settings.environment.items()))
            if settings.fresh or settings.bare:
                one = (PlannedProbe(name, settings.seconds),)
                side = SidePlan(claim.engine, claim.concept, one, environment, settings.bare)
                alone[claim.engine, claim.concept, name] = side
            else:
                shared.setdefault((claim.engine, claim.concept, environment), {})[name] = settings
    together = [
        SidePlan(
            engine,  # type: ignore[arg-type]
            concept,  # type: ignore[arg-type]
            tuple(PlannedProbe(name, each.seconds) for name, each in probes.items()),
            environment,  # type: ignore[arg-type]
        )
        for (engine, concept, environment), probes in shared.items()
    ]
    return sorted([*together, *alone.values()], key=lambda side: -len(side.probes))
