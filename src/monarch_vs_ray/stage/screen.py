"""The stage in a terminal: both sides' code and logs, what they observed, how far they are."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from types import TracebackType

from rich.console import Console

from demo_tui import (
    CodePanel,
    Columns,
    ComparisonRow,
    DashboardBase,
    Fixed,
    Frame,
    HeaderPanel,
    LogPanel,
    PanelConfig,
    ProgressPanel,
    Rows,
    Weighted,
)
from monarch_vs_ray.core.events import Engine, SideEnded
from monarch_vs_ray.core.stream import Batch
from monarch_vs_ray.stage.observed import MeasuredRow, ObservedPanel
from monarch_vs_ray.stage.presenter import Banner
from monarch_vs_ray.stage.state import Entry, SideState, State
from monarch_vs_ray.stage.summary import NAMES, lines

FRAMES_PER_SECOND = 10.0
NARROW = 70
MOST_NEW_LINES = 400
"""More log lines than any screen has; under a flood, the older ones are not even looked at."""

TAG_STYLES = {
    "step": "title",
    "saw": "good",
    "failed": "warn",
    "unavailable": "warn",
    "unknown": "warn",
    "fault": "bad",
    "harness": "bad",
    "stderr": "muted",
    "stdout": "muted",
    "demo": "value",
}


class Screen:
    """A presenter that draws; a context manager, within which it owns the terminal.

    Outside the context it still makes pictures: ``frame`` is a function of the state.
    """

    def __init__(
        self,
        state: State,
        banner: Banner,
        *,
        console: Console | None = None,
        clock: Callable[[], float] = time.monotonic,
        ascii: bool | None = None,
    ) -> None:
        self._state = state
        self._banner = banner
        self._now = 0
        self._shown = dict.fromkeys(state.sides, 0)
        self.dashboard = DashboardBase(console, clock=clock, title=f"mvr {state.concept.name}", ascii=ascii)
        self._code: dict[Engine, CodePanel] = {}
        self._log: dict[Engine, LogPanel] = {}
        self._add_panels()
        self._live = self.dashboard.live(FRAMES_PER_SECOND, capture=False)

    def _add_panels(self) -> None:
        add = self.dashboard.add_panel
        self._header, self._footer = HeaderPanel(), HeaderPanel()
        add("header", self._header)
        for engine in self._state.sides:
            self._code[engine] = CodePanel(config=PanelConfig(NAMES[engine]))
            log = PanelConfig(f"{NAMES[engine]} log", max_lines=2 * MOST_NEW_LINES)
            self._log[engine] = LogPanel(log, tag_width=7, tag_styles=TAG_STYLES)
            add(f"{engine}.code", self._code[engine])
            add(f"{engine}.log", self._log[engine])
        self._observed = ObservedPanel([NAMES[engine] for engine in self._state.sides])
        self._progress = ProgressPanel("Steps")
        self._progress.clock = self._seconds  # time as the run has it, also when it is replayed faster
        add("observed", self._observed)
        add("progress", self._progress)
        add("footer", self._footer)
        self.dashboard.layout = self._layout()

    def _layout(self) -> Rows:
        sides = [
            Rows(
                Weighted(f"{engine}.code", 5, minimum=6, priority=5),
                Weighted(f"{engine}.log", 3, minimum=4, priority=4),
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

    # -- the presenter ---------------------------------------------------------------------------

    def __enter__(self) -> Screen:
        self._refresh()
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def fd(self) -> int | None:
        """The keyboard's descriptor."""
        return self._live.fileno()

    def wait(self) -> float:
        """Seconds until the next frame is due."""
        return self._live.seconds_until_frame()

    @property
    def quit(self) -> bool:
        """Whether ``q`` was pressed."""
        return self._live.quit_requested

    @property
    def frames(self) -> int:
        """How many frames were drawn."""
        return self._live.frames

    def update(self, batch: Batch, now: int) -> None:
        """Draw if a frame is due; what came is in the state already."""
        self._now = now
        if self.wait() == 0:
            self._refresh()
        self._live.tick()

    def frame(self, width: int, height: int, now: int) -> Frame:
        """The picture at a moment of the run, given in nanoseconds, and at a size in cells."""
        self._now = now
        self._refresh()
        return self.dashboard.frame(width, height)

    # -- from state to panels --------------------------------------------------------------------

    def _seconds(self) -> float:
        return self._now / 1e9

    def _refresh(self) -> None:
        self._show_header()
        for side in self._state.sides.values():
            self._show_code(side)
            self._show_log(side)
            self._show_progress(side)
        self._show_observed()

    def _show_header(self) -> None:
        versions = "  ".join(_name(side) for side in self._state.sides.values())
        concept = self._state.concept
        self._header.set(
            left=f"{concept.number or ''} {concept.title}  {self._banner.mode}".lstrip(),
            centre=versions,
            right=f"{self._banner.note}  {self._seconds():6.1f} s",
            style="header",
        )
        keys = "q quit  p pause  s save picture  ? help  "
        self._footer.set(left=keys, right=concept.question, style="dim")

    def _show_code(self, side: SideState) -> None:
        panel, code = self._code[side.engine], side.manifest.code if side.manifest else {}
        if side.file in code and panel.code != code[side.file]:
            panel.set_code(code[side.file])
        panel.config.title = f"{_name(side)}  {side.file}"
        for step in side.steps.values():
            shown = step.file == side.file and step.ended is not None
            if shown and panel.states.get(step.line) not in ("done", "failed"):
                panel.mark(step.line, step.state)
                panel.note(step.line, f"{((step.ended or 0) - step.began) / 1e9:.2f} s")
        panel.light(side.lit, keep=None)

    def _show_log(self, side: SideState) -> None:
        new = min(side.logged - self._shown[side.engine], len(side.log), MOST_NEW_LINES)
        self._shown[side.engine] = side.logged
        for entry in list(side.log)[len(side.log) - new :] if new else ():
            self._append(self._log[side.engine], entry)

    def _append(self, panel: LogPanel, entry: Entry) -> None:
        panel.append(entry.text, TAG_STYLES.get(entry.origin), entry.origin, entry.at / 1e9)

    def _show_progress(self, side: SideState) -> None:
        name, done, step = NAMES[side.engine], side.steps_done, side.current
        note = step.title if step else "starting"
        task = self._progress.add(name, side.steps_planned, note)
        task.started = 0.0
        self._progress.update(name, done)
        if side.ended is None:
            return
        if side.ended_well:
            self._progress.finish(name, f"{done} steps, ended well")
        else:
            self._progress.fail(name, f"after {done} steps: {_ending(side.ended)}")
        task.ended = side.ended.at / 1e9

    def _show_observed(self) -> None:
        """Everything that has a value, in the order in which the values came."""
        rows = [*self._observed_rows(), *self._latency_rows()]
        self._observed.set_rows([row for _, row in sorted(rows, key=lambda row: row[0])])

    def _observed_rows(self) -> Iterator[tuple[int, ComparisonRow]]:
        for line in lines(self._state):
            at = [side.observations[line.key].at for side in self._seen(line.key)]
            if at:
                left, right = self._pair([line.cells[engine].text or None for engine in self._state.sides])
                wrong = any(cell.met is False for cell in line.cells.values())
                row = MeasuredRow if line.measured or line.described else ComparisonRow
                yield max(at), row(line.label, left, right, style="bad" if wrong else None)

    def _seen(self, key: str) -> list[SideState]:
        return [side for side in self._state.sides.values() if key in side.observations]

    def _latency_rows(self) -> Iterator[tuple[int, ComparisonRow]]:
        sides = self._state.sides.values()
        for name in dict.fromkeys(name for side in sides for name in side.operations):
            at = max(side.operations[name].latest for side in sides if name in side.operations)
            yield at, MeasuredRow(name, *self._pair([_median(side, name) for side in sides]))

    def _pair(self, texts: list[str | None]) -> tuple[str | None, str | None]:
        """A text for each column; the second column is empty when one engine runs alone."""
        left, right = (*texts, None)[:2]
        return left, right


def _name(side: SideState) -> str:
    version = side.manifest.versions.get(side.engine, "") if side.manifest else ""
    return f"{NAMES[side.engine]} {version}".rstrip()


def _ending(ended: SideEnded) -> str:
    told = {"exit": f"exit code {ended.exit_code}", "signal": f"signal {ended.signal}"}
    return told.get(ended.ending, ended.ending)


def _median(side: SideState, name: str) -> str | None:
    operations = side.operations.get(name)
    if operations is None or not operations.nanoseconds:
        return None
    return f"{operations.median_us:,.0f} us (n={operations.count})"
