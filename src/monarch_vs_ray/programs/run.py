"""Run programs, or replay their history, and show it."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from pathlib import Path

from monarch_vs_ray.campaign import sides
from monarch_vs_ray.core.clock import MonotonicClock
from monarch_vs_ray.core.events import ENGINES, FORMAT, Engine
from monarch_vs_ray.history import Header, History, Recorder, Replay
from monarch_vs_ray.programs.closing import print_closing
from monarch_vs_ray.programs.start import Program, Terms, check, start
from monarch_vs_ray.programs.state import NAME, ProgramsState
from monarch_vs_ray.stage.presenter import Banner, Interrupt
from monarch_vs_ray.stage.show import Form, Performance, ScreenPresenter, show


def live(programs: Sequence[Program], terms: Terms, record: Path | None, form: Form) -> int:
    """Run programs and show them.

    Args:
        programs: At most one for each engine.
        terms: What holds for all of them.
        record: A new file for the history, if it is to be kept.
        form: How it is shown.

    Returns:
        The exit code.

    Raises:
        NoProgram: If one is no file.
        EngineMissing: If an engine is not installed.
        CannotRecord: If the history cannot be kept.
    """
    check(programs, terms)
    engines = [program.engine for program in programs]
    sides.require(engines)
    recorder = Recorder(record, header(engines)) if record else None
    interrupt = Interrupt()
    with interrupt.listening():
        stream = start(programs, terms)
        return show(
            stream, performance(ProgramsState(engines), Banner("LIVE"), form), form, interrupt, recorder
        )


def replayed(history: History, speed: float, engines: Collection[Engine], form: Form) -> int:
    """Show a history of programs again.

    Args:
        history: It.
        speed: 1 is the original timing, 0 everything at once.
        engines: Those to show.
        form: How it is shown.

    Returns:
        The exit code that the run had.
    """
    banner = Banner("REPLAY", f"recorded {history.header.date[:10]}, speed {speed:g}")
    interrupt = Interrupt()
    with interrupt.listening():
        replay = Replay(history, MonotonicClock(), speed)
        shown = [engine for engine in history.header.sides if engine in engines]
        return show(replay, performance(ProgramsState(shown), banner, form), form, interrupt)


def take_picture(history: History, picture: Path, width: int, height: int, at: float) -> None:
    """Draw a history's programs at a moment, as SVG.

    Args:
        history: It.
        picture: A new file.
        width: Cells across.
        height: Cells down.
        at: Seconds into the run; negative for its end.
    """
    from monarch_vs_ray.programs.screen import ProgramsScreen

    end = max((event.at for event in history.events), default=0)
    now = end if at < 0 else int(at * 1e9)
    state = ProgramsState(history.header.sides)
    state.apply(event for event in history.events if event.at <= now)
    screen = ProgramsScreen(state, Banner("LIVE"))
    picture.write_text(screen.frame(width, height, now).svg(f"mvr {NAME}"), encoding="utf-8")
    print(f"{width}x{height} cells, {now / 1e9:.1f} s into the run: {picture}")


def header(engines: Sequence[Engine]) -> Header:
    """Return the first line of a history that begins now."""
    date = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    return Header(format=FORMAT, concept=NAME, sides=[each for each in ENGINES if each in engines], date=date)


def performance(state: ProgramsState, banner: Banner, form: Form) -> Performance:
    """Return what is made of a run's events."""

    def screen() -> ScreenPresenter:
        from monarch_vs_ray.programs.screen import ProgramsScreen

        return ProgramsScreen(state, banner, ascii=form.ascii or None)

    return Performance(
        state,
        screen,
        closing=lambda: print_closing(state, banner, ascii=form.ascii),
        outcome=state.outcome,
        again="mvr replay {path}",
    )
