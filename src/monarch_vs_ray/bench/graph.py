"""Task graphs as in Task Bench (Slaughter et al., SC'20): who needs whom, the kernel, and the oracle.

A graph has ``WIDTH`` columns and some steps. A task, one column in one step, gets the values of some columns
of the step before. Its value depends on all of them, so the last values say whether everything arrived.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence

WIDTH = max(4, len(os.sched_getaffinity(0)))
"""Columns; each has a process of its own."""
LEAST_STEPS, MOST_STEPS = 4, 2_000


def _trivial(column: int, step: int) -> list[int]:
    return []


def _stencil_1d(column: int, step: int) -> list[int]:
    return [each for each in (column - 1, column, column + 1) if 0 <= each < WIDTH]


def _fft(column: int, step: int) -> list[int]:
    distance = 1 << (step - 1) % max(1, (WIDTH - 1).bit_length())
    return sorted({each for each in (column, column ^ distance) if each < WIDTH})


def _tree(column: int, step: int) -> list[int]:
    return [column // 2]


def _all_to_all(column: int, step: int) -> list[int]:
    return list(range(WIDTH))


PATTERNS: dict[str, Callable[[int, int], list[int]]] = {
    "trivial": _trivial,
    "stencil_1d": _stencil_1d,
    "fft": _fft,
    "tree": _tree,
    "all_to_all": _all_to_all,
}


def needs(pattern: str, column: int, step: int) -> list[int]:
    """Return the columns of the step before whose values a task needs; none in step 0."""
    return PATTERNS[pattern](column, step) if step else []


def needed_by(pattern: str, column: int, step: int) -> list[int]:
    """Return the columns of the next step that need a task's value."""
    return [other for other in range(WIDTH) if column in needs(pattern, other, step + 1)]


def kernel(column: int, step: int, inputs: Sequence[bytes], rounds: int) -> bytes:
    """Compute a task's value, in ``rounds`` of a hash that lets other threads run."""
    salt = column.to_bytes(4, "little") + step.to_bytes(4, "little")
    return hashlib.pbkdf2_hmac("sha256", b"".join(inputs), salt, rounds, 8)


def oracle(pattern: str, steps: int, rounds: int) -> list[bytes]:
    """Return the last values of all columns, computed one after the other."""
    values: list[bytes] = []
    for step in range(steps):
        values = [
            kernel(column, step, [values[each] for each in needs(pattern, column, step)], rounds)
            for column in range(WIDTH)
        ]
    return values


def pattern_of(workload: str) -> str:
    """Return the pattern of a workload by its name, ``task_graph_fft``."""
    return workload.partition("_graph_")[2]
