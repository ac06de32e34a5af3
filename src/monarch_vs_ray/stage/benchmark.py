"""Show a measurement while it runs, and its table at the end."""

from __future__ import annotations

import datetime
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Group
from rich.live import Live
from rich.text import Text

from monarch_vs_ray.bench import analysis, rounds, table, units
from monarch_vs_ray.bench.catalogue import choose, workloads
from monarch_vs_ray.bench.rounds import Plan, Progress, Side
from monarch_vs_ray.bench.store import FORMAT, Manifest, Measured, Store
from monarch_vs_ray.campaign.interpreter import releases
from monarch_vs_ray.campaign.sides import require
from monarch_vs_ray.core.errors import BadOption, ExitCode
from monarch_vs_ray.core.events import ENGINES
from monarch_vs_ray.core.output import complain, say
from monarch_vs_ray.core.paths import results_folder
from monarch_vs_ray.side.main import this_machine
from monarch_vs_ray.stage.console import console

CORE_BELOW = 120.0
"""A budget of fewer seconds is spent on the core rows."""
SETTINGS = {
    "monarch": ["defaults, over unix sockets"],
    "ray": [
        "object_store_memory=4 GiB",
        "include_dashboard=False",
        "log_to_driver=False",
        "RAY_worker_niceness=0 (its default is 15)",
    ],
}


def run(
    names: Sequence[str],
    *,
    budget: str,
    sizes: str,
    seconds: float,
    seed: int,
    output: Path | None,
    against_itself: str,
    slow_down: float,
    form: str,
    only_list: bool,
) -> int:
    """Measure and show; see ``mvr bench --help`` for the arguments.

    Returns:
        The exit code.
    """
    if only_list:
        _list()
        return ExitCode.FINE
    plan = Plan(
        sides=_sides(against_itself, slow_down),
        rows=choose(names, core=_seconds(budget) < CORE_BELOW, sizes=_numbers(sizes)),
        seconds=seconds,
        budget=_seconds(budget),
        seed=seed,
    )
    engines = sorted({side.engine for side in plan.sides})
    require(engines)
    now = datetime.datetime.now(datetime.timezone.utc)
    manifest = Manifest(
        format=FORMAT,
        date=now.isoformat(timespec="seconds"),
        machine=this_machine(),
        versions=releases("", set(engines)),
        code=rounds.code_hash(),
        sides=(plan.sides[0].name, plan.sides[1].name),
        seconds=seconds,
        budget=plan.budget,
        seed=seed,
        settings={engine: SETTINGS[engine] for engine in engines},
    )
    path = output or results_folder() / "bench" / f"{now:%Y%m%dT%H%M%SZ}.jsonl"
    store = Store(path, manifest)
    stopping = False
    try:
        with _view(store) as update:
            rounds.measure(plan, store, update, lambda: stopping)
    except KeyboardInterrupt:
        stopping = True
    finally:
        store.close()
    show(store.measured, form)
    complain(f"Kept in {path}.")
    return 130 if stopping else ExitCode.FINE


def show(measured: Measured, form: str = "") -> None:
    """Print the table of a measurement: for people, or as ``json`` or ``csv``."""
    results = analysis.results(measured)
    if form == "json":
        say(json.dumps(table.as_json(measured, results), indent=1))
    elif form == "csv":
        sys.stdout.write(table.as_csv(measured, results))
    else:
        console().print(table.table(measured, results))
        say(*("! " + note for note in table.notes(measured, results)))


@contextmanager
def _view(store: Store) -> Iterator[object]:
    """Draw the table as it fills, on a terminal; elsewhere say a line for each process on stderr."""
    if not sys.stderr.isatty():
        last = ("", 0)

        def tell(progress: Progress) -> None:
            nonlocal last
            if (progress.running, progress.round) != last:
                last = (progress.running, progress.round)
                complain(f"round {progress.round}: {progress.running}, {progress.left:.0f} s left")

        yield tell
        return
    screen = console(sys.stderr)
    with Live(console=screen, auto_refresh=False, transient=True) as live:
        shown = 0.0

        def draw(progress: Progress) -> None:
            nonlocal shown
            now = screen.get_time()
            if now - shown < 0.5:
                return
            shown = now
            measured = store.measured
            head = (
                f"round {progress.round}  {progress.running}  {progress.row}   {progress.left:.0f} s left"
                "   Ctrl-C ends it and keeps what is measured"
            )
            live.update(Group(Text(head), table.table(measured, analysis.results(measured))), refresh=True)

        yield draw


def _list() -> None:
    for workload in workloads().values():
        sizes = ", ".join(units.size(workload, row) for row in workload.rows if units.size(workload, row))
        core = " (core)" if workload.core else ""
        say(f"{workload.name:26} {workload.title}{': ' + sizes if sizes else ''}{core}")
        say(f"{'':26} clock: {workload.clock}")


def _sides(against_itself: str, slow_down: float) -> tuple[Side, ...]:
    if not against_itself:
        first, second = ENGINES
        return (Side(name=first, engine=first, slow_down=slow_down), Side(name=second, engine=second))
    for engine in ENGINES:
        if engine == against_itself:
            name = f"{engine} slowed by {slow_down:.0%}" if slow_down else f"{engine} again"
            return (Side(name=name, engine=engine, slow_down=slow_down), Side(name=engine, engine=engine))
    raise BadOption("--against-itself", against_itself, f"give {' or '.join(ENGINES)}")


def _seconds(text: str) -> float:
    factors = {"s": 1.0, "m": 60.0, "h": 3600.0}
    number, unit = (text[:-1], text[-1]) if text[-1:] in factors else (text, "s")
    try:
        value = float(number) * factors[unit]
    except ValueError:
        value = 0.0
    if not 1 <= value <= 24 * 3600:
        raise BadOption("--budget", text, "give 30s, 4m or 1h, from 1 s to 24 h")
    return value


def _numbers(text: str) -> list[int]:
    try:
        return [int(float(part)) for part in text.split(",") if part.strip()]
    except ValueError:
        raise BadOption(
            "--sizes", text, "give whole numbers with commas between, for instance 1000,64000000"
        ) from None
