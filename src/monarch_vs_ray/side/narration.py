"""The small API by which native code says what it does; see the package's text for how it reads."""

from __future__ import annotations

import ast
import itertools
import sys
import time
from collections.abc import Sequence
from contextvars import ContextVar
from pathlib import Path
from types import CodeType, FrameType, TracebackType

from monarch_vs_ray.core.concept import native_name
from monarch_vs_ray.core.events import (
    Event,
    FaultInjected,
    LogLine,
    Message,
    Metric,
    Observation,
    OperationEnded,
    OperationInvoked,
    Outcome,
    Phase,
    Scalar,
    Seen,
    StepBegun,
    StepEnded,
)
from monarch_vs_ray.side.emitter import Emitter, PrintEmitter

MAX_TEXT = 32 * 1024
"""Longer texts are cut, so that no event of ours is an oversized line."""
MAX_MESSAGES = 64
"""Messages of an experiment that a picture has room for; the rest is counted, never emitted."""


class _Narrator:
    """The state of the narration: where events go, and which files they speak of."""

    def __init__(self) -> None:
        self.emitter: Emitter = PrintEmitter()
        self.names: dict[str, str] = {}
        self.blocks: dict[str, dict[int, int]] = {}
        self.steps = itertools.count()
        self.operations = itertools.count()

    def place(self, frame: FrameType | None) -> tuple[str, int]:
        """Return file and innermost line of a native file on this call stack; line 0 when there is none."""
        fallback = frame.f_lineno if frame and not self.names else 0
        while frame is not None:
            name = self.names.get(frame.f_code.co_filename)
            if name is not None:
                return name, frame.f_lineno
            frame = frame.f_back
        return "", fallback


_narrator = _Narrator()
_current_step: ContextVar[int] = ContextVar("current_step", default=-1)


def narrate_to(emitter: Emitter, files: Sequence[Path] = ()) -> dict[str, str]:
    """Send this process's events to an emitter from now on.

    Args:
        emitter: What takes the events.
        files: The native files that lines refer to.

    Returns:
        The text of each file, by the name that events use for it.
    """
    _narrator.emitter = emitter
    _narrator.names = {str(file): native_name(file) for file in files}
    texts = {native_name(file): file.read_text(encoding="utf-8") for file in files}
    _narrator.blocks = {name: _with_blocks(text) for name, text in texts.items()}
    return texts


def name_of(file: Path) -> str:
    """Return the name that events use for a native file."""
    return _narrator.names.get(str(file), file.name)


def file_of_code(code: CodeType) -> str:
    """Return the name that events use for the native file of some code; empty for any other file."""
    return _narrator.names.get(code.co_filename, "")


def _with_blocks(code: str) -> dict[int, int]:
    """Return first and last line of every ``with`` block."""
    blocks = (node for node in ast.walk(ast.parse(code)) if isinstance(node, (ast.With, ast.AsyncWith)))
    return {node.lineno: node.end_lineno or node.lineno for node in blocks}


class step:  # noqa: N801 - reads as a statement: `with step("...")`
    """A step of a program; its block is lit on the screen while it runs. An exception passes through."""

    __slots__ = ("_number", "_token", "title")

    def __init__(self, title: str) -> None:
        self.title = title

    def __enter__(self) -> None:
        file, line = _narrator.place(sys._getframe(1))
        self._number = next(_narrator.steps)
        self._token = _current_step.set(self._number)
        end = _narrator.blocks.get(file, {}).get(line, line)
        _narrator.emitter.emit(
            StepBegun, step=self._number, title=self.title, file=file, line=line, end_line=end
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _current_step.reset(self._token)
        said = f"{kind.__name__}: {error}"[:MAX_TEXT] if kind else ""
        _narrator.emitter.emit(StepEnded, step=self._number, error=said)


class operation:  # noqa: N801 - reads as a statement: `with operation("...")`
    """One measured call on the engine.

    Ends ``ok``; or ``failed`` with the exception that left the block; or ``unknown`` when that was
    a TimeoutError, after which nobody can say whether the call took effect. Exceptions pass
    through. After the block, ``seconds`` is how long it took.
    """

    __slots__ = ("_attributes", "_began", "_name", "_number", "seconds")

    def __init__(self, name: str, **attributes: Scalar) -> None:
        self._name = name
        self._attributes = attributes
        self.seconds = 0.0

    def __enter__(self) -> operation:
        self._number = next(_narrator.operations)
        file, line = _narrator.place(sys._getframe(1))
        _narrator.emitter.emit(
            OperationInvoked,
            operation=self._number,
            step=_current_step.get(),
            name=self._name,
            file=file,
            line=line,
            attributes=self._attributes,
        )
        self._began = time.perf_counter_ns()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        took = time.perf_counter_ns() - self._began
        self.seconds = took / 1e9
        _narrator.emitter.emit(
            OperationEnded,
            operation=self._number,
            outcome=_outcome(kind),
            nanoseconds=took,
            error_type=kind.__name__ if kind else "",
            error=str(error)[:MAX_TEXT] if kind else "",
        )


def _outcome(kind: type[BaseException] | None) -> Outcome:
    if kind is None:
        return "ok"
    return "unknown" if issubclass(kind, TimeoutError) else "failed"


def emit(kind: type[Event], /, **fields: object) -> None:
    """Send one event to where this process's events go."""
    _narrator.emitter.emit(kind, **fields)


def observe(key: str, value: object, unit: str = "") -> None:
    """Record an observation under ``key``: a str, number, bool, None, or lists and dicts of these."""
    _narrator.emitter.emit(Observation, key=key, value=value, unit=unit)


def metric(name: str, value: float, unit: str, x: float | None = None, rank: int | None = None) -> None:
    """Record a measured number with its unit (``us``, ``MB/s``, ...); ``x`` and ``rank``: a curve's."""
    _narrator.emitter.emit(Metric, name=name, value=float(value), unit=unit, x=x, rank=rank)


def seen(
    id: str,
    kind: str,
    state: str,
    *,
    parent: str = "",
    why: str = "",
    coordinates: dict[str, int] | None = None,
) -> None:
    """Record in which state a thing was observed; see ``core.events.Seen``."""
    _narrator.emitter.emit(
        Seen, id=id, kind=kind, state=state, parent=parent, why=why, coordinates=coordinates or {}
    )


def message(
    id: str,
    sender: str,
    receiver: str,
    phase: Phase,
    *,
    number: int = 0,
    time: int = -1,
    bytes: int | None = None,
) -> None:
    """Record one phase of a message; see ``core.events.Message``. At most MAX_MESSAGES in an experiment."""
    _narrator.emitter.emit(
        Message,
        id=id,
        sender=sender,
        receiver=receiver,
        phase=phase,
        number=number,
        time=time,
        bytes=bytes,
    )


def log(text: object) -> None:
    """Write to the log; each line of the text becomes a line of it."""
    for line in str(text)[:MAX_TEXT].splitlines() or [""]:
        _narrator.emitter.emit(LogLine, origin="demo", text=line)


def fault(kind: str, target: object, times: int = 1) -> None:
    """Record that something was broken on purpose, once it has been seen to be broken.

    ``instruments.faults`` breaks things and proves it; call this directly only with a proof of your own.
    """
    _narrator.emitter.emit(FaultInjected, fault=kind, target=str(target), times=times)
