"""Time a user's own two programs, in shuffled rounds: the whole, and blocks marked with ``step``."""

from __future__ import annotations

import json
import random
import statistics as standard
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from rich.table import Table
from rich.text import Text

from monarch_vs_ray.bench import units
from monarch_vs_ray.bench.screen import max_seconds
from monarch_vs_ray.campaign.sides import require
from monarch_vs_ray.core.errors import ExitCode, UserError
from monarch_vs_ray.core.events import AnyEvent, Engine, Metric, SideEnded, StepBegun, StepEnded
from monarch_vs_ray.core.output import complain, say
from monarch_vs_ray.programs.start import Program, Terms, check, start
from monarch_vs_ray.side import used
from monarch_vs_ray.stage.console import console
from monarch_vs_ray.stage.presenter import Interrupt

TOTAL = "total"
TICK = 0.1
LEAST_ROUNDS = 3
INTERRUPTED = 130


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """The seconds that one block took, one number for each run, by engine."""

    block: str
    seconds: dict[str, list[float]]

    @property
    def ratio(self) -> float | None:
        """Return the first median over the second; None where the ranges overlap, or one is missing."""
        if len(self.seconds) < 2 or any(len(each) < LEAST_ROUNDS for each in self.seconds.values()):
            return None
        first, second = self.seconds.values()
        if max(min(first), min(second)) <= min(max(first), max(second)):
            return None
        return standard.median(first) / standard.median(second)


def blocks(events: Iterable[AnyEvent]) -> dict[str, float]:
    """Return the seconds of one run's total, and of its steps by title; a title's steps are added up."""
    begun: dict[int, StepBegun] = {}
    found: dict[str, float] = {}
    for event in events:
        if isinstance(event, Metric) and event.name == used.WALL:
            found[TOTAL] = event.value
        elif isinstance(event, StepBegun):
            begun[event.step] = event
        elif isinstance(event, StepEnded) and event.step in begun:
            start_ = begun.pop(event.step)
            found[start_.title] = found.get(start_.title, 0.0) + (event.at - start_.at) / 1e9
    return found


def run(
    monarch: Path | None,
    ray: Path | None,
    arguments: Sequence[str],
    *,
    budget: str,
    seed: int | None,
    json_form: bool = False,
) -> int:
    """Time programs until the budget is used up; see ``mvr bench --help``.

    Returns:
        The exit code: 4 when a program failed.

    Raises:
        UserError: If one of the two is missing.
    """
    if not (monarch and ray):
        raise UserError("Two programs are held against each other; give both --monarch FILE and --ray FILE.")
    programs = [Program("monarch", monarch, tuple(arguments)), Program("ray", ray, tuple(arguments))]
    terms = Terms(deadline=max_seconds(budget), compare="none")
    check(programs, terms)
    require([program.engine for program in programs])
    interrupt = Interrupt()
    with interrupt.listening():
        times, failed = rounds(programs, terms, max_seconds(budget), seed, interrupt)
    if json_form:
        say(json.dumps(msgspec.to_builtins(times), indent=1))
    else:
        _show(times)
    if failed:
        complain(failed)
        return ExitCode.SIDE_FAILED
    return INTERRUPTED if interrupt.count else ExitCode.FINE


def rounds(
    programs: Sequence[Program], terms: Terms, budget: float, seed: int | None, interrupt: Interrupt
) -> tuple[list[Times], str]:
    """Run programs one after the other, in shuffled rounds.

    Returns:
        The times, and how a program failed, which ends it.
    """
    random_ = random.Random(seed)
    taken: dict[str, dict[Engine, list[float]]] = {}
    end = time.monotonic() + budget
    number = 0
    while True:
        number += 1
        began = time.monotonic()
        for program in random_.sample(list(programs), len(programs)):
            left = max(0.0, end - time.monotonic())
            complain(f"round {number}: {program.engine}, {program.script.name}, {left:.0f} s left")
            events = _events(program, terms, interrupt)
            if interrupt.count:
                return _times(taken, programs), ""
            if failed := _failure(program, events):
                return _times(taken, programs), failed
            for block, seconds in blocks(events).items():
                taken.setdefault(block, {}).setdefault(program.engine, []).append(seconds)
        took = time.monotonic() - began
        if time.monotonic() + took > end and (number >= LEAST_ROUNDS or time.monotonic() > end):
            return _times(taken, programs), ""


def _events(program: Program, terms: Terms, interrupt: Interrupt) -> list[AnyEvent]:
    stream = start([program], terms)
    events: list[AnyEvent] = []
    while not stream.over:
        events += stream.poll(TICK).events
        if interrupt.count:
            stream.stop()
    return events


def _failure(program: Program, events: Sequence[AnyEvent]) -> str:
    ended = next((event for event in events if isinstance(event, SideEnded)), None)
    if ended and ended.ending == "exit" and ended.exit_code == 0:
        return ""
    how = (
        "was lost" if ended is None else f"ended with {ended.ending} {ended.exit_code or ended.signal or ''}"
    )
    return (
        f"{program.script} {how.strip()}; see its output with `mvr run --{program.engine} {program.script}`."
    )


def _times(taken: dict[str, dict[Engine, list[float]]], programs: Sequence[Program]) -> list[Times]:
    return [
        Times(
            block=block,
            seconds={each.engine: by_engine[each.engine] for each in programs if each.engine in by_engine},
        )
        for block, by_engine in taken.items()
    ]


def _show(times: Sequence[Times]) -> None:
    made = Table(box=None, pad_edge=False, show_edge=False)
    for title in ("block", "monarch", "ray", "monarch / ray"):
        made.add_column(title)
    for each in times:
        ratio = "" if each.ratio is None else units.three_digits(each.ratio)
        cells = [each.block, *(_range(each.seconds.get(engine, [])) for engine in ("monarch", "ray")), ratio]
        made.add_row(*map(Text, cells))
    console().print(made)
    say("", "Medians, [fastest, slowest] and n runs. A ratio is printed where the ranges do not overlap.")


def _range(seconds: Sequence[float]) -> str:
    if not seconds:
        return "-"
    low, high = units.seconds(min(seconds)), units.seconds(max(seconds))
    return f"{units.seconds(standard.median(seconds))} [{low}, {high}] n = {len(seconds)}"
