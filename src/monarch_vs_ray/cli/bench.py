"""``mvr bench``: measure what each engine costs, beside what the machine can do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

CORE_BELOW = 120.0
"""A budget below this many seconds is spent on the core rows."""


def bench(
    names: Annotated[list[str] | None, typer.Argument(metavar="[WORKLOAD|GROUP]...")] = None,
    budget: Annotated[str, typer.Option(help="How long to measure: 30s, 4m.")] = "220s",
    sizes: Annotated[str, typer.Option(help="Only these sizes, for instance 1000,64000000.")] = "",
    seconds: Annotated[float, typer.Option(help="Seconds for each row in each process.")] = 0.2,
    seed: Annotated[int, typer.Option(help="Orders rounds and rows.")] = 0,
    output: Annotated[Path | None, typer.Option(help="Where to keep the measurements.")] = None,
    against_itself: Annotated[str, typer.Option(help="Hold one engine against itself: monarch or ray.")] = "",
    slow_down: Annotated[
        float, typer.Option(help="Plant a slow-down of the first side, as a share: 0.1.")
    ] = 0.0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="List the workloads and end.")] = False,
) -> None:
    """Measure workloads on both engines, in paired rounds; Ctrl-C keeps what was measured."""
    from monarch_vs_ray.stage import benchmark

    raise typer.Exit(
        benchmark.run(
            names or [],
            budget=budget,
            sizes=sizes,
            seconds=seconds,
            seed=seed,
            output=output,
            against_itself=against_itself,
            slow_down=slow_down,
            form="json" if json else "csv" if csv else "",
            only_list=list_,
        )
    )
