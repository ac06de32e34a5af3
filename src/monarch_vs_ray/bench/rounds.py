"""Run rounds: in each, a process of each side, in shuffled order, on a machine that is idle if it can be."""

from __future__ import annotations

import hashlib
import math
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from monarch_vs_ray.bench import load, settings
from monarch_vs_ray.bench.catalogue import Row, workloads
from monarch_vs_ray.bench.measure import SAMPLES, Sampled
from monarch_vs_ray.bench.program import TROUBLE
from monarch_vs_ray.bench.request import Request
from monarch_vs_ray.bench.store import Process, Record, Samples, Store, Trouble
from monarch_vs_ray.campaign.sides import side_spec
from monarch_vs_ray.core.clock import MonotonicClock
from monarch_vs_ray.core.events import AnyEvent, Engine, LogLine, Observation, SideEnded
from monarch_vs_ray.side.launcher import Run

TICK = 0.05
DEADLINE = 240.0
LOOK_SECONDS = 0.2
"""Seconds between two readings of a side's processor time; use after a process's last reading is lost."""
PATIENCE = 3.0
"""Seconds to wait for an idle machine before a process starts; then it starts all the same, and is marked."""
LEAST_ROUNDS = 3
GOAL_ROUNDS = 8
"""A first round that leaves time for fewer shortens the rows."""
SHORTEST = 0.05
EVENLY = (math.sqrt(5) - 1) / 2
"""Step between the moments of two rounds, as a share of the interval: any count is spread evenly."""
NOT_TIMED = frozenset(
    f"{name}.py"
    for name in (
        "__init__",
        "analysis",
        "cast_figures",
        "compare",
        "derived",
        "drawings",
        "metg",
        "plots",
        "published",
        "scale",
        "screen",
        "scripts",
        "statistics",
        "store",
        "table",
        "units",
    )
)
"""Modules that run after the measurement. Any other file may change a sample."""


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two that are compared: an engine, perhaps slowed down on purpose."""

    name: str
    engine: Engine
    slow_down: float = 0.0


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The measurements to make: ``seconds`` for each row in each process, ``budget`` seconds for all rounds.

    ``deadline`` is how many seconds one process may take, ``settings`` a choice of ``bench.settings``.
    """

    sides: tuple[Side, ...]
    rows: list[Row]
    seconds: float
    budget: float
    seed: int
    deadline: float = DEADLINE
    settings: str = settings.DEFAULTS


class Progress(msgspec.Struct, kw_only=True):
    """The progress of a measurement: rounds begun, what runs, seconds left."""

    round: int = 0
    running: str = ""
    row: str = ""
    left: float = 0.0


def measure(
    plan: Plan, store: Store, update: Callable[[Progress], None], stop: Callable[[], bool]
) -> Progress:
    """Run rounds until the budget is used up; what is measured is kept as it comes.

    The first side alternates, so that the order in a round favours no side.

    Args:
        plan: What to measure.
        store: Keeps it.
        update: Is called some times a second, and after each process, before another one begins.
        stop: Returns whether to end now.

    Returns:
        How far it came.
    """
    random_ = random.Random(plan.seed)
    end = time.monotonic() + plan.budget
    progress = Progress(left=plan.budget)
    seconds = plan.seconds
    order = list(plan.sides)
    random_.shuffle(order)
    moment = random_.random()
    while not stop():
        began = time.monotonic()
        progress.round += 1
        for side in order:
            if stop():
                return progress
            store.append(_process(side, plan, seconds, moment, random_, progress, end, update, stop))
            update(progress)
        order.reverse()
        moment = (moment + EVENLY) % 1
        took = time.monotonic() - began
        left = end - time.monotonic()
        if progress.round == 1 and took * (GOAL_ROUNDS - 1) > left:
            seconds = _shorter(plan, seconds, took, left)
            took -= (plan.seconds - seconds) * _rows_timed(plan)
        if left < took * (1.0 if progress.round >= LEAST_ROUNDS else 0.5):
            return progress
    return progress


def _rows_timed(plan: Plan) -> float:
    known = workloads()
    timed = [row for row in plan.rows if known[row.workload].kind not in ("phase", "amount")]
    return float(sum(side.engine in known[row.workload].engines for row in timed for side in plan.sides))


def _shorter(plan: Plan, seconds: float, took: float, left: float) -> float:
    """Return the seconds for each row with which the goal's rounds fit, or the fewest that make sense."""
    too_much = took - left / (GOAL_ROUNDS - 1)
    return max(SHORTEST, seconds - too_much / max(1.0, _rows_timed(plan)))


