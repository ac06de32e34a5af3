"""Reads a history back, strictly: what is not an event of this format is an error with its line."""

from __future__ import annotations

import gzip
import stat
import zlib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from monarch_vs_ray.core.errors import UnreadableHistory
from monarch_vs_ray.core.events import FORMAT, AnyEvent, Engine, RunStarted, decoder, too_long, unacceptable

NAME_ANOTHER = "name a file that --record made"
RECORD_AGAIN = "the file was changed; record the run again"
MAX_BYTES = 32 * 1024 * 1024
MAX_EVENTS = 200_000


class Header(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="history"):
    """The first line of a history file.

    ``date`` is UTC in ISO 8601. ``name`` tells histories apart that are kept in one file.
    """

    format: int
    concept: str
    sides: list[Engine]
    date: str
    name: str = ""


@dataclass(frozen=True)
class History:
    """A history file, whole: header, events in order of arrival, and the same as lines."""

    header: Header
    events: list[AnyEvent]
    lines: list[bytes]

    @property
    def versions(self) -> dict[str, str]:
        """Version of each engine that ran."""
        return {
            event.side: event.versions.get(event.side, "unknown")
            for event in self.events
            if isinstance(event, RunStarted)
        }


def read(path: Path) -> History:
    """Read a history file, a compressed one (``.gz``) too.

    A last line without an end is what a crash leaves, and is passed over. Raises UnreadableHistory
    for anything else that is not a history of this format.
    """
    data = read_bounded(path)
    lines = data[: data.rfind(b"\n") + 1].splitlines()
    if not lines:
        raise UnreadableHistory(path, 1, "the file is empty", NAME_ANOTHER)
    header = _header(path, lines[0])
    if len(lines) > MAX_EVENTS:
        raise UnreadableHistory(path, 0, f"{len(lines)} lines, more than {MAX_EVENTS}", NAME_ANOTHER)
    events = [_event(path, number, line) for number, line in enumerate(lines[1:], start=2)]
    return History(header, events, lines[1:])


def read_bounded(path: Path, most: int = MAX_BYTES) -> bytes:
    """Read a file that comes from outside, unpacked if it is a ``.gz``.

    Args:
        path: The file.
        most: How many bytes it may have, unpacked; no more than that is ever held.

    Raises:
        UnreadableHistory: If it cannot be read, is no regular file, or is larger.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UnreadableHistory(path, 0, "not a regular file", NAME_ANOTHER)
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            data = file.read(most + 1)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableHistory(path, 0, reason, NAME_ANOTHER) from None
    if len(data) > most:
        raise UnreadableHistory(path, 0, f"larger than {most >> 20} MB", NAME_ANOTHER)
    return data


def _header(path: Path, line: bytes) -> Header:
    try:
        header = msgspec.json.decode(line, type=Header)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableHistory(path, 1, f"no header of a history ({error})", NAME_ANOTHER) from None
    if header.format != FORMAT:
        reason = f"format {header.format}, and this version reads {FORMAT}"
        raise UnreadableHistory(path, 1, reason, "record the run again, or use the version that made it")
    return header


def _event(path: Path, number: int, line: bytes) -> AnyEvent:
    try:
        event = decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableHistory(path, number, str(error) or "nested too deeply", RECORD_AGAIN) from None
    if wrong := too_long(line) or unacceptable(event):
        raise UnreadableHistory(path, number, wrong, RECORD_AGAIN)
    return event
