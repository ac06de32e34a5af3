"""Sum up a run: rows, differences, times, and what was left behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from monarch_vs_ray.core.concept import Cell as ClaimCell
from monarch_vs_ray.core.concept import Check, Closing, Concept, Row, Step
from monarch_vs_ray.core.errors import ExitCode
from monarch_vs_ray.core.events import ENGINES, Engine, SideEnded
from monarch_vs_ray.core.verdicts import merge
from monarch_vs_ray.ledger.checkers import check
from monarch_vs_ray.ledger.claims import listed
from monarch_vs_ray.stage.state import SideState, State
from monarch_vs_ray.stage.values import NAMES, Values, duration, say


@dataclass(frozen=True)
class Cell:
    """What one side observed for a row; ``met`` is None where no claim speaks of it, or no value came."""

    text: str
    met: bool | None


@dataclass(frozen=True)
class Line:
    """A row of the comparison with a cell for each side; ``key`` is ``experiment.observation``.

    ``differs`` is set once both have a value. Two ``measured`` numbers are always different, and whether that
    means anything is for the benchmark to say; only of two counts one that is 0 does differ. A ``named``
    row, whose values are two names for one thing, never does.
    """

    key: str
    label: str
    cells: dict[Engine, Cell]
    differs: bool
    measured: bool
    named: bool
    described: bool


def lines(state: State) -> list[Line]:
    """Return the rows of the demo, in their order, with what has been observed so far."""
    return [
        _line(step, row, state)
        for step in state.concept.demo
        for row in step.rows
        if any(engine in step.engines for engine in state.sides)
    ]


def _line(step: Step, row: Row, state: State) -> Line:
    key = f"{step.experiment}.{row.observation}"
    cells = {engine: _cell(step, row, side, state.concept) for engine, side in state.sides.items()}
    seen = [side.observations[key].value for side in state.sides.values() if key in side.observations]
    measured = row.measured or bool(row.unit) or any(isinstance(value, float) for value in seen)
    described = bool(row.says)
    differs = not (measured or described or row.named) and any(value != seen[0] for value in seen)
    differs = differs or (row.measured and not row.unit and _only_one_is_zero(seen))
    return Line(key, state.concept.fill(row.label), cells, differs, measured, row.named, described)


def _only_one_is_zero(seen: list[object]) -> bool:
    """Return whether of two counts one is 0: they vary from run to run, but this is a finding."""
    counts = [value for value in seen if isinstance(value, int) and not isinstance(value, bool)]
    return len(counts) == 2 and (counts[0] == 0) != (counts[1] == 0)


def _cell(step: Step, row: Row, side: SideState, concept: Concept) -> Cell:
    if side.engine in row.says:
        return Cell(f"({concept.fill(row.says[side.engine])})", None)
    if side.engine not in step.engines:
        return Cell("", None)
    observation = side.observations.get(f"{step.experiment}.{row.observation}")
    checks = _checks_on(step.experiment, row.observation, side.engine, concept)
    bracket = side.brackets.get(step.experiment)
    if observation is None:
        if bracket and bracket.ended and bracket.ended.answer == "unavailable":
            return Cell(bracket.ended.error, None)
        return Cell("never observed" if side.ended else "", False if checks and side.ended else None)
    text = say(observation.value, observation.unit or row.unit)
    if bracket is None or bracket.ended is None or not checks:
        return Cell(text, None)
    return Cell(text, merge(check(bracket, fields) for fields in checks).verdict == "holds")


def _checks_on(experiment: str, key: str, engine: Engine, concept: Concept) -> list[Check]:
    """Return the checks of all claims that speak of an observation."""
    return [
        fields
        for cell in _cells_on(experiment, engine, concept)
        for fields in listed(cell.check)
        if key in (fields.get("key"), fields.get("other"))
    ]


def _cells_on(experiment: str, engine: Engine, concept: Concept) -> list[ClaimCell]:
    cells = (row.cell(engine) for row in concept.claim)
    return [cell for cell in cells if cell and cell.experiment == experiment]


def side_sentence(side: SideState) -> str:
    """Return how one side ended, in one sentence with its numbers."""
    name = NAMES[side.engine]
    if side.ended is None:
        return f"{name} has not ended."
    steps = list(side.steps.values())
    done = sum(step.state == "done" for step in steps)
    calls = f"{told}, " if (told := _calls(side)) else ""
    told = f"{done} of {len(steps)} steps, {calls}{duration(side.ended.at / 1e9)}"
    if side.ended_well:
        return f"{name}: {told}; {left(side.ended)}."
    how = {
        "exit": f"ended with exit code {side.ended.exit_code}",
        "signal": f"was killed by signal {side.ended.signal}",
        "deadline": "did not end before its deadline and was stopped",
        "stopped": "was stopped on request",
        "lost": "lost its guardian and was stopped",
    }[side.ended.ending]
    return f"{name} {how} after {told}; {left(side.ended)}."


def _calls(side: SideState) -> str:
    ended = side.operations.values()
    ok, failed, unknown = (sum(getattr(all_, kind) for all_ in ended) for kind in ("ok", "failed", "unknown"))
    total = ok + failed + unknown
    if not total:
        return ""
    told = f"{total} call" + ("s" if total != 1 else "")
    if failed or unknown:
        told += f" ({ok} ok, {failed} failed, {unknown} unknown)"
    return told


def left(ended: SideEnded) -> str:
    """Return what a side left behind."""
    strays = ended.strays
    if strays:
        return f"{len(strays)} processes outlived it and were ended ({', '.join(sorted(set(strays)))})"
    return "it left no process behind"


@dataclass(frozen=True)
class Conclusion:
    """A closing sentence; ``kind`` says whether it is of both engines, of a difference, or of a surprise."""

    kind: Literal["same", "different", "not as claimed"]
    text: str


def conclusions(state: State) -> list[Conclusion]:
    """Return the closing sentences that this run bears out, and what it does not bear out."""
    values = {engine: Values(state.sides.get(engine), state.concept) for engine in ENGINES}
    told = [_conclusion(closing, state, values) for closing in state.concept.closing]
    order = ("not as claimed", "same", "different")
    return sorted((each for each in told if each), key=lambda each: order.index(each.kind))


def _conclusion(closing: Closing, state: State, values: dict[Engine, Values]) -> Conclusion | None:
    """Return one closing sentence; None when something that it speaks of was not observed."""
    wrong = [said for row in closing.claims for said in _not_borne_out(row, state)]
    if wrong:
        return Conclusion("not as claimed", f"{'; '.join(wrong)}.")
    try:
        return Conclusion("same" if closing.same else "different", state.concept.fill(closing.text, **values))
    except KeyError:
        return None


def _not_borne_out(row: str, state: State) -> list[str]:
    """Return the claims of a row that this run refutes, each with what was observed."""
    wrong = []
    for claim in (claim for claim in state.concept.claim if claim.id == row):
        for engine, side in state.sides.items():
            cell = claim.cell(engine)
            bracket = side.brackets.get(cell.experiment) if cell else None
            if cell is None or bracket is None or bracket.ended is None or cell.tested != "experiment":
                continue
            finding = merge(check(bracket, fields) for fields in listed(cell.check))
            if finding.verdict == "refuted":
                wrong.append(f"{state.concept.name}.{row}.{engine} ({finding.said})")
    return wrong


def finding(state: State) -> str:
    """Return what the claims say of this run, and the number of differences, in one or two sentences."""
    judged = [(line, cell) for line in lines(state) for cell in line.cells.values() if cell.met is not None]
    met = sum(cell.met is True for _, cell in judged)
    told = f"{met} of {len(judged)} observations are as claimed."
    wrong = [line.label for line, cell in judged if cell.met is False]
    if wrong:
        told += f" Not: {'; '.join(dict.fromkeys(wrong))}."
    if len(state.sides) > 1:
        shown = lines(state)
        told += f" The engines differed in {sum(line.differs for line in shown)} of {len(shown)} rows."
    return told


def exit_code(state: State) -> ExitCode:
    """Return the exit code: a side that failed weighs more than an observation that is not as claimed."""
    sides = state.sides.values()
    if not all(side.ended_well for side in sides):
        return ExitCode.SIDE_FAILED
    troubled = any(side.troubles for side in sides)
    unmet = any(cell.met is False for line in lines(state) for cell in line.cells.values())
    return ExitCode.NOT_AS_EXPECTED if unmet or troubled else ExitCode.FINE
