"""What the probes of both engines use; nothing in it knows an engine."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

PATIENCE = 90.0
"""Seconds to wait for what must come; when it has come, nobody waits any longer."""
RATE = "LEARNING_RATE"


class Cell(NamedTuple):
    """What came of a notebook's cell, and how many warnings of the event loop it met."""

    reply: object
    warnings: int


def run_cell(cell: Callable[[], object]) -> Cell:
    """Run a cell as a notebook does, which runs its cells within an event loop."""

    async def run() -> object:
        found = cell()
        return await found if inspect.isawaitable(found) else found

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        reply = asyncio.run(run())
    return Cell(reply, sum("event loop" in str(each.message) for each in said))


def outcome(call: Callable[[], object]) -> object:
    """What a call came to: its answer, or its error in one line."""
    try:
        return call()
    except Exception as error:
        return f"{type(error).__name__}: {error}".partition("\n")[0]


def interactive_python(**settings: Any) -> subprocess.Popen[str]:
    """An interactive Python, as in a shell; what is written to its stdin is typed there."""
    return subprocess.Popen(
        [sys.executable, "-i", "-q"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        **settings,
    )


def is_in_a_log(text: str) -> bool:
    """Whether a log file of this run has this text."""
    logs = [path for path in Path(tempfile.gettempdir()).rglob("*.log") if path.is_file()]
    return any(text in path.read_text(errors="replace") for path in logs)
