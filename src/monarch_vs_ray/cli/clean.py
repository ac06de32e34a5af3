"""``mvr clean``: what dead runs of this user left on this machine, and its removal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from monarch_vs_ray.side.leftovers import Leftover


def clean(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Remove it, too.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """List what dead runs of yours left: processes, folders, shared memory, sockets, logs.

    Nothing else is touched: no run that goes on, and nothing of another user's.
    """
    from monarch_vs_ray.engines.environment import LOGS, strays
    from monarch_vs_ray.side.leftovers import find, remove
    from monarch_vs_ray.side.run_folder import bases

    left = find(strays, LOGS)
    if yes:
        left = [remove(each, strays) for each in left]
    if json:
        _print_json(left, removed=yes)
        return
    for each in left:
        typer.echo(_line(each))
    if not left:
        typer.echo(f"Nothing is left of dead runs of yours; looked in {', '.join(bases())}.")
    elif yes:
        typer.echo(f"Removed what {len(left)} dead {_runs(left)} left.")
    else:
        typer.echo(f"{len(left)} dead {_runs(left)} left this; remove it with `mvr clean --yes`.")


def _line(left: Leftover) -> str:
    counts = [
        (len(left.processes), "process", "processes"),
        (left.segments, "shared-memory segment", "shared-memory segments"),
        (left.sockets, "socket", "sockets"),
        (left.files, "file", "files"),
        (len(left.logs), "log", "logs"),
    ]
    said = ", ".join(f"{count} {one if count == 1 else many}" for count, one, many in counts if count)
    names = f" ({', '.join(sorted(set(left.processes)))})" if left.processes else ""
    return f"{left.folder}: {said or 'an empty folder'}{names}"


def _runs(left: list[Leftover]) -> str:
    return "run" if len(left) == 1 else "runs"


def _print_json(left: list[Leftover], *, removed: bool) -> None:
    import msgspec

    typer.echo(
        msgspec.json.format(msgspec.json.encode({"removed": removed, "runs": left}), indent=2).decode()
    )
