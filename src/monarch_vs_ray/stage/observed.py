"""What both sides observed, next to each other, below the step that it belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from demo_tui import ComparisonPanel, ComparisonRow, PanelConfig, Theme
from demo_tui.cells import clean, width
from demo_tui.strips import Strip
from monarch_vs_ray.stage.captions import steps_on_stage, time_of
from monarch_vs_ray.stage.state import State
from monarch_vs_ray.stage.summary import Line, lines


class UnmarkedRow(ComparisonRow):
    """A row whose two values are no finding: measured numbers, names, the times of a step."""

    def mark(self) -> bool | None:
        """Return no mark."""
        return None


class StepRow(UnmarkedRow):
    """The heading of a step, with how long each engine took for it."""


def rows(state: State) -> Iterator[ComparisonRow]:
    """Return the steps that a side has begun, each with the rows that have a value, in the demo's order."""
    known = lines(state)
    for number, step in enumerate(steps_on_stage(state), 1):
        times = [time_of(side, step) or None for side in state.sides.values()]
        if not any(times):
            continue
        left, right = (*times, None)[:2]
        yield StepRow(f"{number} {state.concept.fill(step.title)}", left, right, style="dim")
        for line in known:
            if line.key in {f"{step.experiment}.{row.observation}" for row in step.rows}:
                yield from _row(line, state)


def _row(line: Line, state: State) -> Iterator[ComparisonRow]:
    texts = [line.cells[engine].text or None for engine in state.sides]
    if not any(line.key in side.observations for side in state.sides.values()):
        return
    left, right = (*texts, None)[:2]
    style = "bad" if any(cell.met is False for cell in line.cells.values()) else None
    if line.differs or not (line.measured or line.described or line.named):
        differs = line.differs if left and right else None
        yield ComparisonRow(f"  {line.label}", left, right, differs=differs, style=style)
    else:
        yield UnmarkedRow(f"  {line.label}", left, right, style=style)


class ObservedPanel(ComparisonPanel):
    """A comparison of one or two columns, in which the latest step stays in view unless it is scrolled.

    Args:
        names: The columns.
        title: The title.
    """

    min_height = 4

    def __init__(self, names: Sequence[str], title: str) -> None:
        left, right = (*names, "")[:2]
        super().__init__(left, right, PanelConfig(title))
        self._known: list[ComparisonRow] = []
        self._top: int | None = None
        self._highest = 0

    def set_rows(self, rows: Iterable[ComparisonRow]) -> None:
        """Show these rows; the same ones again cost nothing."""
        wanted = list(rows)
        if wanted != self._known:
            self._known = wanted
            self.touch()

    @property
    def rows(self) -> list[ComparisonRow]:
        """Return all rows."""
        return self._known

    def scroll(self, lines: int) -> None:
        """Move the view and hold it there, until it is at the end again."""
        top = (self._highest if self._top is None else self._top) - lines
        self._top = None if top >= self._highest else max(0, top)
        self.touch()

    def body(self, cells: int, height: int, theme: Theme) -> Iterable[Strip]:
        """Return the names, and the rows from the top of the view."""
        label = max((width(clean(row.label, theme.ascii)) for row in self._known), default=0)
        label = min(label, max(6, cells * 2 // 5))
        one = not self.right
        column = max(1, cells - label - 3) if one else max(1, (cells - label - 6) // 2)
        drawn: list[Strip] = []
        heading = 0
        for row in self._known:
            if isinstance(row, StepRow):
                heading = len(drawn)
            drawn += self._row_lines(row, label, column, cells, theme)
        room = max(1, height - 1)
        self._highest = max(0, len(drawn) - room)
        top = min(self._highest, heading) if self._top is None else self._top
        names = ("", self.left, self.right)
        yield self._line(names, ("", "bold left", "bold right"), label, column, cells, theme)
        yield from drawn[top : top + room]
