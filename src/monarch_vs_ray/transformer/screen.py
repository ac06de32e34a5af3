"""A training run in a terminal: loss curves, speed, the machine, the numbers, the logs."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence

from demo_tui import (
    Column,
    Columns,
    Fixed,
    LogPanel,
    Panel,
    PanelConfig,
    ProgressPanel,
    Rows,
    SeriesPanel,
    TablePanel,
    Theme,
    Weighted,
)
from demo_tui.strips import Pen, Strip
from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.stage.screen import MOST_NEW_LINES, NARROW, TAG_STYLES, Screen
from monarch_vs_ray.stage.state import SideState
from monarch_vs_ray.stage.values import NAMES
from monarch_vs_ray.transformer.state import Course, TrainingState

DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""A braille cell's dots, by row and column."""
REFERENCES = {"uniform": "alphabet only", "unigram": "frequencies", "floor": "entropy of the text"}
STYLES: dict[Engine, str] = {"monarch": "left", "ray": "right"}


class CurvePanel(Panel):
    """The loss over the steps, with the entropies that it can be compared with as lines across."""

    min_height = 6
    min_width = 28

    def __init__(self, title: str, style: str) -> None:
        super().__init__(title)
        self.style = style
        self.course = Course()
        self._drawn: object = None

    def show(self, course: Course) -> None:
        """Draw this course; the same one again costs nothing."""
        known = (len(course.seconds), len(course.starts), len(course.faults), bool(course.plan))
        if known != self._drawn:
            self._drawn, self.course = known, course
            self.touch()

    def right_title(self) -> str:
        """The latest loss."""
        losses = self.course.losses
        return f"{losses[self.course.done]:.3f} nats/char" if self.course.done in losses else ""

    def body(self, cells: int, height: int, theme: Theme) -> Iterable[Strip]:
        """The curve, and below it the axis of the steps."""
        if not self.course.plan:
            yield Pen(cells, theme).put("the workers are starting", "dim").strip()
            return
        plot = _Plot(self.course, cells - 5, height - 1, theme.ascii)
        for row in range(height - 1):
            yield plot.line(row, Pen(cells, theme), self.style)
        yield self._axis(plot, Pen(cells, theme))

    def _axis(self, plot: _Plot, pen: Pen) -> Strip:
        """Steps from left to right, with a mark where a worker was killed."""
        end = str(self.course.steps)
        pen.put("step ", "dim")
        marks = {plot.column(step) // 2: step for step in self.course.faults}
        text, styles = list("1".ljust(plot.width - len(end)) + end), {}
        for at, step in marks.items():
            note = f"x killed after {step}"
            start = max(0, min(at, plot.width - len(note)))
            text[start : start + len(note)] = note
            styles[start] = len(note)
        at = 0
        for start, length in sorted(styles.items()):
            pen.put("".join(text[at:start]), "dim").put("".join(text[start : start + length]), "bad")
            at = start + length
        return pen.put("".join(text[at:]), "dim").strip()


class _Plot:
    """Which dots of a grid of cells a course sets; a cell has 2 x 4 dots, in ASCII it is all or nothing."""

    def __init__(self, course: Course, width: int, height: int, ascii: bool) -> None:
        self.course, self.width, self.height, self.ascii = course, max(1, width), max(1, height), ascii
        self.high: float = max([*course.losses.values(), course.plan["uniform"]]) + 0.05
        self.low: float = min([*course.losses.values(), course.plan["floor"]]) - 0.1
        self.cells: dict[tuple[int, int], int] = {}
        self._draw()
        self.lines = {
            self.row(course.plan[key]) // 4: (course.plan[key], f" {name} {course.plan[key]:.2f} ")
            for key, name in REFERENCES.items()
        }

    def column(self, step: int) -> int:
        """The column of dots of a step."""
        return round((step - 1) / max(1, self.course.steps - 1) * (2 * self.width - 1))

    def row(self, loss: float) -> int:
        """The row of dots of a loss, from the top."""
        part = (self.high - loss) / (self.high - self.low)
        return max(0, min(4 * self.height - 1, round(part * (4 * self.height - 1))))

    def _draw(self) -> None:
        """Connect each step's loss with the one before."""
        before: tuple[int, int] | None = None
        for step in sorted(self.course.losses):
            column, row = self.column(step), self.row(self.course.losses[step])
            for x, y in _between(before or (column, row), (column, row)):
                at = (y // 4, x // 2)
                self.cells[at] = self.cells.get(at, 0) | DOTS[y % 4][x % 2]
            before = (column, row)

    def line(self, row: int, pen: Pen, style: str) -> Strip:
        """One line of cells: a label where an entropy lies, the line of it, and the curve before both."""
        reference = self.lines.get(row)
        pen.put(f"{reference[0]:4.2f} " if reference else "     ", "dim")
        behind = _reference_line(reference[1] if reference else "", self.width, self.ascii)
        for column, char in enumerate(behind):
            dots = self.cells.get((row, column), 0)
            if dots:
                pen.put("*" if self.ascii else chr(0x2800 + dots), style)
            else:
                pen.put(char, "dim")
        return pen.strip()


def _between(start: tuple[int, int], end: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """The dots of a straight line."""
    (x0, y0), (x1, y1) = start, end
    length = max(abs(x1 - x0), abs(y1 - y0), 1)
    for part in range(length + 1):
        yield round(x0 + (x1 - x0) * part / length), round(y0 + (y1 - y0) * part / length)


def _reference_line(label: str, width: int, ascii: bool) -> str:
    if not label:
        return " " * width
    dash = "-" if ascii else "╌"
    return (dash * width + label + dash * 2)[-width:] if len(label) + 2 < width else dash * width


class TrainingScreen(Screen):
    """The stage's screen with the panels of a training run."""

    _state: TrainingState

    def _add_panels(self) -> None:
        add = self.dashboard.add_panel
        self._curves = {engine: CurvePanel(NAMES[engine], STYLES[engine]) for engine in self._state.sides}
        self._log = {engine: _log(engine) for engine in self._state.sides}
        styles = [STYLES[engine] for engine in self._state.sides]
        self._speed = SeriesPanel("Tokens/s, from step to step (a token is a character)", styles=styles)
        self._times = SeriesPanel("Time of a step in the worker", unit="ms", styles=styles)
        self._appended = dict.fromkeys(self._state.sides, 0), dict.fromkeys(self._state.sides, 0)
        names = [Column(NAMES[engine], "right", STYLES[engine]) for engine in self._state.sides]
        self._numbers = TablePanel(["", *names], "Numbers (times: medians, indicative)")
        self._machine = TablePanel(["", Column("now", "right"), Column("peak", "right")], "Machine")
        self._progress = ProgressPanel("Steps")
        self._progress.clock = self._seconds
        for engine in self._state.sides:
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
        sides = list(self._state.sides)
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

    def _show_header(self) -> None:
        super()._show_header()
        self._header.set(left=f"{self._state.concept.title}  {self._banner.mode}", style="header")

    def _refresh(self) -> None:
        self._show_header()
        for engine, side in self._state.sides.items():
            course = self._state.courses[engine]
            self._curves[engine].show(course)
            self._show_log(side)
            self._show_progress(side)
            self._append_new(self._speed, 0, engine, course.tokens_per_second)
            self._append_new(self._times, 1, engine, [1e3 * seconds for seconds in course.seconds])
        self._show_numbers()
        _replace(self._machine, _machine_rows(self._state))

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
