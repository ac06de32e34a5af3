"""Draw a run at one point in time: a function of the state, the view and the size."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console

from demo_tui import CodePanel, DashboardBase, Frame, HeaderPanel, LogPanel, PanelConfig
from demo_tui.layout import Columns, Fixed, Node, Rows, Weighted
from monarch_vs_ray.core.concept import Concept, Step
from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.pictures.facts import Facts
from monarch_vs_ray.pictures.finding import has_picture
from monarch_vs_ray.pictures.panel import PicturePanel
from monarch_vs_ray.stage.captions import (
    durations,
    introduction,
    is_whole,
    latest,
    latest_whole,
    sentences,
    steps_on_stage,
)
from monarch_vs_ray.stage.closing import closing_lines
from monarch_vs_ray.stage.observed import ObservedPanel, rows
from monarch_vs_ray.stage.state import Entry, SideState, State
from monarch_vs_ray.stage.strips import TextPanel, TrackPanel, progress_of
from monarch_vs_ray.stage.timeline import END
from monarch_vs_ray.stage.values import NAMES, duration

NARROW = 70
TALL = 32
"""Lines from which there is room for what was observed, beside pictures and code."""
TALLER = 38
"""Lines from which there is room for the logs, too."""
WIDE = 150
"""Columns from which what is said of a step needs a line less."""
NUMBERED = 100
"""Columns from which there is room for line numbers beside the code."""
MOST_NEW_LINES = 400
"""More log lines than any screen has; under a flood, the older ones are not even looked at."""
MOST_OF_A_LINE = 300
"""Characters of a log line that the screen shows; the history has them all."""

TAG_STYLES = {
    "failed": "warn",
    "unavailable": "warn",
    "unknown": "warn",
    "fault": "bad",
    "harness": "bad",
    "stderr": "muted",
    "stdout": "muted",
    "demo": "value",
}
"""The origins of log lines that are shown; steps and observations have panels of their own."""


@dataclass(frozen=True)
class View:
    """Select what is shown: a state, and its position in the run.

    Args:
        state: The state of both sides.
        beat: The key of the step that is shown in step; empty to show the latest step.
        generation: Changes when the state was replaced, not only extended.
        mode: The header's text about the run, such as LIVE.
        status: The header's text about the view.
        only: The kind of panel that is shown alone: `picture`, `code`, `observed`, `log`; empty for all.
    """

    state: State
    beat: str = ""
    generation: int = 0
    mode: str = "LIVE"
    status: str = ""
    only: str = ""


class Board:
    """Draw the dashboard of a demo.

    Args:
        concept: The concept that is shown.
        engines: The sides, from left to right.
        console: The console to draw on; None for stdout.
        clock: Seconds; may be injected.
        ascii: Force or forbid plain characters; None asks the console's encoding.
    """

    def __init__(
        self,
        concept: Concept,
        engines: tuple[Engine, ...],
        *,
        console: Console | None = None,
        clock: Callable[[], float] = time.monotonic,
        ascii: bool | None = None,
    ) -> None:
        self.concept, self.engines = concept, engines
        self.dashboard = DashboardBase(console, clock=clock, title=f"mvr {concept.name}", ascii=ascii)
        self._picture: dict[Engine, PicturePanel] = {}
        self._code: dict[Engine, CodePanel] = {}
        self._log: dict[Engine, LogPanel] = {}
        self._generation = 0
        self._noted: dict[tuple[Engine, int], str] = {}
        self._logged = dict.fromkeys(engines, 0)
        self._add_panels()

    def _add_panels(self) -> None:
        add = self.dashboard.add_panel
        self._header = add("header", HeaderPanel())
        self._caption = add("caption", TextPanel())
        for engine in self.engines:
            if has_picture(self.concept):
                picture = PicturePanel(self.concept, engine, Facts(), NAMES[engine])
                self._picture[engine] = add(f"{engine}.picture", picture)
            self._code[engine] = add(f"{engine}.code", CodePanel(config=PanelConfig(NAMES[engine])))
            log = PanelConfig(f"{NAMES[engine]} log", max_lines=2 * MOST_NEW_LINES)
            self._log[engine] = add(
                f"{engine}.log",
                LogPanel(log, max_chars=MOST_OF_A_LINE, tag_width=7, tag_styles=TAG_STYLES),
            )
            self._log[engine].min_height = 4
        names = [NAMES[engine] for engine in self.engines]
        question = self.concept.fill(self.concept.question)
        self._observed = add("observed", ObservedPanel(names, f"Observed: {question}"))
        self._text = add("text", TextPanel("What to watch"))
        self._track = add("track", TrackPanel())
        self._footer = add("footer", HeaderPanel())

    def frame(self, view: View, width: int, height: int) -> Frame:
        """Return the picture of a view at a size in cells."""
        self.show(view, width, height)
        return self.dashboard.frame(width, height)

    def show(self, view: View, width: int, height: int) -> None:
        """Update all panels to a view; unchanged panels are not drawn again."""
        if view.generation != self._generation:
            self._generation = view.generation
            self._forget()
        state = view.state
        for side in state.sides.values():
            if side.engine in self._picture:
                self._picture[side.engine].facts = side.facts
            self._show_code(side, width)
            self._show_log(side)
        step = self._step(view)
        self._observed.set_rows(rows(state))
        steps = steps_on_stage(state)
        titles = {each.experiment: state.concept.fill(each.title) for each in steps}
        self._track.set_sides([progress_of(side, titles, steps) for side in state.sides.values()])
        self._show_texts(view, step, width)
        self.dashboard.layout = self._layout(view, step, width, height)

    def _forget(self) -> None:
        self._noted.clear()
        for engine in self.engines:
            self._code[engine].clear_states()
            self._log[engine].clear()
            self._logged[engine] = 0

    def _step(self, view: View) -> Step | None:
        """Return the step that is shown; None before the first one and after the last one."""
        if view.beat:
            steps = {step.experiment: step for step in view.state.concept.demo}
            return steps.get(view.beat)
        return None if view.state.over else latest(view.state)

    # -- texts -----------------------------------------------------------------------------------

    def _show_texts(self, view: View, step: Step | None, width: int) -> None:
        state = view.state
        concept = self.concept
        self._header.set(
            left=f"{concept.number} {concept.title}  {view.mode}", right=view.status, style="header"
        )
        keys = "space pause  n/b beat  \u2190\u2192 seek  g steps  e explain  v c o l only  ? keys  q quit"
        self._footer.set(left=keys, style="dim")
        self._caption.set_lines(self._sentences(state, step, width))
        if self._is_end(view):
            self._text.config.title = "What this run showed"
            self._text.set_lines(closing_lines(state))
        else:
            self._text.config.title = "What to watch"
            question, *watch = introduction(state)
            self._text.set_lines([(question, "title"), *((text, "text") for text in watch)])

    def _is_end(self, view: View) -> bool:
        return self._step(view) is None and (view.beat == END or view.state.over)

    def _sentences(self, state: State, step: Step | None, width: int) -> list[tuple[str, str]]:
        """Return the step that is shown, and its sentences, or those of the step before it."""
        if step is None:
            return []
        steps = steps_on_stage(state)
        head = f"{steps.index(step) + 1} of {len(steps)}  {state.concept.fill(step.title)}"
        timed = f"{head}  ({durations(state, step)})"
        shown = step if is_whole(state, step) else latest_whole(state)
        told = sentences(state, shown) if shown else []
        if shown is not step:
            told = [f"Before: {told[0]}", *told[1:]] if told else []
        style = "value" if shown is step else "dim"
        return [(timed if len(timed) <= width else head, "title"), *((text, style) for text in told)]

    # -- code and logs ---------------------------------------------------------------------------

    def _show_code(self, side: SideState, width: int) -> None:
        panel, code = self._code[side.engine], side.manifest.code if side.manifest else {}
        panel.line_numbers = width >= NUMBERED or len(self.engines) == 1
        if side.file in code and panel.code != code[side.file]:
            panel.clear_states()
            panel.set_code(code[side.file])
        panel.config.title = f"{_name(side)}  {side.file}"
        lit = side.lit
        ended = {
            step.line: step
            for step in side.steps.values()
            if step.file == side.file and step.ended is not None and step.line not in lit
        }
        for line, step in ended.items():
            told = duration(((step.ended or 0) - step.began) / 1e9)
            if panel.states.get(line) != step.state or self._noted.get((side.engine, line)) != told:
                self._noted[side.engine, line] = told
                panel.mark(line, step.state)
                panel.note(line, told)
        if {line for line, state in panel.states.items() if state == "lit"} != set(lit):
            panel.light(lit, keep=None)

    def _show_log(self, side: SideState) -> None:
        new = min(side.logged - self._logged[side.engine], len(side.log), MOST_NEW_LINES)
        self._logged[side.engine] = side.logged
        for entry in list(side.log)[len(side.log) - new :] if new else ():
            if entry.origin in TAG_STYLES:
                self._append(self._log[side.engine], entry)

    def _append(self, panel: LogPanel, entry: Entry) -> None:
        panel.append(entry.text, TAG_STYLES[entry.origin], entry.origin, entry.at / 1e9)

    # -- where the panels go ---------------------------------------------------------------------

    def _layout(self, view: View, step: Step | None, width: int, height: int) -> Node:
        body = self._alone(view.only) if view.only else self._all(view, step, width, height)
        caption = [Fixed("caption", 3 if width >= WIDE else 4, priority=4)] if step else []
        return Rows(
            Fixed("header", 1, priority=6),
            *caption,
            *body,
            Fixed("track", len(self.engines), priority=3),
            Fixed("footer", 1, priority=1),
        )

    def _alone(self, kind: str) -> list[Node]:
        """Return the panels of one kind, side by side."""
        if kind == "observed" or (kind == "picture" and not self._picture):
            return [Weighted("observed", priority=5)]
        return [Columns(*(f"{engine}.{kind}" for engine in self.engines), narrow=NARROW, priority=5)]

    def _all(self, view: View, step: Step | None, width: int, height: int) -> list[Node]:
        logged = height >= TALLER and any(panel.total for panel in self._log.values())
        drawn = max((panel.natural_height() for panel in self._picture.values()), default=0)
        drawn = drawn if any(side.facts.latest for side in view.state.sides.values()) else 0
        sides = []
        only_pictures = drawn and height < TALL and self._is_end(view)
        for engine in self.engines:
            panes: list[Node] = [Weighted(f"{engine}.code", 4, minimum=5, priority=5)]
            if only_pictures:
                panes = [Weighted(f"{engine}.picture", 5, minimum=5, priority=5)]
            elif drawn:
                panes.insert(0, self._picture_pane(engine, drawn, height))
            if logged:
                panes.append(Weighted(f"{engine}.log", 1, minimum=5, priority=2))
            sides.append(Rows(*panes))
        columns = Weighted(Columns(*sides, narrow=NARROW), 5)
        if step is None:
            wanted = min(self._text.height(width), max(4, height - 10))
            return [columns, Fixed("text", wanted, priority=4)]
        if height < TALL:
            return [columns]
        return [columns, Weighted("observed", 2, minimum=6, priority=3)]

    def _picture_pane(self, engine: Engine, drawn: int, height: int) -> Node:
        """Return the pane of a picture: as high as it needs, up to its share; code gets the rest."""
        name = f"{engine}.picture"
        if drawn <= height // 3:
            return Fixed(name, max(4, drawn), priority=6)
        return Weighted(name, 5, minimum=6, priority=6)


def _name(side: SideState) -> str:
    version = side.manifest.versions.get(side.engine, "") if side.manifest else ""
    return f"{NAMES[side.engine]} {version}".rstrip()
