"""Hand-written histories of probes, and claims to judge by them; no engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from histories import CODE, MACHINE, VERSIONS, Script
from monarch_vs_ray.concepts import FOLDER
from monarch_vs_ray.core.events import (
    FORMAT,
    AnyEvent,
    Engine,
    FaultInjected,
    Observation,
    OperationEnded,
    OperationInvoked,
    ProbeBegun,
    ProbeEnded,
    RunStarted,
    SideEnded,
)
from monarch_vs_ray.ledger.brackets import Bracket, brackets
from monarch_vs_ray.ledger.claims import Cell, Claim, load
from monarch_vs_ray.ledger.judge import Judgement, judge

Seen = Mapping[str, object]


class ProbedSide:
    """Writes the history of a side that ran probes."""

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
            file=f"{concept}/probes_on_{engine}.py",
            code=CODE,
            code_sha256="0" * 64,
        )

    def _add(self, kind: type, **fields: object) -> None:
        self._at += 0.1
        self._script.add(kind, self._at, **fields)

    def probe(
        self,
        name: str,
        seen: Mapping[str, object] | None = None,
        *,
        faults: int = 0,
        calls: Mapping[str, str] | None = None,
        answer: str | None = "ok",
        error: str = "",
    ) -> ProbedSide:
        """A probe that saw this; ``calls`` are names with "" or the type of error; None: it never ended."""
        self._add(ProbeBegun, probe=name, line=1, end_line=2, code_sha256="1" * 64)
        for _ in range(faults):
            self._add(FaultInjected, fault="SIGKILL", target="an actor")
        for call, error_type in (calls or {}).items():
            self._call(call, error_type)
        for key, value in (seen or {}).items():
            self._add(Observation, key=key, value=value)
        if answer:
            self._add(ProbeEnded, probe=name, answer=answer, nanoseconds=1, error=error)
        return self

    def _call(self, name: str, error_type: str) -> None:
        number = self._operations
        self._operations += 1
        self._add(OperationInvoked, operation=number, step=-1, name=name, line=1)
        outcome = "failed" if error_type else "ok"
        self._add(OperationEnded, operation=number, outcome=outcome, nanoseconds=1, error_type=error_type)

    def end(self, ending: str = "exit", **fields: object) -> ProbedSide:
        """The side ended."""
        self._add(SideEnded, ending=ending, **({"exit_code": 0} if ending == "exit" else {}), **fields)
        return self

    @property
    def events(self) -> list[AnyEvent]:
        """The history so far."""
        return self._script.events

    @property
    def brackets(self) -> dict[str, Bracket]:
        """The probes of it."""
        return brackets(self.events, "histories/a.jsonl")


def claim(**fields: Any) -> Claim:
    """A claim on Ray that a probe `p` tests with the control `c`, unless told otherwise."""
    usual = {
        "statement": "It is in order.",
        "probe": "p",
        "control": "c",
        "check": {"checker": "equals", "key": "n", "value": 0},
    }
    cell = Cell(**{**usual, **fields})
    return Claim(
        concept="message_ordering", row="r", aspect="Order", engine="ray", cell=cell, versions=">=2.60"
    )


def claims_of(concept: str) -> dict[str, Claim]:
    """The claims of one concept, by ``row.engine``."""
    return {f"{each.row}.{each.engine}": each for each in load([FOLDER / concept]).claims}


def judged(claim: Claim, seen: Seen, control: Seen, faults: int | None = None) -> Judgement:
    """What is found when a claim's probe saw one thing, with its planned faults, and its control another."""
    side = ProbedSide(claim.engine, claim.concept)
    side.probe(claim.cell.probe, seen, faults=claim.cell.faults if faults is None else faults)
    side.probe(claim.cell.control, control)
    return judge(claim, side.end().brackets)
