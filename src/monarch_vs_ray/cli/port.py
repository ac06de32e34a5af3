"""``mvr port``: reads a program of one engine, and says what to write on the other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from monarch_vs_ray.core.output import say


def port(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE...", help="Programs of Ray or of Monarch.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    guide: Annotated[
        bool, typer.Option("--guide", help="Make the pages of docs/guide/porting.md anew instead.")
    ] = False,
) -> None:
    """List each use of an engine in a program: what to write on the other one, the trap, the claims.

    The programs are read, not run, and no engine is needed. A use that the table does not know is said to be
    unknown.
    """
    from monarch_vs_ray.core.errors import UserError

    if guide == bool(files):
        raise UserError(
            "`mvr port` takes programs, for instance `mvr port train.py`, or --guide without any."
        )
    if guide:
        _make_guide()
        return
    from monarch_vs_ray.porting.listing import lines, list_uses, summary
    from monarch_vs_ray.porting.program import read

    listings = [list_uses(read(path)) for path in files or []]
    if as_json:
        import msgspec

        programs = msgspec.json.encode({"programs": listings, "summary": summary(listings)})
        say(msgspec.json.format(programs, indent=2).decode())
        return
    for listing in listings:
        say(*lines(listing), "")
    say(*summary(listings))


def _make_guide() -> None:
    from monarch_vs_ray.porting.guide import make_guide

    pages = make_guide()
    for path, text in pages.items():
        path.write_text(text, encoding="utf-8")
    say(*(f"{path}: {len(text.splitlines())} lines." for path, text in pages.items()))
