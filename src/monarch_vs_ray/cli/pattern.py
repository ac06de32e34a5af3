"""``mvr pattern``: robust designs as complete programs of each engine, broken from outside while they run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from monarch_vs_ray.programs import patterns

from monarch_vs_ray.cli.demo import Which
from monarch_vs_ray.core.errors import UserError
from monarch_vs_ray.core.output import say


def pattern(
    name: Annotated[str, typer.Argument(help="Name of a pattern, or `all`; without it: the list.")] = "",
    engine: Annotated[Which, typer.Option(help="Run the programs of one engine only.")] = Which.BOTH,
    seed: Annotated[int, typer.Option(help="Of the faults' moments and victims, and of the programs.")] = 0,
    times: Annotated[int, typer.Option(help="Run with so many seeds, one after the other.")] = 1,
    settings: Annotated[str, typer.Option(help="One of the pattern's settings.")] = "",
    publish: Annotated[bool, typer.Option("--publish", help="Publish the figures of these runs.")] = False,
    copy: Annotated[Path | None, typer.Option(metavar="DIR", help="Copy the programs there.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print a record for each run.")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="Print plain lines also on a terminal.")] = False,
    ascii: Annotated[bool, typer.Option("--ascii", help="Draw with ASCII characters only.")] = False,
) -> None:
    """Run a pattern's programs with their plan of faults, and put them to its oracle.

    Exit codes: 0 every oracle holds; 1 one does not; 4 a program failed.
    """
    from monarch_vs_ray.programs import patterns

    if seed < 0 or times < 1:
        raise UserError(f"--seed is {seed} and --times {times}; give 0 or more, and 1 or more.")
    if not name:
        _list()
        return
    chosen = patterns.all_patterns() if name == "all" else [patterns.find(name)]
    if copy:
        for each in chosen:
            for path in patterns.copy(each, copy):
                say(str(path))
        return
    raise typer.Exit(_run(chosen, engine, seed, times, settings, publish, json, plain, ascii))


def _run(
    chosen: list[patterns.Pattern],
    engine: Which,
    seed: int,
    times: int,
    settings: str,
    publish: bool,
    json: bool,
    plain: bool,
    ascii: bool,
) -> int:
    from monarch_vs_ray.campaign import sides
    from monarch_vs_ray.core.paths import PUBLISHED, need_checkout
    from monarch_vs_ray.programs.pattern_run import Wanted, run
    from monarch_vs_ray.programs.plan import engine_of
    from monarch_vs_ray.stage.show import INTERRUPTED, Form

    if publish:
        need_checkout("mvr pattern --publish")
    codes = []
    for each in chosen:
        programs = [program for program in each.plan.programs if engine in (Which.BOTH, engine_of(program))]
        if not programs:
            raise UserError(
                f"{each.name} has no program of {engine.value}; it has {', '.join(each.plan.programs)}."
            )
        sides.require(sorted({engine_of(program) for program in programs}))
        setting = each.plan.setting(settings) if settings else each.plan.settings[0]
        wanted = Wanted(programs, setting, seed, times, PUBLISHED if publish else None)
        codes.append(run(each, wanted, Form(json=json, plain=plain, ascii=ascii)))
        if codes[-1] == INTERRUPTED:
            break
    return max(codes, default=0)


def _list() -> None:
    from monarch_vs_ray.programs.patterns import all_patterns

    for each in all_patterns():
        say(f"{each.name:<22} {each.plan.question}")
    say("\nRun one with `mvr pattern NAME`; copy its programs with `mvr pattern NAME --copy DIR`.")
