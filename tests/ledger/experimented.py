"""Hand-written histories of experiments, and claims to judge by them; no engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from histories import MACHINE, VERSIONS, Script
from monarch_vs_ray.campaign import catalogue
from monarch_vs_ray.core.concept import Cell
from monarch_vs_ray.core.events import (
    FORMAT,
    AnyEvent,
    Engine,
    ExperimentBegun,
    ExperimentEnded,
    FaultInjected,
    Observation,
    OperationEnded,
    OperationInvoked,
    RunStarted,
    SideEnded,
)
from monarch_vs_ray.ledger.brackets import Bracket, brackets
from monarch_vs_ray.ledger.claims import Claim
from monarch_vs_ray.ledger.judge import Judgement, judge

Seen = Mapping[str, object]


class ExperimentedSide:
    """Writes the history of a side that ran experiments."""

    def __init__(self, engine: Engine = "ray", concept: str = "message_ordering") -> None:
        self._script = Script(engine)
        self._at = 0.1
        self._operations = 0
        self._add(
            RunStarted,
            format=FORMAT,
            concept=concept,
            versions={engine: VERSIONS[engine]},
            machine=MACHINE,
            date="2026-01-02T03:04:05+00:00",
            code={},
        )

    def _add(self, kind: type, **fields: object) -> None:
        self._at += 0.1
        self._script.add(kind, self._at, **fields)

    def experiment(
        self,
        name: str,
        seen: Mapping[str, object] | None = None,
        *,
        faults: int = 0,
        calls: Mapping[str, str] | None = None,
        answer: str | None = "ok",
        error: str = "",
    ) -> ExperimentedSide:
        """A probe that saw this; ``calls`` are names with "" or the type of error; None: it never ended."""
        place = {"file": "f", "line": 1, "end_line": 2, "code_sha256": "1" * 64}
        self._add(ExperimentBegun, experiment=name, title=name, **place)
        for _ in range(faults):
            self._add(FaultInjected, fault="SIGKILL", target="an actor")
        for call, error_type in (calls or {}).items():
            self._call(call, error_type)
        for key, value in (seen or {}).items():
            self._add(Observation, key=key, value=value)
        if answer:
            self._add(ExperimentEnded, experiment=name, answer=answer, nanoseconds=1, error=error)
        return self

    def _call(self, name: str, error_type: str) -> None:
        number = self._operations
        self._operations += 1
        self._add(OperationInvoked, operation=number, step=-1, name=name, file="f", line=1)
        outcome = "failed" if error_type else "ok"
        self._add(OperationEnded, operation=number, outcome=outcome, nanoseconds=1, error_type=error_type)

    def end(self, ending: str = "exit", **fields: object) -> ExperimentedSide:
        """The side ended."""
        self._add(SideEnded, ending=ending, **({"exit_code": 0} if ending == "exit" else {}), **fields)
        return self

    @property
    def events(self) -> list[AnyEvent]:
        """The history so far."""
        return self._script.events

    @property
    def brackets(self) -> dict[str, Bracket]:
        """The experiments of it."""
        return brackets(self.events, "histories/a.jsonl")


def claim(**fields: Any) -> Claim:
    """A claim on Ray that a probe `p` tests with the control `c`, unless told otherwise."""
    usual = {
        "statement": "It is in order.",
        "experiment": "p",
        "control": "c",
        "check": {"checker": "equals", "key": "n", "value": 0},
    }
    cell = Cell(**{**usual, **fields})
    return Claim(
        concept="message_ordering", row="r", aspect="Order", engine="ray", cell=cell, versions=">=2.60"
    )


def claims_of(concept: str) -> dict[str, Claim]:
    """The claims of one concept, by ``row.engine``."""
    return {f"{each.row}.{each.engine}": each for each in catalogue.ledger().find(concept)}


def judged(claim: Claim, seen: Seen, control: Seen, faults: int | None = None) -> Judgement:
    """What is found when a claim's probe saw one thing, with its planned faults, and its control another."""
    side = ExperimentedSide(claim.engine, claim.concept)
    side.experiment(claim.cell.probe, seen, faults=claim.cell.faults if faults is None else faults)
    side.experiment(claim.cell.control, control)
    return judge(claim, side.end().brackets)
