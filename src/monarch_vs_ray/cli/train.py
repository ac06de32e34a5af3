"""``mvr train``: a small transformer, trained by two workers of each engine, live or from a recording."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from monarch_vs_ray.core.errors import UserError
from monarch_vs_ray.core.events import ENGINES, Engine

STEPS_TO_DIE_IN = 3
"""A worker that is killed later may have finished already: Ray's runs some steps ahead of who listens."""


class Engines(str, Enum):
    """The engines to train on."""

    MONARCH = "monarch"
    RAY = "ray"
    BOTH = "both"


def train(
    engine: Annotated[
        Engines | None, typer.Option(help="Where to train; monarch, or with --dry-run all that is there.")
    ] = None,
    steps: Annotated[int, typer.Option(help="How many steps to train.")] = 400,
    seed: Annotated[int, typer.Option(help="Of the text and of the model.")] = 0,
    kill_after: Annotated[int, typer.Option(help="Kill one worker after this step; 0: none.")] = 0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Replay a recorded run, without engines.")
    ] = False,
    replay: Annotated[Path | None, typer.Option(help="Replay this run, which --record kept.")] = None,
    speed: Annotated[float, typer.Option(help="Of a replay: 4 is four times as fast, 0 at once.")] = 1,
    record: Annotated[Path | None, typer.Option(help="Keep the history in this new file.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the events, one JSON object a line.")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="Print plain lines also on a terminal.")] = False,
    ascii: Annotated[bool, typer.Option("--ascii", help="Draw with ASCII characters only.")] = False,
    deadline: Annotated[float, typer.Option(help="Seconds a side may take.")] = 900,
) -> None:
    """Train a transformer on two workers (GPUs with NCCL where there are two, else CPUs with gloo)."""
    recorded = _recording() if dry_run and replay is None else replay
    _check(steps, seed, kill_after, speed, deadline, recorded, record)
    from monarch_vs_ray.stage.show import Form
    from monarch_vs_ray.transformer import run
    from monarch_vs_ray.transformer.settings import Training

    form = Form(json=json, plain=plain, ascii=ascii)
    if recorded:
        raise typer.Exit(run.replayed(recorded, speed, _engines(engine), form))
    training = Training(seed=seed, steps=steps, kill_after=kill_after)
    raise typer.Exit(run.live(training, _engines(engine or Engines.MONARCH), record, deadline, form))


def _engines(engine: Engines | None) -> tuple[Engine, ...]:
    """Return the engines of an option; all of them without one."""
    return tuple(each for each in ENGINES if engine in (None, Engines.BOTH, Engines(each)))


def _recording() -> Path:
    from monarch_vs_ray.campaign.sides import recording
    from monarch_vs_ray.transformer.state import TRAINING

    return recording(TRAINING, "mvr train --engine both")


def _check(
    steps: int,
    seed: int,
    kill_after: int,
    speed: float,
    deadline: float,
    recorded: Path | None,
    record: Path | None,
) -> None:
    """Raise for what cannot be done, in one line that says what can."""
    if steps < 1:
        raise UserError(f"--steps is {steps}; give at least 1.")
    if seed < 0:
        raise UserError(f"--seed is {seed}; give 0 or more.")
    most = steps - STEPS_TO_DIE_IN
    if kill_after and not 1 <= kill_after <= most:
        can = f"give 1 to {most}" if most > 0 else f"train more than {STEPS_TO_DIE_IN} steps"
        raise UserError(
            f"--kill-after is {kill_after} of {steps} steps; {can}, so that the worker still trains."
        )
    if speed < 0 or deadline <= 0:
        raise UserError(f"--speed is {speed:g} and --deadline {deadline:g}; neither may be below 0.")
    if speed != 1 and not recorded:
        raise UserError("--speed is for --dry-run and --replay: a live run goes at the engines' own speed.")
    if recorded and (record or kill_after):
        option = "--record" if record else "--kill-after"
        raise UserError(f"{option} is for a live run; leave out --dry-run and --replay.")
