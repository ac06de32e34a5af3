"""Show one run of a pattern live, or run it many times and print a summary."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from rich.text import Text

from monarch_vs_ray.core.errors import ExitCode
from monarch_vs_ray.core.output import complain, say
from monarch_vs_ray.programs.closing import print_trouble
from monarch_vs_ray.programs.patterns import Pattern
from monarch_vs_ray.programs.plan import Setting
from monarch_vs_ray.programs.records import Record, Summary, number, publish, summarize
from monarch_vs_ray.programs.rounds import Interrupted, Rounds, by_engine
from monarch_vs_ray.programs.state import ProgramsState
from monarch_vs_ray.programs.timeline import text_lines
from monarch_vs_ray.stage.closing import plain_table
from monarch_vs_ray.stage.console import console
from monarch_vs_ray.stage.presenter import Banner, Interrupt
from monarch_vs_ray.stage.show import INTERRUPTED, Form, Performance, ScreenPresenter, show
from monarch_vs_ray.stage.values import NAMES


@dataclass(frozen=True)
class Wanted:
    """Select what to run of a pattern.

    Attributes:
        programs: Names of its programs.
        setting: One of its settings.
        seed: The first seed.
        times: The number of seeds, one run each.
        publish: The folder for published records, each of which is published when its run ends; or None.
    """

    programs: Sequence[str]
    setting: Setting
    seed: int = 0
    times: int = 1
    publish: Path | None = None


def run(pattern: Pattern, wanted: Wanted, form: Form) -> int:
    """Run a pattern.

    Args:
        pattern: The pattern.
        wanted: The programs, the setting and the seeds.
        form: The form of the output; with ``json`` each run's record is printed as a line.

    Returns:
        The exit code: 0 when the oracle holds in each run, 1 when it does not, 4 when a program failed, 130.
    """
    interrupt = Interrupt()
    rounds = Rounds(pattern, wanted.setting, interrupt)
    records: list[Record] = []
    with interrupt.listening():
        try:
            if wanted.times == 1 and not wanted.publish and not form.json:
                for programs in by_engine(wanted.programs):
                    records += _watched(rounds, programs, wanted.seed, form, interrupt)
            else:
                _many(rounds, wanted, form, records)
        except (Interrupted, KeyboardInterrupt):
            published = f"; the records are in {wanted.publish}" if wanted.publish and records else ""
            complain(f"Interrupted after {len(records)} runs{published}.")
            return INTERRUPTED
    if not form.json:
        print_summaries(summarize(records), ascii=form.ascii)
    return outcome(records)


def outcome(records: Iterable[Record]) -> ExitCode:
    """Return the exit code of runs."""
    every = list(records)
    if any(record.failed for record in every):
        return ExitCode.SIDE_FAILED
    return ExitCode.FINE if all(record.holds for record in every) else ExitCode.NOT_AS_EXPECTED


def _many(rounds: Rounds, wanted: Wanted, form: Form, records: list[Record]) -> None:
    seeds = range(wanted.seed, wanted.seed + wanted.times)
    for record, state in rounds.run_all(wanted.programs, seeds):
        records.append(record)
        if wanted.publish:
            publish([record], wanted.publish)
        if form.json:
            say(msgspec.json.encode(record).decode())
            continue
        say(one_line(record))
        if record.failed:
            for side in state.sides.values():
                print_trouble(side, console())


def one_line(record: Record) -> str:
    """Return a run's result in one line."""
    figures = "  ".join(
        f"{name}: {'none' if value is None else number(value)} {record.units.get(name, '')}".rstrip()
        for name, value in record.figures.items()
    )
    word = "holds" if record.holds else "DOES NOT HOLD: " + "; ".join(record.reasons)
    return (
        f"{record.pattern}  {record.program}  seed {record.seed}  {record.wall:.1f} s"
        f"  {record.fired} of {record.planned} faults  oracle {word}" + (f"  {figures}" if figures else "")
    )


def _watched(
    rounds: Rounds, programs: list[str], seed: int, form: Form, interrupt: Interrupt
) -> list[Record]:
    """Run programs at the same time, and show them."""
    if rounds.pattern.plan.oracle.undisturbed:
        for program in programs:
            complain(f"{program}: a run without faults first, to compare with ...")
            rounds.prepare(program, seed)
    state = rounds.state(programs)
    plan = rounds.pattern.plan

    def screen() -> ScreenPresenter:
        from monarch_vs_ray.programs.pattern_screen import PatternScreen

        return PatternScreen(state, plan, Banner("LIVE"), ascii=form.ascii or None)

    def closing() -> None:
        _print_closing(rounds, programs, seed, state, ascii=form.ascii)

    stream = rounds.start(programs, seed)
    performance = Performance(state, screen, closing, lambda: 0, again="")
    if show(stream, performance, form, interrupt) == INTERRUPTED:
        raise Interrupted
    return [rounds.record(program, seed, state) for program in programs]


def _print_closing(
    rounds: Rounds, programs: list[str], seed: int, state: ProgramsState, *, ascii: bool
) -> None:
    out = console()
    ascii = ascii or out.encoding.lower().replace("-", "") != "utf8"
    plan = rounds.pattern.plan
    out.print()
    out.print(Text(f"{plan.title or rounds.pattern.name}: {plan.question}"))
    out.print(Text(f"Settings {rounds.setting.name}, seed {seed}."))
    for line in text_lines(state, plan, out.width, ascii=ascii):
        out.print(Text(line), overflow="ellipsis", no_wrap=True)
    for program in programs:
        record = rounds.record(program, seed, state)
        name = f"{NAMES[record.engine]} ({program})" if program != record.engine else NAMES[record.engine]
        print_trouble(state.sides[record.engine], out)
        if record.holds:
            out.print(Text(f"{name}: the oracle holds; {record.fired} of {record.planned} faults fired."))
        for reason in record.reasons:
            out.print(Text(f"{name}: the oracle DOES NOT HOLD: {reason}.", style="bold red"))


def print_summaries(summaries: Sequence[Summary], *, ascii: bool = False) -> None:
    """Print for each figure its n, median and spread, the programs of a pattern side by side."""
    out = console()
    ascii = ascii or out.encoding.lower().replace("-", "") != "utf8"
    for key in dict.fromkeys((each.pattern, each.settings) for each in summaries):
        group = [each for each in summaries if (each.pattern, each.settings) == key]
        heads = [each.program for each in group]
        table = plain_table([f"{key[0]}, {key[1]}: median (10th to 90th percentile)", *heads], ascii)
        table.add_row("oracle", *(f"holds {each.held} of {each.n} times" for each in group))
        table.add_row("faults fired", *(f"{each.fired} of {each.planned}" for each in group))
        for name in dict.fromkeys(name for each in group for name in each.figures):
            table.add_row(Text(name), *(Text(_spread(each, name)) for each in group))
        table.add_row("lines of code", *(f"{each.lines_of_code}" for each in group))
        out.print(table)


def _spread(summary: Summary, name: str) -> str:
    found = summary.figures.get(name)
    if found is None:
        return "none"
    unit = f" {found.unit}" if found.unit else ""
    if found.n == 1:
        return f"{number(found.median)}{unit}"
    return f"{number(found.median)}{unit} ({number(found.low)} to {number(found.high)}), n={found.n}"
