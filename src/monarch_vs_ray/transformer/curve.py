"""Draw the loss over the steps, with the entropies that it can be compared with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from demo_tui import Panel, Theme
from demo_tui.strips import Pen, Strip
from monarch_vs_ray.transformer.state import Course

DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""A braille cell's dots, by row and column."""
REFERENCES = {"uniform": "alphabet only", "unigram": "frequencies", "floor": "entropy of the text"}


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
    """Set the dots of a course on a grid of cells; a cell has 2 x 4 dots, in ASCII it is all or nothing."""

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
