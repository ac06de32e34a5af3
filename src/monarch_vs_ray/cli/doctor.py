"""``mvr doctor``: what this machine has, what each engine can do on it, and what to do about the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from monarch_vs_ray.core.engine import Ability
    from monarch_vs_ray.core.events import Engine

    Findings = dict[str, list[Ability]]

DEADLINE = 60.0
MACHINE = "machine"
SLOW_SECONDS = 15.0
STYLES = {"works": "green", "missing": "yellow", "low": "bold red", "changed": "yellow", "unknown": "magenta"}


def doctor(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")] = False,
) -> None:
    """Check this machine's limits and start each engine once; say what to do about what does not work."""
    from monarch_vs_ray.core.errors import LimitTooLow, LiveNeedsLinux, UserError
    from monarch_vs_ray.core.events import ENGINES

    missing = _missing()
    engines = [engine for engine in ENGINES if engine not in missing]
    trouble: UserError | None = None
    try:
        findings = _examine_machine(engines)
    except (LimitTooLow, LiveNeedsLinux) as error:
        trouble = error
        findings = {MACHINE: _facts(engines)} if isinstance(error, LimitTooLow) else {}
        findings |= {engine: _not_tried(error) for engine in engines}
    else:
        findings |= _examine(engines)
    findings |= missing
    if json:
        _print_json(findings)
    else:
        _print(findings)
    raise typer.Exit(_exit_code(findings, missing, trouble))


def _exit_code(findings: Findings, missing: Findings, trouble: object) -> int:
    from monarch_vs_ray.core.errors import ExitCode, UserError
    from monarch_vs_ray.core.events import ENGINES

    if missing:
        return ExitCode.ENGINE_MISSING
    if isinstance(trouble, UserError):
        return trouble.exit_code
    actors = [_find(findings.get(engine, []), "CPU actors") for engine in ENGINES]
    works = all(ability is not None and ability.state == "works" for ability in actors)
    return ExitCode.FINE if works else ExitCode.SIDE_FAILED


def _facts(engines: list[Engine]) -> list[Ability]:
    from monarch_vs_ray.core.paths import results_folder
    from monarch_vs_ray.engines import limits

    return limits.facts(engines, results_folder())


def _examine_machine(engines: list[Engine]) -> Findings:
    """Return the machine's limits. Raises LimitTooLow or LiveNeedsLinux if no engine could start."""
    from monarch_vs_ray.campaign.sides import require

    require(engines)
    return {MACHINE: _facts(engines)}


def _not_tried(error: Exception) -> list[Ability]:
    from monarch_vs_ray.core.engine import Ability

    return [Ability(name="CPU actors", state="unknown", detail=f"not tried, since {error}")]


def _missing() -> Findings:
    """The engines whose package is not installed, each with how to get it."""
    from importlib.util import find_spec

    from monarch_vs_ray.campaign.sides import MODULES
    from monarch_vs_ray.core.engine import Ability

    return {
        engine: [
            Ability(name="version", state="missing", detail="not installed", remedy=f"pip install {package}")
        ]
        for engine, (module, package) in MODULES.items()
        if find_spec(module) is None
    }


def _examine(engines: list[Engine]) -> Findings:
    """Ask each engine in a process of its own; what it says before it fails is kept."""
    import msgspec

    from monarch_vs_ray.campaign.sides import side_spec
    from monarch_vs_ray.core.clock import MonotonicClock
    from monarch_vs_ray.core.engine import Ability
    from monarch_vs_ray.core.events import LogLine, Observation, SideEnded
    from monarch_vs_ray.side.launcher import Run
    from monarch_vs_ray.side.main import ABILITIES

    found: Findings = {engine: [] for engine in engines}
    why: dict[str, str] = {}
    run = Run([side_spec(engine, ABILITIES, deadline=DEADLINE) for engine in engines], MonotonicClock())
    while not run.over:
        for event in run.poll(0.1).events:
            if isinstance(event, Observation):
                ability = msgspec.convert(event.value, Ability)
                found[event.side].append(ability)
                if ability.name == "CPU actors" and ability.state == "works":
                    found[event.side].append(_time_to_start(event.at / 1e9))
            elif isinstance(event, LogLine) and event.text.startswith("mvr: "):
                why.setdefault(event.side, event.text.removeprefix("mvr: "))
            elif isinstance(event, SideEnded) and (event.ending != "exit" or event.exit_code):
                how = f"the examination ended by {event.ending} (exit code {event.exit_code})"
                remedy = why.get(event.side) or f"python -m monarch_vs_ray.engines.{event.side}  shows why"
                found[event.side].append(Ability(name="start", state="unknown", detail=how, remedy=remedy))
    return found


def _time_to_start(seconds: float) -> Ability:
    """How long it took, with the other engine starting at the same time, until an actor had answered."""
    from monarch_vs_ray.core.engine import Ability

    detail = f"{seconds:.1f} s until an actor answered"
    if seconds <= SLOW_SECONDS:
        return Ability(name="time to start", state="works", detail=detail)
    remedy = f"end other programs, or give runs more time: --deadline {30 * round(seconds / 5):d}"
    return Ability(name="time to start", state="low", detail=detail, remedy=remedy)


def _print_json(findings: Findings) -> None:
    import msgspec

    typer.echo(msgspec.json.format(msgspec.json.encode(findings), indent=2).decode())


def _print(findings: Findings) -> None:
    """Print tables on a terminal, and else a line for each fact."""
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        for line in _lines(findings):
            typer.echo(line)
        return
    if MACHINE in findings:
        console.print(_machine_table(findings[MACHINE]))
    _print_engines(console, {name: found for name, found in findings.items() if name != MACHINE})


def _lines(findings: Findings) -> list[str]:
    widest = max((len(fact.name) for found in findings.values() for fact in found), default=0)
    return [
        f"{owner:<7}  {fact.name:<{widest}}  {fact.state:<7}  {fact.detail}"
        + (f"; next: {fact.remedy}" if fact.remedy else "")
        for owner, found in findings.items()
        for fact in found
    ]


def _table(*columns: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _machine_table(facts: list[Ability]) -> Table:
    from rich.text import Text

    table = _table("this machine", "", "what to do")
    for fact in facts:
        table.add_row(Text(fact.name), _cell(fact), Text(fact.remedy))
    return table


def _print_engines(console: Console, abilities: Findings) -> None:
    """One row for each ability, one column for each engine, and what to do about what is missing."""
    from rich.text import Text

    from monarch_vs_ray.core.events import ENGINES
    from monarch_vs_ray.stage.values import NAMES

    engines = [engine for engine in ENGINES if engine in abilities]
    table = _table("", *(NAMES[engine] for engine in engines), "to get what is missing")
    for name in dict.fromkeys(ability.name for engine in engines for ability in abilities[engine]):
        row = {engine: _find(abilities[engine], name) for engine in engines}
        remedies = dict.fromkeys(ability.remedy for ability in row.values() if ability and ability.remedy)
        table.add_row(Text(name), *map(_cell, row.values()), Text("; ".join(remedies)))
    console.print(table)


def _find(found: list[Ability], name: str) -> Ability | None:
    return next((ability for ability in found if ability.name == name), None)


def _cell(ability: Ability | None) -> Text:
    from rich.text import Text

    if ability is None:
        return Text("not asked", style="dim")
    return Text.assemble((ability.state, STYLES[ability.state]), f": {ability.detail}")
