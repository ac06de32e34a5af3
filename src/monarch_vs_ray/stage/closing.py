"""The summary that stays on the screen when a run is over."""

from __future__ import annotations

import sys
from typing import IO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.stage.console import console
from monarch_vs_ray.stage.presenter import Banner
from monarch_vs_ray.stage.state import State
from monarch_vs_ray.stage.summary import Cell, conclusions, finding, lines, side_sentence
from monarch_vs_ray.stage.values import NAMES, duration

HEADINGS = {
    "not as claimed": "Not as claimed in this run:",
    "same": "Same on both:",
    "different": "Different:",
}
STYLES = {"not as claimed": "bad", "same": "text", "different": "text"}


def closing_lines(state: State) -> list[tuple[str, str]]:
    """Return what a run showed: what is the same on both, and what differs; each line with its style."""
    found = conclusions(state)
    told: list[tuple[str, str]] = []
    for kind, heading in HEADINGS.items():
        of_kind = [each.text for each in found if each.kind == kind]
        if of_kind:
            told += [(heading, "title"), *((f"- {text}", STYLES[kind]) for text in of_kind)]
    return told


def print_closing(
    state: State,
    banner: Banner,
    *,
    ascii: bool = False,
    verbose: bool = False,
    further: str = "",
    stream: IO[str] | None = None,
) -> None:
    """Print what a run showed, how each side ended, and how to go on.

    Args:
        state: The whole run.
        banner: Live, or a replay.
        ascii: Draw tables with ASCII characters only.
        verbose: Print the tables of all observations and calls, too.
        further: How to go on.
        stream: Where to print; stdout by default.
    """
    stream = stream or sys.stdout
    out = console(stream)
    ascii = ascii or out.encoding.lower().replace("-", "") != "utf8"
    out.print(Text(f"{state.concept.title}, {_mode(banner)}", style="bold"))
    if verbose:
        _print_tables(state, out, ascii)
    for text, style in closing_lines(state):
        out.print(Text(text, style="bold" if style == "title" else "red" if style == "bad" else ""))
    out.print(Text(_endings(state)))
    _print_troubles(state, out)
    out.print(Text(finding(state)))
    if further:
        out.print(Text(further))


def _endings(state: State) -> str:
    """Return how the sides ended, in one sentence where both did so alike."""
    sides = list(state.sides.values())
    if not all(side.ended_well and side.ended and not side.ended.strays for side in sides):
        return " ".join(side_sentence(side) for side in sides)
    told = "; ".join(
        f"{NAMES[side.engine]}: {side.steps_done} of {len(side.steps)} steps, {duration(side.ended.at / 1e9)}"
        for side in sides
        if side.ended
    )
    return f"{told}; no process left."


def _print_troubles(state: State, out: Console) -> None:
    for side in state.sides.values():
        for trouble in side.troubles:
            out.print(Text(f"  The harness noted on {NAMES[side.engine]}: {trouble.detail}."))
        if not side.ended_well:
            for entry in [entry for entry in side.log if entry.origin in ("stderr", "harness")][-12:]:
                out.print(Text(f"  {entry.text}"))


def _print_tables(state: State, out: Console, ascii: bool) -> None:
    out.print(_observations(state, ascii))
    if any(line.described for line in lines(state)):
        out.print(Text("In (parentheses): what the code says there is, where no run can show it."))
    if any(all_.nanoseconds for side in state.sides.values() for all_ in side.operations.values()):
        out.print(_latencies(state, ascii))


def _mode(banner: Banner) -> str:
    return banner.mode.lower() + (f" ({banner.note})" if banner.note else "")


def _observations(state: State, ascii: bool) -> Table:
    table = plain_table(["observed", *columns(state), ""], ascii)
    for line in lines(state):
        mark = ("!=" if ascii else "≠") if line.differs else ""
        table.add_row(Text(line.label), *(_cell(line.cells[engine]) for engine in state.sides), Text(mark))
    return table


def _cell(cell: Cell) -> Text:
    return Text(cell.text, style="bold red" if cell.met is False else "")


def columns(state: State) -> list[str]:
    """Return the heading of each side: engine and release."""
    return [
        f"{NAMES[engine]} {side.manifest.versions.get(engine, '')}".rstrip()
        if side.manifest
        else NAMES[engine]
        for engine, side in state.sides.items()
    ]


def _latencies(state: State, ascii: bool) -> Table:
    """Median latency by operation; the engines share the cores, so the numbers are indicative."""
    table = plain_table(["median latency (indicative: both engines share the cores)", *columns(state)], ascii)
    names = dict.fromkeys(name for side in state.sides.values() for name in side.operations)
    for name in names:
        table.add_row(Text(name), *(Text(_latency(state, engine, name)) for engine in state.sides))
    return table


def _latency(state: State, engine: Engine, name: str) -> str:
    operations = state.sides[engine].operations.get(name)
    if operations is None or not operations.nanoseconds:
        return ""
    return f"{duration(operations.median_us / 1e6)}  n={operations.count}"


def plain_table(columns: list[str], ascii: bool) -> Table:
    """Return an empty table with these columns."""
    table = Table(box=box.ASCII2 if ascii else box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for column in columns:
        table.add_column(Text(column), overflow="fold")
    return table
