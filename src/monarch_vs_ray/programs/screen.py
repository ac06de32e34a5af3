"""Programs in a terminal: their code, their outputs, what they use, side by side."""

from __future__ import annotations

from collections.abc import Iterator

from demo_tui import (
    CodePanel,
    Columns,
    ComparisonRow,
    Fixed,
    LogPanel,
    PanelConfig,
    ProgressPanel,
    Rows,
    Weighted,
)
from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.programs.closing import ending, megabytes
from monarch_vs_ray.programs.state import ProgramsState
from monarch_vs_ray.side import used
from monarch_vs_ray.stage.observed import ObservedPanel, UnmarkedRow
from monarch_vs_ray.stage.screen import MOST_NEW_LINES, NARROW, TAG_STYLES, Screen
from monarch_vs_ray.stage.state import SideState
from monarch_vs_ray.stage.values import NAMES, say


class ProgramsScreen(Screen):
    """A presenter that draws programs which run."""

    _state: ProgramsState

    def _add_panels(self) -> None:
        add = self.dashboard.add_panel
        sides = list(self._state.sides)
        self._code = {engine: CodePanel(NAMES[engine]) for engine in sides}
        self._log = {
            engine: LogPanel(
                PanelConfig(f"{NAMES[engine]} output", max_lines=2 * MOST_NEW_LINES),
                tag_width=7,
                tag_styles=TAG_STYLES,
            )
            for engine in sides
        }
        self._observed = ObservedPanel([NAMES[engine] for engine in sides], "Used and observed")
        self._progress = ProgressPanel("Programs")
        self._progress.clock = self._seconds
        add("header", self._header)
        for engine in sides:
            add(f"{engine}.code", self._code[engine])
            add(f"{engine}.log", self._log[engine])
        add("observed", self._observed)
        add("progress", self._progress)
        add("footer", self._footer)
        self.dashboard.layout = self._layout()

    def _refresh(self) -> None:
        self._show_header()
        for side in self._state.sides.values():
            self._show_code(side)
            self._show_log(side)
            self._show_progress(side)
        self._observed.set_rows(self._rows())

    def _show_code(self, side: SideState) -> None:
        panel, code = self._code[side.engine], side.manifest.code if side.manifest else {}
        if side.file in code and panel.code != code[side.file]:
            panel.set_code(code[side.file])
        panel.config.title = f"{NAMES[side.engine]}  {side.file}"
        panel.light(side.lit, keep=None)

    def _layout(self) -> Rows:
        sides = [
            Rows(
                Weighted(f"{engine}.code", 3, minimum=4, priority=4),
                Weighted(f"{engine}.log", 5, minimum=5, priority=5),
            )
            for engine in self._state.sides
        ]
        return Rows(
            Fixed("header", 1, priority=6),
            Weighted(Columns(*sides, narrow=NARROW), 5),
            Weighted("observed", 2, minimum=5, priority=3),
            Fixed("progress", 2 + len(sides), priority=2),
            Fixed("footer", 1, priority=1),
        )

    def _show_progress(self, side: SideState) -> None:
        name, step = NAMES[side.engine], side.current
        task = self._progress.add(name, max(1, side.steps_planned), step.title if step else "running")
        task.started = 0.0
        if side.ended is None:
            self._progress.update(name, side.steps_done)
            return
        if side.ended_well:
            self._progress.finish(name, ending(side))
        else:
            self._progress.fail(name, ending(side))
        task.ended = side.ended.at / 1e9

    def _rows(self) -> Iterator[ComparisonRow]:
        rows = (
            ("memory (at most)", self._memory),
            ("processes (at most)", lambda engine: self._count(engine, used.PROCESSES)),
            ("sockets (at most)", lambda engine: self._count(engine, used.SOCKETS)),
            ("lines on stdout", lambda engine: f"{len(self._state.courses[engine].lines):,}"),
            ("faults", self._faults),
        )
        for label, text in rows:
            yield UnmarkedRow(label, *self._pair([text(engine) for engine in self._state.sides]))
        for key in self._state.observed():
            seen = [side.observations.get(key) for side in self._state.sides.values()]
            yield ComparisonRow(
                key, *self._pair([say(each.value, each.unit) if each else None for each in seen])
            )

    def _memory(self, engine: Engine) -> str:
        course = self._state.courses[engine]
        return f"{megabytes(course.last.get(used.MEMORY, 0))} ({megabytes(course.peak.get(used.MEMORY, 0))})"

    def _count(self, engine: Engine, name: str) -> str:
        course = self._state.courses[engine]
        return f"{course.last.get(name, 0):.0f} ({course.peak.get(name, 0):.0f})"

    def _pair(self, texts: list[str | None]) -> tuple[str | None, str | None]:
        """Return a text for each column; the second one is empty when one program runs alone."""
        left, right = (*texts, None)[:2]
        return left, right

    def _faults(self, engine: Engine) -> str:
        course = self._state.courses[engine]
        return f"{len(course.faults)} of {course.planned}"
