"""Draw a training run: loss curves, speed, the machine, the numbers, the logs."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from rich.console import Console

from demo_tui import (
    Column,
    Columns,
    DashboardBase,
    Fixed,
    Frame,
    HeaderPanel,
    LogPanel,
    PanelConfig,
    ProgressPanel,
    Rows,
    SeriesPanel,
    TablePanel,
    Weighted,
)
from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.stage.screen import MOST_NEW_LINES, NARROW, TAG_STYLES
from monarch_vs_ray.stage.state import SideState
from monarch_vs_ray.stage.values import NAMES
from monarch_vs_ray.transformer.curve import CurvePanel
from monarch_vs_ray.transformer.state import TRAINING, Course, TrainingState

STYLES: dict[Engine, str] = {"monarch": "left", "ray": "right"}
KEYS = "space pause  n/b event  \u2190\u2192 seek  ? keys  q quit"


class TrainingBoard:
    """Draw the dashboard of a training run: a function of its state and of the time.

    Args:
        engines: The sides, from left to right.
        console: The console to draw on; None for stdout.
        clock: Seconds; may be injected.
        ascii: Force or forbid plain characters; None asks the console's encoding.
    """

    def __init__(
        self,
        engines: Iterable[Engine],
        *,
        console: Console | None = None,
        clock: Callable[[], float] = time.monotonic,
        ascii: bool | None = None,
    ) -> None:
        self.engines = list(engines)
        self.dashboard = DashboardBase(console, clock=clock, title=f"mvr {TRAINING.name}", ascii=ascii)
        self._state = TrainingState(self.engines)
        self._seconds = 0.0
        self._generation = 0
        self._logged = dict.fromkeys(self.engines, 0)
        self._appended = dict.fromkeys(self.engines, 0), dict.fromkeys(self.engines, 0)
        self._add_panels()

    def _add_panels(self) -> None:
        add = self.dashboard.add_panel
        self._header, self._footer = HeaderPanel(), HeaderPanel()
        self._curves = {engine: CurvePanel(NAMES[engine], STYLES[engine]) for engine in self.engines}
        self._log = {engine: _log(engine) for engine in self.engines}
        styles = [STYLES[engine] for engine in self.engines]
        self._speed = SeriesPanel("Tokens/s, from step to step (a token is a character)", styles=styles)
        self._times = SeriesPanel("Time of a step in the worker", unit="ms", styles=styles)
        names = [Column(NAMES[engine], "right", STYLES[engine]) for engine in self.engines]
        self._numbers = TablePanel(["", *names], "Numbers (times: medians, indicative)")
        self._machine = TablePanel(["", Column("now", "right"), Column("peak", "right")], "Machine")
        self._progress = ProgressPanel(f"Steps: {TRAINING.question}")
        self._progress.clock = lambda: self._seconds
        for engine in self.engines:
            add(f"{engine}.loss", self._curves[engine])
            add(f"{engine}.log", self._log[engine])
        add("header", self._header)
        add("speed", self._speed)
        add("times", self._times)
        add("numbers", self._numbers)
        add("machine", self._machine)
        add("progress", self._progress)
        add("footer", self._footer)
        self.dashboard.layout = self._layout()

    def _layout(self) -> Rows:
        sides = self.engines
        return Rows(
            Fixed("header", 1, priority=9),
            Weighted(Columns(*(f"{engine}.loss" for engine in sides), narrow=NARROW), 4, priority=8),
            Fixed(Columns("numbers", "machine", narrow=NARROW), 10, priority=6),
            Weighted(Columns("speed", "times", narrow=NARROW), 2, minimum=5, priority=4),
            Weighted(
                Columns(*(f"{engine}.log" for engine in sides), narrow=NARROW), 2, minimum=4, priority=5
            ),
            Fixed("progress", 2 + len(sides), priority=7),
            Fixed("footer", 1, priority=1),
        )

    # -- from state to panels --------------------------------------------------------------------

    def frame(self, state: TrainingState, width: int, height: int, now: int = 0, mode: str = "LIVE") -> Frame:
        """Return the picture of a state at a time in nanoseconds, at a size in cells."""
        self.show(state, now, mode)
        return self.dashboard.frame(width, height)

    def show(
        self, state: TrainingState, now: int, mode: str = "LIVE", status: str = "", generation: int = 0
    ) -> None:
        """Update all panels.

        Args:
            state: The state of both sides.
            now: The time that is shown, in nanoseconds of the run.
            mode: The header's text about the run, such as LIVE.
            status: The header's text about the view; empty for the time.
            generation: Changes when the state was replaced, not only extended.
        """
        if generation != self._generation:
            self._generation = generation
            self._forget()
        self._state, self._seconds = state, now / 1e9
        self._show_header(mode, status or f"{self._seconds:.1f} s")
        for engine, side in state.sides.items():
            course = state.courses[engine]
            self._curves[engine].show(course)
            self._show_log(side)
            self._show_progress(side)
            self._append_new(self._speed, 0, engine, course.tokens_per_second)
            self._append_new(self._times, 1, engine, [1e3 * seconds for seconds in course.seconds])
        self._show_numbers()
        _replace(self._machine, _machine_rows(state))

    def _forget(self) -> None:
        """Empty the panels that only grow."""
        self._speed.clear()
        self._times.clear()
        for engine in self.engines:
            self._log[engine].clear()
            self._progress.remove(NAMES[engine])
            self._logged[engine] = self._appended[0][engine] = self._appended[1][engine] = 0

    def _show_header(self, mode: str, status: str) -> None:
        versions = "  ".join(_name(side) for side in self._state.sides.values())
        self._header.set(left=f"{TRAINING.title}  {mode}", centre=versions, right=status, style="header")
        self._footer.set(left=KEYS, style="dim")

    def _show_log(self, side: SideState) -> None:
        new = min(side.logged - self._logged[side.engine], len(side.log), MOST_NEW_LINES)
        self._logged[side.engine] = side.logged
        for entry in list(side.log)[len(side.log) - new :] if new else ():
            panel = self._log[side.engine]
            panel.append(entry.text, TAG_STYLES.get(entry.origin), entry.origin, entry.at / 1e9)

    def _append_new(self, panel: SeriesPanel, which: int, engine: Engine, values: Sequence[float]) -> None:
        for value in values[self._appended[which][engine] :]:
            panel.append(value, NAMES[engine])
        self._appended[which][engine] = len(values)

    def _show_progress(self, side: SideState) -> None:
        course, name = self._state.courses[side.engine], NAMES[side.engine]
        step = side.current
        note = step.title if step else "ending" if side.steps else "starting"
        task = self._progress.add(name, course.steps or None, note)
        task.started = 0.0
        if side.ended is None:
            self._progress.update(name, min(course.done, max(0, course.steps - 1)))
        elif side.ended_well:
            self._progress.finish(name, "ended well")
            task.ended = side.ended.at / 1e9
        else:
            self._progress.fail(name, f"ended by {side.ended.ending}")
            task.ended = side.ended.at / 1e9

    def _show_numbers(self) -> None:
        courses = [self._state.courses[engine] for engine in self._state.sides]
        rows = [(label, *map(of, courses)) for label, of in NUMBERS.items()]
        difference, steps = self._state.difference
        if steps:
            rows.append(("difference", f"{difference:.1e}" if difference else "none", f"in {steps} steps"))
        _replace(self._numbers, rows)


def _name(side: SideState) -> str:
    version = side.manifest.versions.get(side.engine, "") if side.manifest else ""
    return f"{NAMES[side.engine]} {version}".rstrip()


def _log(engine: Engine) -> LogPanel:
    config = PanelConfig(f"{NAMES[engine]} log", max_lines=2 * MOST_NEW_LINES)
    return LogPanel(config, tag_width=7, tag_styles=TAG_STYLES)


def _replace(panel: TablePanel, rows: Iterable[Sequence[object]]) -> None:
    """Set a table's rows; the same ones again cost nothing."""
    wanted = [tuple(row) for row in rows]
    if wanted != [tuple(row) for row in panel.rows]:
        panel.set_rows(wanted)


