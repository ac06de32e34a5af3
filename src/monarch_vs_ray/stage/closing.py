"""The summary that stays on the screen when a run is over."""

from __future__ import annotations

import sys
from typing import IO

from rich import box
from rich.table import Table
from rich.text import Text

from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.stage.console import console
from monarch_vs_ray.stage.presenter import Banner
from monarch_vs_ray.stage.state import State
from monarch_vs_ray.stage.summary import NAMES, Cell, conclusions, finding, lines, side_sentence


def print_closing(
    state: State, banner: Banner, *, ascii: bool = False, stream: IO[str] | None = None
) -> None:
    """Print what both sides showed, where they differed, how long each took, and how each ended."""
    stream = stream or sys.stdout
    out = console(stream)
    ascii = ascii or out.encoding.lower().replace("-", "") != "utf8"
    out.print()
    out.print(Text(f"{state.concept.title}, {_mode(banner)}: {state.concept.question}"))
    out.print(_observations(state, ascii))
    if any(line.described for line in lines(state)):
        out.print(Text("In (parentheses): what the code says there is, where no run can show it."))
    if any(all_.nanoseconds for side in state.sides.values() for all_ in side.operations.values()):
        out.print(_latencies(state, ascii))
    for side in state.sides.values():
        out.print(Text(side_sentence(side)))
        for trouble in side.troubles:
            out.print(Text(f"  The harness noted on {NAMES[side.engine]}: {trouble.detail}."))
        if not side.ended_well:
            for entry in [entry for entry in side.log if entry.origin in ("stderr", "harness")][-12:]:
                out.print(Text(f"  {entry.text}"))
    out.print(Text(finding(state)))
    for sentence in conclusions(state):
        out.print(Text(f"{'*' if ascii else '•'} {sentence}"))


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
    median = operations.median_us
    shown = f"{median:.0f} us" if median < 10_000 else f"{median / 1e3:.0f} ms"
    return f"{shown}  n={operations.count}"


def plain_table(columns: list[str], ascii: bool) -> Table:
    """Return an empty table with these columns."""
    table = Table(box=box.ASCII2 if ascii else box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for column in columns:
        table.add_column(Text(column), overflow="fold")
    return table