def _process(
    side: Side,
    plan: Plan,
    seconds: float,
    moment: float,
    random_: random.Random,
    progress: Progress,
    end: float,
    update: Callable[[Progress], None],
    stop: Callable[[], bool],
) -> list[Record]:
    """Run one process of a side; return its samples, what else the machine did, and what went wrong."""
    idle = load.wait_until_idle(PATIENCE)
    busy, own, ended_before = load.busy(), load.own(), load.of_the_ended()
    began = time.monotonic()
    spec = side_spec(
        side.engine,
        f"monarch_vs_ray.bench.{side.engine}.program",
        deadline=plan.deadline,
        settings={
            **settings.environment(plan.settings, side.engine),
            **_request(side, plan, seconds, moment, random_).variable(),
        },
    )
    run = Run([spec], MonotonicClock())
    events: list[AnyEvent] = []
    tree = load.Tree()
    looked = 0.0
    progress.running = side.name
    while not run.over:
        batch = run.poll(TICK)
        events += batch.events
        now = time.monotonic()
        progress.left = max(0.0, end - now)
        progress.row = next(map(_row_of, reversed(batch.events)), "") or progress.row
        if now - looked > LOOK_SECONDS:
            looked = now
            tree.look(run.sides[0].processes())
        update(progress)
        if stop():
            run.stop()
    took = time.monotonic() - began
    used = max(tree.seconds, load.of_the_ended() - ended_before)
    foreign = max(0.0, load.busy() - busy - used - (load.own() - own)) / took
    process = Process(
        round=progress.round,
        side=side.name,
        engine=side.engine,
        seconds=took,
        processor=used / took,
        foreign=foreign,
        idle=idle,
        row_seconds=seconds,
        ended=_ending(events),
    )
    return [process, *_records(events, progress.round, side.name)]


def _request(side: Side, plan: Plan, seconds: float, moment: float, random_: random.Random) -> Request:
    """Return what one process measures: its rows, in an order of its own."""
    known = workloads()
    rows = [row for row in plan.rows if side.engine in known[row.workload].engines]
    random_.shuffle(rows)
    return Request(
        rows=[row for row in rows if not known[row.workload].before and not known[row.workload].always],
        limits=[row for row in rows if known[row.workload].before],
        seconds=seconds,
        slow_down=side.slow_down,
        moment=moment,
    )


def _row_of(event: AnyEvent) -> str:
    """Return the row that an observation is of, for the eye."""
    if isinstance(event, Observation) and event.key == SAMPLES and isinstance(event.value, dict):
        row = event.value.get("row")
        return str(row.get("workload", "")) if isinstance(row, dict) else ""
    return ""


def _ending(events: Sequence[AnyEvent]) -> str:
    """Return how a side ended: nothing when all is fine, else the exit and its last line."""
    ended = next((event for event in events if isinstance(event, SideEnded)), None)
    if ended and ended.ending == "exit" and ended.exit_code == 0:
        return ""
    said = [event.text for event in events if isinstance(event, LogLine) and event.text.strip()]
    how = (
        f"{ended.ending} {ended.exit_code if ended.exit_code is not None else ended.signal or ''}"
        if ended
        else "lost"
    )
    return f"{how.strip()}: {said[-1][:300] if said else 'it said nothing'}"


def _records(events: Sequence[AnyEvent], number: int, side: str) -> list[Record]:
    merged: dict[Row, Samples] = {}
    troubles: list[Record] = []
    for event in events:
        if not isinstance(event, Observation):
            continue
        if event.key == SAMPLES:
            part = msgspec.convert(event.value, Sampled)
            before = merged[part.row].values if part.row in merged else []
            merged[part.row] = Samples(
                round=number,
                side=side,
                row=part.row,
                values=[*before, *part.values],
                operations=part.operations,
                warm_up=part.warm_up,
            )
        elif event.key == TROUBLE and isinstance(event.value, dict):
            row = Row(str(event.value["workload"]), int(event.value["size"]))
            troubles.append(Trouble(round=number, side=side, row=row, why=str(event.value["why"])))
    return [*merged.values(), *troubles]


def code_hash() -> str:
    """Return a hash of everything that times: unlike code is not comparable."""
    folder = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted([*folder.rglob("*.py"), folder / "workloads.toml"]):
        name = path.relative_to(folder).as_posix()
        if name not in NOT_TIMED:
            digest.update(name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
