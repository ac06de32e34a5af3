"""``mvr doctor``: what each engine can do on this machine, and what to install for what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.text import Text

    from monarch_vs_ray.core.engine import Ability
    from monarch_vs_ray.core.events import Engine

DEADLINE = 60.0


def doctor(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")] = False,
) -> None:
    """Start each engine once, and say what works here and what to install for what does not."""
    from monarch_vs_ray.core.errors import ExitCode
    from monarch_vs_ray.core.events import ENGINES

    missing = _missing()
    abilities = _examine([engine for engine in ENGINES if engine not in missing])
    abilities |= missing
    if json:
        _print_json(abilities)
    else:
        _print_table(abilities)
    if missing:
        raise typer.Exit(ExitCode.ENGINE_MISSING)
    actors = [ability for found in abilities.values() for ability in found if ability.name == "CPU actors"]
    if len(actors) < len(ENGINES) or any(ability.state != "works" for ability in actors):
        raise typer.Exit(ExitCode.SIDE_FAILED)


def _missing() -> dict[Engine, list[Ability]]:
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


def _examine(engines: list[Engine]) -> dict[Engine, list[Ability]]:
    """Ask each engine in a process of its own; what it says before it fails is kept."""
    import msgspec

    from monarch_vs_ray.campaign.sides import side_spec
    from monarch_vs_ray.core.clock import MonotonicClock
    from monarch_vs_ray.core.engine import Ability
    from monarch_vs_ray.core.events import Observation, SideEnded
    from monarch_vs_ray.side.launcher import Run
    from monarch_vs_ray.side.main import ABILITIES

    found: dict[Engine, list[Ability]] = {engine: [] for engine in engines}
    run = Run([side_spec(engine, ABILITIES, deadline=DEADLINE) for engine in engines], MonotonicClock())
    while not run.over:
        for event in run.poll(0.1).events:
            if isinstance(event, Observation):
                found[event.side].append(msgspec.convert(event.value, Ability))
            elif isinstance(event, SideEnded) and (event.ending != "exit" or event.exit_code):
                how = f"the examination ended by {event.ending} (exit code {event.exit_code})"
                remedy = f"python -m monarch_vs_ray.engines.{event.side}  shows why"
                found[event.side].append(Ability(name="start", state="unknown", detail=how, remedy=remedy))
    return found


def _print_json(abilities: dict[Engine, list[Ability]]) -> None:
    import msgspec

    typer.echo(msgspec.json.format(msgspec.json.encode(abilities), indent=2).decode())


def _print_table(abilities: dict[Engine, list[Ability]]) -> None:
    """One row for each ability, one column for each engine, and what to do about what is missing."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from monarch_vs_ray.stage.summary import NAMES

    console = Console(highlight=False)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("", *(NAMES[engine] for engine in sorted(abilities)), "to get what is missing"):
        table.add_column(column, overflow="fold")
    for name in dict.fromkeys(ability.name for found in abilities.values() for ability in found):
        row = {engine: _find(abilities[engine], name) for engine in sorted(abilities)}
        remedies = dict.fromkeys(ability.remedy for ability in row.values() if ability and ability.remedy)
        table.add_row(Text(name), *map(_cell, row.values()), Text("; ".join(remedies)))
    console.print(table)


def _find(found: list[Ability], name: str) -> Ability | None:
    return next((ability for ability in found if ability.name == name), None)


def _cell(ability: Ability | None) -> Text:
    from rich.text import Text

    if ability is None:
        return Text("not asked", style="dim")
    styles = {"works": "green", "missing": "yellow", "unknown": "magenta"}
    return Text.assemble((ability.state, styles[ability.state]), f": {ability.detail}")
