"""``mvr page``: makes one HTML file of all that is published."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from monarch_vs_ray.core.output import say

NAME = "monarch-vs-ray.html"


def page(
    output: Annotated[Path, typer.Option(metavar="FILE", help="The file to write.")] = Path(NAME),
    run: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Show this run's results in place of the published ones."),
    ] = None,
) -> None:
    """Make one HTML file of all that is published: findings, claims with their evidence, figures, demos.

    It opens from a disk or from any web server, and asks for nothing. No engine is needed.
    """
    from monarch_vs_ray.core.errors import CannotRecord
    from monarch_vs_ray.page import build, sources

    source = sources.own(run) if run else sources.published()
    text = build.make(source)
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CannotRecord(output, error.strerror or str(error)) from None
    say(f"{output}: {len(text.encode()) / 1e6:.1f} MB. Open it in a browser; it asks for nothing.")
