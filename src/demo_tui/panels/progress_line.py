"""One bar as one line: mark, name, bar, percentage, count, rate, time, note."""

from __future__ import annotations

from collections.abc import Sequence

from demo_tui.cells import clean
from demo_tui.panels.progress_task import (
    DONE,
    FAILED,
    RUNNING,
    WAITING,
    ProgressTask,
    short_count,
    short_time,
)
from demo_tui.strips import Pen, Strip
from demo_tui.theme import Theme

__all__ = ["facts", "hidden", "progress_line", "recency"]


def progress_line(
    task: ProgressTask,
    mark: str,
    name: tuple[str, int],
    texts: Sequence[str],
    columns: list[int],
    pen: Pen,
    theme: Theme,
    now: float,
) -> Strip:
    """Draw a bar.

    Args:
        task: The task.
        mark: Its state as one character.
        name: Its name, cleaned, and the width of the column of names.
        texts: Percentage, count, rate, time, and note.
        columns: The widths of their columns, so that the bars of a panel line up.
        pen: Where to write.
        theme: Resolves styles and has the glyphs.
        now: The time.

    Returns:
        The line.
    """
    cells = pen.room
    pen.put(mark, task.state).put(" ")
    if name[1]:
        pen.cell(name[0], name[1], "bad" if task.state == FAILED else "value").put(" ")
    shown = _columns_that_fit(columns, pen.room)
    tail = "".join(" " + texts[index].rjust(columns[index]) for index in shown)
    bar = pen.room - len(tail)
    if columns[4]:  # the notes get what bars of a quarter of the line leave
        bar = max(min(8, bar), min(bar, max(cells // 4, bar - columns[4] - 1)))
    if bar >= 4:
        _bar(pen, task, bar, now, theme)
    pen.put(tail, "bad" if task.state == FAILED else "value" if task.state == RUNNING else "dim")
    if texts[4] and pen.room > 4:
        pen.put(" ").cell(texts[4], pen.room, "dim")
    return pen.strip()


def _bar(pen: Pen, task: ProgressTask, cells: int, now: float, theme: Theme) -> None:
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


def facts(task: ProgressTask, now: float, theme: Theme) -> tuple[str, str, str, str, str]:
    """Return what is known of a task as texts.

    Args:
        task: The task.
        now: The time.
        theme: Says whether only ASCII is allowed.

    Returns:
        Percentage, count, rate, time, and note.
    """
    percentage, unit = task.percentage, task.unit
    share = "" if percentage is None else f"{int(percentage)}%"
    done = short_count(task.completed, unit)
    whole = "" if task.total is None else f"/{short_count(task.total, unit)}"
    if unit == "B" and whole and done.split()[-1] == whole.split()[-1]:
        done = done.split()[0]
    count = f"{done}{whole}" if task.total is not None or task.completed else ""
    time = ""
    if task.state == RUNNING:
        eta = task.eta(now)
        time = "" if eta is None else f"eta {short_time(eta)}"
    elif (took := task.duration()) is not None:
        time = f"in {short_time(took)}"
    return f"{share:>4}", count, _rate(task, now), time, clean(task.note, theme.ascii)


def _rate(task: ProgressTask, now: float) -> str:
    speed = task.speed(now) if task.state == RUNNING else None
    took = task.duration()
    if task.state == DONE and took and task.completed:
        speed = task.completed / took
    if not speed:
        return ""
    unit = task.unit
    if unit == "B":
        return f"{short_count(speed, unit)}/s"
    if speed < 0.1:
        return f"{short_time(1 / speed)}/{unit or '1'}"
    return f"{short_count(float(f'{speed:.3g}'))}{unit and ' ' + unit}/s"


def _columns_that_fit(columns: list[int], room: int) -> list[int]:
    """Percentage first, then the beginning of the note, the time, the count, the rate."""
    shown: list[int] = []
    if columns[4] and room >= 30:
        room -= min(columns[4], 20 if room >= 50 else 12) + 1
    for index, bar in ((0, 4), (3, 8), (1, 8), (2, 8)):
        if columns[index] and columns[index] + 1 + bar <= room:
            shown.append(index)
            room -= columns[index] + 1
    return sorted(shown)


def recency(task: ProgressTask) -> float:
    """Return a key that sorts the latest first.

    Args:
        task: The task.

    Returns:
        The key.
    """
    return -(task.ended or task.started or 0.0)


def hidden(tasks: Sequence[ProgressTask], visible: Sequence[ProgressTask]) -> str:
    """Say how many tasks are not shown.

    Args:
        tasks: All of them.
        visible: Those that are shown.

    Returns:
        A text such as `+3 more (1 running, 2 done)`.
    """
    shown = {task.name for task in visible}
    states = [task.state for task in tasks if task.name not in shown]
    parts = [
        f"{states.count(state)} {state}" for state in (RUNNING, FAILED, WAITING, DONE) if state in states
    ]
    return f"+{len(states)} more ({', '.join(parts)})"
