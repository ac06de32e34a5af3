"""``mvr demo``: a concept on both engines, live or from a recording."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from monarch_vs_ray.core.errors import ExitCode, UserError


class Which(str, Enum):
    """The engines to run."""

    BOTH = "both"
    MONARCH = "monarch"
    RAY = "ray"


def demo(
    name: Annotated[str, typer.Argument(help="A demo's name or number, or `all`; without it: the list.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Replay a recorded run; needs no engine.")] = False,
    speed: Annotated[float, typer.Option(min=0, help="With --dry-run: 4 is four times as fast, 0 at once.")] = 1,
    engine: Annotated[Which, typer.Option(help="Run one engine only.")] = Which.BOTH,
    record: Annotated[Path | None, typer.Option(help="Keep the history in this new file.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the events, one JSON object a line.")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="Print plain lines also on a terminal.")] = False,
    ascii: Annotated[bool, typer.Option("--ascii", help="Draw with ASCII characters only.")] = False,
    deadline: Annotated[float, typer.Option(min=0, help="Seconds a side may take; 0: the demo's own.")] = 0,
    ray_address: Annotated[str, typer.Option(help="Join this running Ray instead of starting one.")] = "",
) -> None:
    """Show a concept on both engines at once, each in a process of its own."""
    if not name:
        _list()
        return
    from monarch_vs_ray.cli.show import Wish, show_demo
    from monarch_vs_ray.concepts import all_concepts, find

    concepts = all_concepts() if name == "all" else [find(name)]
    if speed != 1 and not dry_run:
        raise UserError("--speed is for --dry-run: a live run goes at the engines' own speed.")
    wish = Wish(dry_run, speed, engine.value, record, json, plain, ascii, deadline, ray_address, many=name == "all")
    codes = [show_demo(concept, wish) for concept in concepts]
    raise typer.Exit(max(codes, default=ExitCode.FINE))


def _list() -> None:
    from monarch_vs_ray.concepts import all_concepts

    for concept in all_concepts():
        typer.echo(f"{concept.number:>2}  {concept.name:<22} {concept.question}")
    typer.echo("\nRun one with `mvr demo 1`; replay its recording with `mvr demo 1 --dry-run`.")
