"""``mvr example``: complete programs of each engine, to read, copy and run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monarch_vs_ray.cli.demo import Which
from monarch_vs_ray.core.errors import UserError, WouldOverwrite

if TYPE_CHECKING:
    from monarch_vs_ray.concepts import Example


def example(
    name: Annotated[
        str, typer.Argument(help="Name or number of a concept; without it, the list of examples.")
    ] = "",
    engine: Annotated[Which, typer.Option(help="Take this engine's program only.")] = Which.BOTH,
    all: Annotated[
        Path | None, typer.Option("--all", metavar="DIR", help="Write every program into this folder.")
    ] = None,
) -> None:
    """Print the example programs of a concept, or write all of them out.

    With --engine, the output is that program exactly, and can be piped into a file. Without it, both
    programs are printed, Monarch's first, each after a comment line with the name that --all gives it.
    --all never overwrites a file that differs.
    """
    from monarch_vs_ray.concepts import examples, find

    if name and all:
        raise UserError(f"--all writes every example; leave out {name!r}, or print it without --all.")
    found = [item for item in examples() if engine.value in ("both", item.engine)]
    if all:
        _write(found, all)
    elif name:
        concept = find(name)
        chosen = [item for item in found if item.concept == concept]
        if not chosen:
            raise UserError(f"{concept.name} has no example yet; `mvr example` lists those that there are.")
        _print(chosen, titles=engine is Which.BOTH)
    else:
        _list(found)


def _print(examples: list[Example], titles: bool) -> None:
    """Print programs: in colors on a terminal, the bare text elsewhere."""
    texts = [(f"# {item.file_name}\n\n" if titles else "") + item.text for item in examples]
    if not sys.stdout.isatty():
        sys.stdout.write("\n\n".join(texts))
        return
    from rich.console import Console
    from rich.syntax import Syntax

    highlight = Syntax("", "python", theme="ansi_dark", background_color="default").highlight
    for text in texts:
        Console().print(highlight(text), soft_wrap=True)  # a line that is too long is not cut off


def _write(examples: list[Example], folder: Path) -> None:
    """Write programs into a folder; nothing is written if one would overwrite another file."""
    targets = [(item, folder / item.file_name) for item in examples]
    new = [(item, path) for item, path in targets if not path.exists()]
    differing = [path for item, path in targets if path.exists() and path.read_bytes() != item.text.encode()]
    if differing:
        raise WouldOverwrite(differing)
    for item, path in new:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(item.text.encode())
    there = f"; {len(targets) - len(new)} were there already" if len(new) < len(targets) else ""
    typer.echo(f"Wrote {len(new)} programs into {folder}{there}. Run one: python {targets[0][1]}")


def _list(examples: list[Example]) -> None:
    for item in examples:
        typer.echo(f"{item.concept.number:>2}  {item.concept.name:<20} {item.engine:<8} {item.title}")
    typer.echo(
        "\nPrint one with `mvr example 1 --engine ray`; write all of them with `mvr example --all DIR`."
    )
