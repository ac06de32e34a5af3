"""The child's end of the pipe: where events go."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from monarch_vs_ray.core.events import (
    Engine,
    Event,
    ExperimentBegun,
    ExperimentEnded,
    LineReached,
    LogLine,
    Message,
    Metric,
    Observation,
    OperationEnded,
    OperationInvoked,
    RunStarted,
    Seen,
    StepBegun,
    StepEnded,
    encoder,
)

EVENTS_FD = "MVR_EVENTS_FD"
ORIGIN_NS = "MVR_ORIGIN_NS"

MakeEvent = Callable[[Engine, int, int], Event]
E = TypeVar("E", bound=Event)


class Emitter(Protocol):
    """Takes the events of a side as they happen."""

    def emit(self, kind: type[Event], /, **fields: object) -> None:
        """Stamp an event of that kind with side, time and position, and send it."""
        ...


class PipeEmitter:
    """Writes one JSON line per event to a pipe, in one ``write`` each.

    Nothing is buffered here: an event that ``emit`` returned from survives the death of this
    process. A full pipe makes the caller wait, so no event is lost. When the reader is gone, the
    emitter falls silent rather than raising into the native code. Safe to call from any thread;
    a forked child does not write (its lines would mix with ours).
    """

    def __init__(self, side: Engine, fd: int, origin_ns: int) -> None:
        self._side = side
        self._fd = fd
        self._origin = origin_ns
        self._seq = 0
        self._lock = threading.Lock()
        self._buffer = bytearray()
        self._pid = os.getpid()
        os.set_inheritable(fd, False)
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._fd = -1
        self._lock = threading.Lock()

    def emit(self, kind: type[Event], /, **fields: object) -> None:
        """Send one event; returns when the pipe has taken it."""
        with self._lock:
            if self._fd < 0:
                return
            event = kind(side=self._side, at=time.monotonic_ns() - self._origin, seq=self._seq, **fields)
            encoder.encode_into(event, self._buffer)
            self._buffer += b"\n"
            self._seq += 1
            self._write()

    def _write(self) -> None:
        try:
            written = os.write(self._fd, self._buffer)
            while written < len(self._buffer):
                written += os.write(self._fd, memoryview(self._buffer)[written:])
        except (BrokenPipeError, OSError):
            self._fd = -1


class SilentEmitter:
    """Does nothing with events, so that a run costs only what the engine costs."""

    def emit(self, kind: type[Event], /, **fields: object) -> None:
        """Drop the event."""


class PrintEmitter:
    """Prints what happens, for experiments that somebody runs alone."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._operations: dict[object, str] = {}

    def emit(self, kind: type[Event], /, **fields: object) -> None:
        """Print one readable line, or none for what only a screen needs."""
        line = self._line(kind, fields)
        if line:
            print(f"{time.monotonic() - self._began:7.3f}s  {line}", flush=True)

    def _line(self, kind: type[Event], fields: dict[str, object]) -> str:
        if kind in (StepBegun, ExperimentBegun):
            return f"{fields['title']}"
        if kind in (RunStarted, LineReached, Message, Seen):
            return ""
        if kind is ExperimentEnded:
            return "" if fields["answer"] == "ok" else f"  {fields['answer']}: {fields['error']}"
        if kind is StepEnded:
            return f"  left by {fields['error']}" if fields.get("error") else ""
        if kind is OperationInvoked:
            self._operations[fields["operation"]] = str(fields["name"])
            return ""
        if kind is OperationEnded:
            return self._ended(fields)
        if kind is Observation:
            return f"  {fields['key']} = {fields['value']!r} {fields.get('unit', '')}".rstrip()
        if kind is Metric:
            return f"  {fields['name']}: {fields['value']:g} {fields['unit']}"
        if kind is LogLine:
            return f"  {fields['text']}"
        return f"  {kind.__name__}: " + ", ".join(f"{key}={value}" for key, value in fields.items())

    def _ended(self, fields: dict[str, object]) -> str:
        name = self._operations.pop(fields["operation"], "operation")
        if fields["outcome"] == "ok":
            return ""
        return f"  {name}: {fields['outcome']}, {fields['error_type']}: {fields['error']}"


def from_environment(side: Engine | None) -> Emitter:
    """The emitter for this process: onto the launcher's pipe if it gave one, else onto stdout."""
    fd = os.environ.get(EVENTS_FD)
    if side is None or fd is None:
        return PrintEmitter()
    return PipeEmitter(side, int(fd), int(os.environ[ORIGIN_NS]))