def _median(values: Sequence[float], form: str) -> str:
    return form.format(statistics.median(values)) if values else ""


def _killed(course: Course) -> str:
    if not course.faults:
        return "none"
    back = ", ".join(f"{seconds:.1f} s" for seconds in course.outages)
    return f"{len(course.faults)}, {f'back in {back}' if back else 'not yet back'}"


NUMBERS: dict[str, Callable[[Course], str]] = {
    "step": lambda course: f"{course.done} of {course.steps}" if course.steps else "",
    "loss, 20 steps": lambda course: f"{course.final_loss:.4f}" if course.final_loss else "",
    "tokens/s": lambda course: _median(course.tokens_per_second, "{:,.0f}"),
    "step to step": lambda course: _median([1e3 * each for each in course.intervals], "{:.1f} ms"),
    "in the worker": lambda course: f"{course.step_ms:.1f} ms" if course.step_ms else "",
    "killed": _killed,
}


def _machine_rows(state: TrainingState) -> Iterator[tuple[str, str, str]]:
    """The figures of the machine and of each side's processes: the present ones, and their peaks."""
    rows: dict[str, tuple[str, str, str]] = {}
    for engine, course in state.courses.items():
        for name, values in course.machine.items():
            over = state.sides[engine].ended and name.startswith(NAMES[engine])
            peak = max(
                [*values, *(each for other in state.courses.values() for each in other.machine.get(name, ()))]
            )
            now = "ended" if over else _figure(values[-1], course.units[name])
            rows[name] = (name, now, _figure(peak, course.units[name]))
    yield from rows.values()


def _figure(value: float, unit: str) -> str:
    return f"{value:.1f} {unit}" if abs(value) < 100 else f"{value:,.0f} {unit}"
