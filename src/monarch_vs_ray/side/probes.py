"""Runs probes: functions of a native file that each put one thing to the test and say what they saw.

A probe is a function without arguments, found by its name. It observes; what that should mean is not its
business. An engine is started once for all the probes of a side, by the file's own ``session`` if it has
one. When a probe raises, the next one runs all the same, in what the first one left.
"""

from __future__ import annotations

import hashlib
import inspect
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from types import ModuleType

from monarch_vs_ray.core.events import Answer, ProbeBegun, ProbeEnded
from monarch_vs_ray.side.narration import MAX_TEXT, emit

Session = Callable[[], AbstractContextManager[object]]


class Unavailable(Exception):
    """Raised by a probe for what engine or machine do not have: ``Unavailable("needs an RDMA NIC")``."""


def run_probes(module: ModuleType, names: Sequence[str], session: Session) -> None:
    """Run these probes one after another within one session of the engine."""
    with session():
        for name in names:
            _run(name, getattr(module, name))


def _run(name: str, probe: Callable[[], None]) -> None:
    lines, first = inspect.getsourcelines(probe)
    sha256 = hashlib.sha256("".join(lines).encode()).hexdigest()
    emit(ProbeBegun, probe=name, line=first, end_line=first + len(lines) - 1, code_sha256=sha256)
    began = time.perf_counter_ns()
    answer, error = _answer(probe)
    took = time.perf_counter_ns() - began
    emit(ProbeEnded, probe=name, answer=answer, nanoseconds=took, error=error)


def _answer(probe: Callable[[], None]) -> tuple[Answer, str]:
    try:
        probe()
    except Unavailable as missing:
        return "unavailable", str(missing)
    except Exception as error:
        return "failed", f"{type(error).__name__}: {error}"[:MAX_TEXT]
    return "ok", ""
