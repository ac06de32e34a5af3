"""``mvr explain``: all there is to one claim."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def explain(
    asked: Annotated[
        str,
        typer.Argument(
            metavar="CLAIM", help="An id, a row's name or number: message_ordering.default_ordering.ray, 4.1."
        ),
    ],
    results: Annotated[
        Path | None, typer.Option(help="Folder of a run, or of runs, to take the observation from.")
    ] = None,
) -> None:
    """Show what a claim says, the code that tests it, what was observed last, and the engine's own code."""
    from monarch_vs_ray.report.explanation import explain_claim

    explain_claim(asked, results)
