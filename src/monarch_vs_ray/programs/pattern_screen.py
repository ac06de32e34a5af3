"""Show a pattern in a terminal: both programs' output, and below it their timelines with the faults."""

from __future__ import annotations

from demo_tui import Columns, Fixed, Rows, Weighted
from monarch_vs_ray.programs.plan import Plan
from monarch_vs_ray.programs.screen import ProgramsScreen
from monarch_vs_ray.programs.state import ProgramsState
from monarch_vs_ray.programs.timeline import TimelinePanel
from monarch_vs_ray.stage.presenter import Banner
from monarch_vs_ray.stage.screen import NARROW

HIGHLIGHTS = 5


class PatternScreen(ProgramsScreen):
    """Draw the programs of a pattern."""

    def __init__(
        self, state: ProgramsState, plan: Plan, banner: Banner, *, ascii: bool | None = None
    ) -> None:
        self._timeline = TimelinePanel(state, plan)
        super().__init__(state, banner, ascii=ascii)

    def _layout(self) -> Rows:
        self.dashboard.add_panel("timeline", self._timeline)
        sides = [
            Rows(
                Weighted(f"{engine}.code", 3, minimum=4, priority=2),
                Weighted(f"{engine}.log", 5, minimum=5, priority=5),
            )
            for engine in self._state.sides
        ]
        return Rows(
            Fixed("header", 1, priority=6),
            Weighted(Columns(*sides, narrow=NARROW), 5),
            Fixed("timeline", 2 + len(sides) + HIGHLIGHTS, priority=4),
            Fixed("progress", 2 + len(sides), priority=3),
            Fixed("footer", 1, priority=1),
        )

    def _refresh(self) -> None:
        super()._refresh()
        self._timeline.show(self._now)
