"""Progress bars with a spinner, counts, rate, and an estimate of the time left."""

from __future__ import annotations

import math
import operator
import os
import threading
import weakref
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import TypeVar

from demo_tui.cells import clean, describe, width
from demo_tui.panel import Panel, PanelConfig
from demo_tui.panels.progress_line import facts, hidden, progress_line, recency
from demo_tui.panels.progress_task import DONE, FAILED, RUNNING, WAITING, ProgressTask, short_time
from demo_tui.spinners import Spinner
from demo_tui.strips import Pen, Strip
from demo_tui.theme import Theme

__all__ = ["ProgressPanel", "ProgressTask", "short_time"]

T = TypeVar("T")
_IMPORTANCE = {RUNNING: 0, FAILED: 1, WAITING: 2, DONE: 3}
_panels: weakref.WeakSet[ProgressPanel] = weakref.WeakSet()


class ProgressPanel(Panel):
    """Named bars, which may be nested. Every method may be called from any thread, and no step is lost.

    States: waiting, running, done, failed. A task whose total is None shows a moving bar. Where not all
    bars fit, running ones are shown first.

    Args:
        config: A title, or a `PanelConfig`.
        total: Add one unnamed bar with this total, for the simple case.
        spinner: A name from `SPINNERS`; None for that of the theme.
        unit: What the bars count unless they say otherwise: empty, `B` for bytes, or a word such as `it`.
    """

    min_height = 4
    min_width = 24

    def __init__(
        self,
        config: PanelConfig | str | None = None,
        *,
        total: float | None = None,
        spinner: str | None = None,
        unit: str = "",
    ) -> None:
        super().__init__(config or "Progress")
        self.spinner = spinner
        self.unit = unit
        self._tasks: dict[str, ProgressTask] = {}
        self._plain_seen: dict[str, str] = {}
        self._lock = threading.Lock()
        _panels.add(self)
        if total is not None:
            self.add(total=total)

    # -- tasks -----------------------------------------------------------------------------------

    def add(
        self,
        name: str = "",
        total: float | None = None,
        note: str = "",
        *,
        parent: str = "",
        unit: str | None = None,
    ) -> ProgressTask:
        """Add a bar, or give an existing one another total and note.

        Args:
            name: What is shown, and what names the bar.
            total: Units of the whole; None where the end is not known.
            note: A short text after the bar.
            parent: The name of the bar below which this one is shown, indented.
            unit: What is counted; None for the panel's unit.

        Returns:
            The task.
        """
        with self._lock:
            task = self._task(name, parent, unit)
            task.total = _number(total, None)
            task.note = note
            if task.added is None:
                task.added = self.clock()
        self.touch()
        return task

    def _task(self, name: str, parent: str = "", unit: str | None = None) -> ProgressTask:
        task = self._tasks.get(name)
        if task is None:
            task = ProgressTask(name, None, self.unit if unit is None else unit, parent)
            self._tasks = {**self._tasks, name: task}
        if unit is not None:
            task.unit = unit
        if parent:
            task.parent = parent
        return task

    def update(
        self,
        name: str = "",
        completed: float | None = None,
        *,
        advance: float = 0.0,
        total: float | None = None,
        note: str | None = None,
    ) -> None:
        """Set or advance a bar, which is added if it is new. Reaching the total makes it done.

        The first report is where the speed is measured from, so that resumed work does not count as fast.
        Going back to 0 begins the task again.

        Args:
            name: The name of the bar.
            completed: Units that are done; None to use `advance`.
            advance: Units done since the last call.
            total: Another total.
            note: Another note.
        """
        with self._lock:
            task = self._task(name)
            if total is not None:
                task.total = _number(total, task.total)
            if note is not None:
                task.note = note
            done = task.completed + _number(advance, 0.0) if completed is None else completed
            target = _number(done, task.completed)
            if not (task.state in (DONE, FAILED) and target == task.completed):
                task.report(target, self.clock())
                if task.total is not None and task.completed >= task.total:
                    self._end(task, DONE)
        self.touch()

    def start(self, name: str = "") -> None:
        """Let a bar run before there is progress to report.

        Args:
            name: The name of the bar, which is added if it is new.
        """
        with self._lock:
            self._task(name).start(self.clock())
        self.touch()

    def finish(self, name: str = "", note: str | None = None) -> None:
        """Mark a bar as done.

        Args:
            name: The name of the bar, which is added if it is new.
            note: Another note.
        """
        with self._lock:
            task = self._task(name)
            if task.total is not None:
                task.completed = task.total
            task.note = task.note if note is None else note
            self._end(task, DONE)
        self.touch()

    def fail(self, name: str = "", note: str | None = None) -> None:
        """Mark a bar as failed; it keeps how far it came.

        Args:
            name: The name of the bar, which is added if it is new.
            note: Another note.
        """
        with self._lock:
            task = self._task(name)
            task.note = task.note if note is None else note
            self._end(task, FAILED)
        self.touch()

    def _end(self, task: ProgressTask, state: str) -> None:
        if task.state != state:
            task.ended = self.clock()
        task.state = state

    def reset(self, name: str = "", total: float | None = None) -> None:
        """Let a bar begin again: nothing done, not started.

        Args:
            name: The name of the bar.
            total: Another total; None leaves it as it is.

        Raises:
            KeyError: Where there is no bar of this name.
        """
        with self._lock:
            task = self._tasks[name]
            task.clear()
            task.added = self.clock()
            task.total = task.total if total is None else total
        self.touch()

    def remove(self, name: str = "") -> None:
        """Take a bar away, and those below it; no error if it is not there.

        Args:
            name: The name of the bar.
        """
        with self._lock:
            doomed = {name}
            while True:
                below = {task.name for task in self._tasks.values() if task.parent in doomed} - doomed
                if not below:
                    break
                doomed |= below
            self._tasks = {name: task for name, task in self._tasks.items() if name not in doomed}
        self.touch()

    def track(
        self,
        items: Iterable[T],
        name: str = "",
        total: float | None = None,
        *,
        parent: str = "",
        unit: str | None = None,
    ) -> Iterator[T]:
        """Go through items and advance a bar by one for each; it is done, or failed, with the loop.

        Args:
            items: What to go through.
            name: The name of the bar.
            total: How many items; None for their length, where they have one.
            parent: The name of the bar below which this one is shown.
            unit: What is counted; None for the panel's unit.

        Returns:
            An iterator over the items.
        """
        if total is None:
            total = operator.length_hint(items) or (0 if isinstance(items, Sequence) else None)
        self.add(name, total, parent=parent, unit=unit)
        self.reset(name)
        self.start(name)
        return self._tracked(items, name)

    def _tracked(self, items: Iterable[T], name: str) -> Iterator[T]:
        try:
            for item in items:
                yield item
                self.update(name, advance=1)
        except GeneratorExit:  # the loop was left early
            if self._tasks.get(name) is not None and self._tasks[name].state == RUNNING:
                self.fail(name, "left early")
            raise
        except BaseException as error:
            self.fail(name, type(error).__name__)
            raise
        self.finish(name)

    def percentage(self, name: str = "") -> float | None:
        """Return how far a bar is.

        Args:
            name: The name of the bar.

        Returns:
            0 to 100; None while its total is not known.

        Raises:
            KeyError: Where there is no bar of this name.
        """
        return self._tasks[name].percentage

    @property
    def tasks(self) -> list[ProgressTask]:
        """Return the bars in the order in which they are shown: each below its parent."""
        return [task for task, _ in self._nested()]

    def _nested(self) -> list[tuple[ProgressTask, int]]:
        tasks = self._tasks
        below: dict[str, list[ProgressTask]] = {}
        for task in tasks.values():
            below.setdefault(task.parent if task.parent in tasks else "", []).append(task)
        if len(below) <= 1 and "" in below:
            return [(task, 0) for task in below[""]]
        out: list[tuple[ProgressTask, int]] = []
        seen: set[str] = set()
        # Those that no root leads to, because they are each other's parents, are shown as roots.
        for root in (*below.get("", ()), *tasks.values()):
            stack = [(root, 0)]
            while stack:
                task, depth = stack.pop()
                if task.name in seen:
                    continue
                seen.add(task.name)
                out.append((task, depth))
                children = below.get(task.name, ()) if task.name else ()
                stack += [(child, depth + 1) for child in reversed(children)]
        return out

    def content_key(self) -> Hashable:
        """Return a key that changes ten times a second while a bar runs."""
        if any(task.state == RUNNING for task in self._tasks.values()):
            return self.version, int(self.clock() * 10)
        return self.version

    def natural_height(self) -> int:
        """Return one line for each bar, and two for the border."""
        return max(3, len(self._tasks) + 2)

    # -- drawing ---------------------------------------------------------------------------------

    def body(self, cells: int, height: int, theme: Theme) -> Iterable[Strip]:
        """Return one line per bar."""
        rows = self._nested()
        visible = rows
        if len(rows) > height:
            room = max(1, height - 1)
            ranked = sorted(
                range(len(rows)), key=lambda i: (_IMPORTANCE[rows[i][0].state], recency(rows[i][0]))
            )
            visible = rows[:room] if self._offset else [rows[index] for index in sorted(ranked[:room])]
        now = self.clock()
        names = [clean("  " * depth + describe(task.name), theme.ascii) for task, depth in visible]
        label = min(max(map(width, names), default=0), cells // 3)
        rows_of_facts = [facts(task, now, theme) for task, _ in visible]
        columns = [max((width(row[i]) for row in rows_of_facts), default=0) for i in range(5)]
        for (task, _), name, row in zip(visible, names, rows_of_facts, strict=True):
            mark = self._mark(task, now, theme)
            yield progress_line(task, mark, (name, label), row, columns, Pen(cells, theme), theme, now)
        if len(visible) < len(rows):
            yield (
                Pen(cells, theme)
                .put(hidden([task for task, _ in rows], [task for task, _ in visible]), "dim")
                .strip()
            )

    def _mark(self, task: ProgressTask, now: float, theme: Theme) -> str:
        if task.state == RUNNING:
            return Spinner(theme.glyphs.spinner if theme.ascii or not self.spinner else self.spinner).at(now)
        return str(getattr(theme.glyphs, task.state))

    def summary_lines(self) -> Iterable[str]:
        """Return the bars that moved since the last call."""
        for task in self.tasks:
            share = "" if task.percentage is None else f" {int(task.percentage)}%"
            name = describe(task.name) or "progress"
            line = f"{name}: {task.state}{share} {describe(task.note)}".rstrip()
            if self._plain_seen.get(task.name) != line:
                self._plain_seen[task.name] = line
                yield line


def _number(value: object, otherwise: float | None) -> float:
    """A finite number; one bad value must not spoil the panel."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except Exception:
        return otherwise  # type: ignore[return-value]
    return number if math.isfinite(number) else otherwise  # type: ignore[return-value]


def _unlock_after_fork() -> None:
    for panel in list(_panels):
        panel._lock = threading.Lock()  # another thread of the parent may have held it


os.register_at_fork(after_in_child=_unlock_after_fork)
