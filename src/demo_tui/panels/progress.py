"""Progress bars with a spinner and an estimate of the time left."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable

from demo_tui.cells import clean, width
from demo_tui.panel import Panel, PanelConfig
from demo_tui.spinners import Spinner
from demo_tui.strips import Pen, Strip
from demo_tui.theme import Theme

__all__ = ["ProgressPanel", "ProgressTask"]

WAITING, RUNNING, DONE, FAILED = "waiting", "running", "done", "failed"


class ProgressTask:
    """One bar. `total` None means that the end is not known. Times are seconds of the panel's clock."""

    def __init__(self, name: str, total: float | None) -> None:
        self.name = name
        self.total = total
        self.completed = 0.0
        self.state = WAITING
        self.note = ""
        self.started: float | None = None
        self.ended: float | None = None
        self._samples: deque[tuple[float, float]] = deque(maxlen=64)

    @property
    def percentage(self) -> float | None:
        """From 0 to 100; None while the total is not known. A total of 0 is complete."""
        if self.total is None:
            return 100.0 if self.state == DONE else None
        if self.total <= 0:
            return 100.0
        return min(100.0, max(0.0, 100.0 * self.completed / self.total))

    def advance_to(self, completed: float, now: float) -> None:
        """Note progress at a time."""
        if self.started is None:
            self.started = now
            self._samples.append((now, self.completed))
        self.completed = completed
        if not self._samples or now - self._samples[-1][0] >= 0.05:
            self._samples.append((now, completed))
        self.state = RUNNING

    def speed(self, now: float, window: float = 30.0) -> float | None:
        """Units per second over the last `window` seconds; None before there is anything to measure."""
        recent = [sample for sample in list(self._samples) if sample[0] >= now - window] or list(
            self._samples
        )[-1:]
        if not recent or now <= recent[0][0] or self.completed <= recent[0][1]:
            return None
        return (self.completed - recent[0][1]) / (now - recent[0][0])

    def eta(self, now: float) -> float | None:
        """Seconds left at the present speed; None where that cannot be known."""
        speed = self.speed(now)
        if self.total is None or speed is None or self.state != RUNNING:
            return None
        return max(0.0, (self.total - self.completed) / speed)


