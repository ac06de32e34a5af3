"""Run experiments: functions that each put one thing to the test and report observations.

An experiment is a plain function in an engine's ``experiments.py``. It observes; what that should mean is
the claim's business. The engine is started once for all experiments of a side, by the file's own
``session`` if it has one. When an experiment raises, the next one runs all the same, in what it left.
"""

from __future__ import annotations

import hashlib
import inspect
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from monarch_vs_ray.core.events import Answer, ExperimentBegun, ExperimentEnded
from monarch_vs_ray.side.line_trace import following_lines
from monarch_vs_ray.side.narration import MAX_TEXT, emit, name_of

Session = Callable[[], AbstractContextManager[object]]
Function = TypeVar("Function", bound=Callable[..., Any])


class Unavailable(Exception):
    """Raised by an experiment for what engine or machine lack: ``Unavailable("needs an RDMA NIC")``."""


@dataclass(frozen=True)
class Experiment:
    """A function with what it is called with; ``title`` is for the reader of a demo."""

    name: str
    function: Callable[..., None]
    options: dict[str, Any] = field(default_factory=dict)
    title: str = ""


def shared(function: Function) -> Function:
    """Let all experiments of a side share what this function makes: it runs once, when first called.

    For actors that experiments only call; one that breaks its subject makes its own.
    """
    return cache(function)  # type: ignore[return-value]


def run_experiments(experiments: Sequence[Experiment], session: Session, *, lines: bool = False) -> bool:
    """Run experiments one after another within one session of the engine.

    Args:
        experiments: What to run.
        session: Brings the engine up, and down at its end.
        lines: Report which line runs.

    Returns:
        Whether none of them failed; one that was unavailable did not.
    """
    with session():
        answers = [_run(experiment, following_lines if lines else nullcontext) for experiment in experiments]
    return "failed" not in answers


def _run(experiment: Experiment, following: Callable[[], AbstractContextManager[None]]) -> Answer:
    lines, first = inspect.getsourcelines(experiment.function)
    emit(
        ExperimentBegun,
        experiment=experiment.name,
        title=experiment.title or experiment.name.replace("_", " "),
        file=name_of(Path(inspect.getsourcefile(experiment.function) or "")),
        line=first,
        end_line=first + len(lines) - 1,
        code_sha256=hashlib.sha256("".join(lines).encode()).hexdigest(),
    )
    began = time.perf_counter_ns()
    with following():
        answer, error = _answer(experiment)
    took = time.perf_counter_ns() - began
    emit(ExperimentEnded, experiment=experiment.name, answer=answer, nanoseconds=took, error=error)
    return answer


def _answer(experiment: Experiment) -> tuple[Answer, str]:
    try:
        experiment.function(**experiment.options)
    except Unavailable as missing:
        return "unavailable", str(missing)
    except Exception as error:
        return "failed", f"{type(error).__name__}: {error}"[:MAX_TEXT]
    return "ok", ""
