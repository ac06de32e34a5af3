"""``mvr run``: a user's own programs, as they stand, side by side."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from monarch_vs_ray.core.errors import UserError
from monarch_vs_ray.core.events import Engine


class How(str, Enum):
    """How two outputs are compared."""

    EXACT = "exact"
    LINES = "lines"
    SORTED = "sorted"
    JSON = "json"
    NONE = "none"


def run(
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="[-- ARGUMENTS]", help="Given to both programs.")
    ] = None,
    monarch: Annotated[Path | None, typer.Option(help="A program that uses Monarch.")] = None,
    ray: Annotated[Path | None, typer.Option(help="A program that uses Ray.")] = None,
    compare: Annotated[How, typer.Option(help="How to compare what they print on stdout.")] = How.LINES,
    rtol: Annotated[float, typer.Option(help="How far numbers may be apart, as a share.")] = 0.0,
    deadline: Annotated[float, typer.Option(help="Seconds that each may take.")] = 300.0,
    grace: Annotated[float, typer.Option(help="Seconds that its processes get after its end.")] = 5.0,
    in_turn: Annotated[bool, typer.Option("--in-turn", help="Run one after the other.")] = False,
    keep_env: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Pass on this variable, of an engine or HOME.")
    ] = None,
    ray_address: Annotated[str, typer.Option(help="Let the programs join this running Ray.")] = "",
    kill: Annotated[str, typer.Option(metavar="REGEX", help="Hit the process that a line names.")] = "",
    after: Annotated[float, typer.Option(help="With --kill: seconds after the line.")] = 0.0,
    signal: Annotated[str, typer.Option(help="With --kill: the signal.")] = "KILL",
    times: Annotated[int, typer.Option(help="With --kill: how often.")] = 1,
    plan: Annotated[Path | None, typer.Option(help="A plan of faults, in place of --kill.")] = None,
    seed: Annotated[int, typer.Option(help="Of the faults' moments and victims.")] = 0,
    record: Annotated[Path | None, typer.Option(help="Keep the history in this new file.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the events, one JSON object a line.")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="Print plain lines also on a terminal.")] = False,
    ascii: Annotated[bool, typer.Option("--ascii", help="Draw with ASCII characters only.")] = False,
) -> None:
    """Run your own programs, unmodified, in isolation; compare what they print, use and leave.

    Mark a process to hit with a group called pid: --kill 'worker is process (?P<pid>[0-9]+)'.

    Exit codes: 0 equal; 1 outputs differ, a process was left, or a fault did not fire; 4 a program failed.
    """
    from monarch_vs_ray.programs.faults import Fault
    from monarch_vs_ray.programs.plan import read
    from monarch_vs_ray.programs.run import live
    from monarch_vs_ray.programs.start import Program, Terms
    from monarch_vs_ray.stage.show import Form

    scripts: list[tuple[Engine, Path | None]] = [("monarch", monarch), ("ray", ray)]
    if not (monarch or ray):
        raise UserError("Name a program with --monarch FILE, --ray FILE, or both.")
    _check(deadline, grace, rtol)
    if kill and plan:
        raise UserError("--kill and --plan both say what to break; give one of them.")
    faults = read(plan).faults if plan else []
    if kill:
        faults = [Fault(kill=kill, after=after, signal=signal.removeprefix("SIG"), times=times)]
        faults[0].check("--kill")
    programs = [
        Program(engine, script, tuple(arguments or ()), tuple(faults), seed)
        for engine, script in scripts
        if script
    ]
    terms = Terms(
        deadline=deadline,
        grace=grace,
        keep=tuple(keep_env or ()),
        ray_address=ray_address,
        in_turn=in_turn,
        compare=compare.value,
        rtol=rtol,
    )
    raise typer.Exit(live(programs, terms, record, Form(json=json, plain=plain, ascii=ascii)))


def _check(deadline: float, grace: float, rtol: float) -> None:
    if not 0 < deadline < float("inf"):
        raise UserError(f"--deadline is {deadline:g}; give seconds, more than 0.")
    if not 0 <= grace < float("inf"):
        raise UserError(f"--grace is {grace:g}; give seconds, 0 or more.")
    if not 0 <= rtol < 1:
        raise UserError(f"--rtol is {rtol:g}; give a share between 0 and 1, such as 1e-6.")
