"""Show two panels without a border: sentences, and the progress of each engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from demo_tui import Panel, PanelConfig, Theme
from demo_tui.cells import clean, width, wrap
from demo_tui.strips import Pen, Strip
from monarch_vs_ray.core.concept import Step
from monarch_vs_ray.core.events import SideEnded
from monarch_vs_ray.stage.state import SideState
from monarch_vs_ray.stage.summary import left
from monarch_vs_ray.stage.values import NAMES, duration

MARKS = {"done": "good", "failed": "bad", "running": "accent", "waiting": "dim"}
"""The style of each state of a step; `absent` ones, which an engine does not take, are a space."""


class TextPanel(Panel):
    """Show lines of text, each wrapped; lines that begin with a dash are indented.

    Args:
        title: The title; without one there is no border either.
    """

    min_height = 1
    min_width = 10

    def __init__(self, title: str = "") -> None:
        super().__init__(PanelConfig(title))
        self.bordered = bool(title)
        self._said: tuple[tuple[str, str], ...] = ()

    def set_lines(self, lines: Sequence[tuple[str, str]]) -> None:
        """Set the lines, each with its style."""
        if tuple(lines) != self._said:
            self._said = tuple(lines)
            self.touch()

    def height(self, cells: int) -> int:
        """Return the number of lines that show everything, border included."""
        inner = cells - 4 if self.bordered else cells
        return sum(len(_wrapped(text, inner, False)) for text, _ in self._said) + 2 * self.bordered

    def body(self, width: int, height: int, theme: Theme) -> Iterable[Strip]:
        """Return the lines."""
        for text, style in self._said:
            for part in _wrapped(text, width, theme.ascii):
                yield Pen(width, theme).put(part, style).strip()


def _wrapped(text: str, cells: int, ascii: bool) -> list[str]:
    text = clean(text, ascii)
    indent = "  " if text.startswith("- ") else ""
    first, *rest = [text[start:end] for start, end in wrap(text, max(1, cells - len(indent)))] or [""]
    return [first, *(indent + part for part in rest)]


@dataclass(frozen=True)
class Progress:
    """Hold the progress of one side: a state for each step, and the current activity."""

    name: str
    states: tuple[str, ...]
    clock: str
    note: str
    style: str = "value"


def progress_of(side: SideState, titles: Mapping[str, str], steps: list[Step]) -> Progress:
    """Return the progress of a side in the steps of a demo.

    Args:
        side: The side, whose events may be of an older recording.
        titles: The demo's titles by experiment; a step that is not in it keeps the title of its event.
        steps: The steps of the demo.
    """
    states = tuple(_state(side, step) for step in steps)
    name, done = NAMES[side.engine], side.steps_done
    if side.ended is None:
        current = side.current
        at = max((step.ended or step.began for step in side.steps.values()), default=0)
        all_done = "has taken all its steps" if done and done >= side.steps_planned else ""
        running = titles.get(str(current.key), current.title) if current else ""
        note = running or all_done or ("has taken this step" if done else "starts")
        return Progress(name, states, duration(at / 1e9) if at else "", note)
    took = duration(side.ended.at / 1e9)
    if side.ended_well:
        return Progress(
            name,
            states,
            took,
            "ended well and left no process behind" if not side.ended.strays else left(side.ended),
            "good",
        )
    return Progress(name, states, took, f"ended: {_ending(side.ended)}", "bad")


def _state(side: SideState, step: Step) -> str:
    if side.engine not in step.engines:
        return "absent"
    taken = side.steps.get(step.experiment)
    return taken.state if taken else "waiting"


def _ending(ended: SideEnded) -> str:
    told = {"exit": f"exit code {ended.exit_code}", "signal": f"signal {ended.signal}"}
    return told.get(ended.ending, ended.ending)


class TrackPanel(Panel):
    """Show a line for each engine: a mark for each step, the count, its clock, and its activity."""

    bordered = False
    min_height = 1
    min_width = 20

    def __init__(self) -> None:
        super().__init__()
        self._sides: tuple[Progress, ...] = ()

    def set_sides(self, sides: Sequence[Progress]) -> None:
        """Set the sides' progress."""
        if tuple(sides) != self._sides:
            self._sides = tuple(sides)
            self.touch()

    def body(self, cells: int, height: int, theme: Theme) -> Iterable[Strip]:
        """Return a line for each side."""
        names = max((width(side.name) for side in self._sides), default=0)
        clocks = max((width(side.clock) for side in self._sides), default=0)
        for side in self._sides:
            pen = Pen(cells, theme).cell(side.name, names + 1, "key")
            for state in side.states:
                pen.put(" " if state == "absent" else getattr(theme.glyphs, state), MARKS.get(state))
            taken = [state for state in side.states if state != "absent"]
            done = sum(state in ("done", "failed") for state in taken)
            pen.put(f" {done:>2}/{len(taken):<2} ", "value").cell(side.clock, clocks, "dim", "right")
            yield pen.put("  ").cell(side.note, pen.room, side.style).strip()
