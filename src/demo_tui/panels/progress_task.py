"""How far one task is, how fast it goes, and when it will be done."""

from __future__ import annotations

import math
from collections import deque

__all__ = ["DONE", "FAILED", "RUNNING", "WAITING", "ProgressTask", "short_count", "short_time"]

WAITING, RUNNING, DONE, FAILED = "waiting", "running", "done", "failed"
WINDOW = 30.0
"""Seconds over which the speed is measured."""
FEWEST = 5
"""Reports that count whatever their age: a step may take longer than the window."""


class ProgressTask:
    """One bar. Times are seconds of the panel's clock.

    The estimate is that of rich's `Progress`: what was done between the first and the last report of the last
    30 seconds. In addition, the last five reports count whatever their age, so that steps of minutes are
    estimated, too; the estimate runs down between reports; and it grows while a report is late. The first
    report is where counting begins: work of an earlier run is no speed.

    Args:
        name: What is shown.
        total: Units of the whole; None where the end is not known.
        unit: What is counted: empty, `B` for bytes, or a word such as `it`.
        parent: The name of the task that this one is part of; empty for none.
    """

    def __init__(self, name: str, total: float | None, unit: str = "", parent: str = "") -> None:
        self.name = name
        self.total = total
        self.unit = unit
        self.parent = parent
        self.added: float | None = None
        self.note = ""
        self.clear()

    def clear(self) -> None:
        """Forget what was done and when."""
        self.completed = 0.0
        self.state = WAITING
        self.started: float | None = None
        self.ended: float | None = None
        self._assumed = False
        self._reports: deque[tuple[float, float]] = deque(maxlen=256)

    @property
    def percentage(self) -> float | None:
        """Return the share that is done, 0 to 100; None while the total is not known. 0 of 0 is complete."""
        if self.total is None:
            return 100.0 if self.state == DONE else None
        if self.total <= 0:
            return 100.0
        return min(100.0, max(0.0, 100.0 * self.completed / self.total))

    def start(self, now: float) -> None:
        """Begin, or begin again after the end.

        Args:
            now: The time.
        """
        if self.state in (DONE, FAILED):
            self.clear()
        self.started = now if self.started is None else self.started
        if not self._reports:
            self._reports.append((now, self.completed))
        self.state = RUNNING

    def report(self, completed: float, now: float) -> None:
        """Note how far the task is.

        Args:
            completed: Units that are done; 0 after more is a new beginning, which has a time of its own.
            now: The time.
        """
        if completed < self.completed:
            if completed <= 0:
                self.clear()
            self._reports.clear()
        if self.started is None:
            self.started, self._assumed = now, completed > 0
        elif self._assumed and len(self._reports) == 1 and completed > self.completed:
            self._assume_start(completed, now)
        self.completed = completed
        self._note_report(completed, now)
        self.state = RUNNING

    def _assume_start(self, completed: float, now: float) -> None:
        """Count the first step once: the second one shows how long one takes, and so when it began."""
        at, first = self._reports[0]
        if first <= 2 * (completed - first):
            begin = at - (now - at) * first / (completed - first)
            self.started = begin if self.added is None else max(begin, self.added)
        self._assumed = False

    def _note_report(self, completed: float, now: float) -> None:
        reports = self._reports
        # The last report is always exact; older ones are kept every quarter of a second, which bounds them.
        if len(reports) > 1 and now - reports[-2][0] < 0.25:
            reports.pop()
        reports.append((now, completed))

    def _recent(self, now: float) -> list[tuple[float, float]]:
        reports = list(self._reports)
        fresh = [report for report in reports if report[0] >= now - WINDOW]
        return fresh if len(fresh) >= FEWEST else reports[-FEWEST:]

    def speed(self, now: float) -> float | None:
        """Compute the recent speed.

        Args:
            now: The time.

        Returns:
            Units per second; None before there are two reports.
        """
        recent = self._recent(now)
        if len(recent) < 2 or recent[-1][0] <= recent[0][0] or recent[-1][1] <= recent[0][1]:
            return None
        done, took = recent[-1][1] - recent[0][1], recent[-1][0] - recent[0][0]
        step = recent[-1][1] - recent[-2][1]
        waited = now - recent[-1][0]
        if step > 0 and waited > step * took / done:  # late: as if the next step ended now
            return (done + step) / (took + waited)
        return done / took

    def eta(self, now: float) -> float | None:
        """Estimate the time that is left.

        Args:
            now: The time.

        Returns:
            Seconds; None where that cannot be known yet.
        """
        speed = self.speed(now)
        if self.total is None or speed is None or self.state != RUNNING:
            return None
        left = max(0.0, (self.total - self.completed) / speed)
        recent = self._recent(now)
        step = max(0.0, recent[-1][1] - recent[-2][1])
        return max(0.0, left - min(now - recent[-1][0], step / speed))

    def duration(self) -> float | None:
        """Return the seconds from start to end; None before the end, and where no start is known."""
        if self.started is None or self.ended is None or (self._assumed and len(self._reports) < 2):
            return None
        return self.ended - self.started


def short_time(seconds: float) -> str:
    """Format a duration in at most six characters.

    Args:
        seconds: The duration.

    Returns:
        A text such as 0.42s, 12.3s, 4m05s, 2h10m, 3d04h.
    """
    if not math.isfinite(seconds):
        return "?"
    if seconds < 1:
        return f"{seconds:.2f}s"
    if seconds < 59.95:
        return f"{seconds:.1f}s"
    seconds = round(seconds)
    if seconds < 3600:
        return f"{seconds // 60}m{seconds % 60:02}s"
    if seconds < 86400:
        return f"{seconds // 3600}h{seconds % 3600 // 60:02}m"
    days = int(min(seconds, 86400 * 9999) // 86400)
    return f"{days}d{int(seconds % 86400 // 3600):02}h" if days < 100 else f"{days}d"


def short_count(value: float, unit: str = "") -> str:
    """Format a number of units in few characters.

    Args:
        value: The number.
        unit: `B` for bytes, which are shown in kB, MB and so on; anything else is left to the caller.

    Returns:
        A text such as 950, 1.5M, or 3.2 MB.
    """
    if not math.isfinite(value):
        return "?"
    if unit == "B":
        return _scaled(value, " ") + "B"
    if value == int(value) and abs(value) < 1_000_000:
        return str(int(value))
    return f"{value:.3g}" if abs(value) < 1000 else _scaled(value, "")


def _scaled(value: float, space: str) -> str:
    for prefix in ("", "k", "M", "G", "T", "P"):
        if abs(value) < 999.5 or prefix == "P":
            break
        value /= 1000
    digits = f"{value:.0f}" if prefix == "" or abs(value) >= 99.95 else f"{value:.1f}"
    return f"{digits}{space}{prefix}"
