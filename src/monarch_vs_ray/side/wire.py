"""The parent's end of the pipes: bytes in, checked events out, and never an exception."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import msgspec

from monarch_vs_ray.core.events import (
    MAX_LINE_BYTES,
    AnyEvent,
    Engine,
    HarnessNote,
    LogLine,
    Origin,
    Trouble,
    decoder,
    unacceptable,
)
from monarch_vs_ray.core.stream import Batch

Clean = Callable[[bytes], bytes]
Now = Callable[[], int]


class LineBuffer:
    """Cuts a stream into whole lines of at most ``limit`` bytes; remembers no more of an unfinished one."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._tail = b""
        self._skipped = 0

    def feed(self, data: bytes) -> tuple[bytes, list[int]]:
        """The whole lines that ``data`` completes, and the sizes of those that were too long."""
        oversized = []
        if self._skipped:
            head, newline, data = data.partition(b"\n")
            self._skipped += len(head)
            if not newline:
                return b"", []
            oversized.append(self._skipped)
            self._skipped = 0
        block, newline, tail = (self._tail + data).rpartition(b"\n")
        self._tail = tail
        if len(tail) > self._limit:
            self._skipped, self._tail = len(tail), b""
        block += newline
        if len(block) > self._limit + 1:
            lines = block.split(b"\n")[:-1]
            oversized += [len(line) for line in lines if len(line) > self._limit]
            if oversized:
                block = b"".join(line + b"\n" for line in lines if len(line) <= self._limit)
        return block, oversized

    def rest(self) -> tuple[bytes, list[int]]:
        """What is left when the stream has ended: an unfinished line, or its size if too long."""
        tail, skipped = self._tail, self._skipped
        self._tail, self._skipped = b"", 0
        return tail, [skipped] if skipped else []


class EventReader:
    """Turns what comes down one side's event pipe into events.

    A line that is no event, belongs to the other side, is out of its sequence, too long or one too
    many becomes a harness note; the events around it are kept.
    """

    def __init__(self, side: Engine, clean: Clean, now: Now, max_events: int) -> None:
        self._side: Engine = side
        self._clean = clean
        self._now = now
        self._lines = LineBuffer(MAX_LINE_BYTES)
        self._expected = 0
        self._left = max_events
        self.dropped = 0

    def feed(self, data: bytes, batch: Batch) -> None:
        """Add what ``data`` completes to the batch."""
        block, oversized = self._lines.feed(data)
        for size in oversized:
            self._note(batch, "oversized", f"a line of {size} bytes; the limit is {MAX_LINE_BYTES}")
        if block:
            self._take(self._clean(block), batch)

    def end(self, batch: Batch) -> None:
        """The stream has ended; what was begun and not finished is no event."""
        rest, oversized = self._lines.rest()
        if rest or oversized:
            size = oversized[0] if oversized else len(rest)
            self._note(batch, "garbled", f"the stream ended within a line, after {size} bytes of it")

    def late(self, data: bytes, batch: Batch) -> None:
        """Lines that came when the side was already over: counted, not taken."""
        count = max(1, data.count(b"\n"))
        self._note(batch, "late", f"{count} lines came after the side had ended", count)

    def _take(self, block: bytes, batch: Batch) -> None:
        if self._left <= 0:
            self.dropped += block.count(b"\n")
            return
        try:
            events = decoder.decode_lines(block)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self._take_one_by_one(block, batch)
            return
        if len(events) > self._left or not self._in_order(events) or any(unacceptable(e) for e in events):
            self._take_one_by_one(block, batch)
            return
        self._accept(events, block, batch)

    def _in_order(self, events: list[AnyEvent]) -> bool:
        side = self._side
        return all(
            event.seq == expected and event.side == side
            for expected, event in enumerate(events, start=self._expected)
        )

    def _accept(self, events: list[AnyEvent], raw: bytes, batch: Batch) -> None:
        batch.events += events
        batch.raw += raw
        self._expected += len(events)
        self._left -= len(events)

    def _take_one_by_one(self, block: bytes, batch: Batch) -> None:
        for line in block.split(b"\n")[:-1]:
            if self._left > 0:
                self._take_line(line, batch)
                if self._left == 0:
                    self._note(batch, "flood", "more events than a side may send; the rest is counted only")
            else:
                self.dropped += 1

    def _take_line(self, line: bytes, batch: Batch) -> None:
        try:
            event = decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self._note(batch, "garbled", f"{error or 'nested too deeply'}: {line[:80]!r}")
            return
        if wrong := unacceptable(event):
            self._note(batch, "garbled", wrong)
            self._expected = event.seq + 1
            return
        if event.side != self._side:
            self._note(batch, "wrong_side", f"an event of {event.side} on the pipe of {self._side}")
            return
        if event.seq != self._expected:
            self._note(batch, "out_of_sequence", f"event {event.seq} came where {self._expected} was due")
            self._expected = event.seq
        self._accept([event], line + b"\n", batch)

    def _note(self, batch: Batch, trouble: Trouble, detail: str, count: int = 1) -> None:
        batch.add(HarnessNote(side=self._side, at=self._now(), trouble=trouble, detail=detail, count=count))


class OutputReader:
    """Turns what a side prints on stdout or stderr into log lines, up to a limit."""

    MAX_LINE = 16 * 1024

    def __init__(self, side: Engine, origin: Origin, clean: Clean, now: Now, max_lines: int) -> None:
        self._side: Engine = side
        self._origin: Origin = origin
        self._clean = clean
        self._now = now
        self._lines = LineBuffer(self.MAX_LINE)
        self._left = max_lines
        self._digest = hashlib.sha256()
        self._ends = b"\n"
        self._bytes = 0
        self._oversized = 0
        self.dropped = 0

    @property
    def extent(self) -> dict[str, object]:
        """Return how much was printed, its hash, and whether all of it became lines as it stood."""
        return {
            "bytes": self._bytes,
            "sha256": self._digest.hexdigest(),
            "ends_with_newline": self._ends == b"\n",
            "whole": not self.dropped and not self._oversized,
        }

    def feed(self, data: bytes, batch: Batch) -> None:
        """Add the lines that ``data`` completes to the batch."""
        self._digest.update(data)
        self._bytes += len(data)
        self._ends = data[-1:] or self._ends
        if self._left <= 0:
            self.dropped += data.count(b"\n")
            return
        block, oversized = self._lines.feed(data)
        for line in self._clean(block).split(b"\n")[:-1]:
            self._say(line, batch)
        self._say_oversized(oversized, batch)

    def end(self, batch: Batch) -> None:
        """The stream has ended; an unfinished line counts as one."""
        rest, oversized = self._lines.rest()
        if rest:
            self._say(self._clean(rest), batch)
        self._say_oversized(oversized, batch)

    def _say_oversized(self, sizes: list[int], batch: Batch) -> None:
        for size in sizes:
            self._oversized += 1
            self._say(b"[a line of %d bytes, not kept]" % size, batch)

    def _say(self, line: bytes, batch: Batch) -> None:
        if self._left <= 0:
            self.dropped += 1
            return
        text = line.decode("utf-8", "backslashreplace").rstrip("\r")
        batch.add(LogLine(side=self._side, at=self._now(), origin=self._origin, text=text))
        self._left -= 1
        if self._left == 0:
            detail = f"more lines on {self._origin} than are kept; the rest is counted only"
            batch.add(HarnessNote(side=self._side, at=self._now(), trouble="flood", detail=detail))