class ProgressPanel(Panel):
    """Named bars. With `total`, there is one unnamed bar from the start, for the simple case.

    States: waiting, running, done, failed. A task whose total is None shows a moving bar.
    """

    min_height = 4
    min_width = 24

    def __init__(
        self,
        config: PanelConfig | str | None = None,
        *,
        total: float | None = None,
        spinner: str | None = None,
    ) -> None:
        super().__init__(config or "Progress")
        self.spinner = spinner
        self._tasks: dict[str, ProgressTask] = {}
        self._plain_seen: dict[str, str] = {}
        if total is not None:
            self.add(total=total)

    def add(self, name: str = "", total: float | None = None, note: str = "") -> ProgressTask:
        """Add a bar, or give an existing one another total."""
        task = self._tasks.get(name)
        if task is None:
            task = self._tasks[name] = ProgressTask(name, total)
        task.total = total
        task.note = note
        self.touch()
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
        """Set or advance a bar, which is added if it is new. Reaching the total makes it done."""
        task = self._tasks.get(name) or self.add(name)
        if total is not None:
            task.total = total
        if note is not None:
            task.note = note
        target = task.completed + advance if completed is None else completed
        if task.state in (DONE, FAILED) and target == task.completed:
            self.touch()  # over already, and when it ended stays as it was
            return
        task.advance_to(target, self.clock())
        if task.total is not None and task.completed >= task.total:
            self._end(task, DONE)
        self.touch()

    def start(self, name: str = "") -> None:
        """Let a bar run before there is progress to report."""
        task = self._tasks.get(name) or self.add(name)
        task.advance_to(task.completed, self.clock())
        self.touch()

    def finish(self, name: str = "", note: str | None = None) -> None:
        """Mark a bar as done."""
        task = self._tasks.get(name) or self.add(name)
        if task.total is not None:
            task.completed = task.total
        task.note = task.note if note is None else note
        self._end(task, DONE)

    def fail(self, name: str = "", note: str | None = None) -> None:
        """Mark a bar as failed; it keeps how far it came."""
        task = self._tasks.get(name) or self.add(name)
        task.note = task.note if note is None else note
        self._end(task, FAILED)

    def _end(self, task: ProgressTask, state: str) -> None:
        if task.state != state:
            task.ended = self.clock()
        if task.started is None:
            task.started = self.clock()
        task.state = state
        self.touch()

    def percentage(self, name: str = "") -> float | None:
        """How far a bar is, from 0 to 100; None while its total is not known. KeyError for a stranger."""
        return self._tasks[name].percentage

    @property
    def tasks(self) -> list[ProgressTask]:
        """The bars, in order."""
        return list(self._tasks.copy().values())

    def content_key(self) -> Hashable:
        """Running bars change with the time, ten times a second."""
        if any(task.state == RUNNING for task in self.tasks):
            return self.version, int(self.clock() * 10)
        return self.version

    # -- drawing ---------------------------------------------------------------------------------

    def body(self, cells: int, height: int, theme: Theme) -> Iterable[Strip]:
        """One line per bar."""
        tasks = self.tasks
        names = max((width(clean(task.name, theme.ascii)) for task in tasks), default=0)
        visible = tasks if len(tasks) <= height else tasks[: max(1, height - 1)]
        for task in visible:
            yield self._line(task, min(names, cells // 3), cells, theme)
        if len(visible) < len(tasks):
            yield Pen(cells, theme).put(f"+{len(tasks) - len(visible)} more", "dim").strip()

    def _line(self, task: ProgressTask, names: int, cells: int, theme: Theme) -> Strip:
        now = self.clock()
        pen = Pen(cells, theme).put(self._mark(task, now, theme), task.state).put(" ")
        if names:
            pen.cell(task.name, names, "bad" if task.state == FAILED else "value").put(" ")
        tail = self._tail(task, now)
        if pen.room < len(tail) + 4:  # better no time than half a number
            tail = tail[:5]
        note = clean(task.note, theme.ascii)
        bar = pen.room - len(tail) - (width(note) + 1 if note else 0)
        if bar < 8:  # the note gives way to the bar
            note, bar = "", pen.room - len(tail)
        if bar >= 4:
            self._bar(pen, task, bar, now, theme)
        pen.put(tail, "bad" if task.state == FAILED else "dim" if task.state != RUNNING else "value")
        return pen.put(" " + note if note else "", "dim").strip()

    def _mark(self, task: ProgressTask, now: float, theme: Theme) -> str:
        if task.state == RUNNING:
            return Spinner(theme.glyphs.spinner if theme.ascii or not self.spinner else self.spinner).at(now)
        return str(getattr(theme.glyphs, task.state))

    def _tail(self, task: ProgressTask, now: float) -> str:
        percentage = task.percentage
        share = " " * 5 if percentage is None else f"{int(percentage):>4}%"
        if task.state == RUNNING:
            eta = task.eta(now)
            return f"{share} {'eta ' + short_time(eta) if eta is not None else '':>9}"
        if task.started is not None and task.ended is not None:
            return f"{share} {'in ' + short_time(task.ended - task.started):>9}"
        return f"{share} {'':>9}"

    def _bar(self, pen: Pen, task: ProgressTask, cells: int, now: float, theme: Theme) -> None:
        glyphs = theme.glyphs
        style = {DONE: "bar.done", FAILED: "bar.failed"}.get(task.state, "bar.full")
        percentage = task.percentage
        if percentage is None and task.state == RUNNING:
            block = max(2, cells // 4)
            span = max(1, cells - block)
            at = int(now * 10) % (2 * span)
            at = at if at <= span else 2 * span - at
            pen.fill(glyphs.empty, at, "bar.empty").fill(glyphs.full, block, style)
            pen.fill(glyphs.empty, cells - at - block, "bar.empty")
            return
        halves = int((percentage or 0.0) / 100.0 * cells * 2)
        full = halves // 2
        pen.fill(glyphs.full, full, style)
        if halves % 2:
            pen.put(glyphs.part, style)
        pen.fill(glyphs.empty, cells - full - halves % 2, "bar.empty")

    def summary_lines(self) -> Iterable[str]:
        """The bars that moved since the last call."""
        for task in self.tasks:
            share = "" if task.percentage is None else f" {int(task.percentage)}%"
            line = f"{task.name or 'progress'}: {task.state}{share} {task.note}".rstrip()
            if self._plain_seen.get(task.name) != line:
                self._plain_seen[task.name] = line
                yield line


def short_time(seconds: float) -> str:
    """A duration in at most six characters: 0.42s, 12.3s, 4m05s, 2h10m, 3d04h."""
    if seconds < 1:
        return f"{seconds:.2f}s"
    if seconds < 60:
        return f"{seconds:.1f}s"
    if seconds < 3600:
        return f"{int(seconds // 60)}m{int(seconds % 60):02}s"
    if seconds < 86400:
        return f"{int(seconds // 3600)}h{int(seconds % 3600 // 60):02}m"
    days = int(min(seconds, 86400 * 9999) // 86400)
    return f"{days}d{int(seconds % 86400 // 3600):02}h" if days < 100 else f"{days}d"
