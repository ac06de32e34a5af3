"""Show one run, live or recorded, in the way that the user and the terminal want it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from monarch_vs_ray.campaign import sides
from monarch_vs_ray.concepts import find, script_name
from monarch_vs_ray.core.clock import MonotonicClock
from monarch_vs_ray.core.concept import Concept
from monarch_vs_ray.core.errors import UserError
from monarch_vs_ray.core.events import ENGINES, Engine
from monarch_vs_ray.history import Recorder, Replay, read
from monarch_vs_ray.stage.presenter import Banner, Interrupt
from monarch_vs_ray.stage.show import Form, Performance, ScreenPresenter, show
from monarch_vs_ray.stage.state import State
from monarch_vs_ray.stage.summary import exit_code

PROGRAMS = "programs"
"""What a history of `mvr run` names as its concept; what shows it is loaded only then."""


@dataclass(frozen=True)
class ShowOptions:
    """How a run is to be shown, and what of it; as on the command line."""

    dry_run: bool = False
    speed: float = 1.0
    engine: str = "both"
    record: Path | None = None
    json: bool = False
    plain: bool = False
    ascii: bool = False
    deadline: float = 0.0
    ray_address: str = ""
    many: bool = False

    @property
    def form(self) -> Form:
        """Return how the run is shown."""
        return Form(self.json, self.plain, self.ascii)

    @property
    def engines(self) -> tuple[Engine, ...]:
        """Return the engines asked for, in the order in which they stand on the stage."""
        return tuple(engine for engine in ENGINES if self.engine in ("both", engine))


def show_demo(concept: Concept, options: ShowOptions) -> int:
    """Run a demo, or replay its recording, and print how it went.

    Args:
        concept: The concept whose demo is shown.
        options: As on the command line.

    Returns:
        The exit code.

    Raises:
        EngineMissing: If an engine is not installed.
        NoRecording: If there is no recording to replay.
        CannotRecord: If the history cannot be kept.
    """
    if options.dry_run:
        return show_history(sides.recording(concept), options)
    sides.require(options.engines)
    recorder = _recorder(concept, options)
    deadline = options.deadline or concept.deadline
    interrupt = Interrupt()
    with interrupt.listening():
        # The engines take seconds to start: they begin before this process loads what it draws with.
        run = sides.live(concept, options.engines, MonotonicClock(), options.ray_address, deadline)
        performance = _performance(State(concept, options.engines), Banner("LIVE"), options)
        return show(run, performance, options.form, interrupt, recorder)


def show_history(file: Path, options: ShowOptions) -> int:
    """Replay a history through the same stage.

    Args:
        file: A history that ``mvr demo --record`` made.
        options: As on the command line.

    Returns:
        The exit code that its run had.

    Raises:
        UnreadableHistory: If the file is no history.
    """
    history = read(file)
    engines = tuple(side for side in history.header.sides if side in options.engines)
    if not engines:
        raise UserError(f"{file} has no run of {options.engine}; it holds {', '.join(history.header.sides)}.")
    if history.header.concept == PROGRAMS:
        from monarch_vs_ray.programs.run import replayed

        return replayed(history, options.speed, engines, options.form)
    banner = Banner("REPLAY", f"recorded {history.header.date[:10]}, speed {options.speed:g}")
    interrupt = Interrupt()
    with interrupt.listening():
        replay = Replay(history, MonotonicClock(), options.speed)
        performance = _performance(State(find(history.header.concept), engines), banner, options)
        return show(replay, performance, options.form, interrupt)


def _performance(state: State, banner: Banner, options: ShowOptions) -> Performance:
    def screen() -> ScreenPresenter:
        from monarch_vs_ray.stage.screen import Screen

        return Screen(state, banner, ascii=options.ascii or None)

    def closing() -> None:
        from monarch_vs_ray.stage.closing import print_closing

        print_closing(state, banner, ascii=options.ascii)

    return Performance(state, screen, closing, lambda: exit_code(state), again="mvr replay {path}")


def _recorder(concept: Concept, options: ShowOptions) -> Recorder | None:
    if options.record is None:
        return None
    path = options.record
    if options.many or path.is_dir():
        path = path / f"{script_name(concept)}.jsonl"
    return Recorder(path, sides.header(concept, options.engines))


def take_picture(file: Path, picture: Path, at: float, size: str) -> None:
    """Write the frame that a replay shows ``at`` seconds into the run (-1: at its end), as SVG."""
    from monarch_vs_ray.stage.screen import Screen

    history = read(file)
    width, height = _columns_rows(size)
    state: State
    if history.header.concept == PROGRAMS:
        from monarch_vs_ray.programs.screen import ProgramsScreen
        from monarch_vs_ray.programs.state import ProgramsState

        draws: type[Screen] = ProgramsScreen
        state = ProgramsState(history.header.sides)
    else:
        draws, state = Screen, State(find(history.header.concept), history.header.sides)
    end = max((event.at for event in history.events), default=0)
    now = end if at < 0 else int(at * 1e9)
    state.apply(event for event in history.events if event.at <= now)
    screen = draws(state, Banner("LIVE"))
    picture.write_text(screen.frame(width, height, now).svg(f"mvr {state.concept.name}"), encoding="utf-8")
    print(f"{width}x{height} cells, {now / 1e9:.1f} s into the run: {picture}")


def _columns_rows(size: str) -> tuple[int, int]:
    columns, _, rows = size.partition("x")
    if not (columns.isdigit() and rows.isdigit() and int(columns) >= 20 and int(rows) >= 5):
        raise UserError(f"--size is {size!r}; give columns x rows, at least 20x5, such as 120x40.")
    return int(columns), int(rows)
