"""Run a measurement, show it while it runs, and print its table at the end."""

from __future__ import annotations

import datetime
import json
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from monarch_vs_ray.bench import analysis, derived, rounds, settings, table, units
from monarch_vs_ray.bench.catalogue import ALL, Row, choose, workloads
from monarch_vs_ray.bench.rounds import DEADLINE, Plan, Progress, Side
from monarch_vs_ray.bench.statistics import FEW
from monarch_vs_ray.bench.store import FORMAT, Manifest, Measured, Store, processor_model
from monarch_vs_ray.campaign.interpreter import releases
from monarch_vs_ray.campaign.sides import require
from monarch_vs_ray.core.errors import BadOption, ExitCode
from monarch_vs_ray.core.events import ENGINES
from monarch_vs_ray.core.output import complain, say
from monarch_vs_ray.core.paths import results_folder
from monarch_vs_ray.side.main import this_machine
from monarch_vs_ray.stage.console import console
from monarch_vs_ray.stage.presenter import Interrupt

CORE_BELOW = 120.0
"""A budget of fewer seconds is spent on the core rows."""
REDRAW_SECONDS = 0.5
INTERRUPTED = 130
FORMS = ("", "json", "csv")


def run(
    names: Sequence[str],
    *,
    budget: str,
    sizes: str = "",
    seconds: float = 0.1,
    seed: int | None = None,
    output: Path | None = None,
    against_itself: str = "",
    slow_down: float = 0.0,
    choice: str = settings.DEFAULTS,
    form: str = "",
) -> int:
    """Measure, and print the table; see ``mvr bench --help`` for the arguments.

    Returns:
        The exit code.
    """
    longest = max_seconds(budget)
    asked = numbers(sizes)
    chosen = choose(names, core=longest < CORE_BELOW, sizes=asked)
    _check_sizes(names, asked, chosen)
    known = workloads()
    plan = Plan(
        sides=_sides(against_itself, slow_down),
        rows=chosen,
        seconds=seconds,
        budget=longest,
        seed=random.randrange(2**31) if seed is None else seed,
        deadline=DEADLINE + 2 * sum(known[row.workload].seconds for row in chosen),
        settings=settings.check(choice),
    )
    require(sorted({side.engine for side in plan.sides}))
    now = datetime.datetime.now(datetime.timezone.utc)
    path = output or results_folder() / "bench" / f"{now:%Y%m%dT%H%M%SZ}.jsonl"
    store = Store(path, _manifest(plan, now))
    interrupt = Interrupt()
    try:
        with interrupt.listening(), _view(store) as update:
            rounds.measure(plan, store, update, lambda: interrupt.count > 0)
    finally:
        store.close()
    show(store.measured, form)
    complain(f"Kept in {path}.")
    return INTERRUPTED if interrupt.count else ExitCode.FINE


def _check_sizes(names: Sequence[str], asked: Sequence[int], chosen: Sequence[Row]) -> None:
    """Refuse sizes that no chosen workload has. Raises BadOption."""
    unknown = sorted(set(asked) - {row.size for row in chosen})
    if unknown:
        every = not names or ALL in names
        groups = [each for each in workloads().values() if every or {each.name, each.group} & set(names)]
        known = sorted({size for each in groups for size in (*each.sizes, *each.more_sizes) if size})
        told = ", ".join(map(str, known)) or "none: these workloads have one size"
        raise BadOption("--sizes", ", ".join(map(str, unknown)), f"known are {told}")


def _manifest(plan: Plan, now: datetime.datetime) -> Manifest:
    engines = sorted({side.engine for side in plan.sides})
    return Manifest(
        format=FORMAT,
        date=now.isoformat(timespec="seconds"),
        machine=this_machine(),
        versions={str(engine): release for engine, release in releases("", set(engines)).items()},
        code=rounds.code_hash(),
        sides=(plan.sides[0].name, plan.sides[1].name),
        seconds=plan.seconds,
        budget=plan.budget,
        seed=plan.seed,
        settings={engine: settings.describe(plan.settings, engine) for engine in engines},
        choice=plan.settings,
        processor=processor_model(),
    )


