"""Showing a run without a terminal: plain lines for people and logs, or the events themselves."""

from __future__ import annotations

import sys
from typing import IO

from monarch_vs_ray.core.output import one_line
from monarch_vs_ray.core.stream import Batch
from monarch_vs_ray.stage.state import SideState, State

TICK = 0.1


class PlainLines:
    """Prints each line of the sides' logs as it comes: time, engine, what it is, text."""

    quit = False
    holding = False
    whole = False

    def __init__(self, state: State, stream: IO[str] | None = None) -> None:
        self._state = state
        self._stream = stream or sys.stdout
        self._shown = dict.fromkeys(state.sides, 0)

    def fd(self) -> int | None:
        """No keyboard."""
        return None

    def wait(self) -> float:
        """A tenth of a second: lines come in small groups, in the order of their time."""
        return TICK

    def update(self, batch: Batch, now: int) -> None:
        """Print what is new."""
        new = [line for side in self._state.sides.values() for line in self._new(side)]
        for _, text in sorted(new, key=lambda line: line[0]):
            self._stream.write(text + "\n")
        if new:
            self._stream.flush()

    def _new(self, side: SideState) -> list[tuple[int, str]]:
        count = min(side.logged - self._shown[side.engine], len(side.log))
        missed = side.logged - self._shown[side.engine] - count
        self._shown[side.engine] = side.logged
        entries = list(side.log)[len(side.log) - count :]
        lines = [(entry.at, _line(entry.at, side.engine, entry.origin, entry.text)) for entry in entries]
        if missed:
            at = entries[0].at if entries else 0
            lines.insert(0, (at, _line(at, side.engine, "harness", f"{missed} lines are not shown")))
        return lines


def _line(at: int, engine: str, origin: str, text: str) -> str:
    return f"{at / 1e9:8.3f}s  {engine:<7}  {origin:<7}  {one_line(text)}"


class JsonLines:
    """Prints the events, one JSON object a line, as a history holds them."""

    quit = False
    holding = False
    whole = False

    def __init__(self, stream: IO[bytes] | None = None) -> None:
        self._stream = stream or sys.stdout.buffer

    def fd(self) -> int | None:
        """No keyboard."""
        return None

    def wait(self) -> float:
        """A tenth of a second."""
        return TICK

    def update(self, batch: Batch, now: int) -> None:
        """Print what came."""
        if batch.raw:
            self._stream.write(batch.raw)
            self._stream.flush()
