"""Run the training demo, live or from a recording, and show it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from shutil import get_terminal_size
from textwrap import fill

from monarch_vs_ray.campaign import sides
from monarch_vs_ray.core.clock import MonotonicClock
from monarch_vs_ray.core.errors import TorchMissing, UserError
from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.core.output import say
from monarch_vs_ray.history import Recorder, Replay, read
from monarch_vs_ray.side.launcher import Run
from monarch_vs_ray.stage.presenter import Banner, Interrupt
from monarch_vs_ray.stage.show import Form, Performance, ScreenPresenter, show
from monarch_vs_ray.transformer.monitored import Monitored
from monarch_vs_ray.transformer.settings import Training, to_environment
from monarch_vs_ray.transformer.state import TRAINING, TrainingState, closing, outcome

WIDE = 10_000
"""Columns of output that is no terminal: its lines are whole."""


def replayed(file: Path, speed: float, engines: Sequence[Engine], form: Form) -> int:
    """Replay a recorded training.

    Args:
        file: A history that ``mvr train --record`` made.
        speed: 1 is the original timing, 0 everything at once.
        engines: Those to show, as far as the history has them.
        form: How it is shown.

    Returns:
        The exit code that the run had.

    Raises:
        UnreadableHistory: If the file is no history.
        UserError: If it is a history of something else.
    """
    history = read(file)
    header = history.header
    if header.concept != TRAINING.name:
        raise UserError(f"{file} is a run of {header.concept}; show it with `mvr replay {file}`.")
    shown = [side for side in header.sides if side in engines]
    if not shown:
        raise UserError(f"{file} has no run of {', '.join(engines)}; it holds {', '.join(header.sides)}.")
    note = f"recorded {header.date[:10]}"
    banner = Banner("REPLAY", note if form.on_screen else f"{note}, speed {speed:g}")
    interrupt = Interrupt()
    with interrupt.listening():
        # A screen plays at its own pace, and goes back: it is given everything at once.
        replay = Replay(history, MonotonicClock(), 0.0 if form.on_screen else speed)
        return show(replay, _performance(TrainingState(shown), banner, form, speed), form, interrupt)


def live(
    training: Training, engines: Sequence[Engine], record: Path | None, deadline: float, form: Form
) -> int:
    """Train.

    Args:
        training: Its settings.
        engines: Where to train; all at once.
        record: A new file for the history, if it is to be kept.
        deadline: Seconds that one engine may take.
        form: How it is shown.

    Returns:
        The exit code.

    Raises:
        EngineMissing: If an engine is not installed.
        TorchMissing: If torch is not installed.
        CannotRecord: If the history cannot be kept.
    """
    sides.require(engines)
    if find_spec("torch") is None:
        raise TorchMissing
    recorder = Recorder(record, sides.header(TRAINING, engines)) if record else None
    interrupt = Interrupt()
    with interrupt.listening():
        run = Monitored(_start(training, engines, deadline))
        performance = _performance(TrainingState(engines), Banner("LIVE"), form)
        return show(run, performance, form, interrupt, recorder)


def _start(training: Training, engines: Sequence[Engine], deadline: float) -> Run:
    settings = to_environment(training)
    specs = [
        sides.side_spec(
            engine, f"monarch_vs_ray.transformer.{engine}.training", deadline=deadline, settings=settings
        )
        for engine in engines
    ]
    return Run(specs, MonotonicClock())


def _performance(state: TrainingState, banner: Banner, form: Form, speed: float = 1.0) -> Performance:
    def screen() -> ScreenPresenter:
        from monarch_vs_ray.transformer.screen import TrainingScreen

        return TrainingScreen(state.sides, banner, speed, ascii=form.ascii or None)

    return Performance(
        state,
        screen,
        closing=lambda: _print(closing(state), form),
        outcome=lambda: outcome(state),
        again="mvr train --replay {path}",
    )


def _print(sentences: Sequence[str], form: Form) -> None:
    """Print the closing, whose lines fit into a terminal and are whole everywhere else."""
    width = get_terminal_size().columns if sys.stdout.isatty() else WIDE
    mark = "•" if "utf" in (sys.stdout.encoding or "").lower() and not form.ascii else "*"
    say("")
    for sentence in sentences:
        say(fill(f"{mark} {sentence}", width, subsequent_indent="  "))
