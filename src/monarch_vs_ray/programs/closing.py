"""Print the end of a run of programs: a table of both, and the difference of their outputs."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from typing import IO

from rich.console import Console
from rich.text import Text

from monarch_vs_ray.core.events import Engine, SideEnded
from monarch_vs_ray.programs.outputs import Difference, own_lines
from monarch_vs_ray.programs.state import Course, ProgramsState
from monarch_vs_ray.side import used
from monarch_vs_ray.stage.closing import columns, plain_table
from monarch_vs_ray.stage.console import console
from monarch_vs_ray.stage.presenter import Banner
from monarch_vs_ray.stage.state import SideState
from monarch_vs_ray.stage.values import NAMES, say

MOST_DIFF = 40
MOST_ERRORS = 15
DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def print_closing(
    state: ProgramsState, banner: Banner, *, ascii: bool = False, stream: IO[str] | None = None
) -> None:
    """Print the ends, resource use, outputs and left-behind processes of the programs."""
    stream = stream or sys.stdout
    out = console(stream)
    ascii = ascii or out.encoding.lower().replace("-", "") != "utf8"
    out.print()
    _print_table(state, out, ascii)
    for line in _notes(state):
        out.print(Text(line))
    for side in state.sides.values():
        print_trouble(side, out)
    if any(side.ended and side.ended.ending == "stopped" for side in state.sides.values()):
        out.print(Text("The outputs were not compared: a program was stopped on the way.", style="bold"))
    elif difference := state.difference():
        _print_difference(difference, out)


def ending(side: SideState) -> str:
    """Return how a program ended, in words."""
    return how_it_ended(side.ended) if side.manifest else "not started"


def how_it_ended(ended: SideEnded | None) -> str:
    """Return how a program ended, from its last event."""
    if ended is None:
        return "running"
    return {
        "exit": f"exit code {ended.exit_code}",
        "signal": _signal(ended.signal),
        "deadline": "no end before its deadline",
        "stopped": "a stop that you asked for",
        "lost": "a lost guardian",
    }[ended.ending]


def megabytes(size: float) -> str:
    """Format a size in bytes for a reader."""
    return f"{size / 1e6:,.0f} MB" if size >= 1e6 else f"{size / 1e3:,.0f} kB"


def _signal(number: int | None) -> str:
    try:
        return signal.Signals(number or 0).name
    except ValueError:
        return f"signal {number}"


def table_rows(state: ProgramsState) -> list[tuple[str, list[str]]]:
    """Return the table of a run: each label with a text for each program."""
    rows: tuple[tuple[str, Callable[[Engine], str]], ...] = (
        ("program", lambda engine: _command(state.courses[engine])),
        ("ended with", lambda engine: ending(state.sides[engine])),
        ("wall time, exec to exit", lambda engine: _seconds(state.courses[engine], used.WALL)),
        ("processor time, user + system", lambda engine: _processor(state.courses[engine])),
        (f"peak memory ({_kind(state)})", lambda engine: megabytes(state.courses[engine].memory_bytes)),
        ("processes, at most", lambda engine: _peak(state.courses[engine], used.PROCESSES)),
        ("sockets, at most", lambda engine: _peak(state.courses[engine], used.SOCKETS)),
        ("stdout", lambda engine: _printed(state, engine)),
        ("stderr", lambda engine: _bytes(state.courses[engine], "stderr")),
        *([("faults fired", lambda engine: _faults(state.courses[engine]))] if _faulty(state) else []),
        ("processes left behind", lambda engine: _left(state, engine)),
        ("files left: temporary, own folder, home", lambda engine: _files(state.courses[engine])),
    )
    table = [(label, [text(engine) for engine in state.sides]) for label, text in rows]
    for key in state.observed():
        found = (side.observations.get(key) for side in state.sides.values())
        table.append((key, [say(each.value, each.unit) if each else "" for each in found]))
    return table


def _print_table(state: ProgramsState, out: Console, ascii: bool) -> None:
    table = plain_table(["", *columns(state)], ascii)
    for label, texts in table_rows(state):
        table.add_row(Text(label), *map(Text, texts))
    out.print(table)


def _command(course: Course) -> str:
    words = [str(course.terms.get("program", "")), *map(str, course.terms.get("arguments", []))]
    return " ".join(words)


def _seconds(course: Course, name: str) -> str:
    return f"{course.last[name]:.3f} s" if name in course.last else "unknown"


def _processor(course: Course) -> str:
    if used.USER not in course.last:
        return "unknown"
    user, system = course.last[used.USER], course.last.get(used.SYSTEM, 0.0)
    return f"{user:.3f} + {system:.3f} s"


def _kind(state: ProgramsState) -> str:
    kinds = {course.memory_kind for course in state.courses.values()}
    return f"sum of {'/'.join(sorted(kinds))}, sampled"


def _peak(course: Course, name: str) -> str:
    return f"{course.peak[name]:.0f}" if name in course.peak else "too short to sample"


def _printed(state: ProgramsState, engine: Engine) -> str:
    lines, taken = own_lines(state.output(engine))
    engines = f", {taken} more of the engine" if taken else ""
    more = "" if state.output(engine).whole else ", and some not kept"
    return f"{_bytes(state.courses[engine], 'stdout')}, {len(lines):,} lines{engines}{more}"


def _bytes(course: Course, name: str) -> str:
    return f"{course.printed.get(name, {}).get('bytes', 0):,} bytes"


def _faulty(state: ProgramsState) -> bool:
    return any(course.planned or course.faults for course in state.courses.values())


def _faults(course: Course) -> str:
    moments = ", ".join(f"{fault.fault} at {fault.at / 1e9:.2f} s" for fault in course.faults)
    return f"{len(course.faults)} of {course.planned}" + (f": {moments}" if moments else "")


def _left(state: ProgramsState, engine: Engine) -> str:
    names = state.left_behind(engine)
    return f"{len(names)}: {', '.join(names[:6])}{' ...' if len(names) > 6 else ''}" if names else "none"


def _files(course: Course) -> str:
    found = [course.left.get(name, {}) for name in ("tmp", "work", "home")]
    counts = ", ".join(f"{each.get('files', 0)}" for each in found)
    size = sum(each.get("bytes", 0) for each in found)
    names = found[1].get("names", [])[:3]
    return f"{counts} ({megabytes(size)}; removed)" + (f"; {', '.join(map(str, names))}" if names else "")


def _notes(state: ProgramsState) -> list[str]:
    """Return notes that explain the table."""
    courses = state.courses.values()
    notes = []
    if len(state.sides) > 1 and not any(course.terms.get("in_turn") for course in courses):
        notes.append("Both ran at once and shared this machine's cores; compare times with --in-turn.")
    for engine, course in state.courses.items():
        if settings := course.terms.get("settings"):
            notes.append(
                f"{NAMES[engine]} differs from `python {course.terms.get('program')}` in: {settings}."
            )
        if len(course.faults) != course.planned:
            told = f"{len(course.faults)} of {course.planned} faults fired on {NAMES[engine]}"
            notes.append(f"{told}: no line named a process to hit in time, or it had ended.")
        ended = state.sides[engine].ended
        if ended and ended.ending == "deadline":
            wall = _seconds(course, used.WALL)
            notes.append(f"{NAMES[engine]} was ended after {wall}; give it more with --deadline SECONDS.")
    return notes


def print_trouble(side: SideState, out: Console) -> None:
    """Print a side's notes and, if it failed, the reason and its last lines."""
    for trouble in side.troubles:
        out.print(Text(f"The harness noted on {NAMES[side.engine]}: {trouble.detail}."))
    if side.ended is None or side.ended_well or side.ended.ending == "stopped":
        return
    said = [entry for entry in side.log if entry.origin == "stderr"][-MOST_ERRORS:]
    last = " Its last lines on stderr:" if said else " It printed nothing on stderr."
    out.print(Text(f"{NAMES[side.engine]} failed: {ending(side)}.{last}"))
    for entry in said:
        out.print(Text(f"  {entry.text}"))


def _print_difference(difference: Difference, out: Console) -> None:
    out.print(Text(difference.sentence, style="bold red" if difference.equal is False else "bold"))
    for line in difference.diff[:MOST_DIFF]:
        out.print(Text(line, style=DIFF_STYLES.get(line[:1], "")))
    if len(difference.diff) > MOST_DIFF:
        out.print(Text(f"... and {len(difference.diff) - MOST_DIFF} more lines of the difference"))
