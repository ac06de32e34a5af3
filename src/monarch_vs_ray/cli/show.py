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
from monarch_vs_ray.stage.tour import Tour

PROGRAMS = "programs"
"""The concept that a history of `mvr run` names; its room is loaded only then."""

NOTEBOOKS = {
    "actor_abstraction": "01_history_and_vision",
    "topology_meshes": "04_distributed_tensors",
    "control_plane": "01_history_and_vision",
    "message_ordering": "01_history_and_vision",
    "supervision": "03_fault_tolerance",
    "data_plane": "07_rdma_weight_sync",
    "distributed_tensors": "04_distributed_tensors",
    "interactive_devx": "02_interactive_devx",
}
"""The notebook that teaches a concept; tests/notebook holds that each is there."""


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
    present: bool = False
    verbose: bool = False

    @property
    def form(self) -> Form:
        """Return how the run is shown."""
        return Form(self.json, self.plain, self.ascii)

    @property
    def engines(self) -> tuple[Engine, ...]:
        """Return the engines asked for, in the order in which they stand on the stage."""
        return tuple(engine for engine in ENGINES if self.engine in ("both", engine))


def show_demo(concept: Concept, options: ShowOptions, tour: Tour | None = None) -> int:
    """Run a demo, or replay its recording, and print how it went.

    Args:
        concept: The concept whose demo is shown.
        options: As on the command line.
        tour: Which demo follows; what the user does changes it.

    Returns:
        The exit code.

    Raises:
        EngineMissing: If an engine is not installed.
        NoRecording: If there is no recording to replay.
        CannotRecord: If the history cannot be kept.
    """
    if options.dry_run:
        return show_history(sides.recording(concept), options, tour)
    sides.require(options.engines)
    recorder = _recorder(concept, options)
    deadline = options.deadline or concept.deadline
    interrupt = Interrupt()
    with interrupt.listening():
        # The engines take seconds to start: they begin before this process loads what it draws with.
        run = sides.live(concept, options.engines, MonotonicClock(), options.ray_address, deadline)
        performance = _performance(State(concept, options.engines), Banner("LIVE"), options, tour)
        return show(run, performance, options.form, interrupt, recorder)


def show_history(file: Path, options: ShowOptions, tour: Tour | None = None) -> int:
    """Replay a history through the same stage.

    Args:
        file: A history that ``mvr demo --record`` made.
        options: As on the command line.
        tour: Which demo follows; what the user does changes it.

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
    # A screen plays at its own pace, and goes back: it is given everything at once.
    speed = 0.0 if options.form.on_screen else options.speed
    note = f"recorded {history.header.date[:10]}"
    banner = Banner("REPLAY", note if options.form.on_screen else f"{note}, speed {options.speed:g}")
    interrupt = Interrupt()
    with interrupt.listening():
        replay = Replay(history, MonotonicClock(), speed)
        performance = _performance(State(find(history.header.concept), engines), banner, options, tour)
        return show(replay, performance, options.form, interrupt)


def _performance(state: State, banner: Banner, options: ShowOptions, tour: Tour | None) -> Performance:
    def screen() -> ScreenPresenter:
        from monarch_vs_ray.stage.demo_screen import DemoScreen, Showing

        showing = Showing(options.speed, options.present)
        return DemoScreen(
            state.concept, tuple(state.sides), banner, showing, tour, ascii=options.ascii or None
        )

    def closing() -> None:
        from monarch_vs_ray.stage.closing import print_closing

        print_closing(
            state, banner, ascii=options.ascii, verbose=options.verbose, further=_further(state.concept)
        )

    return Performance(state, screen, closing, lambda: exit_code(state), again="mvr replay {path}")


def _further(concept: Concept) -> str:
    """Return how to go on after a demo: claims, programs, a notebook if there is one, tables."""
    number = concept.number
    ways = [f"mvr explain {concept.name}", f"mvr example {number}"]
    if notebook := NOTEBOOKS.get(concept.name):
        ways.append(f"mvr notebook {notebook}")
    return f"Go on: {', '.join([*ways, f'mvr demo {number} --verbose'])}"


def _recorder(concept: Concept, options: ShowOptions) -> Recorder | None:
    if options.record is None:
        return None
    path = options.record
    if options.many or path.is_dir():
        path = path / f"{script_name(concept)}.jsonl"
    return Recorder(path, sides.header(concept, options.engines))


def take_picture(file: Path, picture: Path, at: float, size: str, step: str = "") -> None:
    """Write a frame of a replay as SVG.

    Args:
        file: A history that ``mvr demo --record`` made.
        picture: The file to write.
        at: Seconds into the run; -1: its end. Within a step: the share of it, from 0 to 1.
        size: Columns x rows.
        step: Show both engines in this step, named as its experiment.

    Raises:
        UnreadableHistory: If the file is no history.
    """
    from monarch_vs_ray.stage.board import Board, View
    from monarch_vs_ray.stage.playback import Playback
    from monarch_vs_ray.stage.timeline import Timeline
    from monarch_vs_ray.stage.transport import PLAYED

    history = read(file)
    width, height = _columns_rows(size)
    if history.header.concept == PROGRAMS:
        from monarch_vs_ray.programs.run import take_picture as of_programs

        of_programs(history, picture, width, height, at)
        return
    concept = find(history.header.concept)
    timeline = Timeline(concept, history.header.sides)
    timeline.add(history.events)
    if step:
        beat = next(beat for beat in timeline.beats(PLAYED) if beat.key == step)
        times, status = beat.times(beat.begin + at * beat.play), "in step"
    else:
        now = timeline.end if at < 0 else int(at * 1e9)
        times, status = dict.fromkeys(timeline.tracks, now), f"{now / 1e9:.1f} s"
    playback = Playback(lambda: State(concept, timeline.tracks), timeline)
    playback.show(times)
    board = Board(concept, tuple(timeline.tracks))
    frame = board.frame(View(playback.state, beat=step, status=status), width, height)
    picture.write_text(frame.svg(f"mvr {concept.name}"), encoding="utf-8")
    print(f"{width}x{height} cells, {step or 'the run'} {status}: {picture}")


def _columns_rows(size: str) -> tuple[int, int]:
    columns, _, rows = size.partition("x")
    if not (columns.isdigit() and rows.isdigit() and int(columns) >= 20 and int(rows) >= 5):
        raise UserError(f"--size is {size!r}; give columns x rows, at least 20x5, such as 120x40.")
    return int(columns), int(rows)
