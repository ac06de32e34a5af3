"""``mvr bench``: measure what each engine costs, beside what the machine can do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from monarch_vs_ray.core.errors import UserError

COMPARE, PLOT, PUBLISH, SCALE, SHOW = "compare", "plot", "publish", "scale", "show"


def bench(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[WORKLOAD|GROUP]... | compare A B | plot FILE | publish FILE | scale FILE | show FILE",
            help="What to measure, or what to do with files of measurements.",
        ),
    ] = None,
    budget: Annotated[str, typer.Option(help="How long to measure: 30s, 4m.")] = "238s",
    sizes: Annotated[str, typer.Option(help="Only these sizes, for instance 1000,64000000.")] = "",
    seconds: Annotated[float, typer.Option(help="Seconds for each row in each process.")] = 0.1,
    seed: Annotated[
        int | None,
        typer.Option(
            help="Seed of the order of sides and rows, and of the moments of faults; random by default."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Where to keep the measurements; with plot, a folder.")
    ] = None,
    monarch: Annotated[Path | None, typer.Option(help="Time this program of yours.")] = None,
    ray: Annotated[Path | None, typer.Option(help="And this one.")] = None,
    against_itself: Annotated[str, typer.Option(help="Hold one engine against itself: monarch or ray.")] = "",
    slow_down: Annotated[
        float, typer.Option(help="Plant a slow-down of the first side, as a share: 0.1.")
    ] = 0.0,
    settings: Annotated[
        str, typer.Option(help="Settings of the engines: defaults, or recommended for faults.")
    ] = "defaults",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="List the workloads and end.")] = False,
) -> None:
    """Measure workloads on both engines, in paired rounds; Ctrl-C keeps what was measured.

    Exit codes: 0 measured; 1 two files are not comparable; 2 usage; 3 an engine missing; 130 interrupted.
    """
    names = names or []
    if json and csv:
        raise UserError("--json and --csv both say how to print; give one of them.")
    if not 0.01 <= seconds <= 600:
        raise UserError(f"--seconds is {seconds:g}; give seconds from 0.01 to 600.")
    form = "json" if json else "csv" if csv else ""
    if list_:
        from monarch_vs_ray.bench import screen

        screen.list_workloads()
    elif monarch or ray:
        from monarch_vs_ray.bench import scripts

        raise typer.Exit(scripts.run(monarch, ray, names, budget=budget, seed=seed, json_form=json))
    elif names[:1] in ([COMPARE], [PLOT], [PUBLISH], [SCALE], [SHOW]):
        raise typer.Exit(_of_files(names[0], [Path(name) for name in names[1:]], output, form))
    else:
        from monarch_vs_ray.bench import screen

        code = screen.run(
            names,
            budget=budget,
            sizes=sizes,
            seconds=seconds,
            seed=seed,
            output=output,
            against_itself=against_itself,
            slow_down=slow_down,
            choice=settings,
            form=form,
        )
        raise typer.Exit(code)


def _of_files(what: str, files: list[Path], output: Path | None, form: str) -> int:
    """Do something with files of measurements; return the exit code."""
    wanted = 2 if what == COMPARE else 1
    if len(files) != wanted:
        raise UserError(f"`mvr bench {what}` takes {wanted} file{'s' * (wanted > 1)}, not {len(files)}.")
    if what == PUBLISH:
        from monarch_vs_ray.bench.published import publish
        from monarch_vs_ray.core.output import say
        from monarch_vs_ray.core.paths import PUBLISHED, need_checkout

        need_checkout("mvr bench publish")
        say(f"Published in {publish(files[0], PUBLISHED)}; put it into the texts with `mvr document`.")
        return 0
    from monarch_vs_ray.bench.store import read

    measured = [read(file) for file in files]
    if what == COMPARE:
        from monarch_vs_ray.bench import compare

        return compare.show(*measured)
    if what == PLOT:
        from monarch_vs_ray.bench import plots

        return plots.write(measured[0], output or files[0].with_suffix(""))
    if what == SCALE:
        from monarch_vs_ray.bench import scale

        return scale.show(measured[0], form)
    from monarch_vs_ray.bench import screen

    screen.show(measured[0], form)
    return 0
