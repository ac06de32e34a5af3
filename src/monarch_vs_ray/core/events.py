"""The events of a run: the only thing that leaves a side, and the only thing a history holds.

Every event is one JSON object on one line. Fields common to all:

``side``
    The engine whose run it belongs to: ``"monarch"`` or ``"ray"``.
``at``
    Nanoseconds since the run began, on the machine's monotonic clock (one clock for both sides).
``seq``
    Position in the order in which the side emitted, from 0. Events that the harness itself makes
    (captured output, harness notes, the end of a side) carry -1.

Decoding checks the schema: an unknown type, a missing field, a field of the wrong type or one too
many raises ``msgspec.ValidationError``.
"""

from __future__ import annotations

import math
from typing import Literal

import msgspec

FORMAT = 3
"""Version of the history format; a reader refuses another one. 3 made experiments its unit."""

MAX_LINE_BYTES = 256 * 1024
"""A longer line is not an event: it is skipped and reported as oversized."""

HARNESS = -1
"""The ``seq`` of an event that the harness made, not the side."""

Scalar = str | int | float | bool | None
Engine = Literal["monarch", "ray"]
ENGINES: tuple[Engine, ...] = ("monarch", "ray")
Answer = Literal["ok", "failed", "unavailable"]
Origin = Literal["demo", "stdout", "stderr"]
Outcome = Literal["ok", "failed", "unknown"]
Ending = Literal["exit", "signal", "deadline", "stopped", "lost"]
Phase = Literal["sent", "begun", "ended", "answered", "dropped"]
Trouble = Literal["garbled", "oversized", "late", "pipe_closed", "flood", "out_of_sequence", "wrong_side"]


class Event(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", forbid_unknown_fields=True, gc=False
):
    """What every event has; see the module's text for the meaning of the fields."""

    side: Engine
    at: int
    seq: int = HARNESS


class Machine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The kind of machine a run was made on, without anything that names it; ``gpus`` are their models."""

    system: str
    architecture: str
    cores: int
    memory_bytes: int
    python: str
    gpus: tuple[str, ...] = ()


class RunStarted(Event, frozen=True, kw_only=True, tag="run_started"):
    """A side's manifest: always its first event.

    ``code`` holds the native files as they ran, by the name that other events use for them, so that a
    history can show the line that was running even when a file has since changed. ``date`` is UTC in
    ISO 8601.
    """

    format: int
    concept: str
    versions: dict[str, str]
    machine: Machine
    date: str
    code: dict[str, str]


class StepBegun(Event, frozen=True, kw_only=True, tag="step_begun"):
    """A step of a program began; ``line``..``end_line`` is its block in ``file`` (1-based)."""

    step: int
    title: str
    file: str
    line: int
    end_line: int


class StepEnded(Event, frozen=True, kw_only=True, tag="step_ended"):
    """A step ended; ``error`` holds the exception that left it, or nothing."""

    step: int
    error: str = ""


class OperationInvoked(Event, frozen=True, kw_only=True, tag="operation_invoked"):
    """One call on the engine began, at ``line`` of ``file``; ``step`` is -1 outside any step."""

    operation: int
    step: int
    name: str
    file: str
    line: int
    attributes: dict[str, Scalar] = {}


class OperationEnded(Event, frozen=True, kw_only=True, tag="operation_ended"):
    """The call came back: ok, failed with an exception, or unknown (nobody can say: a timeout)."""

    operation: int
    outcome: Outcome
    nanoseconds: int
    error_type: str = ""
    error: str = ""


class LineReached(Event, frozen=True, kw_only=True, tag="line_reached"):
    """The experiment that runs has come to ``line`` of ``file``; said in demos only, for the screen."""

    file: str
    line: int


class LogLine(Event, frozen=True, kw_only=True, tag="log_line"):
    """A line of text: said by the demo, or caught on the engine's stdout or stderr."""

    origin: Origin
    text: str


class Metric(Event, frozen=True, kw_only=True, tag="metric"):
    """A measured number with its unit, for instance ``call_latency`` in ``us``.

    A point of a curve has its place on the horizontal axis in ``x``; one of several ranks, its ``rank``.
    """

    name: str
    value: float
    unit: str
    x: float | None = None
    rank: int | None = None


