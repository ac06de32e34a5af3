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
    compare: Annotated[
        tuple[Path, Path] | None,
        typer.Option(metavar="RUN_A RUN_B", help="Say first what differs between two runs; show the second."),
    ] = None,
    history: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Draw this recorded run, too; may be given several times."),
    ] = None,
) -> None:
    """Make one HTML file of all that is published: findings, claims with their evidence, figures, demos.

    It opens from a disk or from any web server, and asks for nothing. No engine is needed. A run is a folder
    that `mvr verify --results` wrote, or a machine's folder of published results.
    """
    from monarch_vs_ray.core.errors import CannotRecord, UserError
    from monarch_vs_ray.page import build, sources

    if run and compare:
        raise UserError("--run and --compare both name the results to show; give one of them.")
    if not output.parent.is_dir():
        raise CannotRecord(output, f"there is no folder {output.parent}")
    compared = [sources.evidence_of(each) for each in compare or ()]
    if compare:
        source = sources.own(compare[1], before=compare[0])
    else:
        source = sources.own(run) if run else sources.published()
    text = build.make(source, compared=compared, beside=output.parent, histories=history or ())
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CannotRecord(output, error.strerror or str(error)) from None
    say(f"{output}: {len(text.encode()) / 1e6:.1f} MB. Open it in a browser; it asks for nothing.")
    if "vegaEmbed" not in text:
        say("It has no charts: pip install 'monarch-vs-ray[page]' and make it again; the tables are there.")
