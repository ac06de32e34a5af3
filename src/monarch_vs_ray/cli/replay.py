"""``mvr replay``: a history that ``--record`` kept, shown again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def replay(
    file: Annotated[Path, typer.Argument(help="A history that `mvr demo --record FILE` made.")],
    speed: Annotated[float, typer.Option(min=0, help="4 is four times as fast, 0 at once.")] = 1,
    json: Annotated[bool, typer.Option("--json", help="Print the events, one JSON object a line.")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="Print plain lines also on a terminal.")] = False,
    ascii: Annotated[bool, typer.Option("--ascii", help="Draw with ASCII characters only.")] = False,
    picture: Annotated[Path | None, typer.Option(help="Write one frame as SVG and end.")] = None,
    at: Annotated[float, typer.Option(help="With --picture: seconds into the run; -1: its end.")] = -1,
    size: Annotated[str, typer.Option(help="With --picture: columns x rows.")] = "120x40",
) -> None:
    """Show a recorded run again, with its original timing; needs no engine."""
    from monarch_vs_ray.cli.show import ShowOptions, show_history, take_picture

    if picture:
        take_picture(file, picture, at, size)
        return
    code = show_history(file, ShowOptions(speed=speed, json=json, plain=plain, ascii=ascii))
    raise typer.Exit(code)