def show(measured: Measured, form: str = "") -> None:
    """Print the table of a measurement: for people, or as ``json`` or ``csv``."""
    lines = analysis.results(measured)
    if form == "json":
        say(json.dumps(table.as_json(measured, lines), indent=1))
    elif form == "csv":
        sys.stdout.write(table.as_csv(measured, lines))
    else:
        console().print(table.table(measured, lines))
        say("", *derived.lines(measured))
        if (all_rows := analysis.together(measured)) and all_rows.n >= FEW:
            pair = " / ".join(measured.manifest.sides)
            ratio = f"{pair} {table.ratio(all_rows)}, n = {all_rows.n} rounds"
            say(f"Rows timed in the program, together, as a ratio of times: {ratio}")
        say("", table.LEGEND, *("! " + note for note in analysis.notes(measured, lines)))


@contextmanager
def _view(store: Store) -> Iterator[Callable[[Progress], None]]:
    """Draw the table as it fills, on a terminal; elsewhere print a line for each process on stderr."""
    if not sys.stderr.isatty():
        yield _lines()
        return
    screen = console(sys.stderr)
    with Live(console=screen, auto_refresh=False, transient=True) as live:
        shown, count, made = 0.0, -1, Table()

        def draw(progress: Progress) -> None:
            """Draw; the table is made anew only between processes, since that takes the processor."""
            nonlocal shown, count, made
            now = screen.get_time()
            measured = store.measured
            if len(measured.records) != count:
                count, made = len(measured.records), table.table(measured, analysis.results(measured))
            elif now - shown < REDRAW_SECONDS:
                return
            shown = now
            head = Text(
                f"round {progress.round}  {progress.running}  {progress.row}   {progress.left:.0f} s left"
                "   Ctrl-C ends it and keeps what is measured"
            )
            live.update(Group(head, made), refresh=True)

        yield draw


def _lines() -> Callable[[Progress], None]:
    last = ("", 0)

    def tell(progress: Progress) -> None:
        nonlocal last
        if (progress.running, progress.round) != last:
            last = (progress.running, progress.round)
            complain(f"round {progress.round}: {progress.running}, {progress.left:.0f} s left")

    return tell


def list_workloads() -> None:
    """Print every workload, its sizes, and what lies between the two readings of its clock."""
    for workload in workloads().values():
        sizes = ", ".join(units.size(workload, row) for row in workload.rows if units.size(workload, row))
        marks = " (core)" if workload.core else " (only when asked for)" if workload.extra else ""
        only = "" if len(workload.engines) > 1 else f" ({workload.engines[0]} only)"
        say(f"{workload.name:26} {workload.title}{': ' + sizes if sizes else ''}{only}{marks}")
        say(f"{'':26} clock: {workload.clock}")


def _sides(against_itself: str, slow_down: float) -> tuple[Side, Side]:
    if not 0 <= slow_down <= 10:
        raise BadOption("--slow-down", f"{slow_down:g}", "give a share from 0 to 10, such as 0.1")
    if not against_itself:
        if slow_down:
            raise BadOption("--slow-down", f"{slow_down:g}", "it needs --against-itself monarch, or ray")
        first, second = ENGINES
        return (Side(name=first, engine=first), Side(name=second, engine=second))
    for engine in ENGINES:
        if engine == against_itself:
            name = f"{engine} slowed by {slow_down:.0%}" if slow_down else f"{engine} again"
            return (Side(name=name, engine=engine, slow_down=slow_down), Side(name=engine, engine=engine))
    raise BadOption("--against-itself", against_itself, f"give {' or '.join(ENGINES)}")


def max_seconds(text: str) -> float:
    """Return the seconds of a budget such as ``30s``, ``4m`` or ``1h``.

    Raises:
        BadOption: If it is none, or not from 1 s to 24 h.
    """
    factors = {"s": 1.0, "m": 60.0, "h": 3600.0}
    number, unit = (text[:-1], text[-1]) if text[-1:] in factors else (text, "s")
    try:
        value = float(number) * factors[unit]
    except ValueError:
        value = 0.0
    if not 1 <= value <= 24 * 3600:
        raise BadOption("--budget", text, "give 30s, 4m or 1h, from 1 s to 24 h")
    return value


def numbers(text: str) -> list[int]:
    """Return whole numbers with commas between.

    Raises:
        BadOption: If they are not.
    """
    try:
        return [int(float(part)) for part in text.split(",") if part.strip()]
    except (ValueError, OverflowError):
        raise BadOption(
            "--sizes", text, "give whole numbers with commas between, for instance 1000,64000000"
        ) from None
