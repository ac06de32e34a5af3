"""``mvr demo``: a concept on both engines, live or from a recording."""

from __future__ import annotations

import time
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from monarch_vs_ray.core.errors import ExitCode, UserError
from monarch_vs_ray.core.output import say


class Which(str, Enum):
    """The engines to run."""

    BOTH = "both"
    MONARCH = "monarch"
    RAY = "ray"


def demo(
    name: Annotated[
        str, typer.Argument(help="Name or number of a demo, or `all`; without it: the list.")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Replay a recorded run, without engines.")
    ] = False,
    speed: Annotated[float, typer.Option(min=0, help="With --dry-run: 4 is four times as fast.")] = 1,
    engine: Annotated[Which, typer.Option(help="Run one engine only.")] = Which.BOTH,
    record: Annotated[Path | None, typer.Option(help="Keep the history in this new file.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the events, one JSON object a line.")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="Print plain lines also on a terminal.")] = False,
    ascii: Annotated[bool, typer.Option("--ascii", help="Draw with ASCII characters only.")] = False,
    deadline: Annotated[float, typer.Option(min=0, help="Seconds a side may take; 0: its own.")] = 0,
    ray_address: Annotated[str, typer.Option(help="Join this running Ray, start none.")] = "",
    present: Annotated[bool, typer.Option("--present", help="Stop after each step, and explain it.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Print all observations at the end.")] = False,
    begin: Annotated[str, typer.Option("--from", help="With `all`: the demo to begin with.")] = "",
) -> None:
    """Show a concept on both engines at once, each in a process of its own."""
    if not name:
        _list()
        return
    from monarch_vs_ray.cli.show import ShowOptions, show_demo
    from monarch_vs_ray.concepts import all_concepts, find
    from monarch_vs_ray.stage.show import INTERRUPTED
    from monarch_vs_ray.stage.tour import Tour

    many = name == "all"
    concepts = all_concepts() if many else [find(name)]
    if begin and not many:
        raise UserError("--from is for `mvr demo all`: it says with which demo to begin.")
    if present and (plain or json):
        raise UserError("--present needs a screen: leave out --plain and --json.")
    if speed != 1 and not dry_run:
        raise UserError("--speed is for --dry-run: a live run goes at the engines' own speed.")
    options = ShowOptions(
        dry_run=dry_run,
        speed=speed,
        engine=engine.value,
        record=record,
        json=json,
        plain=plain,
        ascii=ascii,
        deadline=deadline,
        ray_address=ray_address,
        many=many,
        present=present,
        verbose=verbose,
    )
    began = time.monotonic()
    codes: dict[str, int] = {}
    at = concepts.index(find(begin)) if begin else 0
    while at < len(concepts):
        tour = Tour(goes_on=many and at + 1 < len(concepts))
        code = show_demo(concepts[at], options, tour)
        if tour.wanted:
            wanted = find(str(tour.wanted))
            concepts = concepts if many else [wanted]
            at = concepts.index(wanted)
            continue
        codes[concepts[at].name] = code
        if tour.left or code == INTERRUPTED:
            break
        at += 1
    if many and not json:
        fine = sum(code == ExitCode.FINE for code in codes.values())
        say(f"\n{fine} of {len(concepts)} demos fine, {time.monotonic() - began:.1f} s in all.")
        if at < len(concepts):
            say(f"Go on with `mvr demo all --from {concepts[at].number}`.")
    raise typer.Exit(max(codes.values(), default=ExitCode.FINE))


def _list() -> None:
    from monarch_vs_ray.concepts import all_concepts

    for concept in all_concepts():
        say(f"{concept.number:>2}  {concept.name:<22} {concept.fill(concept.question)}")
    say("\nRun one with `mvr demo 1`; replay its recording with `mvr demo 1 --dry-run`.")
