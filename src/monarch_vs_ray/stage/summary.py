"""What a run showed, in the end: rows, differences, times, and what was left behind."""

from __future__ import annotations

from dataclasses import dataclass

from monarch_vs_ray.core.concept import Row
from monarch_vs_ray.core.errors import ExitCode
from monarch_vs_ray.core.events import ENGINES, Engine
from monarch_vs_ray.stage.state import SideState, State

NAMES: dict[Engine, str] = {"monarch": "Monarch", "ray": "Ray"}


@dataclass(frozen=True)
class Cell:
    """What one side observed for a row; ``met`` is None where the row has no oracle or no value."""

    text: str
    met: bool | None


@dataclass(frozen=True)
class Line:
    """A row of the comparison with a cell for each side.

    ``differs`` is told once both have a value. A ``measured`` row never does: two measured numbers are
    always different, and whether that means anything is for the benchmark to say.
    """

    row: Row
    cells: dict[Engine, Cell]
    differs: bool
    measured: bool


def lines(state: State) -> list[Line]:
    """The concept's rows, in their order, with what has been observed so far."""
    return [_line(row, state) for row in state.concept.rows]


def _line(row: Row, state: State) -> Line:
    cells = {engine: _cell(row, side) for engine, side in state.sides.items()}
    seen = [side.observations[row.key].value for side in state.sides.values() if row.key in side.observations]
    measured = bool(row.unit) or any(isinstance(value, float) for value in seen)
    comparable = not measured and not row.described
    return Line(row, cells, comparable and any(value != seen[0] for value in seen), measured)


def _cell(row: Row, side: SideState) -> Cell:
    observation = side.observations.get(row.key)
    if observation is None:
        return Cell("never seen" if side.ended else "", None)
    met = row.accepts(observation.value) if row.has_oracle else None
    text = say(observation.value, observation.unit or row.unit)
    return Cell(f"({text})" if side.engine in row.described else text, met)


def say(value: object, unit: str = "") -> str:
    """A value as a reader would write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        text = f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    elif isinstance(value, list):
        text = ", ".join(say(item) for item in value)
    elif isinstance(value, dict):
        text = ", ".join(f"{key}: {say(item)}" for key, item in value.items())
    else:
        text = "none" if value is None else str(value)
    return f"{text} {unit}".rstrip()


def side_sentence(side: SideState) -> str:
    """How one side ended, in one sentence with its numbers."""
    name = NAMES[side.engine]
    if side.ended is None:
        return f"{name} has not ended."
    steps = list(side.steps.values())
    done = sum(step.state == "done" for step in steps)
    took = f"{side.ended.at / 1e9:.1f} s"
    told = f"{done} of {len(steps)} steps, {_calls(side)}, {took}"
    if side.ended_well:
        return f"{name}: {told}; {_left(side)}."
    how = {
        "exit": f"ended with exit code {side.ended.exit_code}",
        "signal": f"was killed by signal {side.ended.signal}",
        "deadline": "did not end before its deadline and was stopped",
        "stopped": "was stopped on request",
        "lost": "lost its guardian and was stopped",
    }[side.ended.ending]
    return f"{name} {how} after {told}; {_left(side)}."


def _calls(side: SideState) -> str:
    ended = side.operations.values()
    ok, failed, unknown = (sum(getattr(all_, kind) for all_ in ended) for kind in ("ok", "failed", "unknown"))
    total = ok + failed + unknown
    told = f"{total} call" + ("s" if total != 1 else "")
    if failed or unknown:
        told += f" ({ok} ok, {failed} failed, {unknown} unknown)"
    return told


def _left(side: SideState) -> str:
    assert side.ended
    strays = side.ended.strays
    if strays:
        return f"{len(strays)} processes outlived it and were ended ({', '.join(sorted(set(strays)))})"
    return "it left no process behind"


def conclusions(state: State) -> list[str]:
    """The concept's closing sentences, with what was observed put in."""
    return state.concept.conclude(*(_seen(state, engine) for engine in ENGINES))


def _seen(state: State, engine: Engine) -> dict[str, object]:
    side = state.sides.get(engine)
    if side is None:
        return {}
    return {key: seen.value for key, seen in side.observations.items()}


def finding(state: State) -> str:
    """The oracle's word and the number of differences, in one or two sentences."""
    judged = [(line, cell) for line in lines(state) if line.row.has_oracle for cell in line.cells.values()]
    met = sum(cell.met is True for _, cell in judged)
    told = f"Expected observations: {met} of {len(judged)} came true."
    wrong = [f"{line.row.label}" for line, cell in judged if cell.met is not True]
    if wrong:
        told += f" Not: {'; '.join(dict.fromkeys(wrong))}."
    if len(state.sides) > 1:
        differing = [line for line in lines(state) if line.differs]
        told += f" The engines differed in {len(differing)} of {len(state.concept.rows)} rows."
    return told


def exit_code(state: State) -> ExitCode:
    """What the shell is told: a side that failed weighs more than an observation that should not be."""
    if not all(side.ended_well for side in state.sides.values()):
        return ExitCode.SIDE_FAILED
    troubled = any(side.troubles for side in state.sides.values())
    unmet = any(line.row.has_oracle and not cell.met for line in lines(state) for cell in line.cells.values())
    return ExitCode.NOT_AS_EXPECTED if unmet or troubled else ExitCode.FINE
