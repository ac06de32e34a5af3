"""``mvr verify``: puts claims to the test on the real engines."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from monarch_vs_ray.cli.demo import Which


class FailOn(str, Enum):
    """What makes the exit code 1, besides a mark that is stale."""

    NEVER = "never"
    REFUTED = "refuted"
    UNKNOWN = "unknown"


def verify(
    asked: Annotated[
        list[str] | None, typer.Argument(metavar="[CONCEPT|CLAIM]...", help="What to test; without it: all.")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the claims and run nothing.")] = False,
    engine: Annotated[Which, typer.Option(help="Test claims on one engine only.")] = Which.BOTH,
    repeat: Annotated[int, typer.Option(min=1, help="Test so many times; verdicts must not change.")] = 1,
    brief: Annotated[
        bool, typer.Option("--brief", help="Only what answers a statement of the brief.")
    ] = False,
    slow: Annotated[bool, typer.Option("--slow", help="Also what waits for an engine's slow timer.")] = False,
    fail_on: Annotated[FailOn, typer.Option(help="What makes the exit code 1.")] = FailOn.REFUTED,
    json: Annotated[bool, typer.Option("--json", help="Print the evidence as JSON.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the verdicts as Markdown.")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="Print plain lines also on a terminal.")] = False,
    results: Annotated[
        Path | None,
        typer.Option(
            help="Folder to keep evidence in.",
            show_default="results/ of the checkout, else the user's data folder",
        ),
    ] = None,
    lanes: Annotated[int, typer.Option(min=1, help="How many engine processes run at once.")] = 3,
    python: Annotated[
        str, typer.Option(help="Run the sides with this interpreter, with another release of an engine.")
    ] = "",
) -> None:
    """Run the probes of claims on both engines, and say which claims hold."""
    from monarch_vs_ray.cli.verifying import Order, list_claims, verify_claims

    order = Order(
        asked=tuple(asked or ()),
        engine=engine.value,
        repeat=repeat,
        brief=brief,
        slow=slow,
        fail_on=fail_on.value,
        form="json" if json else "markdown" if markdown else "table",
        plain=plain or json or markdown,
        results=results,
        lanes=lanes,
        python=python,
    )
    raise typer.Exit(list_claims(order) if listed else verify_claims(order))