class Seen(Event, frozen=True, kw_only=True, tag="seen"):
    """A thing as it was observed at that moment: an actor, a process, a buffer.

    ``id`` names it within its experiment, ``parent`` is the id of what owns it. ``coordinates`` is its place
    in a group, by dimension. ``state`` is a word such as ``runs``, ``stopped``, ``died``; ``why`` its cause.
    """

    id: str
    kind: str
    state: str
    parent: str = ""
    coordinates: dict[str, int] = {}
    why: str = ""


class Message(Event, frozen=True, kw_only=True, tag="message"):
    """One phase of one message, stamped where it happened and emitted afterwards.

    ``id`` names the message within its experiment, ``number`` is its place among those of its sender.
    ``time`` is nanoseconds on the machine's monotonic clock since the experiment's own start, so that phases
    that several processes stamped are on one axis; -1 where only the order is known.
    """

    id: str
    sender: str
    receiver: str
    phase: Phase
    number: int = 0
    time: int = -1
    bytes: int | None = None


class Observation(Event, frozen=True, kw_only=True, tag="observation"):
    """What was seen, never what it should mean. ``value`` is any JSON value."""

    key: str
    value: object
    unit: str = ""


class FaultInjected(Event, frozen=True, kw_only=True, tag="fault_injected"):
    """Something was broken on purpose, and seen to be broken, ``times`` times."""

    fault: str
    target: str
    times: int = 1


class ExperimentBegun(Event, frozen=True, kw_only=True, tag="experiment_begun"):
    """An experiment began; what the side emits until it ended belongs to it.

    ``line``..``end_line`` is its function in ``file``; ``code_sha256`` that of the function's text.
    """

    experiment: str
    title: str
    file: str
    line: int
    end_line: int
    code_sha256: str


class ExperimentEnded(Event, frozen=True, kw_only=True, tag="experiment_ended"):
    """An experiment ended: ``ok``; ``failed`` by an exception; ``unavailable`` when ``error`` is missing."""

    experiment: str
    answer: Answer
    nanoseconds: int
    error: str = ""


class HarnessNote(Event, frozen=True, kw_only=True, tag="harness_note"):
    """Something was wrong with what a side sent; the run went on. ``count``: how many lines."""

    trouble: Trouble
    detail: str
    count: int = 1


class SideEnded(Event, frozen=True, kw_only=True, tag="side_ended"):
    """A side is over and nothing of it is left: always its last event.

    ``exit_code`` is set for the ending ``exit``, ``signal`` for ``signal``. ``strays`` names the
    processes that outlived the side's own end and had to be killed; ``removed`` counts the files
    and shared-memory segments that were cleaned up; ``dropped`` the lines past the flood limit.
    """

    ending: Ending
    exit_code: int | None = None
    signal: int | None = None
    strays: list[str] = []
    removed: int = 0
    dropped: int = 0


AnyEvent = (
    RunStarted
    | StepBegun
    | StepEnded
    | OperationInvoked
    | OperationEnded
    | LineReached
    | LogLine
    | Metric
    | Seen
    | Message
    | Observation
    | FaultInjected
    | ExperimentBegun
    | ExperimentEnded
    | HarnessNote
    | SideEnded
)

encoder = msgspec.json.Encoder()
decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)


def encode(event: Event) -> bytes:
    """Return one line of a history, newline included."""
    return encoder.encode(event) + b"\n"


LONGEST_RUN = 7 * 24 * 3600 * 10**9
"""Nanoseconds; an event that claims to be later is none."""
DEEPEST = 16
"""Lists and dicts in each other that an observation may hold."""


def too_long(line: bytes) -> str:
    """Return why a line cannot be an event, for its length alone; empty when it can."""
    size = len(line)
    return f"a line of {size} bytes, longer than {MAX_LINE_BYTES}" if size > MAX_LINE_BYTES else ""


def unacceptable(event: AnyEvent) -> str:
    """Return why an event of the right form cannot be one of a run; empty when it can."""
    if not 0 <= event.at <= LONGEST_RUN:
        return f"at = {event.at} ns is no moment of a run"
    if type(event) is Observation and not _acceptable(event.value, DEEPEST):
        return f"{event.key} has more than {DEEPEST} levels, or a number that is none"
    if type(event) is Metric and not math.isfinite(event.value):
        return f"metric {event.name} is no finite number"
    return ""


def _acceptable(value: object, levels: int) -> bool:
    """Return whether a value is nested at most so deeply, and its numbers are finite."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, (list, dict)):
        parts = value.values() if isinstance(value, dict) else value
        return levels > 0 and all(_acceptable(part, levels - 1) for part in parts)
    return True
