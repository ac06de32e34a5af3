"""``mvr notebook``: open a companion notebook in the browser, or export all of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monarch_vs_ray.core.errors import MarimoMissing, UserError

if TYPE_CHECKING:
    from monarch_vs_ray.notebook.catalogue import Notebook


def notebook(
    name: Annotated[
        str, typer.Argument(help="Name or number of a notebook, such as 3; without it, the list.")
    ] = "",
    recorded: Annotated[
        bool, typer.Option("--recorded", help="Show recorded runs; start no engine.")
    ] = False,
    app: Annotated[bool, typer.Option("--app", help="Hide the code of the cells.")] = False,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the browser, or print the address only.")
    ] = True,
    port: Annotated[int, typer.Option(help="Port on loopback; 0 takes a free one.")] = 0,
    export: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write static pages of recorded runs; they need no network."),
    ] = None,
) -> None:
    """Open a companion notebook in the browser: read, press a button, change a program, press again.

    The page is served on 127.0.0.1 only, and requires the token that is part of its address. A notebook of a
    checkout is opened as it is; one of an installed package, as a copy in your data folder.
    """
    from importlib.util import find_spec

    from monarch_vs_ray.notebook import catalogue

    if export and name:
        raise UserError(f"--export writes every notebook; leave out {name!r}.")
    if not (name or export):
        _list(catalogue.all_notebooks())
        return
    if find_spec("marimo") is None:
        raise MarimoMissing
    if export:
        from monarch_vs_ray.notebook.export import export as write

        raise typer.Exit(write(export))
    from monarch_vs_ray.notebook.serve import Choices, serve

    choices = Choices(recorded=recorded, app=app, browser=browser, port=port)
    raise typer.Exit(serve(catalogue.find(name), choices))


def _list(notebooks: list[Notebook]) -> None:
    width = max((len(each.name) for each in notebooks), default=0)
    for each in notebooks:
        typer.echo(f"{each.name:<{width}}  {each.question}")
    typer.echo("\nOpen one: mvr notebook 1. Write static pages of all: mvr notebook --export DIR")
